"""What happens to suggestions unasked. Everything bears running twice."""

from datetime import timedelta

from backend import clock
from backend.committees.operations import suggestions
from backend.committees.queries.suggestions import overdue
from backend.rounds import each

DAILY = timedelta(hours=20)
"""Whoever was reminded this morning is reminded again tomorrow morning."""


async def remind_overdue() -> int:
    """Remind chairs of the answers they owe, once a day; returns of how many."""
    now = clock.now()
    owed = await overdue(now, now - DAILY)
    return sum(await each(owed, suggestions.remind, what="suggestion"))
