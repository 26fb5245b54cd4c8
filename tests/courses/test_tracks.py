"""Tracks: courses for a stage and a topic, in order, and how far somebody is in them."""

from typing import Any

import pytest

from backend.courses.models import Adoption, Track
from backend.database import execute
from seed.cast import Cast
from tests.bench.counting import counted
from tests.courses.shelf import Shelved, host_of, on_the_shelf, watch
from tests.courses.stories import ok, refused, trail
from tests.courses.test_library import adopting, shared
from tests.house import SignIn, Visitor

TRACK = {"stage": "primary", "topic": "online_life", "title": "网络素养入门"}


async def begun(
    admin: Visitor, cast: Cast, school: str | None = "海湾", **more: Any
) -> dict[str, Any]:
    host = await host_of(cast, school)
    return ok(await admin.post(f"/parent-schools/{host.id}/tracks", json={**TRACK, **more}), 201)


def arranged(track: dict[str, Any], *courses: Shelved, optional: int = 0) -> dict[str, Any]:
    """Return a track with these courses; the last ``optional`` of them are not required."""
    needed = len(courses) - optional
    return {
        "title": track["title"],
        "version": track["version"],
        "courses": [
            {"courseId": str(one.id), "required": place < needed}
            for place, one in enumerate(courses)
        ],
    }


async def at(visitor: Visitor, cast: Cast, school: str = "海湾") -> list[dict[str, Any]]:
    path = f"/schools/{cast.schools[school].id}/tracks"
    items: list[dict[str, Any]] = ok(await visitor.get(path))["items"]
    return items


async def test_a_school_puts_courses_in_order_and_families_follow_them(
    as_: SignIn, cast: Cast
) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    first, second = await on_the_shelf(cast, "先学"), await on_the_shelf(cast, "后学")
    third = await on_the_shelf(cast, "想学再学")
    track = await begun(admin, cast)
    assert (track["courses"], track["version"]) == ([], 1)
    # Families are not shown an empty one.
    assert await at(father, cast) == []
    assert len(await at(admin, cast)) == 1
    body = arranged(track, first, second, third, optional=1)
    made = ok(await admin.put(f"/tracks/{track['id']}", json=body))
    assert ok(await admin.put(f"/tracks/{track['id']}", json=body)) == made
    for lesson in first.lessons:
        await watch(cast.id("王立强"), lesson)
    await watch(cast.id("王立强"), second.lessons[0])
    [shown] = await at(father, cast)
    places = [(one["title"], one["standing"], one["percent"]) for one in shown["courses"]]
    assert places == [
        ("先学", "completed", 100),
        ("后学", "in_progress", 50),
        ("想学再学", None, 0),
    ]
    assert (shown["completed"], shown["required"]) == (1, 2)
    assert ok(await father.get(f"/tracks/{track['id']}")) == shown
    # Progress is everybody's own.
    [hers] = await at(await as_("刘敏"), cast)
    assert {one["standing"] for one in hers["courses"]} == {None}
    turned = arranged(made, third, first, second)
    assert [one["title"] for one in ok(await admin.put(f"/tracks/{track['id']}", json=turned))[
        "courses"
    ]] == ["想学再学", "先学", "后学"]  # fmt: skip
    refused(await admin.put(f"/tracks/{track['id']}", json=body), "track_changed")
    for _ in range(1):
        assert (await admin.delete(f"/tracks/{track['id']}")).status_code == 204
    assert (await admin.get(f"/tracks/{track['id']}")).status_code == 404
    assert await at(admin, cast) == []
    steps = ["courses.track_made"] + ["courses.track_set"] * 2 + ["courses.track_ended"]
    assert await trail(track["id"]) == steps


async def test_a_track_holds_only_what_its_families_are_offered(as_: SignIn, cast: Cast) -> None:
    admin, there = await as_("许建安"), await as_("何清越")
    own, district = await on_the_shelf(cast, "本校"), await on_the_shelf(cast, "本区", school=None)
    theirs = await shared(cast, "莲塘的课", school="莲塘")
    draft = await on_the_shelf(cast, "还没写完")
    await execute("UPDATE courses SET state = 'draft' WHERE id = $1", draft.id)
    track = await begun(admin, cast)
    path = f"/tracks/{track['id']}"
    ok(await admin.put(path, json=arranged(track, own, district)))
    newer = {**track, "version": 2}
    for stranger in (theirs, draft):
        facts = refused(
            await admin.put(path, json=arranged(newer, own, stranger)), "course_not_offered"
        )
        assert facts["courseId"] == str(stranger.id)
    ok(await admin.put(adopting(cast, theirs, "海湾")))
    ok(await admin.put(path, json=arranged(newer, own, theirs)))
    twice = arranged({**track, "version": 3}, own, own)
    assert (await admin.put(path, json=twice)).status_code == 400
    many = [await on_the_shelf(cast, f"第{n}门", lessons=0) for n in range(2)] * 26
    assert (await admin.put(path, json=arranged(track, *many))).status_code == 400
    # The district's own track takes no school's course.
    officer = await as_("沈知微")
    above = await begun(officer, cast, None)
    refused(
        await officer.put(f"/tracks/{above['id']}", json=arranged(above, own)), "course_not_offered"
    )
    ok(await officer.put(f"/tracks/{above['id']}", json=arranged(above, district)))
    # Given up, a course is seen in the track by those only who can take it out.
    assert (await admin.delete(adopting(cast, theirs, "海湾"))).status_code == 204
    titles = [one["title"] for one in ok(await (await as_("王立强")).get(path))["courses"]]
    assert titles == ["本校"]
    shown = ok(await admin.get(path))["courses"]
    assert [(one["title"], one["available"]) for one in shown] == [
        ("本校", True), ("莲塘的课", False),
    ]  # fmt: skip
    assert await Adoption.all().count() == 0
    assert (await there.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [("周慕云", 201), ("林晓岚", 403), ("何清越", 403), ("沈知微", 403), ("王立强", 404),
     ("周婷", 404), ("唐一苇", 404), ("曹望舒", 404)],
)  # fmt: skip
async def test_only_those_who_run_the_host_begin_a_track(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    host = await host_of(cast)
    answer = await (await as_(who)).post(f"/parent-schools/{host.id}/tracks", json=TRACK)
    assert answer.status_code == status
    assert await Track.all().count() == (status == 201)


@pytest.mark.parametrize(
    ("who", "sees", "status"),
    [("许建安", 200, 200), ("林晓岚", 200, 403), ("王立强", 200, 404), ("周婷", 200, 404),
     ("何清越", 404, 404), ("孙海燕", 404, 404), ("沈知微", 404, 404), ("唐一苇", 404, 404),
     ("曹望舒", 404, 404)],
)  # fmt: skip
async def test_a_schools_track_is_seen_at_the_school_and_changed_by_those_who_run_it(
    as_: SignIn, cast: Cast, who: str, sees: int, status: int
) -> None:
    course = await on_the_shelf(cast)
    track = await begun(await as_("许建安"), cast)
    path, visitor = f"/tracks/{track['id']}", await as_(who)
    assert (await visitor.get(path)).status_code == sees
    answer = await visitor.put(path, json=arranged(track, course))
    assert answer.status_code == status
    expected = 204 if status == 200 else status
    assert (await visitor.delete(path)).status_code == expected


async def test_a_district_shows_its_tracks_to_schools_of_the_stage(as_: SignIn, cast: Cast) -> None:
    officer, course = await as_("沈知微"), await on_the_shelf(cast, "区里的课", school=None)
    track = await begun(officer, cast, None)
    ok(await officer.put(f"/tracks/{track['id']}", json=arranged(track, course)))
    [shown] = await at(await as_("王立强"), cast)
    assert (shown["hostKind"], shown["courses"][0]["title"]) == ("district", "区里的课")
    assert await at(await as_("孙海燕"), cast, "莲塘") == []
    assert ok(await (await as_("孙海燕")).get(f"/tracks/{track['id']}"))["title"] == track["title"]
    assert (await (await as_("钱进")).get(f"/tracks/{track['id']}")).status_code == 404
    assert [one["id"] for one in await at(officer, cast)] == [track["id"]]
    for name, status in (("许建安", 403), ("王立强", 404), ("曹望舒", 404)):
        answer = await (await as_(name)).delete(f"/tracks/{track['id']}")
        assert answer.status_code == status, name


@pytest.mark.parametrize(
    ("who", "status"),
    [("王立强", 200), ("周婷", 200), ("吴思远", 200), ("沈知微", 200), ("孙海燕", 404),
     ("何清越", 404), ("曹望舒", 404)],
)  # fmt: skip
async def test_a_schools_tracks_are_listed_for_all_who_belong_to_it(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    path = f"/schools/{cast.schools['海湾'].id}/tracks"
    assert (await (await as_(who)).get(path)).status_code == status


async def test_ten_tracks_cost_what_one_costs(as_: SignIn, cast: Cast, dsn: str) -> None:
    admin, father = await as_("许建安"), await as_("王立强")
    courses = [await on_the_shelf(cast, f"第{n}门", lessons=1) for n in range(4)]
    for one in courses:
        await watch(cast.id("王立强"), one.lessons[0])

    async def cost() -> int:
        async with counted(dsn) as statements:
            await at(father, cast)
            statements.clear()
            shown = await at(father, cast)
            assert shown[0]["completed"] == len(shown[0]["courses"])
            return await statements.count()

    costs = []
    for number in range(5):
        track = await begun(admin, cast, title=f"系列{number}")
        ok(await admin.put(f"/tracks/{track['id']}", json=arranged(track, *courses[: number + 1])))
        costs.append(await cost())
    assert len(set(costs)) == 1, costs


async def test_a_closed_host_begins_no_track(as_: SignIn, cast: Cast) -> None:
    host = await host_of(cast, None)
    officer = await as_("沈知微")
    today = host.opened_on.isoformat()
    ok(await officer.put(f"/parent-schools/{host.id}/closing", json={"closedOn": today}))
    answer = await officer.post(f"/parent-schools/{host.id}/tracks", json=TRACK)
    refused(answer, "host_closed")
