"""Authors at the same moment, and what lists cost however long they are."""

import asyncio

from backend.courses.models import Lesson, ParentSchool
from seed.cast import Cast
from tests.bench.counting import counted
from tests.courses.stories import (
    a_course,
    add,
    article,
    course,
    handed_in,
    listed,
    ok,
    quiz,
    seen,
    video,
    write,
    written,
)
from tests.house import SignIn


async def test_two_first_courses_at_once_share_one_parent_school(as_: SignIn, cast: Cast) -> None:
    writers = [await as_(name) for name in ("林晓岚", "陈启明", "许建安", "周慕云")]
    answers = await asyncio.gather(*(write(writer, cast, course()) for writer in writers))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["hostId"] for one in answers}) == 1
    assert await ParentSchool.all().count() == 1


async def test_lessons_added_at_once_each_have_a_place(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    draft = await written(teacher, cast)
    await asyncio.gather(*(add(teacher, draft["id"], article(f"第{n}课")) for n in range(6)))
    lines = await listed(teacher, draft["id"])
    assert [line["position"] for line in lines] == [1, 2, 3, 4, 5, 6]


async def test_a_course_handed_in_while_it_is_changed_is_whole(as_: SignIn, cast: Cast) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    draft = await written(teacher, cast, article())
    adding = admin.post(f"/courses/{draft['id']}/lessons", json=video(None, "没有片子"))
    giving = teacher.put(f"/courses/{draft['id']}/submission")
    added, given = await asyncio.gather(adding, giving)
    # Whoever came second was refused: nothing incomplete is ever under review.
    assert sorted([added.status_code, given.status_code]) in ([200, 409], [201, 409])
    states = await Lesson.filter(course_id=draft["id"]).values_list("state", flat=True)
    assert len(set(states)) == 1
    assert (await seen(teacher, draft["id"]))["state"] == next(iter(states))


async def test_lists_cost_the_same_however_long_they_are(as_: SignIn, cast: Cast, dsn: str) -> None:
    teacher, father = await as_("林晓岚"), await as_("王立强")
    short = await a_course(as_, cast, article())
    long = await a_course(as_, cast, *(quiz(f"第{n}课") for n in range(8)))
    at = f"/schools/{cast.schools['海湾'].id}/courses"
    async with counted(dsn) as statements:

        async def cost(visitor, path: str, **query: int) -> int:  # type: ignore[no-untyped-def]
            ok(await visitor.get(path, params=query))
            statements.clear()
            ok(await visitor.get(path, params=query))
            return await statements.count()

        for visitor in (teacher, father):
            few = await cost(visitor, f"/courses/{short['id']}/lessons")
            assert await cost(visitor, f"/courses/{long['id']}/lessons") == few
        assert await cost(teacher, at, limit=1) == await cost(teacher, at, limit=20)


async def test_handing_in_costs_the_same_however_many_lessons(
    as_: SignIn, cast: Cast, dsn: str
) -> None:
    teacher = await as_("林晓岚")
    drafts = [
        await written(teacher, cast, *(article(f"第{n}条") for n in range(size)))
        for size in (1, 2, 8)
    ]
    costs = []
    async with counted(dsn) as statements:
        # The driver asks about a kind of value once for each connection: the first pays.
        for draft in drafts:
            statements.clear()
            await handed_in(teacher, draft["id"])
            costs.append(await statements.count())
    assert costs[1] == costs[2]
