"""What becomes of votes unasked. Everything bears running twice."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.ballots import keys
from backend.ballots.models import CloseReason
from backend.ballots.operations import closing
from backend.ballots.queries import turnout as queries
from backend.database import transaction
from backend.rounds import each
from backend.settings import Settings

ORPHANED_AFTER = timedelta(hours=1)
"""A key whose vote has not opened by then never will: its transaction is long over."""


async def close_due(settings: Settings) -> int:
    """Close votes whose deadline has come, or in which everybody voted; returns how many."""
    closed = 0
    for reason, due in (
        (CloseReason.DEADLINE, await queries.due(clock.now())),
        (CloseReason.EVERYBODY, await queries.all_voted()),
    ):
        shut = partial(closing.close, reason=reason, by=None, settings=settings)
        closed += len(await each(due, shut, what="vote"))
    return closed


async def finish_counts(settings: Settings) -> int:
    """Count closed votes that a crash left uncounted; returns how many.

    One whose key is lost stays closed, for its chair to annul.
    """
    due = await queries.uncounted()
    count = partial(closing.count_closed, settings=settings)
    return len(await each(due, count, what="vote"))


async def destroy_keys(settings: Settings) -> int:
    """Destroy keys that a crash left behind after the count; returns how many."""
    due = await queries.keys_left()
    forget = partial(closing.forget_key, settings=settings)
    return len(await each(due, forget, what="key"))


async def sweep_keys(settings: Settings) -> int:
    """Destroy keys of votes that never opened; returns how many. Every hour."""
    directories = settings.ballot_key_directories
    before = (clock.now() - ORPHANED_AFTER).timestamp()
    lying = await asyncio.to_thread(keys.lying, directories, before=before)
    needed = await queries.keys_needed(sorted(lying))

    async def sweep(vote_id: UUID) -> None:
        await asyncio.to_thread(keys.destroy, directories, vote_id)
        async with transaction():
            await record("ballots.sweep_key", "vote", vote_id, by=None)

    return len(await each(sorted(lying - needed), sweep, what="key"))
