"""``python -m tests.ballots.adversary.polling``: holds elections on a running server.

A process of its own, so that its log is the application's and nothing of its memory is left.
It reads a :class:`Task` on its input and writes what only the judge may know to a file.
"""

import asyncio
import random
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec

from backend import clock, embedded, logs
from backend.app import build
from backend.ballots import sealing
from backend.ballots.models import Mode, Vote
from backend.ballots.operations import casting, certifying
from backend.ballots.operations.casting import CastBallot
from backend.ballots.operations.voting import seal_of
from backend.ballots.rules.charter import ORDINARY
from backend.committees.jobs import votes as jobs
from backend.database import database, execute, fetch
from backend.settings import Settings
from backend.web.guard import guard
from tests.ballots import chairing, stage
from tests.ballots.adversary import naive, plans, station
from tests.ballots.adversary.class_vote import Assembly
from tests.ballots.adversary.plans import SILENT, UNREADABLE, VOTERS, Cast, Held, Plan

opened_in_order = sealing.open_all
AT_ONCE = 10
"""So many elections are held side by side."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    home: str
    truth: str
    keys: list[str]
    seed: int
    elections: int
    like: str | None = None
    """A migrated database to copy; otherwise it is migrated anew."""
    sabotaged: bool = False
    """Leave ballots in the order of their boxes, and hold no naive elections."""


class Election:
    """One of the product's own elections, while it is held."""

    def __init__(self, plan: Plan, vote: Vote, voters: list[UUID], units: list[UUID]) -> None:
        self.plan, self.vote, self.voters, self.units = plan, vote, voters, units

    def box(self, cast: Cast) -> bytes:
        """Return what the voter's phone seals."""
        seal = seal_of(self.vote)
        if cast.choice == UNREADABLE:
            return secrets.token_bytes(seal.box_length)
        return sealing.close(seal, sealing.Ballot(choice=cast.choice, receipt=cast.receipt))


class Polling:
    """Everything that is held in one run."""

    def __init__(self, task: Task, settings: Settings, server: embedded.Server) -> None:
        self.task, self.settings, self.server = task, settings, server
        self.lots = random.Random(f"{task.seed}/order")
        self.held: list[Held] = []
        app: Any = guard(build(settings, server.dsn(station.DATABASE)))
        self.assembly = Assembly(httpx.ASGITransport(app=app), settings)

    async def hold(self) -> None:
        drawn = plans.draw(self.task.seed, self.task.elections)
        await self.assembly.gather(VOTERS + SILENT)
        designs = () if self.task.sabotaged else naive.DESIGNS
        polls = [naive.Poll(design, self.lots) for design in designs]
        for poll in polls:
            await poll.open()
        batches = [drawn[n : n + AT_ONCE] for n in range(0, len(drawn), AT_ONCE)]
        for n, batch in enumerate(batches):
            # Naive elections and the one backup belong to the last batch.
            is_last = n == len(batches) - 1
            await self._batch(batch, polls if is_last else [], is_last=is_last)
        self.held += [await poll.count() for poll in polls]

    async def _batch(self, batch: list[Plan], polls: list[naive.Poll], *, is_last: bool) -> None:
        elections = [await self._open(plan) for plan in batch]
        waves = plans.interleave(self.lots, batch)
        backup_at = len(waves) * 3 // 5 if is_last else None
        naively = self.lots.sample([poll for poll in polls for _ in poll.units], 60 * len(polls))
        for n, wave in enumerate(waves):
            if n == backup_at:
                await asyncio.to_thread(station.back_up, self.server, "early")
            await asyncio.gather(*(self._cast(elections[at], cast) for at, cast in wave))
            if n == len(waves) // 2:
                await self.assembly.remind([one.vote.id for one in elections if one.plan.over_http])
            for poll in naively[n :: len(waves)]:
                await poll.cast_next()
        await self._close(elections)

    async def _open(self, plan: Plan) -> Election:
        rules = msgspec.structs.replace(ORDINARY, may_change=plan.may_change)
        options = [{"key": key, "label": f"方案{n}"} for n, key in enumerate(plan.keys)]
        if plan.over_http:
            vote_id = await self.assembly.open(plan, rules)
            voters = self.assembly.people
        else:
            put = await stage.put(
                self.settings, VOTERS + SILENT, mode=Mode.SECRET, rules=rules,
                method=plan.method, options=options,
            )  # fmt: skip
            vote_id, voters = put.id, put.voters
        rows = await fetch("SELECT person_id, unit_id FROM voters WHERE vote_id = $1", vote_id)
        units = {row["person_id"]: row["unit_id"] for row in rows}
        vote = await Vote.get(id=vote_id)
        return Election(plan, vote, voters, [units[who] for who in voters])

    async def _cast(self, election: Election, cast: Cast) -> None:
        box = None if cast.by_house else election.box(cast)
        for _ in range(2 if cast.repeats else 1):
            if election.plan.over_http:
                await self.assembly.cast(election.vote.id, cast, box)
                continue
            ballot = CastBallot(
                choice=cast.choice if box is None else None,
                receipt=cast.receipt if box is None else None,
                sealed=box,
                attempt=cast.attempt,
            )
            await casting.cast(election.vote.id, election.voters[cast.voter], ballot)

    async def _close(self, elections: list[Election]) -> None:
        for election in elections:
            await execute(
                "UPDATE votes SET closes_at = $2 WHERE id = $1", election.vote.id, clock.now()
            )
        await jobs.settle(self.settings)
        chair = await chairing.a_chair()
        for election in elections:
            vote_id = election.vote.id
            if election.plan.over_http:
                await self.assembly.certify(vote_id)
            else:
                await certifying.certify(vote_id, by=chair)
            await chairing.turn_back(vote_id, days=4)
        await jobs.publish(self.settings)
        for election in elections:
            truth, replaced = plans.truth_of(election.plan, election.units)
            self.held.append(
                Held(
                    vote_id=str(election.vote.id),
                    design="",
                    over_http=election.plan.over_http,
                    truth=truth,
                    entitled=VOTERS + SILENT,
                    replaced=replaced,
                )
            )


async def hold(task: Task) -> list[Held]:
    """Hold everything; returns what only the judge may know."""
    server = embedded.start(Path(task.home))
    try:
        dsn = server.dsn(station.DATABASE)
        settings = Settings(
            environment="test",
            database_url=dsn,
            data_dir=Path(task.home) / "files",
            pool_size=8,
            secret_key=secrets.token_hex(32),
            ballot_keys=tuple(Path(place) for place in task.keys),
        )
        await station.furnish(server, naive.TABLES, like=task.like)
        async with database(dsn, settings, name="tongxing-api"):
            polling = Polling(task, settings, server)
            await polling.hold()
            await polling.assembly.leave()
        return polling.held
    finally:
        server.stop()


def unsorted(seal: sealing.Seal, private: bytes, boxes: Iterable[bytes]) -> list[sealing.Opened]:
    """Open boxes as they lie, which is what sorting by receipts is against."""
    return [one for box in boxes for one in opened_in_order(seal, private, [box])]


def main() -> None:
    logs.configure("json", process="api")
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    if task.sabotaged:
        sealing.open_all = unsorted
    held = asyncio.run(hold(task))
    Path(task.truth).write_bytes(msgspec.json.encode(held))


if __name__ == "__main__":
    main()
