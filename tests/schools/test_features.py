"""Feature switches, approvals and quiet hours: what a school decides for itself."""

from datetime import time

import pytest

from backend.errors import NotFound
from backend.schools import features, quiet
from backend.schools.models import Function
from backend.schools.operations import settings
from seed.cast import Cast
from tests.house import SignIn


async def test_a_function_nobody_switched_is_on(as_: SignIn, cast: Cast) -> None:
    shown = (await (await as_("王立强")).get(f"/schools/{cast.schools['海湾'].id}/features")).json()
    assert shown["functions"] == {str(function): True for function in Function}


async def test_switching_one_function_leaves_the_others(as_: SignIn, cast: Cast) -> None:
    here = f"/schools/{cast.schools['海湾'].id}/features"
    admin = await as_("许建安")
    await admin.put(here, json={"functions": {"courses": False}})
    answer = await admin.put(here, json={"functions": {"insights": False}})
    off = {name for name, is_on in answer.json()["functions"].items() if not is_on}
    assert off == {"courses", "insights"}
    again = await admin.put(here, json={"functions": {"courses": True}})
    assert again.json()["functions"]["courses"] is True


async def test_only_those_who_run_the_school_switch(as_: SignIn, cast: Cast) -> None:
    here = f"/schools/{cast.schools['海湾'].id}/features"
    expected = {"周慕云": 200, "林晓岚": 403, "沈知微": 403, "何清越": 404, "王立强": 404}
    for name, status in expected.items():
        visitor = await as_(name)
        answer = await visitor.put(here, json={"functions": {"courses": False}})
        assert answer.status_code == status, name


@pytest.mark.parametrize("body", [{"functions": {}}, {"functions": {"nothing": True}}, {}])
async def test_unknown_functions_do_not_fit(as_: SignIn, cast: Cast, body: object) -> None:
    answer = await (await as_("许建安")).put(
        f"/schools/{cast.schools['海湾'].id}/features", json=body
    )
    assert answer.status_code == 400


async def test_a_function_is_off_only_where_it_was_switched_off(cast: Cast) -> None:
    here, there = cast.schools["海湾"].id, cast.schools["莲塘"].id
    await settings.switch_functions(here, {Function.COURSES: False}, by=None)
    with pytest.raises(NotFound):
        await features.check(Function.COURSES, here)
    await features.check(Function.COURSES, there)
    await features.check(Function.NOTICES, here)
    assert await features.off_at(Function.COURSES, [here, there]) == {here}
    assert await features.off_at(Function.COURSES, []) == set()


async def test_quiet_hours_reach_parents_and_staff_of_the_school(as_: SignIn, cast: Cast) -> None:
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    wanted = {"noticeApproval": "all", "quietFrom": "21:30:00", "quietUntil": "07:00:00"}
    answer = await admin.put(f"/schools/{school}/settings", json=wanted)
    assert {key: answer.json()[key] for key in wanted} == wanted
    people = [cast.id(name) for name in ("王立强", "林晓岚", "孙海燕", "沈知微")]
    hours = await quiet.hours_of(people)
    assert set(hours) == {cast.id("王立强"), cast.id("林晓岚")}
    (window,) = hours[cast.id("王立强")]
    assert (window.begins, window.ends) == (time(21, 30), time(7, 0))
    off = {"noticeApproval": "none", "quietFrom": None, "quietUntil": None}
    await admin.put(f"/schools/{school}/settings", json=off)
    assert await quiet.hours_of(people) == {}


@pytest.mark.parametrize(
    ("begins", "ends"), [("21:30:00", None), ("21:30:00", "21:30:00"), ("25:00:00", "07:00:00")]
)
async def test_half_a_window_does_not_fit(
    as_: SignIn, cast: Cast, begins: str, ends: str | None
) -> None:
    answer = await (await as_("许建安")).put(
        f"/schools/{cast.schools['海湾'].id}/settings",
        json={"noticeApproval": "none", "quietFrom": begins, "quietUntil": ends},
    )
    assert answer.status_code == 400
