"""Paper ballots: two people, a bucket of their own, and no unit votes twice."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.ballots.models import CloseReason, Mode, PaperBallots, PaperState, VoteState
from backend.ballots.operations import casting, closing, paper
from backend.ballots.queries import results
from backend.ballots.rules import paper as rules
from backend.ballots.rules.bundle import tally_of
from backend.ballots.rules.charter import PERSONNEL
from backend.ballots.rules.paper import PaperChoice
from backend.ballots.rules.states import PaperUnconfirmed, VotedOnPaper
from backend.database import fetch
from backend.errors import NotFound, Refusal
from backend.settings import Settings
from tests.ballots import chairing, stage
from tests.ballots.chairing import ABSTAIN, AGAINST, FOR
from tests.ballots.stage import Put

CHAIR, SECRETARY = uuid4(), uuid4()
SECRET: dict[str, Any] = {"mode": Mode.SECRET, "rules": PERSONNEL}


def lines(*choices: tuple[tuple[str, ...], int]) -> list[PaperChoice]:
    return [PaperChoice(choice=choice, count=count) for choice, count in choices]


async def confirmed(put: Put, at: list[int], *choices: tuple[tuple[str, ...], int]) -> None:
    """Enter and confirm that these units voted on paper, and how."""
    await paper.enter(put.id, [put.units[one] for one in at], lines(*choices), by=CHAIR)
    await paper.confirm(put.id, by=SECRETARY)


async def test_paper_counts_as_a_bucket_of_its_own(db: None, settings: Settings) -> None:
    put = await stage.put(settings, 7)
    await stage.say(put, 0, "for")
    await paper.enter(put.id, put.units[3:7], lines((FOR, 1), (AGAINST, 2)), 1, by=CHAIR)
    await paper.confirm(put.id, by=SECRETARY)
    tally = tally_of(await chairing.close(put, settings))
    assert tally is not None
    assert (tally.cast, tally.of_paper, tally.invalid) == (5, 4, 1)
    assert tally.votes == {"for": 2, "against": 2}


async def test_who_voted_on_paper_votes_on_no_phone_and_the_other_way_round(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    await stage.say(put, 0, "for")
    with pytest.raises(rules.VotedByPhone) as refusal:
        await paper.enter(put.id, put.units[:3], lines((FOR, 3)), by=CHAIR)
    assert refusal.value.facts["units"] == str(put.units[0])
    await paper.enter(put.id, put.units[1:3], lines((FOR, 2)), by=CHAIR)
    with pytest.raises(VotedOnPaper):
        await stage.say(put, 1, "against")
    await stage.say(put, 3, "against")


async def test_whoever_entered_them_does_not_confirm_them(db: None, settings: Settings) -> None:
    put = await stage.put(settings, 7)
    await paper.enter(put.id, put.units[:2], lines((FOR, 2)), by=CHAIR)
    with pytest.raises(rules.PaperNeedsAnother):
        await paper.confirm(put.id, by=CHAIR)
    first = await paper.confirm(put.id, by=SECRETARY)
    again = await paper.confirm(put.id, by=uuid4())
    assert first.confirmed_by == again.confirmed_by == SECRETARY


async def test_unconfirmed_paper_holds_up_the_count_until_it_is_confirmed(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    await paper.enter(put.id, put.units[:5], lines((FOR, 5)), by=CHAIR)
    vote = await chairing.close(put, settings)
    assert vote.state == VoteState.CLOSED
    with pytest.raises(PaperUnconfirmed):
        await closing.count_closed(put.id, settings)
    await paper.confirm(put.id, by=SECRETARY)
    counted = await closing.count_closed(put.id, settings)
    assert (counted.state, counted.outcome) == ("counted", "passed")


async def test_unconfirmed_paper_may_be_withdrawn_when_nobody_confirms_it(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    await paper.enter(put.id, put.units[:5], lines((FOR, 5)), by=CHAIR)
    await chairing.close(put, settings)
    await paper.withdraw(put.id, by=CHAIR)
    counted = await closing.count_closed(put.id, settings)
    assert counted.outcome == "no_quorum"
    with pytest.raises(rules.PaperTooLate):
        await paper.confirm(put.id, by=SECRETARY)


async def test_what_was_withdrawn_is_entered_anew_and_its_units_are_free_again(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    await confirmed(put, [0, 1], (FOR, 2))
    with pytest.raises(rules.PaperEntered):
        await paper.enter(put.id, put.units[3:4], lines((FOR, 1)), by=CHAIR)
    await paper.withdraw(put.id, by=CHAIR)
    await stage.say(put, 0, "against")
    await confirmed(put, [1, 2], (FOR, 1), (ABSTAIN, 1))
    tally = tally_of(await chairing.close(put, settings))
    assert tally is not None and tally.votes == {"for": 1, "against": 1}
    assert (tally.cast, tally.of_paper, tally.abstained) == (3, 2, 1)


async def test_confirmed_paper_of_a_closed_vote_is_not_withdrawn(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    await paper.enter(put.id, put.units[:5], lines((FOR, 5)), by=CHAIR)
    await chairing.close(put, settings)
    await paper.confirm(put.id, by=SECRETARY)
    with pytest.raises(rules.PaperConfirmed):
        await paper.withdraw(put.id, by=CHAIR)


@pytest.mark.parametrize(
    ("units", "choices", "invalid", "code"),
    [
        ([0, 1], lines((FOR, 1)), 0, "paper_miscounted"),
        ([0, 1], lines((FOR, 3)), 0, "paper_miscounted"),
        ([0, 1], lines((FOR, 3)), -1, "paper_miscounted"),
        ([], [], 0, "paper_miscounted"),
        ([0, 1], lines((FOR, 2), (AGAINST, 0)), 0, "paper_misread"),
        ([0, 1], lines((FOR, 1), (FOR, 1)), 0, "paper_misread"),
        ([0, 1], lines((("maybe",), 2)), 0, "paper_misread"),
        ([0, 1], lines((("for", "against"), 2)), 0, "paper_misread"),
        ([0, 1], lines(((), 2)), 0, "paper_misread"),
        ([0, 0], lines((FOR, 2)), 0, "unknown_units"),
        ([0, 99], lines((FOR, 2)), 0, "unknown_units"),
    ],
)
async def test_what_cannot_lie_in_the_box_is_not_entered(
    db: None,
    settings: Settings,
    units: list[int],
    choices: list[PaperChoice],
    invalid: int,
    code: str,
) -> None:
    put = await stage.put(settings, 7)
    named = [put.units[at] if at < 7 else uuid4() for at in units]
    with pytest.raises(Refusal) as refusal:
        await paper.enter(put.id, named, choices, invalid, by=CHAIR)
    assert refusal.value.code == code
    assert not await PaperBallots.exists(vote_id=put.id)
    assert await fetch("SELECT id FROM voting_units WHERE on_paper") == []


async def test_a_unit_of_another_vote_is_unknown(db: None, settings: Settings) -> None:
    put, other = await stage.put(settings, 7), await stage.put(settings, 7)
    with pytest.raises(rules.UnknownUnits):
        await paper.enter(put.id, other.units[:1], lines((FOR, 1)), by=CHAIR)


async def test_few_paper_ballots_of_a_secret_vote_would_give_people_away(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 12, **SECRET)
    with pytest.raises(rules.PaperTooFew):
        await paper.enter(put.id, put.units[:4], lines((FOR, 4)), by=CHAIR)
    await confirmed(put, [0, 1, 2, 3, 4], (FOR, 3), (AGAINST, 2))
    for at in range(5, 10):
        await stage.say(put, at, "for")
    vote = await chairing.close(put, settings)
    tally = tally_of(vote)
    assert tally is not None and tally.votes == {"for": 8, "against": 2}
    # What came by phone can be told from what lay on paper, so neither is of fewer than five.
    assert (tally.cast - tally.of_paper, tally.of_paper) == (5, 5)
    assert await results.cast_choices(vote) == [FOR] * 5


@pytest.mark.parametrize("state", [s for s in VoteState if s is not VoteState.OPEN])
async def test_paper_is_entered_while_the_vote_is_open_and_at_no_other_time(
    db: None, settings: Settings, state: VoteState
) -> None:
    if state is VoteState.DRAFT:
        vote_id: UUID = (await stage.a_draft()).id
    elif state in (VoteState.CLOSED, VoteState.ANNULLED):
        put = await stage.put(settings, 7)
        if state is VoteState.ANNULLED:
            await closing.annul(put.id, "议题有误", CHAIR, settings)
        else:
            await paper.enter(put.id, put.units[:5], lines((FOR, 5)), by=CHAIR)
            await chairing.close(put, settings)
        vote_id = put.id
    else:
        vote_id = (await getattr(chairing, state.value)(settings)).id
    with pytest.raises(rules.PaperTooLate):
        await paper.enter(vote_id, [uuid4()], lines((FOR, 1)), by=CHAIR)
    if state is not VoteState.CLOSED:
        with pytest.raises(rules.PaperTooLate):
            await paper.confirm(vote_id, by=SECRETARY)
        with pytest.raises(rules.PaperTooLate):
            await paper.withdraw(vote_id, by=CHAIR)


async def test_there_is_nothing_to_confirm_where_nothing_was_entered(
    db: None, settings: Settings
) -> None:
    put = await stage.put(settings, 7)
    for verb in (paper.confirm, paper.withdraw):
        with pytest.raises(rules.NoPaper):
            await verb(put.id, by=CHAIR)
        with pytest.raises(NotFound):
            await verb(uuid4(), by=CHAIR)


async def test_a_phone_and_the_paper_of_one_unit_at_the_same_moment_are_one_ballot(
    db: None, settings: Settings
) -> None:
    for _ in range(6):
        put = await stage.put(settings, 7)
        ballots = [casting.cast(put.id, put.voters[at], stage.ballot("against")) for at in range(5)]
        entering = paper.enter(put.id, put.units[:5], lines((FOR, 5)), by=CHAIR)
        said = await asyncio.gather(*ballots, entering, return_exceptions=True)
        assert all(isinstance(one, Refusal) for one in said if isinstance(one, Exception))
        rows = await fetch(
            "SELECT u.id FROM voting_units u JOIN open_ballots b ON b.unit_id = u.id "
            "WHERE u.vote_id = $1 AND u.on_paper",
            put.id,
        )
        assert rows == []
        if await PaperBallots.exists(vote_id=put.id):
            await paper.confirm(put.id, by=SECRETARY)
        tally = tally_of(await chairing.close(put, settings))
        assert tally is not None and tally.cast == 5


async def test_the_trail_names_who_and_when_and_no_choice(db: None, settings: Settings) -> None:
    put = await stage.put(settings, 7)
    await confirmed(put, [0, 1], (FOR, 2))
    rows = await fetch(
        "SELECT action, person_id, facts::text AS facts FROM audit_entries "
        "WHERE subject_id = $1 AND action LIKE 'ballots.paper%' ORDER BY at, id",
        put.id,
    )
    assert [(row["action"], row["person_id"]) for row in rows] == [
        ("ballots.paper_entered", CHAIR),
        ("ballots.paper_confirmed", SECRETARY),
    ]
    assert all("for" not in row["facts"] for row in rows)
    entered = await PaperBallots.get(vote_id=put.id)
    assert entered.state == PaperState.CONFIRMED


async def test_everybody_on_paper_closes_the_vote_as_well(db: None, settings: Settings) -> None:
    put = await stage.put(settings, 7)
    await confirmed(put, list(range(7)), (FOR, 7))
    vote = await closing.close(put.id, CloseReason.EVERYBODY, by=None, settings=settings)
    assert (vote.state, vote.outcome) == ("counted", "passed")
