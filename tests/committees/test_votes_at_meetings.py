"""From a proposal to a decision: the agenda, the meeting, the vote and the decision together."""

from datetime import timedelta

from backend import clock
from backend.committees.jobs import votes as jobs
from backend.database import execute
from backend.settings import Settings
from seed.cast import Cast
from tests.committees import agendas
from tests.committees.agendas import CHAIR, EVERYBODY, MEMBERS, SECRETARY
from tests.committees.stories import ok, refused
from tests.committees.voting import cast_by, opened, put, read, run_out, soon
from tests.house import SignIn


async def test_an_item_is_proposed_discussed_voted_on_and_decided(as_: SignIn, cast: Cast) -> None:
    body = await agendas.board(as_, cast)
    _, items = await agendas.running(as_, body, "是否调整午餐供应单位", there=EVERYBODY)
    [item] = items
    chair = await as_(CHAIR)
    early = await chair.post(f"/agenda-items/{item['id']}/vote", json={"closesAt": soon()})
    draft = ok(early, 201)
    refused(await chair.put(f"/votes/{draft['id']}/opening", json={}), "wrong_item_state")
    await agendas.discussing(as_, item)
    vote = ok(await chair.put(f"/votes/{draft['id']}/opening", json={}))
    assert (vote["entitled"], vote["mode"]) == (len(EVERYBODY), "open")
    assert (await agendas.item_of(chair, item))["state"] == "voting"
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY[:3], "for") | {EVERYBODY[3]: "against"})
    assert (await agendas.item_of(chair, item))["state"] == "voting", "the chair must certify"
    ok(await chair.put(f"/votes/{vote['id']}/certification"))
    decided = await agendas.item_of(chair, item)
    assert (decided["state"], decided["outcome"], decided["chosen"]) == (
        "decided", "passed", ["赞成"],
    )  # fmt: skip


async def test_what_found_no_quorum_is_put_again_once_and_voted_on_anew(
    as_: SignIn, cast: Cast, settings: Settings
) -> None:
    body = await agendas.board(as_, cast)
    _, [item] = await agendas.running(as_, body, there=EVERYBODY)
    await agendas.discussing(as_, item)
    vote = await opened(as_, item["id"])
    ok(await put(await as_(MEMBERS[0]), vote, "for"))
    await run_out(vote)
    await jobs.settle(settings)
    chair = await as_(CHAIR)
    ok(await chair.put(f"/votes/{vote['id']}/certification"))
    assert (await agendas.item_of(chair, item))["outcome"] == "no_quorum"
    path = f"/agenda-items/{item['id']}"
    again = ok(await chair.post(f"{path}/retabling"), 201)
    assert again["id"] != item["id"]
    other = await chair.post(f"/agenda-items/{again['id']}/vote", json={"closesAt": soon()})
    refused(other, "wrong_item_state")


async def test_a_written_procedure_is_voted_on_once_its_notice_has_passed(
    as_: SignIn, cast: Cast
) -> None:
    body = await agendas.board(as_, cast)
    item = await agendas.accepted(as_, body)
    chair = await as_(CHAIR)
    ok(await chair.put(f"/agenda-items/{item['id']}/written-procedure"))
    wanted = {"closesAt": soon(days=2)}
    draft = ok(await chair.post(f"/agenda-items/{item['id']}/vote", json=wanted), 201)
    path = f"/votes/{draft['id']}/opening"
    refused(await chair.put(path, json={}), "not_announced_long_enough")
    await execute(
        "UPDATE agenda_items SET scheduled_at = $2 WHERE id = $1",
        item["id"],
        clock.now() - timedelta(days=4),
    )
    vote = ok(await chair.put(path, json={}))
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY, "for"))
    assert (await read(chair, vote))["outcome"] == "passed"


async def test_whoever_stands_aside_is_not_in_the_electorate(as_: SignIn, cast: Cast) -> None:
    body = await agendas.board(as_, cast)
    _, [item] = await agendas.running(as_, body, there=EVERYBODY)
    aside = await as_(SECRETARY)
    path = f"/agenda-items/{item['id']}/recusal"
    ok(await aside.put(path, json={"reason": "亲属在供应单位任职"}))
    await agendas.discussing(as_, item)
    vote = await opened(as_, item["id"])
    assert vote["entitled"] == len(EVERYBODY) - 1
    refused(await put(aside, vote, "for"), "not_entitled", 403)
    assert [one["name"] for one in vote["recused"]] == [SECRETARY]
