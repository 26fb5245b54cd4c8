"""A committee's evening, from the call to the filing number, by nobody's rows but its own."""

import re

import pypdfium2

from backend.committees.jobs import decisions as decision_jobs
from backend.committees.jobs import minutes as jobs
from backend.committees.models import Meeting
from seed.cast import Cast
from tests.committees import voting
from tests.committees.agendas import (
    CHAIR,
    EVERYBODY,
    OFFICER,
    PARENT,
    SECRETARY,
    board,
    discussing,
    item_of,
    running,
)
from tests.committees.minuting import let_objections_pass, seat_id
from tests.committees.stories import ok, refused, today
from tests.house import SignIn


async def test_from_the_call_to_the_filing_number(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    chair, secretary = await as_(CHAIR), await as_(SECRETARY)
    meeting, (first, second) = await running(
        as_, body, "是否调整午餐供应单位", "通报本月活动", there=EVERYBODY
    )
    path = f"/meetings/{meeting['id']}"
    refused(await chair.put(f"{path}/minutes/draft"), "meeting_not_ended")

    await discussing(as_, first)
    vote = await voting.opened(as_, first["id"])
    await voting.cast_by(as_, vote, dict.fromkeys(EVERYBODY[:3], "for") | {"马静": "against"})
    await discussing(as_, second)
    noted = {"conclusion": "活动顺利。"}
    ok(await chair.put(f"/agenda-items/{second['id']}/conclusion", json=noted))
    ok(await chair.put(f"{path}/end"))

    assert await jobs.draft_minutes() == 1
    draft = ok(await secretary.get(f"{path}/minutes"))
    assert (draft["unsettled"], draft["record"]["items"][0]["vote"]) == ([first["title"]], None)
    word = {"digest": draft["digest"]}
    refused(await chair.put(f"{path}/minutes/confirmation", json=word), "items_unsettled")
    ok(await chair.put(f"/votes/{vote['id']}/certification"))
    refused(await chair.put(f"{path}/minutes/confirmation", json=word), "minutes_changed")

    decision = {
        "itemId": first["id"],
        "text": "由第二家单位供应午餐，试行一个月。",
        "seatId": await seat_id(body, "马静"),
        "dueOn": today().isoformat(),
    }
    made = ok(await secretary.post(f"/bodies/{body['id']}/decisions", json=decision), 201)
    assert (await item_of(chair, first))["state"] == "in_execution"
    fresh = ok(await secretary.put(f"{path}/minutes/draft"))
    votes = fresh["record"]["items"][0]["vote"]["options"]
    assert [(option["label"], option["votes"]) for option in votes] == [("赞成", 3), ("反对", 1)]
    assert [one["state"] for one in fresh["record"]["items"]] == ["decided", "noted"]
    done = ok(await chair.put(f"{path}/minutes/confirmation", json={"digest": fresh["digest"]}))
    assert ok(await chair.get(path))["state"] == "closed"

    assert await decision_jobs.remind_of_decisions() == 1
    owner = await as_("马静")
    ok(await owner.put(f"/decisions/{made['id']}/completion", json={"note": "已落实"}))
    assert (await item_of(chair, first))["state"] == "done"
    kept = ok(await (await as_(PARENT)).get(f"{path}/minutes"))
    assert kept["digest"] == done["digest"]

    await let_objections_pass(await Meeting.get(id=meeting["id"]))
    ok(await secretary.put(f"{path}/minutes/submission"))
    filed = ok(await (await as_(OFFICER)).put(f"{path}/minutes/filing"))
    paper = await (await as_(OFFICER)).get(f"{path}/minutes.pdf")
    document = pypdfium2.PdfDocument(paper.content)
    text = re.sub(r"\s", "", "".join(p.get_textpage().get_text_range() for p in document))
    for said in (filed["filingNumber"], "赞成3票、反对1票、弃权0票", "应到4人，实到4人", "马静"):
        assert said in text
