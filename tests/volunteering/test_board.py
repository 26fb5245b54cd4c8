"""The organiser's board: what is wrong with the coming days, and nothing else."""

from datetime import timedelta

import pytest

from backend.database import execute
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.stories import a_shift, booked, next_weekday, served, volunteers


async def with_phone(cast: Cast, *names: str) -> None:
    """Give people a device that a push reaches."""
    for name in names:
        await execute(
            "INSERT INTO post_device (person_id, token, provider, platform, language, "
            "registered_at, last_seen_at) "
            "VALUES ($1, $2, 'console', 'android', 'zh', now(), now())",
            cast.id(name),
            f"token-{cast.id(name)}",
        )


async def test_each_kind_of_trouble_has_its_flag_and_its_figure(as_: SignIn, cast: Cast) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shifts-at-risk"
    await volunteers(as_, cast, "王立强", "刘敏", "周婷", "赵德胜")
    await with_phone(cast, "王立强", "刘敏", "周婷")
    tomorrow = await a_shift(admin, cast, starts_at=next_weekday(1, hour=10))
    await booked(as_, tomorrow, "王立强")
    sound = await a_shift(admin, cast, starts_at=next_weekday(4))
    await booked(as_, sound, "王立强", "刘敏")
    unreachable = await a_shift(admin, cast, starts_at=next_weekday(5))
    await booked(as_, unreachable, "周婷", "赵德胜")
    guard = await a_shift(admin, cast, "guard", starts_at=next_weekday(6), minimum=2)
    await booked(as_, guard, "王立强")
    await a_shift(admin, cast, starts_at=next_weekday(20))
    board = (await admin.get(url)).json()
    assert board["shifts"] == 4
    found = {item["shiftId"]: item for item in board["items"]}
    assert sound["slot"]["id"] not in found
    one, two, three = (found[shift["slot"]["id"]] for shift in (tomorrow, unreachable, guard))
    assert (one["flags"], one["unanswered"]) == (["unconfirmed"], 1)
    assert (two["flags"], two["unreachable"]) == (["unreachable"], 1)
    assert (three["flags"], three["missing"]) == (["below_minimum", "gap"], 1)
    assert {gap["side"] for gap in three["gaps"]} == {"family", "school", "police"}
    assert [item["startsAt"] for item in board["items"]] == sorted(
        item["startsAt"] for item in board["items"]
    )
    await (await as_("王立强")).put(
        f"/slots/{tomorrow['slot']['id']}/booking/attendance", json={"coming": True}
    )
    after = (await admin.get(url)).json()["items"]
    assert tomorrow["slot"]["id"] not in {item["shiftId"] for item in after}
    assert len((await admin.get(url, params={"days": 31})).json()["items"]) == 3


async def test_how_many_will_come_is_judged_by_the_past(as_: SignIn, cast: Cast) -> None:
    admin, url = await as_("许建安"), f"/schools/{cast.schools['海湾'].id}/shifts-at-risk"
    parents = ("王立强", "刘敏", "李建国", "周婷")
    await volunteers(as_, cast, *parents)
    coming = await a_shift(admin, cast, capacity=4, minimum=4, starts_at=next_weekday(5))
    await booked(as_, coming, *parents)
    [item] = (await admin.get(url)).json()["items"]
    assert item["expected"] == 4
    for number in range(3):
        past = await a_shift(admin, cast, capacity=4, starts_at=next_weekday(2))
        await booked(as_, past, *parents)
        await served(past, ago=timedelta(days=20 + number))
    await execute(
        "UPDATE bookings SET state = 'no_show' WHERE id IN (SELECT id FROM bookings "
        "WHERE state = 'completed' ORDER BY id LIMIT 6)"
    )
    [item] = (await admin.get(url)).json()["items"]
    assert item["expected"] == 2


@pytest.mark.parametrize("days", ["0", "32", "x"])
async def test_it_looks_at_most_a_month_ahead(as_: SignIn, cast: Cast, days: str) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/shifts-at-risk"
    assert (await (await as_("许建安")).get(url, params={"days": days})).status_code == 400


async def test_the_board_is_for_those_who_run_the_school(as_: SignIn, cast: Cast) -> None:
    url = f"/schools/{cast.schools['海湾'].id}/shifts-at-risk"
    for name, status in (("周慕云", 200), ("林晓岚", 403), ("王立强", 404), ("何清越", 404)):
        assert (await (await as_(name)).get(url)).status_code == status, name
