"""What committees do unasked about minutes."""

import structlog

from backend import clock, rounds
from backend.committees.operations import minutes
from backend.committees.queries import minutes as queries
from backend.committees.rules.minutes import DUE_AFTER, REMIND_EVERY

log = structlog.get_logger("committees")


async def draft_minutes() -> int:
    """Draft the minutes of every meeting that has ended; due every minute.

    Returns how many were begun. Bears repeating.
    """
    begun = await rounds.each(await queries.undrafted(), minutes.draft_minutes, what="meeting")
    if begun:
        log.info("minutes_drafted", meetings=len(begun))
    return len(begun)


async def remind_of_minutes() -> int:
    """Remind whoever keeps the papers of minutes not confirmed in time, once a day.

    Returns how many were reminded of. Bears repeating.
    """
    now = clock.now()
    late = await queries.unconfirmed(now - DUE_AFTER, now - REMIND_EVERY)
    told = await rounds.each(late, minutes.remind, what="minutes")
    if told:
        log.info("minutes_overdue", minutes=len(told))
    return sum(told)
