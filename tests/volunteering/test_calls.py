"""Calls for helpers: who is asked, in which order, how often, and when it stops."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend import clock
from backend.database import execute, fetch
from backend.volunteering import jobs
from backend.volunteering.models import ShiftCall
from backend.volunteering.notify.shifts import ASKED
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import a_shift, booked, next_weekday, served, volunteers

PARENTS = ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")


@pytest.fixture
async def noon(db: None, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let the clock stand at noon in China, when anybody may be asked."""
    today = clock.local(clock.now()).replace(hour=12, minute=0, second=0, microsecond=0)
    moment = (today + timedelta(days=1)).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


async def asked_of(cast: Cast) -> list[str]:
    """Return who has been asked, in the order in which they were."""
    rows = await fetch("SELECT person_id FROM shift_asks WHERE asked_at IS NOT NULL ORDER BY id")
    names = {person.id: name for name, person in cast.people.items()}
    return [names[row["person_id"]] for row in rows]


async def stand_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be that moment; those signed in stay so."""
    monkeypatch.setattr(clock, "now", lambda: moment)
    for table in ("access_tokens", "sessions"):
        await execute(f"UPDATE {table} SET expires_at = $1", moment + timedelta(days=30))


async def pass_an_hour(noon: datetime, monkeypatch: pytest.MonkeyPatch, hours: int) -> int:
    """Let so many hours pass since noon and do the rounds twice; returns how many were asked."""
    await stand_at(noon + timedelta(hours=hours), monkeypatch)
    first, again = [await jobs.continue_calls() for _ in range(2)]
    assert again == 0
    return first


async def test_past_volunteers_first_then_who_is_free_that_weekday(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    day = next_weekday(3).isoweekday()
    await volunteers(as_, cast, "王立强", "李建国")
    await volunteers(as_, cast, "周婷", "赵德胜", weekdays=[day])
    await volunteers(as_, cast, "高远", weekdays=[day % 7 + 1])
    before = await a_shift(admin, cast, "canteen", starts_at=next_weekday(2))
    await booked(as_, before, "王立强", "李建国")
    await served(before)
    shift = await a_shift(admin, cast, "canteen")
    url = f"/shifts/{shift['slot']['id']}/call"
    assert (await admin.get(url)).status_code == 404
    call = (await admin.put(url)).json()
    assert (call["state"], call["step"], call["missing"]) == ("running", "past", 1)
    assert set(await asked_of(cast)) == {"王立强", "李建国"}
    assert (await admin.put(url)).json() == call
    assert await jobs.continue_calls() == 0
    assert await pass_an_hour(noon, monkeypatch, 1) == 2
    assert set(await asked_of(cast)) == {"王立强", "李建国", "周婷", "赵德胜"}
    assert await pass_an_hour(noon, monkeypatch, 2) == 0
    over = (await admin.get(url)).json()
    assert (over["state"], over["nextRoundAt"]) == ("exhausted", None)
    assert {step["step"]: step["asked"] for step in over["steps"]} == {
        "past": 2,
        "free_that_day": 2,
    }
    letters = (await (await as_("周婷")).get("/inbox")).json()["items"]
    assert [x["title"] for x in letters if "班次" in x["title"]] == ["有一个班次需要您的帮助"]
    told = [x["title"] for x in (await admin.get("/inbox")).json()["items"]]
    assert told == ["征集人手有结果"]


async def test_those_asked_least_come_first_and_a_round_is_bounded(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    await admin.put(f"/schools/{school}/volunteering-settings", json={"askBatch": 2})
    first, second = next_weekday(3, hour=9), next_weekday(3, hour=15)
    await volunteers(as_, cast, *PARENTS, weekdays=[first.isoweekday()])
    one = await a_shift(admin, cast, starts_at=first)
    two = await a_shift(admin, cast, starts_at=second)
    await admin.put(f"/shifts/{one['slot']['id']}/call")
    asked = await asked_of(cast)
    assert len(asked) == 2
    await admin.put(f"/shifts/{two['slot']['id']}/call")
    later = await asked_of(cast)
    assert len(later) == 4
    assert not set(later[2:]) & set(asked)
    assert await pass_an_hour(noon, monkeypatch, 1) == 4
    assert await fetch("SELECT shift_id, person_id FROM shift_asks GROUP BY 1, 2 "
                       "HAVING count(*) > 1") == []  # fmt: skip


async def test_who_cannot_is_never_asked_for_that_shift_again(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, father, mother = await as_("许建安"), await as_("王立强"), await as_("刘敏")
    day = next_weekday(3)
    await volunteers(as_, cast, "王立强", "刘敏", weekdays=[day.isoweekday()])
    shift, other = [
        await a_shift(admin, cast, starts_at=next_weekday(3, hour=hour)) for hour in (9, 15)
    ]
    url = f"/shifts/{shift['slot']['id']}/call"
    for _ in range(2):
        said = await father.put(f"{url}/answer", json={"willing": False})
        assert said.json()["willing"] is False
    await admin.put(url)
    assert await asked_of(cast) == ["刘敏"]
    await mother.put(f"{url}/answer", json={"willing": False})
    await pass_an_hour(noon, monkeypatch, 1)
    again = (await admin.put(url)).json()
    assert again["state"] == "exhausted"
    assert again["steps"] == [
        {
            "step": "free_that_day",
            "asked": 1,
            "booked": 0,
            "willing": 0,
            "unwilling": 1,
            "silent": 0,
        }
    ]
    lists = f"/schools/{cast.schools['海湾'].id}/shifts"
    mine = (await father.get(lists, params={"mine": "true"})).json()["items"]
    assert [item["slot"]["id"] for item in mine] == [other["slot"]["id"]]
    seen = (await father.get(lists)).json()["items"]
    assert [item["declined"] for item in seen] == [True, False]
    await father.put(f"{url}/answer", json={"willing": True})
    mine = (await father.get(lists, params={"mine": "true"})).json()["items"]
    assert len(mine) == 2


async def test_a_call_is_over_when_enough_have_come(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, "王立强", "刘敏", weekdays=[next_weekday(3).isoweekday()])
    shift = await a_shift(admin, cast, minimum=1)
    url = f"/shifts/{shift['slot']['id']}/call"
    await admin.put(url)
    await booked(as_, shift, "王立强")
    assert await pass_an_hour(noon, monkeypatch, 1) == 0
    call = (await admin.get(url)).json()
    assert (call["state"], call["missing"], call["expected"]) == ("filled", 0, 1)
    assert call["steps"][0]["booked"] == 1
    assert (await admin.put(url)).json()["code"] == "nobody_needed"
    asked = [cast.id("王立强"), cast.id("刘敏")]
    subject = await fetch("SELECT id FROM shifts")
    assert await jobs.still_wanted(ASKED, subject[0]["id"], asked) == {cast.id("刘敏")}
    await (await as_("刘敏")).put(f"{url}/answer", json={"willing": False})
    assert await jobs.still_wanted(ASKED, subject[0]["id"], asked) == set()
    assert await jobs.still_wanted("bookings.reminder", None, asked) == set(asked)


async def test_nobody_is_asked_at_night_or_once_the_organiser_ends_it(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, "王立强", weekdays=[next_weekday(3).isoweekday()])
    shift = await a_shift(admin, cast)
    await stand_at(noon + timedelta(hours=10), monkeypatch)
    url = f"/shifts/{shift['slot']['id']}/call"
    assert (await admin.put(url)).json()["steps"] == []
    assert await pass_an_hour(noon, monkeypatch, 11) == 0
    for _ in range(2):
        assert (await admin.delete(url)).status_code == 204
    assert await pass_an_hour(noon, monkeypatch, 21) == 0
    assert (await admin.get(url)).json()["state"] == "ended"
    assert (await admin.put(url)).json()["steps"][0]["asked"] == 1


async def test_who_cannot_come_anyway_is_not_asked(as_: SignIn, cast: Cast, noon: datetime) -> None:
    """A clash, no skill, paused, another school's class: the engine's own judgement."""
    admin = await as_("许建安")
    day = [next_weekday(3).isoweekday()]
    await volunteers(as_, cast, "王立强", "刘敏", "周婷", weekdays=day, duties=["guidance"])
    await volunteers(as_, cast, "李建国", weekdays=day)
    clash = await a_shift(admin, cast)
    await booked(as_, clash, "王立强")
    await (await as_("刘敏")).put(f"/schools/{cast.schools['海湾'].id}/volunteer/pause")
    shift = await a_shift(admin, cast, "guidance")
    await admin.put(f"/shifts/{shift['slot']['id']}/call")
    assert await asked_of(cast) == ["周婷"]


async def test_those_who_wait_come_before_anybody_is_asked(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, "王立强", "刘敏", "周婷", weekdays=[next_weekday(3).isoweekday()])
    shift = await a_shift(admin, cast, capacity=1)
    await booked(as_, shift, "王立强", "刘敏")
    slot = shift["slot"]["id"]
    await execute("UPDATE slots SET cancel_until = now() - interval '1 day' WHERE id = $1", slot)
    await (await as_("王立强")).put(f"/slots/{slot}/booking/attendance", json={"coming": False})
    call = (await admin.put(f"/shifts/{slot}/call")).json()
    assert (call["step"], call["waiting"], call["steps"]) == ("queue", 1, [])
    assert await asked_of(cast) == []
    assert await pass_an_hour(noon, monkeypatch, 1) == 1
    assert await asked_of(cast) == ["周婷"]


async def test_only_the_organiser_calls_and_only_parents_answer(
    as_: SignIn, cast: Cast, noon: datetime
) -> None:
    shift = await a_shift(await as_("许建安"), cast)
    url = f"/shifts/{shift['slot']['id']}/call"
    for name, status in (("林晓岚", 403), ("王立强", 404), ("何清越", 404), ("孙海燕", 404)):
        visitor = await as_(name)
        assert (await visitor.put(url)).status_code == status, name
        assert (await visitor.get(url)).status_code == status, name
        assert (await visitor.delete(url)).status_code == status, name
    for name, status in (("林晓岚", 403), ("周慕云", 403), ("何清越", 404), ("孙海燕", 404)):
        answer = await (await as_(name)).put(f"{url}/answer", json={"willing": False})
        assert answer.status_code == status, name


async def test_a_shift_short_of_hands_is_warned_of_once(
    as_: SignIn, cast: Cast, noon: datetime
) -> None:
    admin = await as_("许建安")
    await a_shift(admin, cast, starts_at=noon + timedelta(hours=22), minimum=2)
    await a_shift(admin, cast, starts_at=noon + timedelta(hours=28), minimum=2)
    assert [await jobs.warn_short() for _ in range(3)] == [1, 0, 0]
    told = (await admin.get("/inbox")).json()["items"]
    assert [item["title"] for item in told] == ["有班次人手不足"]
    assert "最少需要2人" in told[0]["body"]


async def test_rounds_that_come_due_at_once_ask_nobody_twice(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, *PARENTS, weekdays=[next_weekday(3).isoweekday()])
    shift = await a_shift(admin, cast)
    await admin.put(f"/shifts/{shift['slot']['id']}/call")
    await stand_at(noon + timedelta(hours=1), monkeypatch)
    counts = await asyncio.gather(*(jobs.continue_calls() for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, 3]
    assert len(await asked_of(cast)) == len(set(await asked_of(cast))) == 6
    letters = await fetch("SELECT once FROM post_letter WHERE occasion = $1", ASKED)
    assert len(letters) == 2


async def test_opened_by_two_at_once_it_is_one_call(
    as_: SignIn, cast: Cast, noon: datetime
) -> None:
    admin, head = await as_("许建安"), await as_("周慕云")
    await volunteers(as_, cast, *PARENTS, weekdays=[next_weekday(3).isoweekday()])
    url = f"/shifts/{(await a_shift(admin, cast))['slot']['id']}/call"
    answers = await asyncio.gather(*(phone.put(url) for phone in (admin, head, admin, head)))
    assert [answer.json()["rounds"] for answer in answers] == [1] * 4
    assert len(await asked_of(cast)) == 3


async def test_a_school_that_switched_volunteering_off_asks_and_warns_nobody(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    await volunteers(as_, cast, *PARENTS, weekdays=[next_weekday(1).isoweekday()])
    shift = await a_shift(admin, cast, starts_at=noon + timedelta(hours=22))
    await admin.put(f"/shifts/{shift['slot']['id']}/call")
    await admin.put(f"/schools/{school}/features", json={"functions": {"volunteering": False}})
    assert await jobs.warn_short() == 0
    assert await pass_an_hour(noon, monkeypatch, 1) == 0


async def test_control_without_their_lock_rounds_at_once_are_more_than_one(
    as_: SignIn, cast: Cast, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await as_("许建安")
    await volunteers(as_, cast, *PARENTS, weekdays=[next_weekday(3).isoweekday()])
    shift = await a_shift(admin, cast)
    await admin.put(f"/shifts/{shift['slot']['id']}/call")
    await stand_at(noon + timedelta(hours=1), monkeypatch)
    monkeypatch.setattr(ShiftCall, "select_for_update", lambda **_: ShiftCall.all())
    counts = await asyncio.gather(*(jobs.continue_calls() for _ in range(4)))
    assert sum(count > 0 for count in counts) > 1
