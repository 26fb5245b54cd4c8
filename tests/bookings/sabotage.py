"""The engine with one of its safeguards taken out, to see that somebody would notice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

EMPTY = "TRUNCATE bookings, booking_moves, slots, slot_places, shared_quotas, audit_entries CASCADE"


@dataclass(frozen=True)
class Sabotage:
    """Replaces ``old`` by ``new`` in one function and takes walls (constraints) down.

    ``seen`` is part of the sentence with which the invariants must notice.
    """

    function: str
    old: str
    new: str
    seen: str
    walls: tuple[str, ...] = ()


NO_LOCK = Sabotage(
    "lock_slots", "FOR NO KEY UPDATE", "", seen="places taken", walls=("never_oversold",)
)
"""Everybody reads the counters first and writes afterwards, and nothing has the last word."""
DAWDLING = Sabotage(
    "take_places", "waits := in_draw OR", "PERFORM pg_sleep(0.01); waits := in_draw OR", seen=""
)
"""Slow between looking and writing, which is right as long as others wait."""
NOBODY_HELD = Sabotage(
    "person_lock", "hashtextextended((who)::text, (7310)::bigint)",
    "(random() * 1e18)::bigint", seen="in two places at once", walls=("nobody_in_two_places",),
)  # fmt: skip
WRONG_END = Sabotage(
    "promote", "x.queue_no LOOP", "x.queue_no DESC LOOP", seen="was given a place before"
)
NO_PATIENCE = Sabotage(
    "promote", "skipped = x.skipped + 1", "skipped = x.skipped", seen="was passed"
)
NO_PROMOTION = Sabotage("promote", "IF p.waiting = 0 OR", "IF true OR", seen="idle places")
JUMPING_THE_QUEUE = Sabotage(
    "take_places", "p.waiting > 0 AND", "p.waiting > 99 AND", seen="who waited"
)
FORGETFUL = Sabotage(
    "give_back", "PERFORM count_party(s, -b.party, b.share_id)", "NULL", seen="counted were"
)
UNTOLD = Sabotage("accept_place", "PERFORM note_move", "-- note_move", seen="its last move said")
ALL = (
    NO_LOCK, NOBODY_HELD, WRONG_END, NO_PATIENCE, NO_PROMOTION, JUMPING_THE_QUEUE, FORGETFUL,
    UNTOLD,
)  # fmt: skip


@asynccontextmanager
async def sabotaged(connection: "asyncpg.Connection[Any]", act: Sabotage) -> AsyncIterator[None]:
    """Take the safeguard out of the whole database; afterwards empty it and put it back."""
    whole = await connection.fetchval(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = $1", act.function
    )
    damaged = whole.replace(act.old, act.new)
    assert damaged != whole, f"{act.function} does not say {act.old}: {whole}"
    walls = await connection.fetch(
        "SELECT conname, conrelid::regclass::text AS on, pg_get_constraintdef(oid) AS says "
        "FROM pg_constraint WHERE conname = ANY ($1::text[])",
        act.walls,
    )
    assert len(walls) == len(act.walls)
    await connection.execute(damaged)
    for wall in walls:
        await connection.execute(f"ALTER TABLE {wall['on']} DROP CONSTRAINT {wall['conname']}")
    try:
        yield
    finally:
        await connection.execute(EMPTY)
        await connection.execute(whole)
        for wall in walls:
            await connection.execute(
                f"ALTER TABLE {wall['on']} ADD CONSTRAINT {wall['conname']} {wall['says']}"
            )
