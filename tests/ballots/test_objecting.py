"""Doubting a count: who may, who answers, and what a second count does."""

from uuid import UUID, uuid4

import msgspec
import pytest

from backend import clock
from backend.ballots.models import Mode, Objection, Office, Vote
from backend.ballots.operations import certifying
from backend.ballots.queries import results
from backend.ballots.rules import certifying as rules
from backend.ballots.rules.bundle import tally_of
from backend.ballots.rules.charter import ORDINARY, PERSONNEL, Tie
from backend.settings import Settings
from tests.ballots import chairing, stage
from tests.ballots.chairing import AGAINST, FOR

CASTING = msgspec.structs.replace(ORDINARY, tie=Tie.CHAIR)
SECRET = {"mode": Mode.SECRET, "rules": PERSONNEL}


async def test_only_who_was_entitled_or_administers_may_object(
    db: None, settings: Settings
) -> None:
    put = await chairing.counted(settings)
    with pytest.raises(rules.NotEntitledToObject):
        await certifying.object_to(put.id, "我觉得不对", by=(await stage.people(1))[0])
    theirs = await certifying.object_to(put.id, "票数不对", by=put.voters[8])
    assert theirs.state == "raised"
    with pytest.raises(rules.ObjectionRaised):
        await certifying.object_to(put.id, "还是不对", by=put.voters[8])
    await certifying.object_to(put.id, "请复核", by=uuid4(), administers=True)
    assert await results.objections_to(put.id) == results.Tallied(raised=2, rejected=0, upheld=0)


async def test_objections_are_taken_until_their_window_ends(db: None, settings: Settings) -> None:
    put = await chairing.certified(settings)
    await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    await chairing.turn_back(put.id, days=3)
    with pytest.raises(rules.ObjectionsClosed):
        await certifying.object_to(put.id, "票数不对", by=put.voters[1])
    # The one in time is still answered, and keeps the result from going out.
    with pytest.raises(rules.ObjectionPending):
        await certifying.publish(put.id, settings=settings)
    assert put.id not in await results.due(clock.now())


@pytest.mark.parametrize("first", list(Office))
async def test_upholding_takes_the_school_and_the_district_in_either_order(
    db: None, settings: Settings, first: Office
) -> None:
    second = Office.DISTRICT if first is Office.SCHOOL else Office.SCHOOL
    put = await chairing.certified(settings, school_id=await chairing.a_school())
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    one, other = uuid4(), uuid4()

    async def say(office: Office, by: UUID) -> Objection:
        return await certifying.answer_objection(
            objection.id, upheld=True, answer="应当重新计票", office=office, by=by
        )

    assert (await say(first, one)).state == "raised"
    with pytest.raises(rules.SecondPersonNeeded):
        await say(second, one)
    with pytest.raises(rules.OtherOfficeNeeded):
        await say(first, other)
    answered = await say(second, other)
    assert (answered.state, answered.first_by, answered.answered_by) == ("upheld", one, other)
    vote = await Vote.get(id=put.id)
    assert (vote.state, vote.recounts, vote.certified_by) == ("counted", 1, None)
    with pytest.raises(rules.ObjectionAnswered):
        await say(second, uuid4())


async def test_what_is_the_districts_takes_two_of_its_officers(
    db: None, settings: Settings
) -> None:
    put = await chairing.counted(settings)
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    for upheld in (True, False):
        with pytest.raises(rules.OtherOfficeNeeded):
            await certifying.answer_objection(
                objection.id, upheld=upheld, answer="好", office=Office.SCHOOL, by=uuid4()
            )
    assert (await chairing.uphold(objection)).state == "upheld"


async def test_either_rejects_an_objection_even_after_the_first_word(
    db: None, settings: Settings
) -> None:
    put = await chairing.certified(settings)
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    await certifying.answer_objection(
        objection.id, upheld=True, answer="同意", office=Office.DISTRICT, by=uuid4()
    )
    answered = await certifying.answer_objection(
        objection.id, upheld=False, answer="计票无误", office=Office.DISTRICT, by=uuid4()
    )
    assert (answered.state, answered.answer) == ("rejected", "计票无误")
    vote = await Vote.get(id=put.id)
    assert (vote.state, vote.recounts) == ("certified", 0)


async def test_nobody_answers_their_own_objection(db: None, settings: Settings) -> None:
    put = await chairing.counted(settings)
    admin = uuid4()
    objection = await certifying.object_to(put.id, "请复核", by=admin, administers=True)
    for upheld in (True, False):
        with pytest.raises(rules.OwnObjection):
            await certifying.answer_objection(
                objection.id, upheld=upheld, answer="好", office=Office.DISTRICT, by=admin
            )


@pytest.mark.parametrize("mode", [{}, SECRET], ids=["open", "secret"])
async def test_a_recount_finds_the_same_and_the_chair_certifies_anew(
    db: None, settings: Settings, mode: dict[str, object]
) -> None:
    put = await chairing.certified(settings, **mode)
    before = tally_of(put.vote)
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    await chairing.uphold(objection)
    vote = await Vote.get(id=put.id)
    assert vote.state == "counted" and tally_of(vote) == before
    assert vote.certified_at is vote.certified_by is None
    [entry] = await chairing.audit(put.id, "ballots.recounted")
    assert entry["same"] is True and entry["before"] == entry["after"] == put.vote.tally
    assert entry["certified_by"] == str(put.vote.certified_by)
    with pytest.raises(rules.NotCertified):
        await certifying.publish(put.id, settings=settings)
    # The window opens again; the second certificate stands at its end.
    await certifying.certify(put.id, by=await chairing.a_chair())
    with pytest.raises(rules.ObjectionWindowOpen):
        await certifying.publish(put.id, settings=settings)
    await chairing.turn_back(put.id, days=4)
    published = await certifying.publish(put.id, settings=settings)
    assert published.bundle is not None and published.bundle["recounts"] == 1


async def test_a_recount_corrects_a_count_that_was_tampered_with(
    db: None, settings: Settings
) -> None:
    put = await chairing.certified(settings)
    right = tally_of(put.vote)
    await chairing.bend(put.id)
    await chairing.uphold(await certifying.object_to(put.id, "票数不对", by=put.voters[0]))
    vote = await Vote.get(id=put.id)
    assert (tally_of(vote), vote.outcome, vote.chosen) == (right, "passed", ["for"])
    [entry] = await chairing.audit(put.id, "ballots.recounted")
    assert entry["same"] is False


async def test_a_recount_takes_back_how_a_tie_was_settled(db: None, settings: Settings) -> None:
    put = await chairing.counted(settings, [FOR, FOR, AGAINST, AGAINST], rules=CASTING)
    await certifying.settle_tie(put.id, "for", by=await chairing.a_chair())
    await certifying.certify(put.id, by=await chairing.a_chair())
    await chairing.uphold(await certifying.object_to(put.id, "票数不对", by=put.voters[0]))
    vote = await Vote.get(id=put.id)
    assert (vote.outcome, vote.chosen, vote.tie_settled_for) == ("tied", [], "")
    with pytest.raises(rules.TieUnsettled):
        await certifying.certify(put.id, by=await chairing.a_chair())


async def test_a_small_secret_vote_kept_nothing_to_count_again(
    db: None, settings: Settings
) -> None:
    put = await chairing.certified(settings, [FOR] * 3 + [AGAINST], silent=3, **SECRET)
    objection = await certifying.object_to(put.id, "票数不对", by=put.voters[0])
    with pytest.raises(rules.NothingToRecount):
        await chairing.uphold(objection)
    with pytest.raises(rules.NothingToRecount):
        await certifying.recount(put.id, by=uuid4())
    await certifying.answer_objection(
        objection.id, upheld=False, answer="不保留选票", office=Office.DISTRICT, by=uuid4()
    )
    await chairing.turn_back(put.id, days=4)
    assert (await certifying.publish(put.id, settings=settings)).state == "published"
