"""Attendance, the quorum as it stands, and who stands aside."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from backend.committees.models import Attendance, Recusal
from backend.committees.operations import agenda
from backend.database import execute, fetch
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    FAR_OFFICER,
    MEMBERS,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    OTHER_SCHOOL,
    PARENT,
    SECRETARY,
    TEACHER,
    a_vote,
    board,
    convened,
    discussing,
    item_of,
    running,
    trail,
)
from tests.committees.stories import ok, refused, seat_of
from tests.house import SignIn, Visitor

HERE, ONLINE = {"mode": "in_person"}, {"mode": "online"}
KIN = {"reason": "本人是供应单位员工"}


def path(meeting: dict[str, Any], verb: str) -> str:
    return f"/meetings/{meeting['id']}/{verb}"


async def quorum(by: Visitor, meeting: dict[str, Any], item: str | None = None) -> dict[str, Any]:
    params = {"item_id": item} if item else {}
    return ok(await by.get(path(meeting, "quorum"), params=params))


def presences(meeting: dict[str, Any], name: str) -> list[tuple[str, bool]]:
    """Return how somebody was there, each time, and whether they have left again."""
    [seat] = [one for one in meeting["attendance"] if one["name"] == name]
    return [(one["mode"], one["leftAt"] is not None) for one in seat["presences"]]


async def test_coming_leaving_and_coming_back_are_told_apart(as_: SignIn, cast: Cast) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    meeting, _ = await running(as_, body)
    at = path(meeting, "attendance")
    for _ in range(2):
        seen = ok(await member.put(at, json=HERE))
        assert presences(seen, MEMBERS[0]) == [("in_person", False)]
    assert presences(ok(await member.put(at, json=ONLINE)), MEMBERS[0]) == [
        ("in_person", True), ("online", False),
    ]  # fmt: skip
    for _ in range(2):
        assert (await member.delete(at)).status_code == 204
    back = ok(await member.put(at, json=HERE))
    assert presences(back, MEMBERS[0]) == [
        ("in_person", True), ("online", True), ("in_person", False),
    ]  # fmt: skip
    actions = [one for one in await trail(meeting["id"]) if one.rpartition(".")[2] in
               ("came", "left")]  # fmt: skip
    assert actions == ["committees.came", "committees.came", "committees.left", "committees.came"]


async def test_the_secretary_records_others_and_nobody_else_does(as_: SignIn, cast: Cast) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    meeting, _ = await running(as_, body)
    seat = seat_of(body, MEMBERS[1])["id"]
    at = path(meeting, f"attendances/{seat}")
    assert presences(ok(await keeper.put(at, json=HERE)), MEMBERS[1]) == [("in_person", False)]
    row = await Attendance.get(seat_id=seat)
    assert row.recorded_by == cast.id(SECRETARY)
    assert (await keeper.delete(at)).status_code == 204
    refused(await keeper.put(path(meeting, f"attendances/{body['id']}"), json=HERE),
            "seat_unknown", 422)  # fmt: skip
    for name, status in ((MEMBERS[0], 403), (ADMIN, 403), (PARENT, 403), (OTHER_CLASS, 404)):
        visitor = await as_(name)
        assert (await visitor.put(at, json=HERE)).status_code == status, name
        assert (await visitor.delete(at)).status_code == status, name


async def test_the_quorum_as_it_stands(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, [item] = await convened(as_, body)
    one, two = await as_(MEMBERS[0]), await as_(MEMBERS[1])
    ok(await one.put(path(meeting, "reply"), json={"answer": "absent"}))
    ok(await two.put(path(meeting, "reply"), json={"answer": "online"}))
    before = await quorum(chair, meeting)
    assert (before["entitled"], before["needed"], before["present"]) == (4, 3, 0)
    assert (before["mayCome"], before["reachable"], before["hasQuorum"]) == (3, True, False)
    assert [(seat["name"], seat["answer"]) for seat in before["missing"]] == [
        (CHAIR, None), (SECRETARY, None), ("马静", "online"), ("高远", "absent"),
    ]  # fmt: skip
    ok(await two.put(path(meeting, "reply"), json={"answer": "absent"}))
    assert not (await quorum(chair, meeting))["reachable"]
    await execute("UPDATE meetings SET starts_at = now()")
    for name, mode in ((CHAIR, HERE), (SECRETARY, HERE), (MEMBERS[0], ONLINE)):
        ok(await (await as_(name)).put(path(meeting, "attendance"), json=mode))
    now = await quorum(chair, meeting)
    assert (now["inPerson"], now["online"], now["hasQuorum"]) == (2, 1, True)
    # A charter matter needs two thirds; whoever stands aside counts neither way.
    ok(await one.put(f"/agenda-items/{item['id']}/recusal", json=KIN))
    aside = await quorum(chair, meeting, item["id"])
    assert (aside["entitled"], aside["present"], aside["needed"]) == (3, 2, 2)
    assert aside["hasQuorum"]
    assert (await quorum(one, meeting))["missing"] is None
    assert (await chair.get(path(meeting, "quorum"), params={"item_id": body["id"]})
            ).status_code == 404  # fmt: skip
    # A seat whose guardianship has ended is entitled no longer, nor is it there.
    await execute("UPDATE guardianships SET valid_until = now() WHERE person_id = $1",
                  cast.id(SECRETARY))  # fmt: skip
    left = await quorum(chair, meeting)
    assert (left["entitled"], left["present"], left["needed"]) == (3, 2, 2)


async def test_the_quorum_of_an_ended_meeting_is_that_of_its_end(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, _ = await running(as_, body, there=EVERYBODY[:3])
    assert (await (await as_(SECRETARY)).delete(path(meeting, "attendance"))).status_code == 204
    ok(await chair.put(path(meeting, "end")))
    ended = await quorum(chair, meeting)
    assert (ended["present"], ended["hasQuorum"]) == (2, False)


async def test_an_item_keeps_who_was_there_when_it_began(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting, items = await running(as_, body, "议题一", "议题二", there=EVERYBODY[:3])
    assert [(one["present"], one["hasQuorum"]) for one in [await discussing(as_, items[0])]] == [
        (3, True)
    ]
    chair = await as_(CHAIR)
    ok(await chair.put(f"/agenda-items/{items[0]['id']}/conclusion", json={"conclusion": "无异议"}))
    assert (await (await as_(SECRETARY)).delete(path(meeting, "attendance"))).status_code == 204
    second = await discussing(as_, items[1])
    assert (second["present"], second["hasQuorum"]) == (2, False)
    assert (await item_of(chair, items[0]))["present"] == 3


async def test_a_seat_stands_aside_until_the_vote_opens(as_: SignIn, cast: Cast) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    _, [item] = await running(as_, body, there=EVERYBODY)
    at = f"/agenda-items/{item['id']}/recusal"
    for _ in range(2):
        seen = ok(await member.put(at, json=KIN))
        assert [(one["name"], one["own"]) for one in seen["recusals"]] == [(MEMBERS[0], True)]
    begun = await discussing(as_, item)
    assert (begun["present"], begun["hasQuorum"], begun["recused"]) == (3, True, 1)
    for _ in range(2):
        assert (await member.delete(at)).status_code == 204
    ok(await member.put(at, json=KIN))
    await agenda.voting_began(UUID(item["id"]), await a_vote(cast, item))
    refused(await member.delete(at), "wrong_item_state")
    refused(await (await as_(SECRETARY)).put(at, json=KIN), "wrong_item_state")
    assert await Recusal.filter(item_id=item["id"]).count() == 1


async def test_what_the_chair_records_the_chair_takes_back(as_: SignIn, cast: Cast) -> None:
    body, chair, member = await board(as_, cast), await as_(CHAIR), await as_(MEMBERS[0])
    _, [item] = await convened(as_, body)
    own, seat = f"/agenda-items/{item['id']}/recusal", seat_of(body, MEMBERS[0])["id"]
    at = f"/agenda-items/{item['id']}/recusals/{seat}"
    seen = ok(await chair.put(at, json=KIN))
    assert [(one["own"], one["reason"]) for one in seen["recusals"]] == [(False, KIN["reason"])]
    refused(await member.delete(own), "recorded_by_another", 403)
    assert (await chair.delete(at)).status_code == 204
    ok(await member.put(own, json=KIN))
    refused(await chair.delete(at), "recorded_by_another", 403)
    strange = f"/agenda-items/{item['id']}/recusals/{body['id']}"
    refused(await chair.put(strange, json=KIN), "seat_unknown", 422)
    assert await trail(item["id"]) == [
        "committees.item_proposed", "committees.item_accepted", "committees.item_scheduled",
        "committees.recused", "committees.recusal_taken_back", "committees.recused",
    ]  # fmt: skip


async def test_raced_and_repeated_it_is_done_once(as_: SignIn, cast: Cast) -> None:
    body, member, keeper = await board(as_, cast), await as_(MEMBERS[0]), await as_(SECRETARY)
    meeting, [item] = await running(as_, body)
    seat = seat_of(body, MEMBERS[0])["id"]
    comings = [member.put(path(meeting, "attendance"), json=HERE) for _ in range(6)]
    records = [keeper.put(path(meeting, f"attendances/{seat}"), json=HERE) for _ in range(6)]
    answers = await asyncio.gather(*comings, *records)
    assert {answer.status_code for answer in answers} == {200}
    assert await Attendance.filter(seat_id=seat).count() == 1
    at, chair = f"/agenda-items/{item['id']}", await as_(CHAIR)
    own = [member.put(f"{at}/recusal", json=KIN) for _ in range(4)]
    others = [chair.put(f"{at}/recusals/{seat}", json=KIN) for _ in range(4)]
    answers = await asyncio.gather(*own, *others)
    assert {answer.status_code for answer in answers} == {200}
    assert await Recusal.filter(item_id=item["id"]).count() == 1
    leavings = [member.delete(path(meeting, "attendance")) for _ in range(6)]
    assert {answer.status_code for answer in await asyncio.gather(*leavings)} == {204}
    actions = await trail(meeting["id"])
    assert (actions.count("committees.came"), actions.count("committees.left")) == (1, 1)


async def test_the_meeting_ends_while_people_come(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, _ = await running(as_, body)
    phones = [await as_(name) for name in EVERYBODY]
    at = path(meeting, "attendance")
    await asyncio.gather(
        *(one.put(at, json=HERE) for one in phones), chair.put(path(meeting, "end"))
    )
    open_ended = await fetch("SELECT id FROM attendances WHERE left_at IS NULL")
    assert open_ended == []


@pytest.mark.parametrize(
    ("who", "replies", "counts", "stands_aside"),
    [
        (CHAIR, 200, 200, 200), (SECRETARY, 200, 200, 200), (MEMBERS[0], 200, 200, 200),
        (ADMIN, 403, 200, 403), ("周慕云", 403, 200, 403), (PARENT, 403, 403, 404),
        (TEACHER, 403, 403, 404), (OFFICER, 403, 403, 404), (OTHER_CLASS, 404, 404, 404),
        (OTHER_SCHOOL, 404, 404, 404), (OTHER_ADMIN, 404, 404, 404), (FAR_OFFICER, 404, 404, 404),
    ],
)  # fmt: skip
async def test_who_attends_counts_and_stands_aside(
    as_: SignIn, cast: Cast, who: str, replies: int, counts: int, stands_aside: int
) -> None:
    body, visitor = await board(as_, cast), await as_(who)
    meeting, [item] = await convened(as_, body)
    sent = {"answer": "in_person"}
    assert (await visitor.put(path(meeting, "reply"), json=sent)).status_code == replies
    assert (await visitor.get(path(meeting, "quorum"))).status_code == counts
    await execute("UPDATE meetings SET starts_at = now()")
    assert (await visitor.put(path(meeting, "attendance"), json=HERE)).status_code == replies
    leaves = 204 if replies == 200 else replies
    assert (await visitor.delete(path(meeting, "attendance"))).status_code == leaves
    at = f"/agenda-items/{item['id']}"
    assert (await visitor.put(f"{at}/recusal", json=KIN)).status_code == stands_aside
    returns = 204 if stands_aside == 200 else stands_aside
    assert (await visitor.delete(f"{at}/recusal")).status_code == returns
    seat = seat_of(body, MEMBERS[1])["id"]
    recorded = await visitor.put(f"{at}/recusals/{seat}", json=KIN)
    may = 200 if who == CHAIR else (403 if stands_aside in (200, 403) else 404)
    assert recorded.status_code == may
    removed = await visitor.delete(f"{at}/recusals/{seat}")
    assert removed.status_code == (204 if may == 200 else may)
