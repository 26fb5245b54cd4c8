"""The chair's word, objections, recounts and publication, in whatever order they are tried."""

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from backend.ballots.models import Mode, Office, Vote, VoteState
from backend.ballots.operations import certifying, closing
from backend.ballots.rules import certifying as rules
from backend.ballots.rules.charter import ORDINARY, PERSONNEL, Tie
from backend.database import execute
from backend.errors import NotFound, Refusal
from backend.settings import Settings
from tests.ballots import chairing, stage
from tests.ballots.chairing import AGAINST, FOR, MOTION

CASTING = msgspec.structs.replace(ORDINARY, tie=Tie.CHAIR)
SECRET = {"mode": Mode.SECRET, "rules": PERSONNEL}


async def test_a_chair_certifies_what_was_counted(db: None, settings: Settings) -> None:
    put = await chairing.counted(settings)
    before, chair = put.vote.tally, await chairing.a_chair()
    vote = await certifying.certify(put.id, by=chair)
    assert (vote.state, vote.certified_by, vote.tally) == ("certified", chair, before)
    assert vote.objections_until == vote.counted_at + ORDINARY.objection_window
    assert await chairing.audit(put.id, "ballots.certified") == [
        {"outcome": "passed", "late": False}
    ]
    with pytest.raises(rules.NotCounted):
        await certifying.certify(put.id, by=chair)


async def test_a_late_certificate_is_taken_and_marked(db: None, settings: Settings) -> None:
    put = await chairing.counted(settings)
    await chairing.turn_back(put.id, days=ORDINARY.certify_days, minutes=1)
    await certifying.certify(put.id, by=await chairing.a_chair())
    assert (await chairing.audit(put.id, "ballots.certified"))[0]["late"] is True
    await chairing.turn_back(put.id, days=4)
    vote = await certifying.publish(put.id, settings=settings)
    assert vote.bundle is not None and vote.bundle["certification"]["late"] is True


@pytest.mark.parametrize(
    ("settled_for", "outcome", "chosen"), [("for", "passed", ["for"]), ("against", "failed", [])]
)
async def test_where_the_rules_give_a_casting_vote_it_comes_before_the_certificate(
    db: None, settings: Settings, settled_for: str, outcome: str, chosen: list[str]
) -> None:
    put = await chairing.counted(settings, [FOR, FOR, AGAINST, AGAINST], rules=CASTING)
    chair = await chairing.a_chair()
    with pytest.raises(rules.TieUnsettled):
        await certifying.certify(put.id, by=chair)
    with pytest.raises(rules.UnknownTieChoice):
        await certifying.settle_tie(put.id, "abstain", by=chair)
    vote = await certifying.settle_tie(put.id, settled_for, by=chair)
    assert (vote.outcome, vote.chosen) == (outcome, chosen)
    assert vote.tally is not None and vote.tally["outcome"] == "tied"
    with pytest.raises(rules.NoTieToSettle):
        await certifying.settle_tie(put.id, "against", by=chair)
    await certifying.certify(put.id, by=chair)
    with pytest.raises(rules.NotCounted):
        await certifying.settle_tie(put.id, "against", by=chair)


async def test_without_a_casting_vote_a_tie_stays_one(db: None, settings: Settings) -> None:
    put = await chairing.counted(settings, [FOR, FOR, AGAINST, AGAINST])
    with pytest.raises(rules.NoTieToSettle):
        await certifying.settle_tie(put.id, "for", by=await chairing.a_chair())
    vote = await certifying.certify(put.id, by=await chairing.a_chair())
    assert (vote.state, vote.outcome) == ("certified", "tied")


@pytest.mark.parametrize("mode", [{}, SECRET], ids=["open", "secret"])
async def test_no_chair_certifies_a_count_that_its_ballots_do_not_have(
    db: None, settings: Settings, mode: dict[str, object]
) -> None:
    put = await chairing.counted(settings, **mode)
    await chairing.bend(put.id)
    with pytest.raises(rules.CountDoesNotFit):
        await certifying.certify(put.id, by=await chairing.a_chair())
    await chairing.uphold(await certifying.object_to(put.id, "票数不对", by=put.voters[0]))
    vote = await certifying.certify(put.id, by=await chairing.a_chair())
    assert (vote.state, vote.outcome) == ("certified", "passed")


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        ("UPDATE votes SET outcome = 'failed', chosen = '{}' WHERE id = $1", "outcome"),
        ("UPDATE voting_units SET took_part = true WHERE vote_id = $1", "turnout, outcome"),
        ("UPDATE voting_units SET commitment = repeat('0', 64) WHERE vote_id = $1", "electorate"),
        ("UPDATE open_ballots SET choice = '{against}' WHERE vote_id = $1", "count"),
    ],
)
async def test_nothing_goes_out_that_would_not_pass_a_check(
    db: None, settings: Settings, change: str, checks: str
) -> None:
    put = await chairing.certified(settings)
    await chairing.turn_back(put.id, days=4)
    await execute(change, put.id)
    with pytest.raises(rules.CountDoesNotFit) as refusal:
        await certifying.publish(put.id, settings=settings)
    assert refusal.value.facts["checks"] == checks
    assert await certifying.publish_due(settings) == []
    assert (await Vote.get(id=put.id)).state == "certified"


async def test_nothing_goes_out_before_its_window_has_passed(db: None, settings: Settings) -> None:
    put = await chairing.certified(settings)
    with pytest.raises(rules.ObjectionWindowOpen):
        await certifying.publish(put.id, settings=settings)
    assert await certifying.publish_due(settings) == []
    await chairing.turn_back(put.id, days=3)
    assert await certifying.publish_due(settings) == [put.id]
    with pytest.raises(rules.NotCertified):
        await certifying.publish(put.id, settings=settings)


async def test_what_is_due_goes_out_once_whoever_comes_by(db: None, settings: Settings) -> None:
    due = [await chairing.certified(settings) for _ in range(2)]
    doubted = await chairing.certified(settings)
    await certifying.object_to(doubted.id, "票数不对", by=doubted.voters[0])
    for put in (*due, doubted):
        await chairing.turn_back(put.id, days=3)
    told: list[UUID] = []

    async def tell(vote: Vote) -> None:
        told.append(vote.id)

    rounds = await asyncio.gather(*(certifying.publish_due(settings, tell) for _ in range(3)))
    assert (
        sorted(one for round in rounds for one in round)
        == sorted(told)
        == sorted(put.id for put in due)
    )
    assert len(await chairing.audit(due[0].id, "ballots.published")) == 1
    assert (await Vote.get(id=doubted.id)).state == "certified"


async def test_a_letter_that_cannot_be_written_keeps_the_result_back(
    db: None, settings: Settings
) -> None:
    put = await chairing.certified(settings)
    await chairing.turn_back(put.id, days=3)

    async def fail(vote: Vote) -> None:
        raise OSError("no ink")

    assert await certifying.publish_due(settings, fail) == []
    assert (await Vote.get(id=put.id)).state == "certified"
    assert await certifying.publish_due(settings) == [put.id]


COUNT, CERTIFIED = VoteState.COUNTED, VoteState.CERTIFIED
ALLOWED = {
    "settle_tie": ({COUNT}, "vote_not_counted"),
    "certify": ({COUNT}, "vote_not_counted"),
    "publish": ({CERTIFIED}, "vote_not_certified"),
    "object_to": ({COUNT, CERTIFIED}, "objections_closed"),
    "recount": ({COUNT, CERTIFIED}, "objections_closed"),
}
"""In which states each verb may be tried, and what it is told in all others."""


async def in_state(state: VoteState, settings: Settings) -> UUID:
    if state is VoteState.DRAFT:
        return (await stage.a_draft()).id
    if state in (VoteState.COUNTED, VoteState.CERTIFIED, VoteState.PUBLISHED):
        make = {
            VoteState.COUNTED: chairing.counted,
            VoteState.CERTIFIED: chairing.certified,
            VoteState.PUBLISHED: chairing.published,
        }[state]
        return (await make(settings, MOTION)).id
    put = await stage.put(settings)
    if state is VoteState.ANNULLED:
        await closing.annul(put.id, "议题有误", uuid4(), settings)
    elif state is VoteState.CLOSED:
        await execute(
            "UPDATE votes SET state = 'closed', closed_at = now(), close_reason = 'deadline' "
            "WHERE id = $1",
            put.id,
        )
    return put.id


@pytest.mark.parametrize("state", list(VoteState))
async def test_every_verb_out_of_its_state_is_refused_by_name(
    db: None, settings: Settings, state: VoteState
) -> None:
    vote_id, by = await in_state(state, settings), uuid4()
    verbs = {
        "settle_tie": lambda: certifying.settle_tie(vote_id, "for", by=by),
        "certify": lambda: certifying.certify(vote_id, by=by),
        "publish": lambda: certifying.publish(vote_id, settings=settings, by=by),
        "object_to": lambda: certifying.object_to(vote_id, "不对", by=by, administers=True),
        "recount": lambda: certifying.recount(vote_id, by=by),
    }
    before = await Vote.filter(id=vote_id).values()
    for verb, (states, code) in ALLOWED.items():
        if state not in states:
            with pytest.raises(Refusal) as refusal:
                await verbs[verb]()
            assert (verb, refusal.value.code) == (verb, code)
    assert await Vote.filter(id=vote_id).values() == before


async def test_what_does_not_exist_is_not_found(db: None, settings: Settings) -> None:
    with pytest.raises(NotFound):
        await certifying.certify(uuid4(), by=uuid4())
    with pytest.raises(NotFound):
        await certifying.answer_objection(
            uuid4(), upheld=False, answer="无", office=Office.SCHOOL, by=uuid4()
        )
