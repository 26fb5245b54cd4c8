"""What was cast and what became of it, read for counting again and for publishing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from backend.ballots.models import Mode, PaperBallots, PaperState, Vote, VoteState
from backend.ballots.rules.counting import Choice
from backend.ballots.rules.paper import PaperChoice
from backend.database import fetch, fetch_one


class OpenBallot(msgspec.Struct, frozen=True, kw_only=True):
    """Who said what in an open vote. ``label`` is the unit's name, ``person_id`` whoever cast."""

    unit_id: UUID
    label: str
    person_id: UUID
    choice: Choice


class PaperCount(msgspec.Struct, frozen=True, kw_only=True):
    """Paper ballots as entered; ``invalid`` say nothing that can be counted."""

    choices: list[PaperChoice]
    invalid: int

    @property
    def ballots(self) -> int:
        return sum(line.count for line in self.choices) + self.invalid

    @property
    def given(self) -> list[tuple[Choice, int]]:
        """The valid ones as counting takes them."""
        return [(line.choice, line.count) for line in self.choices]


class Tallied(msgspec.Struct, frozen=True, kw_only=True):
    """How objections to a vote stand."""

    raised: int
    rejected: int
    upheld: int

    @property
    def unanswered(self) -> int:
        return self.raised - self.rejected - self.upheld


async def open_ballots(vote_id: UUID) -> list[OpenBallot]:
    """Return every ballot of an open vote by the names of its units.

    Nobody sees them before the vote is published, and then whoever its rules let see them.
    """
    rows = await fetch(
        "SELECT b.unit_id, u.label, b.person_id, b.choice FROM open_ballots b "
        "JOIN voting_units u ON u.id = b.unit_id WHERE b.vote_id = $1 "
        "ORDER BY u.label, b.unit_id",
        vote_id,
    )
    return [
        OpenBallot(
            unit_id=row["unit_id"],
            label=row["label"],
            person_id=row["person_id"],
            choice=tuple(row["choice"]),
        )
        for row in rows
    ]


async def cast_choices(vote: Vote) -> list[Choice]:
    """Return what every ballot from a phone says; ``()`` is one that says nothing.

    Of a secret vote there are none before it is counted, and none at all where so few took
    part that they are not kept.
    """
    table = "counted_ballots" if vote.mode == Mode.SECRET else "open_ballots"
    rows = await fetch(f"SELECT choice FROM {table} WHERE vote_id = $1 ORDER BY choice", vote.id)
    return [tuple(row["choice"] or ()) for row in rows]


async def receipts(vote_id: UUID) -> tuple[list[str], int]:
    """Return the receipts of a secret vote in their order, and how many ballots have none."""
    rows = await fetch(
        "SELECT receipt FROM counted_ballots WHERE vote_id = $1 ORDER BY place", vote_id
    )
    found = [row["receipt"] for row in rows if row["receipt"] is not None]
    return sorted(found), len(rows) - len(found)


async def paper_of(vote_id: UUID) -> PaperCount | None:
    """Return the paper ballots of a vote that a second person has confirmed."""
    row = await PaperBallots.get_or_none(vote_id=vote_id, state=PaperState.CONFIRMED)
    return paper_count(row) if row is not None else None


def paper_count(row: PaperBallots) -> PaperCount:
    """Return what a row of paper ballots says."""
    return PaperCount(choices=msgspec.convert(row.choices, list[PaperChoice]), invalid=row.invalid)


async def units_by_phone(vote_id: UUID, unit_ids: Sequence[UUID]) -> list[str]:
    """Return those of the units that have a ballot from a phone, by name."""
    rows = await fetch(
        """
        SELECT u.label, u.id FROM voting_units u
        WHERE u.vote_id = $1 AND u.id = ANY($2::uuid[])
          AND (EXISTS (SELECT FROM sealed_ballots b WHERE (b.vote_id, b.unit_id) = ($1, u.id))
            OR EXISTS (SELECT FROM open_ballots b WHERE (b.vote_id, b.unit_id) = ($1, u.id)))
        ORDER BY u.label, u.id
        """,
        vote_id,
        list(unit_ids),
    )
    return [row["label"] or str(row["id"]) for row in rows]


async def is_entitled(vote_id: UUID, person_id: UUID) -> bool:
    """Say whether somebody was entitled to vote when the vote opened."""
    row = await fetch_one(
        "SELECT FROM voters WHERE vote_id = $1 AND person_id = $2 LIMIT 1", vote_id, person_id
    )
    return row is not None


async def objections_to(vote_id: UUID) -> Tallied:
    """Count the objections to a vote."""
    row = await fetch_one(
        "SELECT count(*) AS raised, count(*) FILTER (WHERE state = 'rejected') AS rejected, "
        "count(*) FILTER (WHERE state = 'upheld') AS upheld FROM objections WHERE vote_id = $1",
        vote_id,
    )
    return msgspec.convert(row, Tallied)


async def due(now: datetime) -> list[UUID]:
    """Return the certified votes nothing keeps from being published any more, oldest first."""
    rows = await fetch(
        "SELECT v.id FROM votes v WHERE v.state = $1 AND v.objections_until <= $2 AND NOT EXISTS "
        "(SELECT FROM objections o WHERE o.vote_id = v.id AND o.state = 'raised') "
        "ORDER BY v.objections_until, v.id",
        VoteState.CERTIFIED,
        now,
    )
    return [row["id"] for row in rows]


async def names_of(person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return people's names."""
    rows = await fetch("SELECT id, name FROM persons WHERE id = ANY($1::uuid[])", list(person_ids))
    return {row["id"]: row["name"] for row in rows}
