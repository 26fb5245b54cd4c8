"""Who sees meetings, in lists and calendars, and who is reminded."""

from typing import Any

import pytest

from backend.committees.jobs import meetings as jobs
from backend.database import execute, fetch_one
from seed.cast import Cast
from tests.bench.counting import counted
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
    board,
    convened,
    hours,
    letters,
    planned,
    running,
)
from tests.committees.stories import ok
from tests.house import SignIn

LIST, DETAIL = 6, 11
"""Round trips of a list of meetings and of one meeting, who asks included."""
CONVENED, MOVED = "committees.meeting_convened", "committees.meeting_moved"
CANCELLED, SOON = "committees.meeting_cancelled", "committees.meeting_soon"


def path(meeting: dict[str, Any], verb: str = "") -> str:
    return f"/meetings/{meeting['id']}{'/' if verb else ''}{verb}"


async def told(cast: Cast, occasion: str) -> dict[str, int]:
    return {name: len(rows) for name, rows in (await letters(cast, occasion)).items()}


@pytest.mark.parametrize(
    ("who", "lists", "plans", "before", "after", "inside"),
    [
        (CHAIR, 200, 201, 200, 200, True), (SECRETARY, 200, 201, 200, 200, True),
        (MEMBERS[0], 200, 403, 200, 200, True), (ADMIN, 200, 403, 200, 200, True),
        ("周慕云", 200, 403, 200, 200, True), (PARENT, 200, 403, 404, 200, False),
        (TEACHER, 200, 403, 404, 200, False), (OFFICER, 200, 403, 404, 200, False),
        (OTHER_CLASS, 404, 404, 404, 404, False), (OTHER_SCHOOL, 404, 404, 404, 404, False),
        (OTHER_ADMIN, 404, 404, 404, 404, False), (FAR_OFFICER, 404, 404, 404, 404, False),
    ],
)  # fmt: skip
async def test_who_sees_and_runs_a_meeting(
    as_: SignIn,
    cast: Cast,
    who: str,
    lists: int,
    plans: int,
    before: int,
    after: int,
    inside: bool,
) -> None:
    body, visitor = await board(as_, cast), await as_(who)
    at = f"/bodies/{body['id']}/meetings"
    plan = await planned(as_, body, days=9)
    assert (await visitor.get(path(plan))).status_code == before
    assert (await visitor.post(at, json=hours())).status_code == plans
    meeting, _ = await convened(as_, body)
    listed = await visitor.get(at)
    assert listed.status_code == lists
    if lists == 200:
        assert len(listed.json()["items"]) == (2 + (plans == 201) if inside else 1)
    seen = await visitor.get(path(meeting))
    assert seen.status_code == after
    if after == 200:
        shown = seen.json()
        assert bool(shown["agenda"]) is bool(shown["attendance"]) is bool(shown["onlineUrl"])
        assert bool(shown["agenda"]) is bool(shown["place"]) is inside
        assert shown["title"] == meeting["title"]
    keeps = who in (CHAIR, SECRETARY)
    for verb, sent in (
        ("", hours(days=7)), ("convocation", None), ("start", None), ("end", None),
        ("cancellation", {"reason": "停课"}),
    ):  # fmt: skip
        answer = await visitor.put(path(meeting, verb), json=sent)
        assert answer.status_code in ((200, 409) if keeps else (403 if after == 200 else 404,))
    calendar = await visitor.get(path(meeting, "calendar.ics"))
    assert calendar.status_code == (200 if inside else 404)


async def test_the_meeting_in_ones_calendar_moves_and_goes(as_: SignIn, cast: Cast) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    keeper = await as_(SECRETARY)
    plan = await planned(as_, body)
    assert (await member.get(path(plan, "calendar.ics"))).status_code == 404
    meeting, _ = await convened(as_, body, days=5)

    async def entry() -> str:
        answer = await member.get(path(meeting, "calendar.ics"))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/calendar")
        return answer.content.decode().replace("\r\n ", "")

    first = await entry()
    assert f"UID:{meeting['id']}@tongxing" in first
    assert "SEQUENCE:1\r" in first and "STATUS:CONFIRMED" in first
    ok(await keeper.put(path(meeting), json=hours(days=9)))
    assert "SEQUENCE:2\r" in await entry()
    ok(await keeper.put(path(meeting, "cancellation"), json={"reason": "停课"}))
    last = await entry()
    assert "SEQUENCE:3\r" in last and "STATUS:CANCELLED" in last


async def test_what_one_is_called_to(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    later, _ = await convened(as_, body, days=9, title="第四次会议")
    sooner, _ = await convened(as_, body, days=5)
    await planned(as_, body, days=6)
    member = await as_(MEMBERS[0])
    ok(await member.put(path(sooner, "reply"), json={"answer": "online"}))
    mine = ok(await member.get("/me/meetings"))["items"]
    assert [(one["id"], one["myAnswer"]) for one in mine] == [
        (sooner["id"], "online"), (later["id"], None),
    ]  # fmt: skip
    for name in (PARENT, ADMIN, OTHER_SCHOOL):
        assert ok(await (await as_(name)).get("/me/meetings"))["items"] == []


async def test_seats_are_reminded_a_day_ahead_once_for_each_date(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting, _ = await convened(as_, body, days=5)
    ok(await (await as_("马静")).put(path(meeting, "reply"), json={"answer": "absent"}))
    assert await jobs.remind_coming() == 0
    await execute("UPDATE meetings SET starts_at = now() + interval '20 hours'")
    assert await jobs.remind_coming() == 1
    assert await jobs.remind_coming() == 0
    assert await told(cast, SOON) == dict.fromkeys((CHAIR, SECRETARY, MEMBERS[0]), 1)
    ok(await (await as_(CHAIR)).put(path(meeting), json=hours(days=6)))
    await execute("UPDATE meetings SET starts_at = now() + interval '3 hours'")
    assert await jobs.remind_coming() == 1
    # Moved, so that who stays away has to say so again.
    assert (await told(cast, SOON))["马静"] == 1


async def test_a_list_costs_the_same_however_long_it_is(as_: SignIn, cast: Cast, dsn: str) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    meeting, _ = await running(as_, body, "议题一", there=(CHAIR,))
    costs = []
    for more in (0, 4):
        for number in range(more):
            await planned(as_, body, days=6 + number)
            name = EVERYBODY[number]
            sent = {"mode": "in_person"}
            ok(await (await as_(name)).put(path(meeting, "attendance"), json=sent))
            row = await fetch_one("SELECT id FROM agenda_items LIMIT 1")
            assert row is not None
            await execute(
                "INSERT INTO agenda_items (id, body_id, meeting_id, matter_id, rule_set_id, title, "
                "proposer_id, state, created_at, scheduled_at, attachment_ids, chosen) "
                "SELECT gen_random_uuid(), body_id, meeting_id, matter_id, rule_set_id, title, "
                "proposer_id, state, created_at, scheduled_at, '{}', '{}' FROM agenda_items "
                "WHERE id = $1",
                row["id"],
            )
        async with counted(dsn) as statements:
            for at in (f"/bodies/{body['id']}/meetings", path(meeting)):
                await member.get(at)
                statements.clear()
                ok(await member.get(at))
                costs.append(await statements.count())
    assert costs[:2] == costs[2:]
    assert costs[0] <= LIST and costs[1] <= DETAIL, costs
