"""What volunteering does unasked about hazards."""

import structlog

from backend import clock
from backend.database import transaction
from backend.volunteering.notify import hazards as notify
from backend.volunteering.operations import hazards
from backend.volunteering.queries import hazards as queries

log = structlog.get_logger("volunteering")


async def remind_overdue_hazards() -> int:
    """Remind owners of hazards past their date, once a day each; due every school morning.

    Returns how many people have such work. Bears repeating.
    """
    late = await hazards.remind_overdue()
    if late:
        log.info("hazards_overdue", owners=late)
    return late


async def ask_to_recheck() -> int:
    """Ask the next volunteers to look again at what was put right, as their shift begins.

    Returns on how many shifts somebody was asked. Bears repeating.
    """
    asked = 0
    for shift_id, people in (await queries.to_be_asked(clock.now())).items():
        async with transaction():
            asked += await notify.recheck_asked(shift_id, people)
    return asked
