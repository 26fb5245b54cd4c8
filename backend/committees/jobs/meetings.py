"""What happens to meetings unasked. Everything bears running twice."""

from backend import clock
from backend.committees.operations import meetings
from backend.committees.queries.meetings import soon
from backend.rounds import each


async def remind_coming() -> int:
    """Remind seats of meetings that begin within a day; returns of how many."""
    return sum(await each(await soon(clock.now()), meetings.remind, what="meeting"))
