"""Meetings: convened in time, moved, held, called off; and who is told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.committees.models import ItemState, MeetingState
from backend.database import execute, transaction
from seed.cast import Cast
from tests.committees.agendas import (
    CHAIR,
    EVERYBODY,
    MEMBERS,
    SECRETARY,
    accepted,
    board,
    convened,
    discussing,
    hours,
    item_of,
    its_time_comes,
    letters,
    placed,
    planned,
    running,
    trail,
)
from tests.committees.stories import ok, refused
from tests.house import SignIn

CONVENED, MOVED = "committees.meeting_convened", "committees.meeting_moved"
CANCELLED, SOON = "committees.meeting_cancelled", "committees.meeting_soon"


def path(meeting: dict[str, Any], verb: str = "") -> str:
    return f"/meetings/{meeting['id']}{'/' if verb else ''}{verb}"


async def told(cast: Cast, occasion: str) -> dict[str, int]:
    return {name: len(rows) for name, rows in (await letters(cast, occasion)).items()}


async def test_a_meeting_is_convened_with_an_agenda_and_in_time(as_: SignIn, cast: Cast) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    meeting = await planned(as_, body, days=5)
    assert (meeting["state"], meeting["items"]) == ("planned", 0)
    refused(await keeper.put(path(meeting, "convocation")), "empty_agenda")
    await placed(as_, await accepted(as_, body, kind="charter"), meeting)
    refusal = refused(await keeper.put(path(meeting, "convocation")), "notice_too_short")
    assert refusal["facts"]["days"] == 7
    assert await told(cast, CONVENED) == {}
    ok(await keeper.put(path(meeting), json=hours(days=8)))
    assert await told(cast, MOVED) == {}
    for _ in range(2):
        done = ok(await keeper.put(path(meeting, "convocation")))
        assert (done["state"], done["items"]) == ("convened", 1)
    assert await told(cast, CONVENED) == dict.fromkeys(EVERYBODY, 1)
    [letter] = (await letters(cast, CONVENED))[CHAIR]
    assert meeting["title"] not in letter["title_zh"]
    begins = clock.local(clock.now() + timedelta(days=8))
    assert f"{begins:%Y年%m月%d日}" in letter["body_zh"]
    assert "二楼会议室" in letter["body_zh"]
    assert await trail(meeting["id"]) == [
        "committees.meeting_planned", "committees.meeting_rewritten",
        "committees.meeting_convened",
    ]  # fmt: skip


async def test_even_an_empty_looking_notice_of_the_ordinary_rules_holds(
    as_: SignIn, cast: Cast
) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    meeting = await planned(as_, body, days=2)
    await placed(as_, await accepted(as_, body), meeting)
    assert (
        refused(await keeper.put(path(meeting, "convocation")), "notice_too_short")["facts"]["days"]
        == 3
    )


@pytest.mark.parametrize(("begins", "lasts"), [(-1, 60), (3, 0), (3, -30), (3, 13 * 60)])
async def test_hours_that_make_no_sense(as_: SignIn, cast: Cast, begins: int, lasts: int) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    starts = clock.now() + timedelta(days=begins)
    sent = hours(
        startsAt=starts.isoformat(), endsAt=(starts + timedelta(minutes=lasts)).isoformat()
    )
    at = f"/bodies/{body['id']}/meetings"
    refused(await keeper.post(at, json=sent), "bad_meeting_hours", 422)
    meeting = await planned(as_, body)
    refused(await keeper.put(path(meeting), json=sent), "bad_meeting_hours", 422)


async def test_a_convened_meeting_moves_with_fresh_notice_and_everybody_hears(
    as_: SignIn, cast: Cast
) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    meeting, _ = await convened(as_, body, days=5)
    member = await as_(MEMBERS[0])
    assert (
        ok(await member.put(path(meeting, "reply"), json={"answer": "absent"}))["myAnswer"]
        == "absent"
    )
    refused(await keeper.put(path(meeting), json=hours(days=1)), "notice_too_short")
    assert await told(cast, MOVED) == {}
    same = {key: meeting[key] for key in ("title", "startsAt", "endsAt", "place", "onlineUrl")}
    ok(await keeper.put(path(meeting), json=same))
    assert await told(cast, MOVED) == {}
    # Another room: told, but what they replied still stands.
    ok(await keeper.put(path(meeting), json={**same, "place": "报告厅"}))
    assert await told(cast, MOVED) == dict.fromkeys(EVERYBODY, 1)
    assert ok(await member.get(path(meeting)))["myAnswer"] == "absent"
    ok(await keeper.put(path(meeting), json=hours(days=9)))
    assert await told(cast, MOVED) == dict.fromkeys(EVERYBODY, 2)
    assert ok(await member.get(path(meeting)))["myAnswer"] is None


async def test_a_cancelled_meeting_gives_its_items_back(as_: SignIn, cast: Cast) -> None:
    body, keeper = await board(as_, cast), await as_(SECRETARY)
    meeting, [item] = await convened(as_, body)
    reason = {"reason": "台风停课"}
    for _ in range(2):
        done = ok(await keeper.put(path(meeting, "cancellation"), json=reason))
        assert (done["state"], done["cancelledReason"]) == ("cancelled", "台风停课")
    assert await told(cast, CANCELLED) == dict.fromkeys(EVERYBODY, 1)
    assert "台风停课" in (await letters(cast, CANCELLED))[CHAIR][0]["body_zh"]
    back = await item_of(keeper, item)
    assert (back["state"], back["meetingId"]) == ("deferred", None)
    # Nobody was called to what was only planned.
    ok(await keeper.put(path(await planned(as_, body), "cancellation"), json=reason))
    assert await told(cast, CANCELLED) == dict.fromkeys(EVERYBODY, 1)


async def test_a_meeting_begins_at_its_time_and_ends_tidily(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, items = await convened(as_, body, "议题一", "议题二", "议题三")
    refused(await chair.put(path(meeting, "start")), "too_early")
    refused(await chair.put(path(meeting, "attendance"), json={"mode": "online"}), "too_early")
    await its_time_comes(meeting)
    for name in EVERYBODY[:3]:
        sent = {"mode": "in_person"}
        ok(await (await as_(name)).put(path(meeting, "attendance"), json=sent))
    for _ in range(2):
        assert ok(await chair.put(path(meeting, "start")))["state"] == "running"
    one = await discussing(as_, items[0])
    assert (one["present"], one["hasQuorum"]) == (3, True)
    another = await chair.put(f"/agenda-items/{items[1]['id']}/discussion")
    refused(another, "another_under_discussion")
    refusal = refused(await chair.put(path(meeting, "end")), "item_under_discussion")
    assert refusal["facts"]["itemId"] == items[0]["id"]
    sent = {"conclusion": "听取了通报。"}
    ok(await chair.put(f"/agenda-items/{items[0]['id']}/conclusion", json=sent))
    await discussing(as_, items[1])
    ok(await chair.put(f"/agenda-items/{items[1]['id']}/deferral"))
    for _ in range(2):
        ended = ok(await chair.put(path(meeting, "end")))
        assert (ended["state"], ended["entitled"]) == ("ended", 4)
    assert [top["state"] for top in ended["agenda"]] == ["noted", "deferred", "deferred"]
    for seat in ended["attendance"]:
        assert not seat["there"]
        assert all(one["leftAt"] == ended["endedAt"] for one in seat["presences"])
    refused(await chair.put(f"/agenda-items/{items[2]['id']}/discussion"), "wrong_item_state")
    # The pool takes what was not reached to another meeting.
    fresh = await planned(as_, body, days=9)
    assert (await placed(as_, items[2], fresh))["meetingId"] == fresh["id"]
    assert (await trail(meeting["id"]))[-1] == "committees.meeting_ended"


async def test_only_one_discussion_begins_of_two_at_once(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, items = await running(as_, body, "议题一", "议题二")
    answers = await asyncio.gather(
        *(chair.put(f"/agenda-items/{item['id']}/discussion") for item in items * 3)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 3
    states = [top["state"] for top in ok(await chair.get(path(meeting)))["agenda"]]
    assert sorted(states) == ["discussing", "scheduled"]


FORBIDDEN = {
    MeetingState.PLANNED: {"start", "end", "reply", "attendance"},
    MeetingState.CONVENED: {"end"},
    MeetingState.RUNNING: {"convocation", "cancellation", "reply", "rewrite", "place"},
    MeetingState.ENDED: {"convocation", "start", "cancellation", "reply", "attendance",
                         "rewrite", "place"},
    MeetingState.CLOSED: {"convocation", "start", "end", "cancellation", "reply", "attendance",
                          "rewrite", "place"},
    MeetingState.CANCELLED: {"convocation", "start", "end", "reply", "attendance", "rewrite",
                             "place"},
}  # fmt: skip


@pytest.mark.parametrize("state", list(MeetingState))
async def test_forbidden_steps_are_refused_by_name(
    as_: SignIn, cast: Cast, state: MeetingState
) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    spare = await accepted(as_, body, title="另一个议题")
    meeting = await planned(as_, body)
    async with transaction():
        # Only confirmed minutes close a meeting; here it is closed without any.
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "UPDATE meetings SET state = $2::text, convened_at = now(), convened_by = created_by, "
            "started_at = CASE WHEN $2 IN ('running', 'ended', 'closed') THEN now() END, "
            "ended_at = CASE WHEN $2 IN ('ended', 'closed') THEN now() END, "
            "closed_at = CASE WHEN $2 = 'closed' THEN now() END, "
            "cancelled_at = CASE WHEN $2 = 'cancelled' THEN now() END, cancelled_reason = '停课', "
            "starts_at = now(), ends_at = now() + interval '1 hour' WHERE id = $1",
            meeting["id"],
            str(state),
        )
    sent: dict[str, tuple[str, Any]] = {
        "convocation": (path(meeting, "convocation"), None),
        "start": (path(meeting, "start"), None),
        "end": (path(meeting, "end"), None),
        "cancellation": (path(meeting, "cancellation"), {"reason": "停课"}),
        "reply": (path(meeting, "reply"), {"answer": "online"}),
        "attendance": (path(meeting, "attendance"), {"mode": "online"}),
        "rewrite": (path(meeting), hours(days=6)),
        "place": (f"/agenda-items/{spare['id']}/place", {"meetingId": meeting["id"]}),
    }
    for verb in sorted(FORBIDDEN[state]):
        at, json = sent[verb]
        refused(await chair.put(at, json=json), "wrong_meeting_state")
    seen = ok(await chair.get(path(meeting)))
    assert (seen["state"], (await item_of(chair, spare))["state"]) == (state, ItemState.ACCEPTED)
