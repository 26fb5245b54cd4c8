"""A school's activities: who sees which, in what order, and how often the database is asked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from seed.cast import Cast
from tests.activities.stories import go_by, listed, open_day, opened, register, session
from tests.bench.counting import Statements, counted
from tests.house import SignIn

LIST = 3
DETAIL = 6
REGISTRATIONS = 3


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def _several(as_: SignIn, cast: Cast) -> dict[str, dict[str, Any]]:
    admin = await as_("许建安")
    nodes: dict[str, Any] = {**cast.schools, **cast.grades, **cast.classes}
    made = {}
    for place, start, kind in (
        ("海湾", 600, "open_day"),
        ("海湾/三年级", 300, "lecture"),
        ("海湾/一年级/1班", 0, "parents_meeting"),
    ):
        body = open_day(
            cast, session("唯一", start), kind=kind, title=place, nodeIds=[str(nodes[place].id)]
        )
        made[place] = await opened(admin, cast, body)
    return made


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("许建安", ["海湾/一年级/1班", "海湾/三年级", "海湾"]),
        ("林晓岚", ["海湾/一年级/1班", "海湾/三年级", "海湾"]),
        ("王立强", ["海湾/一年级/1班", "海湾/三年级", "海湾"]),
        ("高远", ["海湾/三年级", "海湾"]),
    ],
)
async def test_families_see_what_is_for_their_children(
    as_: SignIn, cast: Cast, name: str, sees: list[str]
) -> None:
    await _several(as_, cast)
    assert [item["title"] for item in await listed(await as_(name), cast)] == sees
    kinds = [item["title"] for item in await listed(await as_(name), cast, kind="lecture")]
    assert kinds == ["海湾/三年级"]


async def test_another_school_learns_nothing(as_: SignIn, cast: Cast) -> None:
    made = await _several(as_, cast)
    path = f"/schools/{cast.schools['海湾'].id}/activities"
    for name, status in (("孙海燕", 404), ("何清越", 404), ("钱进", 404), ("沈知微", 403)):
        visitor = await as_(name)
        assert (await visitor.get(path)).status_code == status, name
        for activity in made.values():
            assert (await visitor.get(f"/activities/{activity['id']}")).status_code == 404


async def test_the_list_says_how_each_stands(as_: SignIn, cast: Cast) -> None:
    made = await _several(as_, cast)
    father = await as_("高远")
    assert (
        await register(father, cast, made["海湾"]["sessions"][0]["id"], "高星辰")
    ).status_code == 200
    lecture, day = await listed(father, cast)
    assert (lecture["standing"], lecture["mine"], lecture["free"]) == ("free", [], 3)
    assert (day["standing"], day["free"], day["sessions"]) == ("mine", 2, 1)
    assert [one["state"] for one in day["mine"]] == ["confirmed"]
    assert day["mine"][0]["studentIds"] == [str(cast.children["高星辰"].id)]
    assert (day["term"], day["year"]) == ("第一学期", "2026—2027学年")
    assert [item["mine"] for item in await listed(await as_("马静"), cast)] == [[], []]


async def test_what_was_is_listed_apart_latest_first(as_: SignIn, cast: Cast) -> None:
    made = await _several(as_, cast)
    father = await as_("王立强")
    await go_by(made["海湾"])
    await go_by(made["海湾/三年级"], timedelta(days=9))
    assert [item["title"] for item in await listed(father, cast)] == ["海湾/一年级/1班"]
    assert [item["title"] for item in await listed(father, cast, past=True)] == [
        "海湾",
        "海湾/三年级",
    ]


@pytest.mark.parametrize("past", [False, True])
async def test_pages_together_are_the_list(as_: SignIn, cast: Cast, past: bool) -> None:
    made = await _several(as_, cast)
    if past:
        for activity in made.values():
            await go_by(activity)
    father = await as_("王立强")
    path, found, cursor = f"/schools/{cast.schools['海湾'].id}/activities", [], None
    while True:
        query = {"limit": 1, "past": past} | ({"cursor": cursor} if cursor else {})
        page = (await father.get(path, params=query)).json()
        found += [item["title"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    whole = [item["title"] for item in await listed(father, cast, past=past)]
    assert found == whole
    assert len(found) == 3


async def test_the_lists_cost_the_same_for_one_and_for_many(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    father, admin = await as_("王立强"), await as_("许建安")
    await opened(admin, cast, open_day(cast))
    await listed(father, cast)
    for _ in range(2):
        sent.clear()
        assert await listed(father, cast)
        assert await sent.count() == LIST
        await _several(as_, cast)


async def test_an_activity_costs_the_same_with_many_sessions(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    father, admin = await as_("王立强"), await as_("许建安")
    costs = []
    for number in (1, 1, 6):
        body = open_day(cast, *(session(f"第{n}场", n * 60) for n in range(number)))
        activity = await opened(admin, cast, body)
        await register(father, cast, activity["sessions"][0]["id"], "王子墨")
        sent.clear()
        answer = await father.get(f"/activities/{activity['id']}")
        assert len(answer.json()["sessions"]) == number
        costs.append(await sent.count())
        sent.clear()
        listing = await admin.get(f"/activities/{activity['id']}/registrations")
        assert listing.status_code == 200
        costs.append(await sent.count())
    assert costs[2:] == [DETAIL, REGISTRATIONS] * 2
