"""A duty that asks for a course opens the moment it is finished, and closes when that lapses."""

from datetime import timedelta
from typing import Any

import pytest

from backend.courses import jobs
from backend.courses.models import Adoption
from backend.database import execute, fetch
from backend.settings import Settings
from seed.cast import Cast
from tests.courses.shelf import Shelved, on_the_shelf
from tests.courses.viewing import Hand, opened, seen
from tests.house import SignIn, Visitor, _open
from tests.volunteering.stories import a_shift, next_weekday, volunteers

FATHER = "王立强"


async def shift_that_asks(admin: Visitor, cast: Cast, course: Shelved, **more: Any) -> str:
    """Make a shift of a duty that asks for the course; returns where it is booked."""
    kinds = f"/schools/{cast.schools['海湾'].id}/duty-kinds"
    made = await admin.put(
        f"{kinds}/library",
        json={"name": "图书整理", "briefing": "请先看分类表。", "courses": [f"course:{course.id}"]},
    )
    assert made.status_code == 200, made.text
    shift = await a_shift(admin, cast, "library", **more)
    return f"/slots/{shift['slot']['id']}/booking"


async def refused(phone: Visitor, booking: str) -> None:
    answer = await phone.put(booking, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "needs"), answer.text
    assert answer.json()["facts"]["lacking"] == "先学完指定的微课"


async def test_a_duty_opens_with_the_last_minute_watched_and_closes_when_that_lapses(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    course = await on_the_shelf(cast, "图书馆里的规矩", lessons=1, valid_days=30)
    admin, father = await as_("许建安"), await as_(FATHER)
    booking = await shift_that_asks(admin, cast, course, capacity=5)
    await volunteers(as_, cast, FATHER, "周婷")
    hand = Hand(monkeypatch)
    await refused(father, booking)
    viewing = await opened(father, course.lessons[0])
    told = await viewing.watch(hand, 0, 255_000)
    assert told["percent"] == 85
    await refused(father, booking)
    told = await viewing.watch(hand, 255_000, 270_000)
    assert told["courseCompleted"]
    taken = await father.put(booking, json={})
    assert (taken.status_code, taken.json()["state"]) == (200, "confirmed"), taken.text
    # Who has not finished it is refused as before.
    await refused(await as_("周婷"), booking)

    hand.forward(days=29, hours=23)
    await _open(admin, cast.id("许建安"), settings)
    await _open(father, cast.id(FATHER), settings)
    shift = await a_shift(admin, cast, "library", starts_at=next_weekday(1), capacity=5)
    again = f"/slots/{shift['slot']['id']}/booking"
    hand.forward(hours=2)
    await _open(father, cast.id(FATHER), settings)
    await refused(father, again)

    # The end of its validity, and nothing else, is what locks it.
    await execute("UPDATE qualifications SET valid_until = NULL WHERE key LIKE 'course:%'")
    assert (await father.put(again, json={})).json()["state"] == "confirmed"


async def test_until_it_lapses_it_counts(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    course = await on_the_shelf(cast, lessons=1, valid_days=60)
    admin, father = await as_("许建安"), await as_(FATHER)
    await volunteers(as_, cast, FATHER)
    hand = Hand(monkeypatch)
    await seen(father, hand, course.lessons[0])
    hand.forward(days=28)
    for phone, name in ((admin, "许建安"), (father, FATHER)):
        await _open(phone, cast.id(name), settings)
    booking = await shift_that_asks(admin, cast, course, starts_at=next_weekday(1))
    assert (await father.put(booking, json={})).json()["state"] == "confirmed"


async def test_it_must_still_be_valid_on_the_day_of_the_shift(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await on_the_shelf(cast, lessons=1, valid_days=60)
    admin, father = await as_("许建安"), await as_(FATHER)
    await volunteers(as_, cast, FATHER)
    await seen(father, Hand(monkeypatch), course.lessons[0])
    booking = await shift_that_asks(admin, cast, course, starts_at=next_weekday(1))
    # It lapses before that shift begins; today it is valid.
    await execute(
        "UPDATE qualifications SET valid_until = $1 WHERE key LIKE 'course:%'",
        next_weekday(1) - timedelta(hours=1),
    )
    await refused(father, booking)
    await execute(
        "UPDATE qualifications SET valid_until = $1 WHERE key LIKE 'course:%'",
        next_weekday(1) + timedelta(hours=1),
    )
    assert (await father.put(booking, json={})).json()["state"] == "confirmed"


async def test_it_counts_at_every_school_of_the_learner_that_offers_it_also_later(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await on_the_shelf(cast, lessons=1)
    elsewhere = await on_the_shelf(cast, "区家长学校的课", school=None, lessons=1)
    hand, father = Hand(monkeypatch), await as_(FATHER)
    here, there = cast.schools["海湾"].id, cast.schools["莲塘"].id
    for shelved in (course, elsewhere):
        await seen(father, hand, shelved.lessons[0])

    async def known() -> set[tuple[Any, str]]:
        rows = await fetch("SELECT school_id, key FROM qualifications WHERE key LIKE 'course:%'")
        return {(row["school_id"], row["key"]) for row in rows}

    assert await known() == {(here, f"course:{course.id}"), (here, f"course:{elsewhere.id}")}
    assert await jobs.unlock_elsewhere() == 0
    await execute(
        "INSERT INTO standings (id, person_id, role, district_id, school_id, valid_from, source) "
        "SELECT gen_random_uuid(), $1, role, district_id, school_id, valid_from, source "
        "FROM standings WHERE school_id = $2 AND class_id IS NULL LIMIT 1",
        cast.id(FATHER), there,
    )  # fmt: skip
    assert [await jobs.unlock_elsewhere() for _ in range(2)] == [1, 0]
    assert await known() >= {(there, f"course:{elsewhere.id}")}
    assert (there, f"course:{course.id}") not in await known()
    await Adoption.create(
        course_id=course.id, school_id=there, adopted_by=cast.id("何清越"), adopted_at=hand.at
    )
    assert [await jobs.unlock_elsewhere() for _ in range(2)] == [1, 0]
    assert await known() >= {(there, f"course:{course.id}")}


async def test_a_lapsed_completion_unlocks_nothing_elsewhere(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await on_the_shelf(cast, lessons=1, valid_days=30)
    hand = Hand(monkeypatch)
    await seen(await as_(FATHER), hand, course.lessons[0])
    await execute("DELETE FROM qualifications")
    hand.at += timedelta(days=31)
    assert await jobs.unlock_elsewhere() == 0
    hand.at -= timedelta(days=2)
    assert await jobs.unlock_elsewhere() == 1
