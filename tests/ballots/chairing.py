"""Votes brought as far as a test needs them: cast, counted, certified, published."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.ballots.models import CloseReason, Objection, Office, Vote
from backend.ballots.operations import certifying, closing
from backend.ballots.rules.charter import Tie
from backend.database import execute, fetch, transaction
from backend.identifiers import uuid7
from backend.settings import Settings
from tests.ballots import stage
from tests.ballots.stage import Put

FOR, AGAINST, ABSTAIN = ("for",), ("against",), ("abstain",)
MOTION = [FOR] * 4 + [AGAINST] * 2 + [ABSTAIN]
CHAIRED = {"tie": Tie.CHAIR}


async def close(put: Put, settings: Settings) -> Vote:
    """Let the deadline come, and count."""
    await turn_back(put.id, hours=2)
    return await closing.close(put.id, CloseReason.DEADLINE, by=None, settings=settings)


async def counted(
    settings: Settings, ballots: Sequence[Sequence[str]] = MOTION, *, silent: int = 2, **more: Any
) -> Put:
    """Return a counted vote in which ``ballots`` were cast, and ``silent`` units were silent."""
    put = await stage.put(settings, len(ballots) + silent, **more)
    for at, choice in enumerate(ballots):
        await stage.say(put, at, *choice)
    put.vote = await close(put, settings)
    return put


async def certified(
    settings: Settings, ballots: Sequence[Sequence[str]] = MOTION, **more: Any
) -> Put:
    """Return a vote whose count a chair has certified."""
    put = await counted(settings, ballots, **more)
    put.vote = await certifying.certify(put.id, by=await a_chair())
    return put


async def published(
    settings: Settings, ballots: Sequence[Sequence[str]] = MOTION, **more: Any
) -> Put:
    """Return a vote whose result is out, its objection window over."""
    put = await certified(settings, ballots, **more)
    await turn_back(put.id, days=4)
    put.vote = await certifying.publish(put.id, settings=settings)
    return put


async def a_chair() -> UUID:
    """Return somebody with a name to certify by."""
    return (await stage.people(1))[0]


async def turn_back(vote_id: UUID, **ago: float) -> None:
    """Let time pass: move everything that happened to a vote into the past."""
    moments = [
        "created_at", "opened_at", "closes_at", "closed_at", "counted_at", "certified_at",
        "objections_until",
    ]  # fmt: skip
    changes = ", ".join(f"{moment} = {moment} - $2::interval" for moment in moments)
    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(f"UPDATE votes SET {changes} WHERE id = $1", vote_id, timedelta(**ago))
        await execute("SET LOCAL session_replication_role = origin")


async def audit(vote_id: UUID, action: str) -> list[dict[str, object]]:
    """Return the facts of what the trail says was done with a vote."""
    rows = await fetch(
        "SELECT facts::text AS facts FROM audit_entries WHERE subject_id = $1 AND action = $2 "
        "ORDER BY at, id",
        vote_id,
        action,
    )
    return [msgspec.json.decode(row["facts"]) for row in rows]


async def uphold(objection: Objection) -> Objection:
    """Have two officers uphold an objection to what belongs to the district."""
    await certifying.answer_objection(
        objection.id, upheld=True, answer="重新计票", office=Office.DISTRICT, by=uuid4()
    )
    return await certifying.answer_objection(
        objection.id, upheld=True, answer="同意重新计票", office=Office.DISTRICT, by=uuid4()
    )


async def bend(vote_id: UUID) -> None:
    """Turn a count round, as somebody at the database could."""
    await execute(
        """UPDATE votes SET tally = jsonb_set(tally, '{votes}', '{"for": 0, "against": 6}'),
           outcome = 'failed', chosen = '{}' WHERE id = $1""",
        vote_id,
    )


async def a_school() -> UUID:
    """Return the id of a school."""
    made = uuid7()
    await execute(
        "INSERT INTO schools (id, district_id, code, name, stage) "
        "VALUES ($1, $2, $3, '试验小学', 'primary')",
        made,
        await stage.a_district(),
        str(made)[-8:],
    )
    return made
