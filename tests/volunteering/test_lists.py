"""The list of shifts: what I may take, page by page, at a price that does not grow."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.database import execute
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.house import SignIn, Visitor
from tests.volunteering.stories import a_shift, booked, next_weekday, volunteers

LIST = 5
DETAIL = 7


def ids(page: dict[str, Any]) -> list[str]:
    return [item["slot"]["id"] for item in page["items"]]


async def taken_by_me(visitor: Visitor, cast: Cast, **wanted: str) -> list[str]:
    url = f"/schools/{cast.schools['海湾'].id}/shifts"
    answer = await visitor.get(url, params={"mine": "true", **wanted})
    assert answer.status_code == 200, answer.text
    return ids(answer.json())


async def test_mine_are_those_i_could_take_this_minute(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    free = await a_shift(admin, cast)
    assert await taken_by_me(father, cast) == []
    await volunteers(as_, cast, "王立强", "周婷")
    assert await taken_by_me(father, cast) == ids({"items": [free]})
    full = await a_shift(admin, cast, capacity=1, starts_at=next_weekday(4))
    await booked(as_, full, "周婷")
    await a_shift(admin, cast, "guidance", starts_at=next_weekday(5))
    class_id = str(cast.classes["海湾/三年级/2班"].id)
    await a_shift(admin, cast, openTo=[class_id], starts_at=next_weekday(6))
    later = next_weekday(8)
    await a_shift(admin, cast, starts_at=later, opensAt=(later - timedelta(days=1)).isoformat())
    clash = await a_shift(admin, cast, "canteen", starts_at=next_weekday() + timedelta(hours=1))
    assert set(await taken_by_me(father, cast)) == set(ids({"items": [free, clash]}))
    await booked(as_, free, "王立强")
    assert await taken_by_me(father, cast) == []
    everything = (await father.get(f"/schools/{cast.schools['海湾'].id}/shifts")).json()
    assert [item["slot"]["standing"]["code"] for item in everything["items"]] == [
        "mine",
        "collides",
        "full",
        "needs",
        "not_eligible",
        "not_open_yet",
    ]


async def test_pages_hold_every_shift_once_soonest_first(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    url = f"/schools/{cast.schools['海湾'].id}/shifts"
    made = [await a_shift(admin, cast, starts_at=next_weekday(3 + n // 2)) for n in range(7)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await father.get(url, params={"limit": 3, **cursor})).json()
        seen += ids(page)
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == [shift["slot"]["id"] for shift in made]
    stolen = await (await as_("周婷")).get(url, params={"limit": 3, **cursor})
    assert (stolen.status_code, stolen.json()["code"]) == (400, "bad_cursor")


async def test_a_list_is_narrowed_by_duty_and_dates(as_: SignIn, cast: Cast) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    url = f"/schools/{cast.schools['海湾'].id}/shifts"
    soon = await a_shift(admin, cast, "canteen", starts_at=next_weekday(2))
    late = await a_shift(admin, cast, "patrol", starts_at=next_weekday(9))
    day = next_weekday(9).date().isoformat()
    for wanted, found in (
        ({"duty": "canteen"}, [soon]),
        ({"first": day}, [late]),
        ({"first": day, "last": day}, [late]),
        ({"last": next_weekday(2).date().isoformat()}, [soon]),
        ({"first": day, "duty": "canteen"}, []),
    ):
        answer = await father.get(url, params=wanted)
        assert ids(answer.json()) == ids({"items": found}), wanted
    wrong = await father.get(url, params={"first": day, "last": "2020-01-01"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_shift_period")


async def test_past_shifts_are_found_by_their_dates(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    await a_shift(admin, cast)
    await execute(
        "UPDATE slots SET starts_at = starts_at - interval '30 days', state = 'closed', "
        "ends_at = ends_at - interval '30 days', opens_at = opens_at - interval '40 days', "
        "closes_at = closes_at - interval '30 days', "
        "cancel_until = cancel_until - interval '30 days'"
    )
    url = f"/schools/{cast.schools['海湾'].id}/shifts"
    assert (await admin.get(url)).json()["items"] == []
    first = (clock.local(clock.now()).date() - timedelta(days=35)).isoformat()
    assert len((await admin.get(url, params={"first": first})).json()["items"]) == 1


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_the_list_costs_the_same_for_one_shift_and_for_many(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    url = f"/schools/{cast.schools['海湾'].id}/shifts"
    await volunteers(as_, cast, "王立强")
    for number in range(4):
        shift = await a_shift(admin, cast, starts_at=next_weekday(3 + number))
        await booked(as_, shift, "王立强")
        await a_shift(admin, cast, starts_at=next_weekday(10 + number))
        for path, price in ((url, LIST), (f"{url}?mine=true", LIST),
                            (f"/shifts/{shift['slot']['id']}", DETAIL)):  # fmt: skip
            # The driver asks about a kind of value once for each connection.
            await father.get(path)
            sent.clear()
            answer = await father.get(path)
            assert answer.status_code == 200
            assert await sent.count() == price, path
