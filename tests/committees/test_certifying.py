"""From the last ballot to a published result that anybody can check."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backend.ballots import verifying
from backend.ballots.rules.charter import ORDINARY, PERSONNEL, Tie
from backend.committees.jobs import votes as jobs
from backend.committees.models import AgendaItem, ItemState, RuleKind, Seat, SeatState
from backend.database import execute
from backend.people.models import Relation
from backend.people.operations import ties
from backend.settings import Settings
from seed.cast import Cast
from tests.committees.stories import active_committee, ok, refused, seat
from tests.committees.voting import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    OFFICER,
    PARENTS,
    PRINCIPAL,
    SECRETARY,
    cast_by,
    committee,
    item,
    opened,
    put,
    read,
    run_out,
    told,
)
from tests.house import SignIn, Visitor

AT_ONCE = replace(ORDINARY, objection_days=0)
TEACHER, ELSEWHERE = "林晓岚", "何清越"
SAID = ("for", "for", "against", "for", "against", "abstain")
THREE_TO_TWO = dict(zip(EVERYBODY, SAID, strict=True))


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


async def test_an_open_vote_goes_from_the_item_to_a_result_that_anybody_can_check(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings, anyone: Visitor
) -> None:
    row = await item(cast, body, AT_ONCE)
    vote = await opened(as_, row.id)
    path = f"/votes/{vote['id']}"
    await cast_by(as_, vote, THREE_TO_TWO)
    chair, teacher = await as_(CHAIR), await as_(TEACHER)
    counted = ok(await chair.get(f"{path}/result"))
    assert (counted["outcome"], counted["cast"], counted["abstained"]) == ("passed", 6, 1)
    assert [one["votes"] for one in counted["options"]] == [3, 2]
    assert counted["ballots"] is None
    refused(await teacher.get(path), "not_found", 404)
    refused(await chair.get(f"{path}/picture.png"), "no_result_yet")
    assert await told("committees.vote_closed") == {cast.id(CHAIR)}

    refused(await (await as_(SECRETARY)).put(f"{path}/certification"), "not_allowed", 403)
    sure = ok(await chair.put(f"{path}/certification"))
    assert (sure["state"], sure["outcome"]) == ("certified", "passed")
    decided = await AgendaItem.get(id=row.id)
    assert (decided.state, decided.outcome, decided.chosen) == (
        ItemState.DECIDED, "passed", ["赞成"],
    )  # fmt: skip
    assert await told("committees.vote_certified") == {cast.id(name) for name in EVERYBODY}
    seen = ok(await teacher.get(f"{path}/result"))
    assert (seen["certifiedBy"], seen["ballots"]) == (CHAIR, None)
    picture = await teacher.get(f"{path}/picture.png")
    assert picture.status_code == 200 and picture.content.startswith(b"\x89PNG")
    refused(await teacher.get(f"{path}/bundle"), "not_published_yet")

    assert ok(await chair.put(f"{path}/publication"))["state"] == "published"
    bundle = await teacher.get(f"{path}/bundle")
    key = ok(await anyone.get("/ballots/signing-key"))["publicKey"]
    report = verifying.verify(bundle.content, key)
    assert report.is_sound, report
    named = ok(await teacher.get(f"{path}/result"))["ballots"]
    assert {one["name"]: one["choice"] for one in named} == {
        name: [choice] for name, choice in THREE_TO_TWO.items()
    }
    assert await told("committees.vote_published") == {cast.id(name) for name in EVERYBODY}
    officer = await as_(OFFICER)
    assert ok(await officer.get(f"{path}/result"))["outcome"] == "passed"
    for name in (ELSEWHERE, "孙海燕", "钱进", "曹望舒"):
        for what in ("", "/result", "/bundle", "/picture.png", "/turnout", "/objections"):
            refused(await (await as_(name)).get(path + what), "not_found", 404)


async def test_a_secret_vote_shows_receipts_and_never_a_name(
    as_: SignIn, cast: Cast, body: dict[str, Any], anyone: Visitor
) -> None:
    rules = replace(PERSONNEL, objection_days=0)
    row = await item(cast, body, rules, kind=RuleKind.PERSONNEL)
    vote = await opened(as_, row.id)
    path = f"/votes/{vote['id']}"
    await cast_by(as_, vote, THREE_TO_TWO)
    chair = await as_(CHAIR)
    seen = await read(chair, vote)
    assert (seen["state"], seen["outcome"]) == ("counted", "failed"), "half of all cast"
    assert seen["keyDestroyedAt"] is not None
    ok(await chair.put(f"{path}/certification"))
    ok(await chair.put(f"{path}/publication"))
    result = ok(await chair.get(f"{path}/result"))
    assert ([one["votes"] for one in result["options"]], result["ballots"]) == ([3, 2], None)
    bundle = await (await as_(PARENTS[0])).get(f"{path}/bundle")
    key = ok(await anyone.get("/ballots/signing-key"))["publicKey"]
    report = verifying.verify(bundle.content, key)
    assert report.is_sound, report
    assert len(bundle.json()["ballots"]["receipts"]) == 6
    assert bundle.json()["ballots"]["names"] is None
    assert all(line["name"] is None for line in bundle.json()["electorate"]["units"])


async def test_so_few_secret_ballots_keep_nothing_but_the_outcome(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings
) -> None:
    row = await item(cast, body, PERSONNEL, kind=RuleKind.PERSONNEL)
    vote = await opened(as_, row.id)
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY[:4], "for"))
    await run_out(vote)
    await jobs.settle(settings)
    chair = await as_(CHAIR)
    ok(await chair.put(f"/votes/{vote['id']}/certification"))
    seen = ok(await chair.get(f"/votes/{vote['id']}/result"))
    assert (seen["outcome"], seen["cast"], seen["suppressed"]) == ("passed", 4, True)
    assert [one["votes"] for one in seen["options"]] == [None, None]
    picture = await chair.get(f"/votes/{vote['id']}/picture.png")
    assert picture.content.startswith(b"\x89PNG")


async def test_names_stay_inside_where_the_rules_say_so(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body, replace(AT_ONCE, names_shown=False))
    vote = await opened(as_, row.id)
    path = f"/votes/{vote['id']}"
    await cast_by(as_, vote, THREE_TO_TWO)
    chair = await as_(CHAIR)
    ok(await chair.put(f"{path}/certification"))
    ok(await chair.put(f"{path}/publication"))
    for name, named in ((PARENTS[0], True), (ADMIN, True), (TEACHER, False), (OFFICER, False)):
        seen = ok(await (await as_(name)).get(f"{path}/result"))
        assert (seen["ballots"] is not None) is named, name
    bundle = (await (await as_(TEACHER)).get(f"{path}/bundle")).json()
    assert bundle["ballots"]["names"] is None and len(bundle["ballots"]["choices"]) == 6


async def test_a_tie_is_the_chairs_to_settle_only_where_the_rules_say_so(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    even = dict(zip(EVERYBODY, ("for", "against") * 3, strict=True))
    chair = await as_(CHAIR)
    strict = await opened(as_, (await item(cast, body)).id)
    await cast_by(as_, strict, even)
    path = f"/votes/{strict['id']}"
    refused(await chair.put(f"{path}/tie", json={"settledFor": "for"}), "no_tie_to_settle")
    assert ok(await chair.put(f"{path}/certification"))["outcome"] == "tied"

    row = await item(cast, body, replace(ORDINARY, tie=Tie.CHAIR))
    free = await opened(as_, row.id)
    await cast_by(as_, free, even)
    path = f"/votes/{free['id']}"
    refused(await chair.put(f"{path}/certification"), "tie_unsettled")
    answer = await (await as_(ADMIN)).put(f"{path}/tie", json={"settledFor": "for"})
    refused(answer, "not_allowed", 403)
    refused(await chair.put(f"{path}/tie", json={"settledFor": "o1"}), "unknown_tie_choice", 400)
    assert ok(await chair.put(f"{path}/tie", json={"settledFor": "for"}))["outcome"] == "passed"
    ok(await chair.put(f"{path}/certification"))
    assert (await AgendaItem.get(id=row.id)).chosen == ["赞成"]
    result = ok(await chair.get(f"{path}/result"))
    assert (result["tieSettledFor"], [one["votes"] for one in result["options"]]) == ("for", [3, 3])


async def test_an_upheld_objection_takes_two_offices_and_counts_again(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings
) -> None:
    row = await item(cast, body)
    vote = await opened(as_, row.id)
    path = f"/votes/{vote['id']}"
    await cast_by(as_, vote, THREE_TO_TWO)
    chair, voter = await as_(CHAIR), await as_(PARENTS[0])
    admin, principal, officer = await as_(ADMIN), await as_(PRINCIPAL), await as_(OFFICER)
    refused(await officer.get(path), "not_found", 404)
    ok(await chair.put(f"{path}/certification"))
    doubt = {"reason": "名单中有人任期已满"}
    refused(await (await as_(TEACHER)).post(f"{path}/objections", json=doubt), "not_allowed", 403)
    raised = ok(await voter.post(f"{path}/objections", json=doubt), 201)
    refused(await voter.post(f"{path}/objections", json=doubt), "objection_raised")
    wanted = {cast.id(name) for name in (CHAIR, ADMIN, PRINCIPAL, OFFICER)}
    assert await told("committees.vote_objected") == wanted
    refused(await chair.put(f"{path}/publication"), "objection_pending")

    answer = f"/objections/{raised['id']}/answer"
    yes = {"upheld": True, "answer": "名册有误，重新计票。"}
    for who in (voter, chair):
        refused(await who.put(answer, json=yes), "not_allowed", 403)
    refused(await (await as_(ELSEWHERE)).put(answer, json=yes), "not_found", 404)
    half = ok(await admin.put(answer, json=yes))
    assert (half["state"], half["awaitsSecond"]) == ("raised", True)
    refused(await admin.put(answer, json=yes), "second_person_needed")
    refused(await principal.put(answer, json=yes), "other_office_needed")
    whole = ok(await officer.put(answer, json=yes))
    assert whole["state"] == "upheld"
    refused(await officer.put(answer, json=yes), "not_found", 404)
    seen = await read(chair, vote)
    assert (seen["state"], seen["certifiedAt"]) == ("counted", None)
    assert (await AgendaItem.get(id=row.id)).state == ItemState.VOTING
    refused(await (await as_(TEACHER)).get(path), "not_found", 404)
    assert cast.id(PARENTS[0]) in await told("committees.objection_answered")

    ok(await chair.put(f"{path}/certification"))
    assert (await AgendaItem.get(id=row.id)).state == ItemState.DECIDED
    assert ok(await chair.get(f"{path}/result"))["recounts"] == 1
    for who, seen_by in ((voter, 1), (admin, 1), (officer, 1), (await as_(TEACHER), 0)):
        assert len(ok(await who.get(f"{path}/objections"))["items"]) == seen_by
    refused(await chair.put(f"{path}/publication"), "objection_window_open")
    assert await jobs.publish(settings) == 0
    await execute("UPDATE votes SET objections_until = now() WHERE id = $1", UUID(vote["id"]))
    assert await jobs.publish(settings) == 1
    assert (await read(chair, vote))["state"] == "published"
    refused(await voter.post(f"{path}/objections", json=doubt), "objections_closed")


async def test_a_rejected_objection_takes_one_word_and_holds_up_nothing_more(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    path = f"/votes/{vote['id']}"
    await cast_by(as_, vote, THREE_TO_TWO)
    voter, officer, admin = await as_(PARENTS[0]), await as_(OFFICER), await as_(ADMIN)
    raised = ok(await voter.post(f"{path}/objections", json={"reason": "票数有误"}), 201)
    assert (await read(officer, vote))["outcome"] is None, "in sight, but not certified"
    refused(await officer.get(f"{path}/result"), "no_result_yet")
    own = ok(await admin.post(f"{path}/objections", json={"reason": "我也有疑问"}), 201)
    no = {"upheld": False, "answer": "已核对，票数无误。"}
    refused(await admin.put(f"/objections/{own['id']}/answer", json=no), "own_objection", 403)
    gone = ok(await admin.put(f"/objections/{raised['id']}/answer", json=no))
    assert (gone["state"], gone["answer"]) == ("rejected", "已核对，票数无误。")
    refused(await admin.put(f"/objections/{raised['id']}/answer", json=no), "objection_answered")
    assert ok(await officer.put(f"/objections/{own['id']}/answer", json=no))["state"] == "rejected"


async def test_an_election_seats_whom_it_has_chosen(as_: SignIn, cast: Cast) -> None:
    names, voters = ("马静", "赵德胜"), EVERYBODY[:5]
    await ties.bind(cast.id(names[1]), cast.children["高星辰"].id, Relation.GRANDPARENT)
    body = await active_committee(as_, cast, CHAIR, *voters[2:], secretary=SECRETARY)
    nominees = [
        await seat(as_, ADMIN, body["id"], cast.id(name), until="nominated") for name in names
    ]
    row = await item(cast, body, PERSONNEL, kind=RuleKind.PERSONNEL)
    options = [{"key": one["id"], "label": name} for one, name in zip(nominees, names, strict=True)]
    vote = await opened(as_, row.id, method="single", options=options)
    assert vote["entitled"] == len(voters), "nominees do not vote on themselves"
    for name in voters:
        chosen = nominees[1 if name == CHAIR else 0]["id"]
        ok(await put(await as_(name), vote, chosen))
    ok(await (await as_(CHAIR)).put(f"/votes/{vote['id']}/certification"))
    first, second = [await Seat.get(id=UUID(one["id"])) for one in nominees]
    assert (first.state, str(first.vote_id)) == (SeatState.ELECTED, vote["id"])
    assert second.state == SeatState.NOMINATED
    assert (await AgendaItem.get(id=row.id)).chosen == [names[0]]


async def test_a_late_certification_is_asked_for_daily(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    await cast_by(as_, vote, THREE_TO_TWO)
    assert await jobs.remind_to_certify() == 0
    await execute(
        "UPDATE votes SET counted_at = now() - interval '4 days' WHERE id = $1", UUID(vote["id"])
    )
    assert await jobs.remind_to_certify() == 1
    await jobs.remind_to_certify()
    assert await told("committees.vote_overdue") == {cast.id(CHAIR)}
    assert ok(await (await as_(CHAIR)).put(f"/votes/{vote['id']}/certification"))
    assert await jobs.remind_to_certify() == 0
