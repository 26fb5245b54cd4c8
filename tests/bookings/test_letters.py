"""What families are told about places, and when: derived from the truth, once each."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from backend import clock
from backend.bookings import jobs
from backend.bookings.operations import slots
from backend.database import fetch
from seed.cast import Cast
from tests.bookings.slots import a_slot, tidy
from tests.house import SignIn


async def inbox(cast: Cast, name: str) -> list[dict[str, Any]]:
    await jobs.tell_moves()
    return await fetch(
        "SELECT l.occasion, i.title_zh, i.body_zh FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE i.person_id = $1 "
        "ORDER BY i.created_at, i.id",
        cast.id(name),
    )


async def occasions(cast: Cast, name: str) -> list[str]:
    return [item["occasion"].removeprefix("bookings.") for item in await inbox(cast, name)]


async def test_a_freed_place_is_told_to_the_next_and_reads_as_no_promise(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast)
    holder, second = await as_("王立强"), await as_("刘敏")
    for phone in (holder, second):
        await phone.put(f"/slots/{slot}/booking", json={})
    await holder.delete(f"/slots/{slot}/booking")
    (letter,) = await inbox(cast, "刘敏")
    assert letter["occasion"] == "bookings.offered"
    assert "不算报上名" in letter["body_zh"] and "校门口护学岗" in letter["body_zh"]
    assert "校门口" not in letter["title_zh"]
    assert await occasions(cast, "王立强") == []
    await tidy(slot, timedelta(days=3))
    assert await occasions(cast, "刘敏") == ["offered", "lapsed"]
    # Told once, whatever number of workers look again.
    assert await jobs.tell_moves() == 0


async def test_calling_off_tells_everybody_concerned_and_nobody_else(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast)
    for name in ("王立强", "刘敏", "李建国"):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    await (await as_("李建国")).delete(f"/slots/{slot}/booking")
    organiser = await as_("许建安")
    off = await organiser.put(f"/slots/{slot}/cancellation", json={"reason": "台风停课"})
    assert off.json()["state"] == "cancelled"
    assert await occasions(cast, "王立强") == ["called_off"]
    assert await occasions(cast, "刘敏") == ["called_off"]
    assert await occasions(cast, "李建国") == []
    assert "台风停课" in (await inbox(cast, "刘敏"))[0]["body_zh"]
    refused = await (await as_("王立强")).put(f"/slots/{slot}/booking", json={})
    assert refused.json()["code"] == "called_off"


async def test_moving_tells_the_new_time_and_the_old(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast)
    await (await as_("王立强")).put(f"/slots/{slot}/booking", json={})
    organiser = await as_("许建安")
    begins = clock.now().replace(microsecond=0) + timedelta(days=20)
    moved = await organiser.put(
        f"/slots/{slot}/times",
        json={
            "startsAt": begins.isoformat(),
            "endsAt": (begins + timedelta(hours=1)).isoformat(),
            "place": "西门",
        },
    )
    assert moved.json()["place"] == "西门"
    again = await organiser.put(
        f"/slots/{slot}/times",
        json={
            "startsAt": begins.isoformat(),
            "endsAt": (begins + timedelta(hours=1)).isoformat(),
            "place": "西门",
        },
    )
    assert again.status_code == 200
    (letter,) = await inbox(cast, "王立强")
    assert letter["occasion"] == "bookings.moved" and "西门" in letter["body_zh"]
    seen = (await (await as_("王立强")).get(f"/slots/{slot}/booking")).json()
    assert datetime.fromisoformat(seen["startsAt"]) == begins


async def test_a_late_cancellation_alarms_the_organiser(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=timedelta(hours=6))
    father = await as_("王立强")
    await father.put(f"/slots/{slot}/booking", json={})
    await father.delete(f"/slots/{slot}/booking")
    assert await occasions(cast, "许建安") == ["late_cancelled"]
    assert await occasions(cast, "王立强") == []


async def test_more_places_go_to_those_who_wait_and_approval_is_respected(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast, needs_approval=True)
    organiser = await as_("许建安")
    for name in ("王立强", "刘敏"):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    await organiser.put(f"/slots/{slot}/capacity", json={"capacity": 2})
    assert await occasions(cast, "刘敏") == ["requested"]
    listed = (await organiser.get(f"/slots/{slot}/bookings")).json()["items"]
    assert [item["booking"]["state"] for item in listed] == ["requested", "requested"]
    yes, no = (item["booking"]["id"] for item in listed)
    await organiser.put(f"/bookings/{yes}/decision", json={"approved": True})
    await organiser.put(
        f"/bookings/{no}/decision", json={"approved": False, "reason": "本次人手已够"}
    )
    assert await occasions(cast, "王立强") == ["confirmed"]
    assert await occasions(cast, "刘敏") == ["requested", "rejected"]
    fewer = await organiser.put(f"/slots/{slot}/capacity", json={"capacity": 0})
    assert (fewer.status_code, fewer.json()["code"]) == (409, "below_taken")


async def test_going_before_others_needs_a_reason_that_stays_on_record(
    as_: SignIn, cast: Cast
) -> None:
    slot = await a_slot(cast)
    for name in ("王立强", "刘敏", "李建国"):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    organiser = await as_("许建安")
    last = (await organiser.get(f"/slots/{slot}/bookings")).json()["items"][-1]
    url = f"/bookings/{last['booking']['id']}/priority"
    assert (await organiser.put(url, json={"priority": 1})).status_code == 400
    await organiser.put(url, json={"priority": 1, "reason": "上次因学校改期失去名额"})
    await (await as_("王立强")).delete(f"/slots/{slot}/booking")
    assert (await (await as_("李建国")).get(f"/slots/{slot}/booking")).json()["state"] == "offered"
    trail = await fetch("SELECT facts FROM audit_entries WHERE action = 'bookings.prioritised'")
    assert "上次因学校改期失去名额" in str(trail[0]["facts"])


async def test_reminders_follow_the_truth_and_come_once(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = clock.local(clock.now()).replace(hour=19, minute=0, second=0, microsecond=0)
    evening += timedelta(days=4)
    morning = evening + timedelta(hours=12, minutes=20)
    slot = await a_slot(cast, begins_in=morning - clock.now())
    for name in ("王立强", "刘敏"):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    monkeypatch.setattr(clock, "now", lambda: evening)
    await jobs.remind()
    await jobs.remind()
    assert await occasions(cast, "王立强") == ["tomorrow"]
    assert await occasions(cast, "刘敏") == []
    # Moved by an hour, it is told again, for the moment it now begins at.
    await slots.move(
        slot, morning + timedelta(hours=1), morning + timedelta(hours=3), "东门",
        by=cast.id("许建安"),
    )  # fmt: skip
    assert await occasions(cast, "王立强") == ["tomorrow", "moved"]
    await jobs.remind()
    assert await occasions(cast, "王立强") == ["tomorrow", "moved", "tomorrow"]
    wanted = await jobs.still_wanted("bookings.tomorrow", slot, [cast.id("王立强")])
    assert wanted == {cast.id("王立强")}
    monkeypatch.setattr(clock, "now", lambda: morning - timedelta(minutes=30))
    await jobs.remind()
    assert (await occasions(cast, "王立强"))[-1] == "soon"


async def test_a_missed_evening_is_made_good_in_the_morning_or_written_down(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = clock.local(clock.now()).replace(hour=15, minute=0, second=0, microsecond=0)
    begins += timedelta(days=4)
    slot = await a_slot(cast, begins_in=begins - clock.now())
    await (await as_("王立强")).put(f"/slots/{slot}/booking", json={})
    for hour, told in ((6, []), (8, ["today"]), (9, ["today"])):
        morning = begins.replace(hour=hour)
        monkeypatch.setattr(clock, "now", lambda morning=morning: morning)
        await jobs.remind()
        assert await occasions(cast, "王立强") == told
    # And nobody was there in the two hours before.
    monkeypatch.setattr(clock, "now", lambda: begins + timedelta(minutes=10))
    for _ in range(2):
        await jobs.remind()
    assert await occasions(cast, "王立强") == ["today"]
    trail = await fetch("SELECT id FROM audit_entries WHERE action = 'bookings.reminder_expired'")
    assert len(trail) == 1


async def test_no_the_evening_before_frees_the_place_at_once(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast, begins_in=timedelta(hours=12))
    father, mother = await as_("王立强"), await as_("刘敏")
    await father.put(f"/slots/{slot}/booking", json={})
    await mother.put(f"/slots/{slot}/booking", json={})
    yes = await father.put(f"/slots/{slot}/booking/attendance", json={"coming": True})
    assert yes.status_code == 204
    await father.put(f"/slots/{slot}/booking/attendance", json={"coming": False})
    assert await occasions(cast, "刘敏") == ["first_tap"]
    assert await jobs.still_wanted("bookings.soon", slot, [cast.id("王立强")]) == set()


async def test_a_guardianship_that_ends_gives_the_places_back(as_: SignIn, cast: Cast) -> None:
    slot = await a_slot(cast)
    for name in ("王立强", "刘敏"):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    assert await jobs.release_untied() == 0
    await fetch(
        "UPDATE guardianships SET valid_until = now() WHERE person_id = $1 RETURNING id",
        cast.id("王立强"),
    )
    assert await jobs.release_untied() == 1
    assert await occasions(cast, "王立强") == ["given_back"]
    assert await occasions(cast, "刘敏") == ["offered"]
