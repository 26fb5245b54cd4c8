"""What volunteering does unasked about hazards."""

import structlog

from backend.volunteering.operations import hazards

log = structlog.get_logger("volunteering")


async def remind_overdue_hazards() -> int:
    """Remind owners of hazards past their date, once a day each; due every school morning.

    Returns how many people have such work. Bears repeating.
    """
    late = await hazards.remind_overdue()
    if late:
        log.info("hazards_overdue", owners=late)
    return late
