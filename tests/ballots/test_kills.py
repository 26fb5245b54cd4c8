"""Whatever moment a count is killed at, there is one correct result and no key left.

``BALLOT_KILLS`` sets how many are killed at random moments, beside one at each named point.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.ballots import jobs
from backend.ballots.models import Mode, Vote, VoteState
from backend.ballots.operations import casting
from backend.database import execute, fetch, fetch_one
from backend.settings import Settings
from tests.ballots.counter import AT
from tests.ballots.stage import Put, ballot, put, split_over
from tests.setup.processes import ROOT

AT_RANDOM = int(os.environ.get("BALLOT_KILLS", "5"))
VOTERS = 30
LATEST = 0.08
"""Seconds within which a count that is not killed is over on an idle machine."""


class Counting:
    """A process whose children count and die, and the directories of the key."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Settings) -> None:
        self.process, self.settings = process, settings

    async def kill(
        self,
        vote: Put,
        *,
        point: str | None = None,
        after: float | None = None,
        early: bool = False,
    ) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        task = {"vote": str(vote.id), "point": point, "after": after, "early": early}
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        await self.process.stdin.drain()
        answer = await asyncio.wait_for(self.process.stdout.readline(), 60)
        return answer.decode().strip()


@pytest.fixture(scope="module")
async def teller(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counting]:
    home = tmp_path_factory.mktemp("keys")
    places = home / "one", home / "other"
    assert settings.database_url is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.ballots.counter", settings.database_url),
        *map(str, places),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield Counting(process, split_over(settings, *places))
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.wait_for(process.wait(), 60)


@pytest.fixture
def counting(teller: Counting, db: None) -> Counting:
    return teller


Cast = dict[str, tuple[str, ...]]


async def closed(settings: Settings, lots: random.Random) -> tuple[Put, Cast, set[int]]:
    """Return a vote that was closed and is not counted, what was cast, and by whom."""
    vote = await put(settings, VOTERS, mode=Mode.SECRET)
    voting = set(lots.sample(range(VOTERS), VOTERS - lots.randrange(12)))
    said: Cast = {}
    for at in voting:
        given = ballot(lots.choice(["for", "for", "against", "abstain"]))
        assert given.receipt is not None and given.choice is not None
        said[given.receipt] = given.choice
        await casting.cast(vote.id, vote.voters[at], given)
    await execute(
        "UPDATE votes SET state = 'closed', closed_at = now(), close_reason = 'deadline' "
        "WHERE id = $1",
        vote.id,
    )
    return vote, said, voting


async def faults(vote: Put, said: Cast, voting: set[int], settings: Settings) -> list[str]:
    """Let the jobs run and name everything that is not as it should be."""
    found = []
    for _ in range(50):
        # The dead process's transaction ends when the server notices.
        await jobs.finish_counts(settings)
        await jobs.destroy_keys(settings)
        known = await Vote.get(id=vote.id)
        if known.key_destroyed_at is not None or known.state == VoteState.CLOSED:
            break
        await asyncio.sleep(0.1)
    rows = await fetch(
        "SELECT receipt, choice FROM counted_ballots WHERE vote_id = $1 ORDER BY place", vote.id
    )
    if [(row["receipt"], tuple(row["choice"])) for row in rows] != sorted(said.items()):
        found.append(f"{len(rows)} ballots counted, {len(said)} cast")
    split = Counter(choice[0] for choice in said.values())
    if (known.tally or {}).get("votes") != {key: split[key] for key in ("for", "against")}:
        found.append(f"the tally is {known.tally}, cast was {split}")
    if known.state != VoteState.COUNTED or known.key_destroyed_at is None:
        found.append(f"{known.state}, key destroyed at {known.key_destroyed_at}")
    if left := await fetch("SELECT 1 FROM sealed_ballots WHERE vote_id = $1", vote.id):
        found.append(f"{len(left)} boxes left")
    if files := [file for place in settings.ballot_key_directories for file in place.iterdir()]:
        found.append(f"of the key there are {files}")
    took = await fetch("SELECT id FROM voting_units WHERE vote_id = $1 AND took_part", vote.id)
    if {row["id"] for row in took} != {vote.units[at] for at in voting}:
        found.append("others are said to have taken part")
    for action in ("ballots.count", "ballots.destroy_key"):
        row = await fetch_one(
            "SELECT count(*) AS n FROM audit_entries WHERE subject_id = $1 AND action = $2",
            vote.id,
            action,
        )
        if row != {"n": 1}:
            found.append(f"{action} {row} times in the trail")
    return found


@pytest.mark.parametrize("point", AT)
async def test_killed_when(counting: Counting, point: str) -> None:
    vote, said, voting = await closed(counting.settings, random.Random(point))
    assert await counting.kill(vote, point=point) == "killed"
    assert await faults(vote, said, voting, counting.settings) == []


async def test_killed_at_any_moment(counting: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    lots = random.Random(20261123)
    ends: Counter[str] = Counter()
    deaths = 0
    for _ in range(4 * AT_RANDOM):
        if deaths == AT_RANDOM:
            break
        vote, said, voting = await closed(counting.settings, lots)
        ended = await counting.kill(vote, after=lots.uniform(0, LATEST))
        ends[f"{ended}, {await _stage(vote)}"] += 1
        deaths += ended == "killed"
        assert await faults(vote, said, voting, counting.settings) == []
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(ends)}\n")
    assert deaths == AT_RANDOM
    assert not any(end.startswith("failed") for end in ends)


async def _stage(vote: Put) -> str:
    row = await fetch_one("SELECT state, key_destroyed_at FROM votes WHERE id = $1", vote.id)
    assert row is not None
    return f"{row['state']}{'' if row['key_destroyed_at'] is None else ', key gone'}"


async def test_control_a_key_destroyed_too_early_is_noticed(counting: Counting) -> None:
    vote, said, voting = await closed(counting.settings, random.Random(1))
    ended = await counting.kill(vote, point="the ballots are written", early=True)
    assert ended == "killed"
    found: list[Any] = await faults(vote, said, voting, counting.settings)
    assert f"0 ballots counted, {len(said)} cast" in found
    assert "closed, key destroyed at None" in found


async def test_control_a_count_that_is_left_in_peace_is_right(counting: Counting) -> None:
    vote, said, voting = await closed(counting.settings, random.Random(2))
    assert await counting.kill(vote) == "lived"
    assert await faults(vote, said, voting, counting.settings) == []
