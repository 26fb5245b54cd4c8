"""What review panels do unasked. Bears running twice."""

from uuid import UUID

from backend import clock
from backend.committees.models import Panel
from backend.committees.notify import panels as notify
from backend.committees.operations import panels as operations
from backend.committees.queries import panels as queries
from backend.database import transaction
from backend.rounds import each


async def close_due() -> int:
    """Close the panels whose time is over; returns how many."""
    return len(await each(await queries.due(clock.now()), _close, what="panel"))


async def remind_unfinished() -> int:
    """Remind those who have not scored everything a day before a panel closes, once; returns
    on how many panels somebody was.
    """
    return sum(await each(await queries.closing_soon(clock.now()), _remind, what="panel"))


async def _close(panel_id: UUID) -> None:
    await operations.close(panel_id, by=None)


async def _remind(panel_id: UUID) -> bool:
    async with transaction():
        people = await queries.unfinished(panel_id)
        return bool(people) and await notify.reminded(await Panel.get(id=panel_id), people)
