"""Who sees and handles agenda items, and what reading them costs."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.committees.models import AgendaItem
from backend.database import execute
from seed.cast import Cast
from tests.bench.counting import counted
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    FAR_OFFICER,
    MEMBERS,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    OTHER_SCHOOL,
    PARENT,
    SECRETARY,
    TEACHER,
    accepted,
    board,
    content,
    discussing,
    item_of,
    placed,
    planned,
    proposed,
)
from tests.committees.stories import active_committee, ok, refused
from tests.courses.stories import a_medium
from tests.house import SignIn

LIST, DETAIL = 6, 6
"""Round trips of a list of items and of one item, who asks included."""


def path(item: dict[str, Any], verb: str = "") -> str:
    return f"/agenda-items/{item['id']}{'/' if verb else ''}{verb}"


@pytest.mark.parametrize(
    ("who", "lists", "reads", "proposes", "chairs", "keeps"),
    [
        (CHAIR, 200, 200, 201, True, True), (SECRETARY, 200, 200, 201, False, True),
        (MEMBERS[0], 200, 200, 201, False, False), (ADMIN, 200, 200, 201, False, False),
        ("周慕云", 200, 200, 201, False, False), (PARENT, 200, 404, 403, False, False),
        (TEACHER, 200, 404, 403, False, False), (OFFICER, 200, 404, 403, False, False),
        (OTHER_CLASS, 404, 404, 404, False, False), (OTHER_SCHOOL, 404, 404, 404, False, False),
        (OTHER_ADMIN, 404, 404, 404, False, False), (FAR_OFFICER, 404, 404, 404, False, False),
    ],
)  # fmt: skip
async def test_who_may_do_what(
    as_: SignIn,
    cast: Cast,
    who: str,
    lists: int,
    reads: int,
    proposes: int,
    chairs: bool,
    keeps: bool,
) -> None:
    body, visitor = await board(as_, cast), await as_(who)
    meeting = await planned(as_, body)
    item = await proposed(await as_(MEMBERS[1]), body)
    at = f"/bodies/{body['id']}/agenda-items"
    listed = await visitor.get(at)
    assert listed.status_code == lists
    if lists == 200:
        assert len(listed.json()["items"]) == (reads == 200)
    assert (await visitor.get(path(item))).status_code == reads
    assert (await visitor.post(at, json=await content())).status_code == proposes
    denied = 403 if reads == 200 else 404
    for verb, sent in (("", await content()), ("withdrawal", None)):
        assert (await visitor.put(path(item, verb), json=sent)).status_code == denied, verb
    for verb, sent, method, may in (
        ("acceptance", {"namesNoPupil": True}, "PUT", chairs),
        ("refusal", {"reason": "已处理"}, "PUT", chairs),
        ("merger", {"intoId": item["id"]}, "PUT", chairs),
        ("place", {"meetingId": meeting["id"]}, "PUT", keeps),
        ("written-procedure", None, "PUT", chairs),
        ("deferral", None, "PUT", keeps),
        ("discussion", None, "PUT", keeps),
        ("conclusion", {"conclusion": "无异议"}, "PUT", keeps),
    ):
        answer = await visitor.request(method, path(item, verb), json=sent)
        if may:
            assert answer.status_code in (200, 409, 422), (verb, answer.text)
        else:
            assert answer.status_code == denied, (verb, answer.text)
    again = await visitor.post(path(item, "retabling"))
    assert again.status_code == (409 if chairs else denied)


async def test_files_are_for_the_body_until_it_is_over(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    file = await a_medium(cast, CHAIR, kind="image")
    sent = {**await content(), "attachmentIds": [file]}
    at = f"/bodies/{body['id']}/agenda-items"
    item = ok(await chair.post(at, json=sent), 201)
    assert [one["id"] for one in item["files"]] == [file]
    strange = {**sent, "attachmentIds": [await a_medium(cast, SECRETARY, kind="image")]}
    assert (await chair.post(at, json=strange)).status_code in (404, 409, 422)
    member, parent = await as_(MEMBERS[0]), await as_(PARENT)
    assert len((await item_of(member, item))["files"]) == 1
    assert (await parent.get(path(item))).status_code == 404
    ok(await chair.put(path(item, "acceptance"), json={"namesNoPupil": True}))
    meeting = await planned(as_, body)
    await placed(as_, item, meeting)
    ok(await chair.put(f"/meetings/{meeting['id']}/convocation"))
    await execute("UPDATE meetings SET starts_at = now()")
    ok(await chair.put(f"/meetings/{meeting['id']}/start"))
    await discussing(as_, item)
    assert (await parent.get(path(item))).status_code == 404
    sent = {"conclusion": "听取了通报，委员无异议。"}
    for _ in range(2):
        noted = ok(await chair.put(path(item, "conclusion"), json=sent))
        assert (noted["state"], noted["conclusion"]) == ("noted", sent["conclusion"])
    assert [one["id"] for one in (await item_of(parent, item))["files"]] == [file]


async def test_a_committee_does_not_act_once_it_has_ended(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    item = await proposed(chair, body)
    await execute(
        "UPDATE bodies SET state = 'ended', ended_at = now(), ended_reason = 'dissolved' "
        "WHERE id = $1",
        body["id"],
    )
    at = f"/bodies/{body['id']}/agenda-items"
    refused(await chair.post(at, json=await content()), "wrong_body_state")
    accepting = await chair.put(path(item, "acceptance"), json={"namesNoPupil": True})
    refused(accepting, "wrong_body_state")


async def test_a_list_costs_the_same_however_long_it_is(as_: SignIn, cast: Cast, dsn: str) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    item = await proposed(chair, body)
    costs = []
    for more in (0, 6):
        for number in range(more):
            await proposed(chair, body, title=f"又一个议题{number}")
        async with counted(dsn) as statements:
            for at in (f"/bodies/{body['id']}/agenda-items", path(item)):
                await chair.get(at)
                statements.clear()
                ok(await chair.get(at))
                costs.append(await statements.count())
    assert costs[:2] == costs[2:]
    assert costs[0] <= LIST and costs[1] <= DETAIL, costs


async def test_two_committees_do_not_share_agendas(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    theirs = await active_committee(as_, cast, OTHER_CLASS, class_="海湾/三年级/2班")
    other, item = await as_(OTHER_CLASS), await accepted(as_, body)
    sent = {
        "title": "二班会议",
        "startsAt": (clock.now() + timedelta(days=5)).isoformat(),
        "endsAt": (clock.now() + timedelta(days=5, hours=1)).isoformat(),
    }
    meeting = ok(await other.post(f"/bodies/{theirs['id']}/meetings", json=sent), 201)
    answer = await chair.put(path(item, "place"), json={"meetingId": meeting["id"]})
    assert answer.status_code == 404


async def test_whatever_is_done_to_an_agenda_at_once_it_stays_in_order(
    as_: SignIn, cast: Cast
) -> None:
    body, chair, keeper = await board(as_, cast), await as_(CHAIR), await as_(SECRETARY)
    meeting = await planned(as_, body)
    items = [await accepted(as_, body, title=f"议题{number}") for number in range(4)]
    acts = []
    for number, item in enumerate(items * 3):
        sent = {"meetingId": meeting["id"], "position": number % 3}
        below = {**sent, "parentId": items[(number + 1) % 4]["id"]}
        acts.append(chair.put(path(item, "place"), json=sent))
        acts.append(keeper.put(path(item, "place"), json=below))
        acts.append(keeper.put(path(item, "deferral")))
    answers = await asyncio.gather(*acts)
    assert {answer.status_code for answer in answers} <= {200, 409, 422}
    agenda = ok(await chair.get(f"/meetings/{meeting['id']}"))["agenda"]
    shown = [one["id"] for top in agenda for one in (top, *top["children"])]
    rows = await AgendaItem.filter(meeting_id=meeting["id"])
    assert sorted(shown) == sorted(str(row.id) for row in rows)
    assert {row.state for row in rows} <= {"scheduled"}
    by_id = {row.id: row for row in rows}
    assert all(row.parent_id is None or by_id[row.parent_id].parent_id is None for row in rows)
