"""When a vote closes, and what it keeps."""

from datetime import timedelta

import msgspec
import pytest

from backend import clock
from backend.ballots.models import CloseReason, Mode
from backend.ballots.operations import casting, closing
from backend.ballots.queries import turnout
from backend.ballots.rules import states
from backend.ballots.rules.charter import ORDINARY
from backend.database import execute, fetch, fetch_one
from backend.settings import Settings
from tests.ballots.stage import CHAIR, ballot, people, put, say


async def test_an_electorate_is_as_it_was_when_the_vote_opened(
    db: None, settings: Settings
) -> None:
    vote = await put(settings)
    with pytest.raises(Exception, match="keeps its question"):
        await execute("UPDATE votes SET title = '别的问题' WHERE id = $1", vote.id)
    with pytest.raises(Exception, match="keeps its question"):
        await execute("UPDATE votes SET entitled = 8 WHERE id = $1", vote.id)
    [stranger] = await people(1)
    with pytest.raises(states.NotEntitled):
        await casting.cast(vote.id, stranger, ballot("for"))


async def test_the_clock_closes_what_nobody_closes(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = await put(settings)
    await say(vote, 0, "for")
    with pytest.raises(states.TooEarlyToClose):
        await closing.close(vote.id, CloseReason.DEADLINE, by=CHAIR, settings=settings)
    with pytest.raises(states.TooEarlyToClose):
        await closing.close(vote.id, CloseReason.CHAIR, by=CHAIR, settings=settings)
    with pytest.raises(states.TooEarlyToClose):
        await closing.close(vote.id, CloseReason.EVERYBODY, by=CHAIR, settings=settings)
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(states.NotOpen):
        await say(vote, 1, "for")
    assert await turnout.due(later) == [vote.id]
    counted = await closing.close(vote.id, CloseReason.DEADLINE, by=None, settings=settings)
    assert (counted.outcome, counted.close_reason) == ("no_quorum", "deadline")


async def test_a_secret_vote_in_which_four_voted_keeps_no_split(
    db: None, settings: Settings
) -> None:
    vote = await put(
        settings, mode=Mode.SECRET, rules=msgspec.structs.replace(ORDINARY, chair_may_close=True)
    )
    for at in range(4):
        await say(vote, at, "for")
    counted = await closing.close(vote.id, CloseReason.CHAIR, by=CHAIR, settings=settings)
    assert counted.tally is not None
    assert set(counted.tally) == set(closing.KEPT)
    assert (counted.tally["cast"], counted.outcome, counted.tally["has_quorum"]) == (
        4, "passed", True,
    )  # fmt: skip
    assert await fetch("SELECT 1 FROM counted_ballots UNION ALL SELECT 1 FROM sealed_ballots") == []
    took = await fetch_one("SELECT count(*) AS n FROM voting_units WHERE took_part")
    assert took == {"n": 4}
