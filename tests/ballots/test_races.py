"""Ballots and closings at once, each on a connection of its own, as from many processes."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from backend.ballots import jobs
from backend.ballots.models import CloseReason, Mode, Vote, VoteState
from backend.ballots.operations import casting, closing
from backend.ballots.operations.casting import Answer
from backend.ballots.operations.voting import UnitDraft
from backend.ballots.queries import turnout
from backend.ballots.rules.charter import MORE_THAN_HALF, Base, RuleSet
from backend.ballots.rules.states import NotOpen, TooEarlyToClose
from backend.database import execute, fetch, fetch_one
from backend.errors import Refusal
from backend.settings import Settings
from tests.ballots.stage import CHAIR, Put, ballot, people, put


def rules(*, may_change: bool) -> RuleSet:
    return RuleSet(
        quorum=MORE_THAN_HALF,
        majority=MORE_THAN_HALF,
        base=Base.DECIDED,
        may_change=may_change,
        chair_may_close=True,
    )


async def alone(vote: Put, at: int, choice: str, **more: object) -> Answer:
    """Cast a ballot in a statement of its own: many of these wait for each other's locks."""
    given = await casting.prepared(vote.id, vote.voters[at], ballot(choice, **more))
    [answer] = await casting.settle([given])
    return answer


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("may_change", [False, True], ids=["once", "changed"])
async def test_two_guardians_and_their_retries_have_one_ballot(
    db: None, settings: Settings, mode: Mode, may_change: bool
) -> None:
    """Sixty-four at once for one household: two guardians, two phones each, retries."""
    who = await people(10)
    units = [UnitDraft(ref_id=who[0], voter_ids=(who[0], who[1]))]
    units += [UnitDraft(ref_id=one, voter_ids=(one,)) for one in who[2:]]
    vote = await put(settings, units=units, mode=mode, rules=rules(may_change=may_change))
    phones = [uuid4() for _ in range(4)]
    asked = [
        await casting.prepared(
            vote.id,
            who[n % 2],
            ballot("for" if n % 4 < 2 else "against", attempt=phones[n % 4]),
        )
        for n in range(64)
    ]
    lots = random.Random(7)
    lots.shuffle(asked)
    # Some come together, most of them by themselves.
    batches = [asked[:8], asked[8:16], *([one] for one in asked[16:])]
    answers = await asyncio.gather(*(casting.settle(batch) for batch in batches))
    told = [(one, answer) for batch, found in zip(batches, answers, strict=True)
            for one, answer in zip(batch, found, strict=True)]  # fmt: skip
    taken = {one.attempt for one, answer in told if answer.said == "ok"}
    assert {answer.said for _, answer in told} == (
        {"ok"} if may_change else {"ok", "already_voted"}
    )
    assert len(taken) == (4 if may_change else 1)
    # A phone whose ballot is in is told so however often it asks.
    if not may_change:
        assert all((one.attempt in taken) == (answer.said == "ok") for one, answer in told)
    table = "open_ballots" if mode is Mode.OPEN else "sealed_ballots"
    rows = await fetch(f"SELECT unit_id, attempt FROM {table} WHERE vote_id = $1", vote.id)
    assert [row["unit_id"] for row in rows] == [vote.units[0]]
    assert rows[0]["attempt"] in taken
    assert (await turnout.turnout(vote.id)).cast == 1


async def test_overlapping_batches_do_not_wait_in_a_circle(db: None, settings: Settings) -> None:
    vote, other = await put(settings, 12), await put(settings, 12, mode=Mode.SECRET)
    lots = random.Random(11)
    batches = []
    for _ in range(24):
        drawn = [(lots.choice([vote, other]), lots.randrange(12)) for _ in range(10)]
        batches.append(
            [await casting.prepared(v.id, v.voters[at], ballot("for")) for v, at in drawn]
        )
    answers = await asyncio.gather(*(casting.settle(batch) for batch in batches))
    assert {answer.said for batch in answers for answer in batch} == {"ok"}


class Race:
    """Everybody votes at some moment, and the chair closes at another."""

    def __init__(self, vote: Put, settings: Settings, lots: random.Random) -> None:
        self.vote, self.settings, self.lots = vote, settings, lots
        self.acknowledged: list[str] = []
        self.late = 0

    async def voter(self, at: int) -> None:
        await asyncio.sleep(self.lots.uniform(0, 0.03))
        choice = self.lots.choice(["for", "against", "abstain"])
        try:
            answer = await alone(self.vote, at, choice)
        except Refusal:
            self.late += 1
            return
        if answer.said == "ok":
            self.acknowledged.append(choice)
        else:
            assert answer.said == "not_open"
            self.late += 1

    async def chair(self) -> None:
        await asyncio.sleep(self.lots.uniform(0.005, 0.05))
        await closing.close(self.vote.id, CloseReason.CHAIR, by=CHAIR, settings=self.settings)

    async def run(self) -> list[str]:
        """Return what went wrong."""
        voters = [self.voter(at) for at in range(len(self.vote.voters))]
        await asyncio.gather(self.chair(), *voters)
        known = await Vote.get(id=self.vote.id)
        assert (known.state, known.tally is None) == (VoteState.COUNTED, False)
        assert known.tally is not None
        found = []
        if known.tally["cast"] != len(self.acknowledged):
            found.append(f"{len(self.acknowledged)} acknowledged, {known.tally['cast']} counted")
        said = {key: self.acknowledged.count(key) for key in ("for", "against")}
        if known.tally.get("votes", said) != said:
            found.append(f"{said} acknowledged, {known.tally['votes']} counted")
        if left := await fetch("SELECT 1 FROM sealed_ballots WHERE vote_id = $1", known.id):
            found.append(f"{len(left)} boxes came after the closing")
        row = await fetch_one(
            "SELECT count(*) AS n FROM voting_units WHERE vote_id = $1 AND took_part", known.id
        )
        if row != {"n": len(self.acknowledged)}:
            found.append(f"{row} are said to have taken part")
        return found


@pytest.mark.parametrize("mode", Mode)
async def test_what_was_acknowledged_is_counted_and_nothing_comes_after(
    db: None, settings: Settings, mode: Mode
) -> None:
    lots = random.Random(f"races {mode}")
    counted = late = 0
    for _ in range(12):
        vote = await put(settings, 40, mode=mode, rules=rules(may_change=True))
        race = Race(vote, settings, lots)
        assert await race.run() == []
        counted, late = counted + len(race.acknowledged), late + race.late
    # The closing fell among the ballots, not before or after all of them.
    assert counted > 0
    assert late > 0


_ASLEEP = """
SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()
"""


@asynccontextmanager
async def dawdling(*, locked: bool) -> AsyncIterator[None]:
    """Let ballots in slowly enough to be overtaken by the closing, with or without the lock."""
    [row] = await fetch(
        "SELECT pg_get_functiondef(oid) AS whole FROM pg_proc WHERE proname = 'cast_ballots'"
    )
    whole, lock = row["whole"], "FOR SHARE) o;"
    assert whole.count(lock) == 1
    await execute(whole.replace(lock, f"{lock if locked else ') o;'} PERFORM pg_sleep(1.5);"))
    try:
        yield
    finally:
        await execute(whole)


@pytest.mark.parametrize(("locked", "counted"), [(True, 7), (False, 6)])
async def test_control_without_the_lock_an_acknowledged_ballot_is_lost(
    db: None, settings: Settings, locked: bool, counted: int
) -> None:
    vote = await put(settings, 9, mode=Mode.SECRET, rules=rules(may_change=True))
    for at in range(6):
        await alone(vote, at, "for")
    async with dawdling(locked=locked):
        late = asyncio.create_task(alone(vote, 6, "for"))
        while not await fetch(_ASLEEP):
            assert not late.done()
            await asyncio.sleep(0.01)
        known = await closing.close(vote.id, CloseReason.CHAIR, by=CHAIR, settings=settings)
        assert (await late).said == "ok"
    assert known.tally is not None
    assert known.tally["cast"] == counted


async def test_the_last_ballots_at_once_close_a_vote_once(db: None, settings: Settings) -> None:
    """Whoever commits last sees that everybody has voted; one of them closes."""
    for _ in range(6):
        vote = await put(settings, 12, mode=Mode.SECRET)

        async def vote_and_close(at: int, vote: Put = vote) -> str:
            answer = await alone(vote, at, "for")
            assert answer.turnout is not None
            if answer.turnout.cast < answer.turnout.entitled:
                return "others to come"
            try:
                await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
            except NotOpen:
                return "closed already"
            return "closed"

        ends = await asyncio.gather(*(vote_and_close(at) for at in range(12)))
        assert ends.count("closed") == 1
        known = await Vote.get(id=vote.id)
        assert known.tally is not None
        assert (known.tally["cast"], known.close_reason) == (12, "everybody")
        row = await fetch_one(
            "SELECT count(*) AS n FROM audit_entries WHERE subject_id = $1 "
            "AND action = 'ballots.close'",
            vote.id,
        )
        assert row == {"n": 1}


async def test_many_closings_at_once_count_once(db: None, settings: Settings) -> None:
    vote = await put(settings, 8, mode=Mode.SECRET, rules=rules(may_change=True))
    for at in range(8):
        await alone(vote, at, "for")

    async def close(reason: CloseReason) -> str:
        try:
            await closing.close(vote.id, reason, by=CHAIR, settings=settings)
        except (NotOpen, TooEarlyToClose) as refusal:
            return refusal.code
        return "closed"

    ends = await asyncio.gather(*(close(reason) for reason in [*CloseReason] * 5))
    assert ends.count("closed") == 1
    assert len(await fetch("SELECT 1 FROM counted_ballots WHERE vote_id = $1", vote.id)) == 8


async def test_a_job_that_counts_before_the_chair_does_is_no_refusal(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = await put(settings, 8, mode=Mode.SECRET)
    for at in range(8):
        await alone(vote, at, "for")
    count = closing.count_closed

    async def beaten(vote_id: UUID, to: Settings) -> Vote:
        monkeypatch.undo()
        assert await jobs.finish_counts(to) == 1
        return await count(vote_id, to)

    monkeypatch.setattr(closing, "count_closed", beaten)
    closed = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    assert (closed.state, closed.outcome) == (VoteState.COUNTED, "passed")


async def test_a_vote_closes_however_busily_it_is_voted(db: None, settings: Settings) -> None:
    """Ballots share their lock; enough of them, one after the other, might never let it go."""
    vote = await put(settings, 40, rules=rules(may_change=True))
    over, cast = asyncio.Event(), 0

    async def restless(first: int) -> None:
        nonlocal cast
        while not over.is_set():
            answer = await alone(vote, first, "for")
            cast += answer.said == "ok"
            if answer.said == "not_open":
                return

    async def chair() -> None:
        try:
            await asyncio.sleep(0.5)
            await closing.close(vote.id, CloseReason.CHAIR, by=CHAIR, settings=settings)
        finally:
            over.set()

    await asyncio.gather(chair(), *(restless(at) for at in range(40)))
    assert cast > 40
