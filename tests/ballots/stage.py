"""A vote to try things on: a district, some voters, a question."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend import clock
from backend.ballots import sealing
from backend.ballots.models import Method, Mode, Unit, Vote
from backend.ballots.operations import casting, voting
from backend.ballots.operations.casting import CastBallot, CastResult
from backend.ballots.operations.voting import UnitDraft, VoteContent, seal_of
from backend.ballots.rules.charter import ORDINARY, RuleSet
from backend.database import execute, fetch
from backend.identifiers import uuid7
from backend.schools.models import District
from backend.settings import Settings

CHAIR = UUID(int=1)
"""Whoever acts; the engine asks no leave."""


class Put(msgspec.Struct):
    """An open vote and its voters, in the order of their units."""

    vote: Vote
    voters: list[UUID]
    units: list[UUID]

    @property
    def id(self) -> UUID:
        return self.vote.id


async def people(number: int) -> list[UUID]:
    """Return ``number`` new people."""
    found = [uuid7() for _ in range(number)]
    await execute(
        "INSERT INTO persons (id, name, created_at) SELECT i, '家长', now() "
        "FROM unnest($1::uuid[]) AS t (i)",
        found,
    )
    return found


async def a_district() -> UUID:
    """Return the id of a district."""
    made = await District.create(code=secrets.token_hex(4), name="试区")
    return made.id


async def a_draft(**more: Any) -> Vote:
    """Write a motion down, an open vote by seats unless told otherwise."""
    rules: RuleSet = more.pop("rules", ORDINARY)
    given: dict[str, Any] = {
        "district_id": await a_district(),
        "school_id": None,
        "subject_id": uuid4(),
        "title": "是否通过春游方案",
        "method": Method.MOTION,
        "mode": Mode.OPEN,
        "unit": Unit.SEAT,
        "rules": rules,
        "rule_set_id": uuid4(),
        "closes_at": clock.now() + timedelta(hours=1),
        **more,
    }
    return await voting.draft(VoteContent(**given), by=CHAIR)


async def put(
    settings: Settings,
    number: int = 7,
    *,
    units: Sequence[UnitDraft] | None = None,
    **more: Any,
) -> Put:
    """Open a vote among ``number`` new people, a unit each, or among ``units``."""
    vote = await a_draft(**more)
    if units is None:
        units = [UnitDraft(ref_id=one, voter_ids=(one,)) for one in await people(number)]
    vote = await voting.open_vote(vote.id, units, by=CHAIR, settings=settings)
    rows = await fetch("SELECT id, ref_id FROM voting_units WHERE vote_id = $1", vote.id)
    known = {row["ref_id"]: row["id"] for row in rows}
    return Put(
        vote=vote,
        voters=[unit.voter_ids[0] for unit in units],
        units=[known[unit.ref_id] for unit in units],
    )


def ballot(*choice: str, **more: Any) -> CastBallot:
    """Return a ballot as a phone that cannot seal would send it."""
    given = {"choice": choice, "receipt": secrets.token_hex(16), "attempt": uuid4(), **more}
    return CastBallot(**given)


def boxed(vote: Vote, *choice: str, receipt: str | None = None, **more: Any) -> CastBallot:
    """Return a ballot that the phone has sealed."""
    inside = sealing.Ballot(choice=choice, receipt=receipt or secrets.token_hex(16))
    return CastBallot(sealed=sealing.close(seal_of(vote), inside), **{"attempt": uuid4(), **more})


async def say(put: Put, at: int, *choice: str, **more: Any) -> CastResult:
    """Let the ``at``-th voter cast a ballot."""
    return await casting.cast(put.id, put.voters[at], ballot(*choice, **more))


def split_over(settings: Settings, *directories: Path) -> Settings:
    """Return settings that split keys over these directories."""
    return msgspec.structs.replace(settings, ballot_keys=directories)


def options(number: int) -> list[dict[str, str]]:
    """Return options whose keys differ in length."""
    return [{"key": f"option-{n}-{'x' * n}", "label": f"方案{n}"} for n in range(number)]
