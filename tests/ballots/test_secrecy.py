"""Nobody who has the database in hand can tell who chose what; see ``tests.ballots.adversary``.

``SECRECY_ELECTIONS`` holds more elections than ten, ``SECRECY_SEED`` the same ones again.
"""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
import structlog

from tests.ballots.adversary import judge, naive, run
from tests.ballots.adversary.cases import Case
from tests.ballots.adversary.plans import SILENT, VOTERS
from tests.ballots.adversary.run import Trial
from tests.conftest import Clone

ELECTIONS = int(os.environ.get("SECRECY_ELECTIONS", "10"))
GROUPS_AND_BALLOTS = 2 * len(judge.GROUPS) - 1
"""How often each reading is held against chance beside that of everybody's choices."""
SEED = int(os.environ.get("SECRECY_SEED") or secrets.randbelow(10**6))

log: structlog.stdlib.BoundLogger = structlog.get_logger("secrecy")


@pytest.fixture(scope="module")
async def trial(clone: Clone) -> AsyncIterator[Trial]:
    """The elections of this run, held once, and what every linker made of them."""
    like = await clone("secrecy")
    with ExitStack() as stack:
        held = run.held(elections=ELECTIONS, seed=SEED, like=like)
        found = await asyncio.to_thread(stack.enter_context, held)
        for line in found.report():
            log.info(line)
        yield found


def test_no_linker_does_better_than_chance(trial: Trial) -> None:
    assert len(trial.own) == ELECTIONS and len(trial.readings) == len(set(trial.readings))
    best = trial.best()
    assert best.voters == ELECTIONS * VOTERS
    assert best.z <= trial.bound(), trial.told()


@pytest.mark.parametrize("group", [name for name in judge.GROUPS if name != "everybody"])
def test_no_linker_does_better_among(trial: Trial, group: str) -> None:
    best = trial.best(group)
    assert best.voters >= ELECTIONS
    assert best.z <= trial.bound(families=GROUPS_AND_BALLOTS), trial.told()


def test_no_linker_finds_more_whole_ballots_than_chance_does(trial: Trial) -> None:
    most = max(trial.scores, key=lambda score: score.z_ballots)
    assert most.z_ballots <= trial.bound(families=GROUPS_AND_BALLOTS), trial.told()


def test_every_reading_may_win_and_none_has_nothing_to_read(trial: Trial) -> None:
    """What the adversary is said to hold is really in her hands, or all this would be idle."""
    taken, own = trial.loot, trial.own
    for case in own:
        assert len(case.voters) == len(case.ballots) == VOTERS
        assert all(voter.casts and voter.boxes for voter in case.voters)
        assert all(ballot.stored.at > 0 and ballot.stored.xmin > 0 for ballot in case.ballots)
    assert any(voter.lying for case in own for voter in case.voters), "the box in the backup"
    for table in ("sealed_ballots", "counted_ballots"):
        assert any(record.file.endswith(taken.files[table]) for record in taken.records), table
    boxes = {voter.boxes[-1] for case in own for voter in case.voters}
    assert boxes <= taken.index.keys() and boxes <= taken.naming.keys(), "log and journal"
    met = trial.adversary.nearby.seen
    assert met >= {ballot.id for case in own for ballot in case.ballots if ballot.id}
    for table in ("audit_entries", "post_letter", "sessions", "idempotency_keys"):
        assert taken.live[table], table
    assert any(line.source == "application" for line in taken.lines)
    assert not any(taken.live["sealed_ballots"]), "counted, nothing is left in the box"


def test_every_box_of_a_vote_is_as_long_as_the_others_and_sealed_anew(trial: Trial) -> None:
    for case in trial.own:
        boxes = boxes_of(case)
        assert {len(box) // 2 for box in boxes} == {case.seal.box_length}
        assert len({box[:64] for box in boxes}) == len(set(boxes)), "a sender's key used twice"


def test_every_tally_is_exact_and_every_receipt_is_listed(trial: Trial) -> None:
    for case in trial.own:
        held = trial.held[case.vote_id]
        real = Counter(one.choice for one in held.truth)
        assert Counter(ballot.choice for ballot in case.ballots) == real
        vote = case.public
        tally, result = vote["tally"], vote["bundle"]
        assert (tally["cast"], tally["entitled"]) == (VOTERS, VOTERS + SILENT)
        assert (tally["invalid"], tally["abstained"]) == (real[None], real["abstain"])
        assert tally["votes"] == {key: real[key] for key in tally["votes"]}
        assert sum(tally["votes"].values()) == VOTERS - real[None] - real["abstain"]
        receipts = sorted(one.ballot for one in held.truth if one.ballot)
        assert result["ballots"]["receipts"] == receipts
        assert result["ballots"]["unreadable"] == VOTERS - len(receipts)
        assert not set(held.replaced) & set(receipts)
        in_the_table = sorted(case.ballots, key=lambda ballot: ballot.stored.ctid)
        assert [one.id for one in in_the_table if one.id] == receipts, "the order is one of chance"


def test_with_the_keys_gone_nothing_in_the_database_opens_a_ballot(trial: Trial) -> None:
    assert all(place.is_dir() and not any(place.iterdir()) for place in trial.keys)
    assert trial.adversary.tried > ELECTIONS * VOTERS
    for case in trial.own:
        assert trial.adversary.opened(case, boxes_of(case)) == []
        assert not {box[:64] for box in boxes_of(case)} & trial.adversary.keys.keys()
    [careless] = [case for case in trial.cases if case.design == "f"]
    opened = trial.adversary.opened(careless, boxes_of(careless))
    assert len(opened) == VOTERS and all(one.receipt for one in opened)


CAUGHT_BY = {
    "a": "2 transactions and times: same transaction, first touch",
    "b": "2 transactions and times: nearest commit before",
    "c": "5 digests: of every choice and ballot",
    "d": "6 order of ids: first cast, time in the ballot's id",
    "e": "4 sizes: length of the box",
    "f": "9 keys: everything of 32 octets",
    "g": "1 physical order: unit's id, row of the ballot",
    "h": "7 logs: choices in the order of casts",
    "i": "8 receipts: what lies beside what lies beside a voter",
}


@pytest.mark.parametrize("design", naive.DESIGNS)
def test_a_naive_design_is_found_out_to_the_last_ballot(trial: Trial, design: str) -> None:
    assert CAUGHT_BY[design] in trial.caught(design), trial.told()


def boxes_of(case: Case) -> list[str]:
    return [box for voter in case.voters for box in voter.boxes]
