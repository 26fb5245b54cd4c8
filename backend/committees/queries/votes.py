"""Votes of bodies and of people: units, what is owed, whom to tell. No choice is read here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend.ballots.models import Objection, PaperBallots, Vote
from backend.ballots.queries import turnout
from backend.ballots.queries.turnout import Turnout, UnitOfPerson
from backend.batching import Batcher
from backend.committees.queries import seats
from backend.committees.queries.casters import IS_ON, STANDS, TO_CAST
from backend.database import fetch, fetch_one
from backend.web.cursors import Position

_HAS_VOTED = """
CASE WHEN v.state IN ('draft', 'open', 'closed', 'annulled')
THEN u.on_paper
     OR EXISTS (SELECT 1 FROM sealed_ballots b WHERE b.vote_id = v.id AND b.unit_id = u.id)
     OR EXISTS (SELECT 1 FROM open_ballots b WHERE b.vote_id = v.id AND b.unit_id = u.id)
ELSE coalesce(u.took_part, false) END
"""


async def my_units(vote_id: UUID, person_id: UUID) -> list[UnitOfPerson]:
    """Return the units somebody may vote for; none whose tie has ended since the opening."""
    rows = await fetch(
        f"""
        SELECT u.id FROM voters o JOIN voting_units u ON u.id = o.unit_id
        JOIN votes v ON v.id = o.vote_id
        WHERE o.vote_id = $1 AND o.person_id = $2 AND {STANDS}
        """,
        vote_id,
        person_id,
    )
    standing = {row["id"] for row in rows}
    units = await turnout.units_of(vote_id, person_id) if standing else []
    return [unit for unit in units if unit.id in standing]


async def to_cast(vote_id: UUID, person_id: UUID) -> list[dict[str, Any]]:
    """Return the units somebody may cast a ballot for and the vote's mode, in one look; none
    where the school has switched committees off. Asked with all others of the moment.
    """
    return await _casting.ask((vote_id, person_id))


async def _to_cast(asked: Sequence[tuple[UUID, UUID]]) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = [[] for _ in asked]
    votes, people = [vote for vote, _ in asked], [person for _, person in asked]
    for row in await fetch(TO_CAST, votes, people):
        found[row["n"] - 1].append(row)
    return found


_casting: Batcher[tuple[UUID, UUID], list[dict[str, Any]]] = Batcher(_to_cast)


async def mine(person_id: UUID, since: datetime) -> list[dict[str, Any]]:
    """Return votes somebody may take part in: those they owe a ballot first, by deadline, then
    the others that are open, then what was over after ``since``; a hundred at most.
    """
    return await fetch(
        f"""
        WITH units AS (
            SELECT v.id, u.id AS unit_id, {_HAS_VOTED} AS has_voted
            FROM voters o JOIN voting_units u ON u.id = o.unit_id JOIN votes v ON v.id = o.vote_id
            WHERE o.person_id = $1 AND v.state <> 'draft'
              AND (v.state = 'open' OR v.closes_at > $2) AND {STANDS} AND {IS_ON}),
        found AS (
            SELECT id, count(*)::int AS units,
                   count(*) FILTER (WHERE NOT has_voted)::int AS missing
            FROM units GROUP BY id)
        SELECT v.id, b.name AS body_name, v.title, v.mode, v.state, v.closes_at, f.units,
               CASE WHEN v.state = 'open' THEN f.missing ELSE 0 END AS owed
        FROM found f JOIN votes v ON v.id = f.id JOIN agenda_items i ON i.id = v.subject_id
        JOIN bodies b ON b.id = i.body_id
        ORDER BY v.state = 'open' AND f.missing > 0 DESC, v.state = 'open' DESC,
                 CASE WHEN v.state = 'open' THEN v.closes_at END, v.closes_at DESC, v.id
        LIMIT 100
        """,
        person_id,
        since,
    )


async def of_body(
    body_id: UUID, *, inside: bool, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return a body's votes, newest first; from outside what is certified alone."""
    return await fetch(
        """
        SELECT v.id, v.subject_id AS item_id, v.title, v.method, v.mode, v.unit, v.state,
               v.entitled, v.created_at, v.closes_at, v.published_at,
               CASE WHEN v.state IN ('counted', 'certified', 'published')
                    THEN v.outcome ELSE '' END AS outcome
        FROM votes v JOIN agenda_items i ON i.id = v.subject_id
        WHERE i.body_id = $1 AND ($2 OR v.state IN ('certified', 'published'))
          AND ($3::timestamptz IS NULL OR (v.created_at, v.id) < ($3, $4))
        ORDER BY v.created_at DESC, v.id DESC LIMIT $5
        """,
        body_id,
        inside,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def electorate(vote_id: UUID) -> list[UUID]:
    """Return everybody who may cast a ballot, or could."""
    return _people(await fetch("SELECT DISTINCT person_id FROM voters WHERE vote_id = $1", vote_id))


async def silent(vote_id: UUID) -> list[UUID]:
    """Return those who may vote for a unit that has not."""
    rows = await fetch(
        f"""
        SELECT DISTINCT o.person_id
        FROM voters o JOIN voting_units u ON u.id = o.unit_id JOIN votes v ON v.id = o.vote_id
        WHERE o.vote_id = $1 AND NOT {_HAS_VOTED} AND {STANDS}
        """,
        vote_id,
    )
    return _people(rows)


async def taken_part(vote: Vote) -> Turnout:
    """Return how many units have voted: from the box, and once counted from the electorate."""
    if vote.state in ("draft", "open", "closed", "annulled"):
        return await turnout.turnout(vote.id)
    row = await fetch_one(
        "SELECT count(*) FILTER (WHERE took_part)::int AS cast, "
        "count(*) FILTER (WHERE on_paper)::int AS on_paper FROM voting_units WHERE vote_id = $1",
        vote.id,
    )
    assert row is not None
    return Turnout(entitled=vote.entitled, **row)


async def units(vote_id: UUID) -> list[dict[str, Any]]:
    """Return the electorate by label, for whoever enters paper ballots."""
    return await fetch(
        "SELECT id, label, on_paper FROM voting_units WHERE vote_id = $1 ORDER BY label, id",
        vote_id,
    )


async def paper(vote_id: UUID) -> PaperBallots | None:
    """Return what is entered of paper ballots."""
    return await PaperBallots.get_or_none(vote_id=vote_id)


async def objections(vote_id: UUID, raised_by: UUID | None) -> list[Objection]:
    """Return objections to a count, everybody's or one person's, oldest first."""
    found = Objection.filter(vote_id=vote_id)
    if raised_by is not None:
        found = found.filter(raised_by=raised_by)
    return await found.order_by("raised_at", "id")


async def chairs(vote: Vote) -> list[UUID]:
    """Return who chairs the body that votes; nobody while nobody does."""
    return await _seated(vote, "chair")


async def keepers(vote: Vote) -> list[UUID]:
    """Return the chair and the secretary of the body that votes."""
    return await _seated(vote, "chair", "secretary")


async def running(vote: Vote) -> list[UUID]:
    """Return who runs the school of the body that votes; nobody for a district's."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM standings_in_force "
        "WHERE school_id = $1 AND role IN ('school_admin', 'principal')",
        vote.school_id,
    )
    return _people(rows)


async def answering(vote: Vote) -> list[UUID]:
    """Return who answers objections: those who run the school, and the district's officers."""
    rows = await fetch(
        """
        SELECT DISTINCT person_id FROM standings_in_force
        WHERE (school_id = $1 AND role IN ('school_admin', 'principal'))
           OR (district_id = $2 AND school_id IS NULL AND role = 'district_officer')
        """,
        vote.school_id,
        vote.district_id,
    )
    return _people(rows)


async def closing_within(now: datetime, until: timedelta) -> list[UUID]:
    """Return open votes that close within ``until`` but not within half of it."""
    rows = await fetch(
        "SELECT id FROM votes WHERE state = 'open' AND closes_at > $1 AND closes_at <= $2 "
        "AND opened_at <= closes_at - $3::interval ORDER BY closes_at LIMIT 500",
        now + until / 2,
        now + until,
        until * 1.5,
    )
    return [row["id"] for row in rows]


async def awaiting(since: datetime) -> list[UUID]:
    """Return votes closed or counted after ``since`` that somebody has to see to."""
    rows = await fetch(
        "SELECT id FROM votes WHERE (state = 'counted' AND counted_at > $1) "
        "OR (state = 'closed' AND closed_at > $1) ORDER BY closed_at LIMIT 500",
        since,
    )
    return [row["id"] for row in rows]


async def overdue(now: datetime) -> list[UUID]:
    """Return counted votes that should have been certified."""
    rows = await fetch(
        "SELECT id FROM votes WHERE state = 'counted' AND counted_at "
        "+ make_interval(days => (rules ->> 'certify_days')::int) < $1 ORDER BY counted_at "
        "LIMIT 500",
        now,
    )
    return [row["id"] for row in rows]


async def lapsed() -> list[UUID]:
    """Return annulled votes whose items have not been given back to their agendas."""
    rows = await fetch(
        "SELECT v.id FROM agenda_items i JOIN votes v ON v.id = i.vote_id "
        "WHERE i.state = 'voting' AND v.state = 'annulled' LIMIT 500"
    )
    return [row["id"] for row in rows]


async def _seated(vote: Vote, *roles: str) -> list[UUID]:
    rows = await fetch(
        f"SELECT DISTINCT s.person_id FROM seats s JOIN agenda_items i ON i.body_id = s.body_id "
        f"WHERE {seats.IN_FORCE} AND i.id = $2 AND s.role = ANY($3::text[])",
        seats.today(),
        vote.subject_id,
        list(roles),
    )
    return _people(rows)


def _people(rows: list[dict[str, Any]]) -> list[UUID]:
    return sorted(row["person_id"] for row in rows)
