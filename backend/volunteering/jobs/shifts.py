"""Days that begin and end, calls that go on, warnings, and profiles that time changes."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import fetch
from backend.rounds import each
from backend.volunteering.notify import shifts as notify
from backend.volunteering.notify.hazards import RECHECK
from backend.volunteering.operations import calls, days, profiles
from backend.volunteering.queries import hazards, risk

# A day's own date is compared in no zone: a day more on either side costs nothing.
_DAYS = "SELECT id FROM station_days WHERE state IN ('published', 'running') AND day <= $1"
_CALLS = """
SELECT c.shift_id AS id FROM shift_calls c JOIN shifts x ON x.id = c.shift_id
WHERE c.state = 'running' AND c.next_round_at <= $1
  AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = x.school_id
                  AND w.function = 'volunteering' AND NOT w.is_on)
ORDER BY c.next_round_at
"""
_APPROVED = "SELECT id FROM volunteers WHERE state = 'approved' ORDER BY id"
_CHILDLESS = """
SELECT v.id FROM volunteers v
WHERE NOT EXISTS (SELECT 1 FROM family_ties f
                  WHERE f.person_id = v.person_id AND f.school_id = v.school_id)
  AND (v.state IN ('applied', 'approved', 'active', 'paused') OR EXISTS (
      SELECT 1 FROM bookings b JOIN slots s ON s.id = b.slot_id AND s.kind = 'shift'
      WHERE b.person_id = v.person_id AND b.school_id = v.school_id AND b.starts_at > $1
        AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered')))
ORDER BY v.id
"""


async def advance_days() -> int:
    """Let station days begin and close; returns how many changed. Every minute."""
    tomorrow = clock.now().date() + timedelta(days=1)
    return sum(await each(await _ids(_DAYS, tomorrow), days.advance, what="station_day"))


async def continue_calls() -> int:
    """Do the rounds that are due of calls for helpers; returns how many were asked."""
    return sum(await each(await _ids(_CALLS, clock.now()), calls.run_round, what="call"))


async def warn_short() -> int:
    """Warn of shifts within a day that are below their minimum, once each."""
    return sum(await each(await risk.short_soon(clock.now()), calls.warn_short, what="shift"))


async def activate_trained() -> int:
    """Let those who have finished their training begin; returns how many."""
    return sum(await each(await _ids(_APPROVED), profiles.activate_trained, what="volunteer"))


async def end_without_child() -> int:
    """End the profiles, and the places, of those without a child at the school (Q31)."""
    return sum(
        await each(
            await _ids(_CHILDLESS, clock.now()), profiles.end_without_child, what="volunteer"
        )
    )


async def still_wanted(occasion: str, subject_id: UUID | None, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` should still get this push, asked just before sending.

    A call is dropped once the shift is full or over, and for whoever has answered; a recheck,
    once nothing is left to look at.
    """
    if subject_id is not None and occasion == RECHECK:
        asked = await hazards.to_be_asked(clock.now(), subject_id)
        return set(people) & set(asked.get(subject_id, ()))
    if subject_id is None or occasion != notify.ASKED:
        return set(people)
    return await risk.still_needed(subject_id, list(people), clock.now())


async def _ids(sql: str, *values: object) -> list[UUID]:
    return [row["id"] for row in await fetch(sql, *values)]
