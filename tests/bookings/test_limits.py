"""Limits several slots draw on together: availability is the least of them."""

import asyncio
from datetime import timedelta

import pytest

from backend.bookings import rules
from backend.bookings.operations import places, slots
from backend.database import fetch_one
from seed.cast import Cast
from tests.bookings.slots import a_slot, counters, states, tidy
from tests.house import SignIn


async def test_one_guide_limits_two_sessions_together(as_: SignIn, cast: Cast) -> None:
    guide = await slots.create_quota(cast.schools["海湾"].id, "讲解员", 2)
    morning = await a_slot(cast, capacity=5, quota_ids=[guide.id])
    noon = await a_slot(cast, capacity=5, quota_ids=[guide.id], begins_in=timedelta(days=11))
    for slot, name in ((morning, "王立强"), (noon, "刘敏"), (noon, "李建国")):
        await (await as_(name)).put(f"/slots/{slot}/booking", json={})
    now = await states(noon)
    assert (now[cast.id("刘敏")], now[cast.id("李建国")]) == ("confirmed", "waitlisted")
    assert (await (await as_("周婷")).get(f"/slots/{noon}")).json()["free"] == 0
    await (await as_("王立强")).delete(f"/slots/{morning}/booking")
    # What was freed in the morning is found for noon by the sweep's next look.
    await tidy(noon)
    assert (await states(noon))[cast.id("李建国")] == "offered"
    kept = await fetch_one("SELECT taken FROM shared_quotas WHERE id = $1", guide.id)
    assert kept == {"taken": 2}


async def test_sessions_that_share_a_limit_never_oversell_it_in_a_race(
    as_: SignIn, cast: Cast
) -> None:
    room = await slots.create_quota(cast.schools["海湾"].id, "阶梯教室", 3)
    several = [
        await a_slot(cast, capacity=5, quota_ids=[room.id], begins_in=timedelta(days=10 + n))
        for n in range(3)
    ]
    names = ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")
    asks = [
        places.Ask(slot=slot, person=cast.id(name), reach=[cast.schools["海湾"].id])
        for slot in several
        for name in names
    ]
    await asyncio.gather(*(places.take(ask) for ask in asks))
    assert sum([(await counters(slot))["taken"] for slot in several]) == 3


async def test_a_plan_is_all_or_nothing(as_: SignIn, cast: Cast) -> None:
    first = await a_slot(cast)
    second = await a_slot(cast, begins_in=timedelta(days=12))
    await (await as_("刘敏")).put(f"/slots/{second}/booking", json={})
    asks = [
        places.Ask(slot=slot, person=cast.id("王立强"), reach=[cast.schools["海湾"].id])
        for slot in (first, second)
    ]
    with pytest.raises(rules.Full):
        await places.take_all(asks)
    assert (await counters(first))["taken"] == 0
