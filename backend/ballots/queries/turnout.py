"""How many have voted, and whose ballot is in the box: never what it says, save to its unit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.database import fetch

_TURNOUTS = """
SELECT v.id, v.entitled, t.by_phone, t.on_paper
FROM votes v CROSS JOIN LATERAL turnout_of(v.id) t WHERE v.id = ANY ($1)
"""
_UNITS = """
SELECT u.id, u.ref_id, u.label, u.constituency, u.salt, u.commitment, u.on_paper,
    coalesce(u.took_part, u.on_paper OR o.unit_id IS NOT NULL OR EXISTS (
        SELECT 1 FROM sealed_ballots s WHERE s.vote_id = u.vote_id AND s.unit_id = u.id)
    ) AS has_voted,
    o.choice, o.cast_at,
    ARRAY(SELECT w.person_id FROM voters w WHERE w.unit_id = u.id ORDER BY 1) AS voter_ids
FROM voters m JOIN voting_units u ON u.id = m.unit_id
LEFT JOIN open_ballots o ON o.vote_id = u.vote_id AND o.unit_id = u.id
WHERE m.vote_id = $1 AND m.person_id = $2 ORDER BY u.label, u.id
"""
_SILENT = """
SELECT DISTINCT m.person_id FROM voters m JOIN voting_units u ON u.id = m.unit_id
WHERE m.vote_id = $1 AND NOT u.on_paper
  AND NOT EXISTS (SELECT 1 FROM sealed_ballots s WHERE s.vote_id = $1 AND s.unit_id = u.id)
  AND NOT EXISTS (SELECT 1 FROM open_ballots o WHERE o.vote_id = $1 AND o.unit_id = u.id)
ORDER BY m.person_id
"""
_CONSTITUENCIES = """
SELECT u.constituency, count(*)::int AS entitled, count(*) FILTER (WHERE u.on_paper
    OR EXISTS (SELECT 1 FROM sealed_ballots s WHERE s.vote_id = $1 AND s.unit_id = u.id)
    OR EXISTS (SELECT 1 FROM open_ballots o WHERE o.vote_id = $1 AND o.unit_id = u.id)
    OR u.took_part)::int AS cast
FROM voting_units u WHERE u.vote_id = $1 GROUP BY u.constituency ORDER BY u.constituency
"""
_DUE = "SELECT id FROM votes WHERE state = 'open' AND closes_at <= $1 ORDER BY closes_at, id"
_ALL_VOTED = """
SELECT v.id FROM votes v CROSS JOIN LATERAL turnout_of(v.id) t
WHERE v.state = 'open' AND (v.rules ->> 'closes_when_all_voted')::boolean
  AND t.by_phone + t.on_paper >= v.entitled
ORDER BY v.id
"""
_UNCOUNTED = """
SELECT v.id FROM votes v WHERE v.state = 'closed' AND NOT EXISTS (
    SELECT 1 FROM paper_ballots p WHERE p.vote_id = v.id AND p.state = 'entered')
ORDER BY v.closed_at, v.id
"""
_KEYS_LEFT = """
SELECT id FROM votes WHERE public_key <> '' AND key_destroyed_at IS NULL
  AND state NOT IN ('draft', 'open', 'closed') ORDER BY id
"""
_KEYS_NEEDED = "SELECT id FROM votes WHERE state IN ('open', 'closed') AND id = ANY ($1)"


class Turnout(msgspec.Struct, frozen=True, kw_only=True):
    """``cast`` units of ``entitled`` have voted, ``on_paper`` of them on paper."""

    entitled: int
    cast: int
    on_paper: int


class UnitOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A unit for its own voters' eyes. ``choice`` and ``cast_at`` are an open ballot's."""

    id: UUID
    ref_id: UUID
    label: str
    constituency: str
    salt: str
    commitment: str
    on_paper: bool
    has_voted: bool
    choice: list[str] | None
    cast_at: datetime | None
    voter_ids: list[UUID]


class OfConstituency(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a constituency's units have voted. Few of them are for nobody's eyes."""

    constituency: str
    entitled: int
    cast: int


async def turnouts(vote_ids: Sequence[UUID]) -> dict[UUID, Turnout]:
    """Return how many have voted so far, by vote; a counted vote's is in its tally."""
    if not vote_ids:
        return {}
    return {
        row["id"]: Turnout(
            entitled=row["entitled"],
            cast=row["by_phone"] + row["on_paper"],
            on_paper=row["on_paper"],
        )
        for row in await fetch(_TURNOUTS, list(vote_ids))
    }


async def turnout(vote_id: UUID) -> Turnout:
    """Return how many have voted so far."""
    return (await turnouts([vote_id]))[vote_id]


async def by_constituency(vote_id: UUID) -> list[OfConstituency]:
    """Return the turnout of each constituency."""
    rows = await fetch(_CONSTITUENCIES, vote_id)
    return msgspec.convert(rows, list[OfConstituency])


async def units_of(vote_id: UUID, person_id: UUID) -> list[UnitOfPerson]:
    """Return the units somebody may vote for in a vote, and whether each has."""
    return [UnitOfPerson(**row) for row in await fetch(_UNITS, vote_id, person_id)]


async def silent(vote_id: UUID) -> list[UUID]:
    """Return whoever may vote for a unit that has not voted yet, for reminders alone."""
    return [row["person_id"] for row in await fetch(_SILENT, vote_id)]


async def due(now: datetime) -> list[UUID]:
    """Return open votes whose deadline has come."""
    return [row["id"] for row in await fetch(_DUE, now)]


async def all_voted() -> list[UUID]:
    """Return open votes that close because every unit has voted."""
    return [row["id"] for row in await fetch(_ALL_VOTED)]


async def uncounted() -> list[UUID]:
    """Return closed votes that nothing but a crash kept from being counted."""
    return [row["id"] for row in await fetch(_UNCOUNTED)]


async def keys_left() -> list[UUID]:
    """Return votes that need their key no more, and whose key is not known to be gone."""
    return [row["id"] for row in await fetch(_KEYS_LEFT)]


async def keys_needed(vote_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some votes whose ballots are still to be opened."""
    return {row["id"] for row in await fetch(_KEYS_NEEDED, list(vote_ids))}
