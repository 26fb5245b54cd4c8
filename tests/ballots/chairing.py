"""Votes brought as far as a test needs them: cast, counted, certified, published."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.ballots.models import CloseReason, Vote
from backend.ballots.operations import certifying, closing
from backend.ballots.rules.charter import Tie
from backend.database import execute, transaction
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
