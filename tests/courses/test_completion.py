"""Completion: how many families of a class have taken a course, and who sees which of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.courses.queries import completion
from backend.courses.rules import assigning as rules
from backend.database import execute
from backend.people.models import Guardianship, Relation
from backend.people.operations import ties
from seed.cast import Cast
from tests.bench.counting import counted
from tests.courses.shelf import MINUTE, Shelved, on_the_shelf, watch
from tests.courses.stories import ok
from tests.courses.test_assignments import CLASS, SISTER, ask, day, node
from tests.courses.test_library import adopting, shared
from tests.house import SignIn, Visitor


async def figures(visitor: Visitor, course: Shelved, place: str | None = None) -> dict[str, Any]:
    wanted = {"nodeId": place} if place else {}
    return ok(await visitor.get(f"/courses/{course.id}/completion", params=wanted))


def counts(told: dict[str, Any]) -> dict[str, tuple[int | None, ...]]:
    return {row["label"]: (row["total"], row["started"], row["completed"]) for row in told["rows"]}


async def finished(
    cast: Cast, course: Shelved, *names: str, lessons: Sequence[int] = (0, 1)
) -> None:
    for name in names:
        for number in lessons:
            await watch(cast.id(name), course.lessons[number])


async def crowd(cast: Cast, key: str, families: int) -> list[str]:
    """Let so many more families of one guardian each belong to a class; returns their names."""
    class_ = cast.classes[key]
    names = []
    for number in range(families):
        name = f"家长{key[-2:]}{number}"
        phone = f"+86199{int(class_.id.hex[-5:], 16) % 9000:04d}{number:04d}"
        cast.people[name] = await ties.open_account(name, phone)
        child = await ties.admit(
            class_.school_id, class_.id, f"{class_.id.hex[-6:]}{number}", f"孩子{number}"
        )
        await ties.bind(cast.id(name), child.id, Relation.MOTHER)
        names.append(name)
    return names


async def test_a_teacher_sees_the_own_class_and_names_once_the_class_is_asked(
    as_: SignIn, cast: Cast
) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    await finished(cast, course, "王立强")
    await finished(cast, course, "周婷", lessons=(0,))
    await watch(cast.id("高远"), course.lessons[0], to=MINUTE, settle=False)
    told = await figures(teacher, course)
    assert (told["unit"], counts(told)) == ("guardian", {"三年级1班": (6, 3, 1)})
    assert told == await figures(teacher, course, node(cast, CLASS))
    assert told["rows"][0]["families"] is None
    ok(await ask(teacher, cast, course, due=day()), 201)
    [row] = (await figures(teacher, course, node(cast, CLASS)))["rows"]
    assert (row["assigned"], row["dueOn"]) == (True, day())
    shown = {
        family["student"]: (
            family["standing"],
            {g["name"]: g["standing"] for g in family["guardians"]},
        )
        for family in row["families"]
    }
    assert shown == {
        "王子墨": ("completed", {"王立强": "completed", "刘敏": "not_started"}),
        "李沐阳": ("started", {"李建国": "not_started", "周婷": "started"}),
        "高星辰": ("started", {"高远": "started", "马静": "not_started"}),
    }
    # In the list of all that is theirs there are no names.
    assert (await figures(teacher, course))["rows"][0]["families"] is None


async def test_where_guardians_count_together_families_are_counted(as_: SignIn, cast: Cast) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast, family_counts=True)
    await finished(cast, course, "王立强", lessons=(0,))
    await finished(cast, course, "刘敏", lessons=(1,))
    await finished(cast, course, "周婷", lessons=(0,))
    told = await figures(teacher, course)
    assert (told["unit"], counts(told)) == ("family", {"三年级1班": (3, 2, 1)})
    ok(await ask(teacher, cast, course), 201)
    [row] = (await figures(teacher, course, node(cast, CLASS)))["rows"]
    standings = {family["student"]: family["standing"] for family in row["families"]}
    assert standings == {"王子墨": "completed", "李沐阳": "started", "高星辰": "not_started"}


async def test_who_is_kept_apart_from_a_child_is_neither_counted_nor_named(
    as_: SignIn, cast: Cast
) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast, family_counts=True)
    await finished(cast, course, "王立强")
    ok(await ask(teacher, cast, course), 201)
    await Guardianship.filter(
        person_id=cast.id("王立强"), student_id=cast.children["王子墨"].id
    ).update(restricted=True)
    told = await figures(teacher, course, node(cast, CLASS))
    assert counts(told) == {"三年级1班": (3, 0, 0)}
    named = {g["name"] for family in told["rows"][0]["families"] for g in family["guardians"]}
    assert "王立强" not in named and "刘敏" in named


async def test_what_has_run_out_is_begun_and_not_completed(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast, valid_days=30)
    await finished(cast, course, "王立强")
    assert counts(await figures(teacher, course)) == {"三年级1班": (6, 1, 1)}
    await execute("UPDATE course_completions SET valid_until = now() - interval '1 day'")
    assert counts(await figures(teacher, course)) == {"三年级1班": (6, 1, 0)}
    # Who only put it on their list has not begun.
    ok(await (await as_("刘敏")).put(f"/me/courses/{course.id}"))
    assert counts(await figures(teacher, course)) == {"三年级1班": (6, 1, 0)}


async def test_above_the_class_small_numbers_are_not_told(as_: SignIn, cast: Cast) -> None:
    course, lead, admin = await on_the_shelf(cast), await as_("郑佩文"), await as_("许建安")
    names = await crowd(cast, SISTER, 9)
    await finished(cast, course, *names[:5])
    await finished(cast, course, *names[5:7], lessons=(0,))
    await finished(cast, course, "王立强")
    by_grade = {"三年级1班": (6, None, None), "三年级2班": (10, 7, 5)}
    assert counts(await figures(lead, course)) == by_grade
    assert counts(await figures(lead, course, node(cast, "海湾/三年级"))) == by_grade
    whole = {"一年级1班": (None,) * 3, "一年级2班": (None,) * 3, **by_grade}
    assert counts(await figures(admin, course)) == whole
    # Asking for one class alone tells no more, until the course is asked of it.
    for visitor in (lead, admin):
        told = await figures(visitor, course, node(cast, CLASS))
        assert counts(told) == {"三年级1班": (6, None, None)}
    ok(await ask(admin, cast, course, "海湾"), 201)
    told = await figures(admin, course, node(cast, CLASS))
    assert counts(told) == {"三年级1班": (6, 1, 1)}
    assert len(told["rows"][0]["families"]) == 3
    told = await figures(lead, course, node(cast, CLASS))
    assert counts(told) == {"三年级1班": (6, None, None)}
    assert told["rows"][0]["families"] is None
    assert (await figures(admin, course))["rows"][0]["families"] is None


async def test_classes_come_by_name_and_not_by_figures(as_: SignIn, cast: Cast) -> None:
    course, admin = await on_the_shelf(cast), await as_("许建安")
    order = ["一年级1班", "一年级2班", "三年级1班", "三年级2班"]
    for key in (SISTER, CLASS):
        await finished(cast, course, *await crowd(cast, key, 6))
        assert list(counts(await figures(admin, course))) == order


async def test_officers_see_schools_and_nothing_below(as_: SignIn, cast: Cast) -> None:
    course, officer = await shared(cast), await as_("沈知微")
    names = await crowd(cast, SISTER, 6)
    await finished(cast, course, *names)
    ok(await (await as_("何清越")).put(adopting(cast, course)))
    await finished(cast, course, "孙海燕")
    told = await figures(officer, course)
    assert counts(told) == {"海湾实验小学": (13, 6, 6), "莲塘中学": (None, None, None)}
    assert {row["families"] for row in told["rows"]} == {None}
    told = await figures(officer, course, node(cast, "海湾"))
    assert counts(told) == {"海湾实验小学": (13, 6, 6)}
    path = f"/courses/{course.id}/completion"
    for key in (CLASS, "海湾/三年级", "远山小学"):
        answer = await officer.get(path, params={"nodeId": node(cast, key)})
        assert answer.status_code == 404, key
    # The owner's staff learn nothing of another school's families, nor they of the owner's.
    admin, there = await as_("许建安"), await as_("何清越")
    assert "七年级1班" not in counts(await figures(admin, course))
    assert set(counts(await figures(there, course))) == {"七年级1班", "七年级2班"}
    for visitor, key in ((admin, "莲塘"), (there, "海湾"), (there, CLASS)):
        answer = await visitor.get(path, params={"nodeId": node(cast, key)})
        assert answer.status_code == 404, key


@pytest.mark.parametrize(
    ("who", "key", "status"),
    [
        ("林晓岚", None, 200), ("林晓岚", CLASS, 200), ("林晓岚", SISTER, 403),
        ("林晓岚", "海湾/三年级", 403), ("郑佩文", SISTER, 200), ("郑佩文", "海湾", 403),
        ("郑佩文", "海湾/一年级", 403), ("周慕云", "海湾", 200), ("吴思远", None, 403),
        ("吴思远", CLASS, 403), ("何清越", None, 404), ("何清越", "莲塘", 404),
        ("王立强", None, 404), ("周婷", CLASS, 404), ("沈知微", None, 404), ("唐一苇", None, 404),
        ("曹望舒", None, 404),
    ],
)  # fmt: skip
async def test_who_sees_whose_figures(
    as_: SignIn, cast: Cast, who: str, key: str | None, status: int
) -> None:
    course = await on_the_shelf(cast)
    params = {"nodeId": node(cast, key)} if key else {}
    answer = await (await as_(who)).get(f"/courses/{course.id}/completion", params=params)
    assert answer.status_code == status, answer.text


async def test_a_class_that_is_asked_no_longer_is_not_named_any_more(
    as_: SignIn, cast: Cast
) -> None:
    teacher, course = await as_("林晓岚"), await on_the_shelf(cast)
    made = ok(await ask(teacher, cast, course), 201)
    place = node(cast, CLASS)
    assert (await figures(teacher, course, place))["rows"][0]["families"] is not None
    await teacher.delete(f"/courses/{course.id}/assignments/{made['id']}")
    row = (await figures(teacher, course, place))["rows"][0]
    assert (row["assigned"], row["families"]) == (False, None)
    # A subject teacher is told no names although the class is asked.
    ok(await ask(teacher, cast, course), 201)
    answer = await (await as_("吴思远")).get(
        f"/courses/{course.id}/completion", params={"nodeId": place}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_place")


async def test_ten_times_the_families_cost_the_same_statements(
    as_: SignIn, cast: Cast, dsn: str
) -> None:
    admin, officer = await as_("许建安"), await as_("沈知微")
    course = await shared(cast, family_counts=True, lessons=2)
    ok(await ask(admin, cast, course, "海湾"), 201)

    async def cost(visitor: Visitor, place: str | None) -> int:
        async with counted(dsn) as statements:
            await figures(visitor, course, place)
            statements.clear()
            await figures(visitor, course, place)
            return await statements.count()

    places = [(admin, None), (admin, node(cast, "海湾")), (admin, node(cast, CLASS))]
    before = [await cost(*one) for one in [*places, (officer, None)]]
    for key in (CLASS, SISTER, "海湾/一年级/1班"):
        await finished(cast, course, *await crowd(cast, key, 12), lessons=(0,))
    assert [await cost(*one) for one in [*places, (officer, None)]] == before


async def test_the_figures_are_those_a_slow_count_finds(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast)
    names = await crowd(cast, CLASS, 8)
    await finished(cast, course, *names[:3])
    await finished(cast, course, *names[3:5], lessons=(1,))
    now = clock.now() + timedelta(seconds=1)
    [tally] = await completion.by_class(course.course, [cast.classes[CLASS].id], now)
    assert (tally.total, tally.started, tally.completed) == (14, 5, 3)
    assert tally.done == {cast.id(name) for name in names[:3]}
    assert tally.begun == {cast.id(name) for name in names[:5]}


@pytest.mark.parametrize(
    ("count", "exact", "told"), [(4, False, None), (5, False, 5), (0, False, None), (0, True, 0)]
)
def test_what_is_told_of_a_count(count: int, exact: bool, told: int | None) -> None:
    assert rules.shown(count, exact=exact) == told
