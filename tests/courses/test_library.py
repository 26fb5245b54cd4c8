"""The library: courses that hosts share, and that schools adopt."""

import asyncio
from typing import Any

import pytest

from backend.courses.models import Adoption, Assignment, Course
from backend.database import fetch
from seed.cast import Cast
from tests.courses.shelf import MINUTE, Shelved, assign, on_the_shelf, watch
from tests.courses.stories import ok, refused, trail
from tests.house import SignIn, Visitor

LICENCE = {"licence": "CC BY-NC 4.0，注明来源"}


async def shared(cast: Cast, title: str = "陪孩子用好网络", **more: Any) -> Shelved:
    """Return a course of 海湾 that is in the library."""
    made = await on_the_shelf(cast, title, licence="CC BY", **more)
    made.course.shared_at = made.course.published_at
    await made.course.save(update_fields=["shared_at"])
    return made


def adopting(cast: Cast, course: Shelved, school: str = "莲塘") -> str:
    return f"/schools/{cast.schools[school].id}/adopted-courses/{course.id}"


async def found(visitor: Visitor, **wanted: Any) -> list[str]:
    return [item["title"] for item in ok(await visitor.get("/library", params=wanted))["items"]]


async def offered(visitor: Visitor) -> list[str]:
    return [item["title"] for item in ok(await visitor.get("/courses"))["items"]]


async def test_a_school_shares_and_another_adopts(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast)
    there, mother = await as_("何清越"), await as_("孙海燕")
    assert await found(there) == []
    assert (await there.put(adopting(cast, course))).status_code == 404
    told = ok(await (await as_("许建安")).put(f"/courses/{course.id}/sharing", json=LICENCE))
    assert (told["shared"], told["licence"]) == (True, LICENCE["licence"])
    [line] = ok(await there.get("/library"))["items"]
    assert (line["host"], line["licence"], line["adoptions"]) == (
        "海湾家长学校", LICENCE["licence"], 0,
    )  # fmt: skip
    assert (line["adoptedAt"], line["own"], line["lessons"]) == ([], False, 2)
    assert await offered(mother) == []
    made = ok(await there.put(adopting(cast, course)))
    assert ok(await there.put(adopting(cast, course))) == made
    assert await offered(mother) == ["陪孩子用好网络"]
    [line] = ok(await there.get("/library"))["items"]
    assert (line["adoptions"], line["adoptedAt"]) == (1, [str(cast.schools["莲塘"].id)])
    [own] = ok(await (await as_("林晓岚")).get("/library"))["items"]
    assert (own["own"], own["adoptions"], own["adoptedAt"]) == (True, 1, [])
    assert await trail(str(course.id)) == ["courses.shared", "courses.adopted"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("周慕云", 200), ("林晓岚", 403), ("郑佩文", 403), ("王立强", 404), ("周婷", 404),
     ("何清越", 404), ("沈知微", 404), ("唐一苇", 404), ("曹望舒", 404)],
)  # fmt: skip
async def test_only_those_who_run_the_host_share(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    course = await on_the_shelf(cast)
    visitor = await as_(who)
    assert (await visitor.put(f"/courses/{course.id}/sharing", json=LICENCE)).status_code == status
    expected = 204 if status == 200 else status
    assert (await visitor.delete(f"/courses/{course.id}/sharing")).status_code == expected
    assert (await Course.get(id=course.id)).shared_at is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("何清越", 200), ("罗以南", 403), ("许建安", 404), ("沈知微", 403), ("孙海燕", 404),
     ("唐一苇", 404), ("曹望舒", 404)],
)  # fmt: skip
async def test_only_those_who_run_a_school_adopt_for_it(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    course = await shared(cast)
    visitor = await as_(who)
    assert (await visitor.put(adopting(cast, course))).status_code == status
    assert await Adoption.all().count() == (status == 200)
    expected = 204 if status == 200 else status
    assert (await visitor.delete(adopting(cast, course))).status_code == expected
    assert await Adoption.all().count() == 0


@pytest.mark.parametrize(
    ("who", "status"),
    [("罗以南", 200), ("林晓岚", 200), ("沈知微", 200), ("王立强", 404), ("周婷", 404)],
)
async def test_the_library_is_for_the_staff_of_the_district(
    as_: SignIn, cast: Cast, who: str, status: int
) -> None:
    await shared(cast)
    answer = await (await as_(who)).get("/library")
    assert answer.status_code == status
    if status == 200:
        assert len(answer.json()["items"]) == 1


async def test_nothing_crosses_the_border_of_a_district(as_: SignIn, cast: Cast) -> None:
    course = await shared(cast)
    for name in ("唐一苇", "曹望舒"):
        assert await found(await as_(name)) == [], name
    assert (await (await as_("唐一苇")).put(adopting(cast, course, "远山小学"))).status_code == 404


async def test_a_draft_is_not_shared_and_ones_own_is_not_adopted(as_: SignIn, cast: Cast) -> None:
    admin, course = await as_("许建安"), await shared(cast)
    refused(await admin.put(adopting(cast, course, "海湾")), "own_course")
    draft = await on_the_shelf(cast, "还没写完")
    await Course.filter(id=draft.id).update(state="draft")
    refused(await admin.put(f"/courses/{draft.id}/sharing", json=LICENCE), "wrong_course_state")
    for licence in ("", "长" * 201, "a\u202eb"):
        answer = await admin.put(f"/courses/{course.id}/sharing", json={"licence": licence})
        assert answer.status_code == 400, licence


async def test_sharing_ends_and_those_who_adopted_keep_it_until_it_is_retired(
    as_: SignIn, cast: Cast
) -> None:
    course, admin, there = await shared(cast), await as_("许建安"), await as_("何清越")
    await there.put(adopting(cast, course))
    for _ in range(2):
        assert (await admin.delete(f"/courses/{course.id}/sharing")).status_code == 204
    assert await found(there) == []
    assert await found(there, adopted=False) == []
    [line] = ok(await there.get("/library", params={"adopted": True}))["items"]
    assert (line["shared"], line["licence"]) == (False, "CC BY")
    mother = await as_("孙海燕")
    assert await offered(mother) == ["陪孩子用好网络"]
    # Whoever adopted it may say so again; a school that has not comes too late.
    ok(await there.put(adopting(cast, course)))
    why = {"reason": "内容已过时"}
    ok(await admin.put(f"/courses/{course.id}/retirement", json=why))
    assert await offered(mother) == []
    assert await found(there, adopted=True) == []
    assert (await there.put(adopting(cast, course))).status_code == 404
    for _ in range(2):
        status = (await there.delete(adopting(cast, course))).status_code
    assert (status, await Adoption.all().count()) == (404, 0)


async def test_who_learnt_with_an_adopted_course_keeps_what_they_completed(
    as_: SignIn, cast: Cast
) -> None:
    course, there, mother = await shared(cast), await as_("何清越"), await as_("孙海燕")
    ok(await there.put(adopting(cast, course)))
    for lesson in course.lessons:
        await watch(cast.id("孙海燕"), lesson, to=5 * MINUTE)
    node = cast.classes["莲塘/七年级/1班"].id
    asked = await assign(course, cast, node)
    await Assignment.filter(id=asked.id).update(school_id=cast.schools["莲塘"].id)
    assert (await there.delete(adopting(cast, course))).status_code == 204
    assert (await there.delete(adopting(cast, course))).status_code == 204
    assert await offered(mother) == []
    assert (await mother.get(f"/courses/{course.id}")).status_code == 404
    [mine] = ok(await mother.get("/me/courses"))["items"]
    assert (mine["standing"], mine["available"]) == ("completed", False)
    assert len(ok(await mother.get("/me/certificates"))["items"]) == 1
    asked = await Assignment.get(id=asked.id)
    assert asked.ended_at is not None
    [given_up] = await fetch(
        "SELECT facts::text AS facts FROM audit_entries WHERE action = 'courses.given_up'"
    )
    assert '"assignments_ended": 1' in given_up["facts"]


async def test_a_course_of_the_districts_own_is_offered_whether_adopted_or_not(
    as_: SignIn, cast: Cast
) -> None:
    course = await shared(cast, "区里的课", school=None)
    there, mother = await as_("何清越"), await as_("孙海燕")
    ok(await there.put(adopting(cast, course)))
    [line] = ok(await there.get("/library"))["items"]
    assert (line["hostKind"], line["schoolId"], line["adoptions"]) == ("district", None, 1)
    assert (await there.delete(adopting(cast, course))).status_code == 204
    assert await offered(mother) == ["区里的课"]
    officer = await as_("沈知微")
    assert (await officer.delete(f"/courses/{course.id}/sharing")).status_code == 204
    assert (await there.delete(f"/courses/{course.id}/sharing")).status_code == 403


async def test_what_is_adopted_while_sharing_ends_is_adopted_or_refused(
    as_: SignIn, cast: Cast
) -> None:
    admin, there = await as_("许建安"), await as_("何清越")
    for number in range(5):
        course = await shared(cast, f"第{number}门")
        answers = await asyncio.gather(
            there.put(adopting(cast, course)),
            admin.delete(f"/courses/{course.id}/sharing"),
            there.put(adopting(cast, course)),
        )
        adopted, withdrawn, again = (answer.status_code for answer in answers)
        assert withdrawn == 204 and {adopted, again} <= {200, 404}
        held = await Adoption.filter(course_id=course.id).count()
        assert held == (200 in (adopted, again))


async def test_the_library_is_searched_and_paged(as_: SignIn, cast: Cast) -> None:
    there = await as_("何清越")
    for number in range(5):
        title = f"亲子阅读{number}" if number % 2 else f"成长{number}"
        await shared(cast, title, lessons=0, summary="亲子阅读公开课", topic="parenting")
    await shared(cast, "法律课", topic="law", stages=["junior"])
    assert (await found(there, q="亲子阅读"))[:2] == ["亲子阅读3", "亲子阅读1"]
    assert await found(there, topic="law") == ["法律课"]
    assert len(await found(there, stage="primary")) == 5
    assert await found(there, q="天文") == []
    for wanted in ({"q": "亲子阅读"}, {}, {"adopted": False}):
        whole, seen, cursor = await found(there, **wanted), [], {}
        while True:
            page = ok(await there.get("/library", params={"limit": 2, **wanted, **cursor}))
            seen += [item["title"] for item in page["items"]]
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}
        assert seen == whole
    answer = await there.get("/library", params={"topic": "law", **cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_where_courses_are_off_there_is_no_library(as_: SignIn, cast: Cast) -> None:
    course = await shared(cast)
    await fetch(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (gen_random_uuid(), $1, 'courses', false) RETURNING id",
        cast.schools["莲塘"].id,
    )
    there = await as_("何清越")
    assert (await there.get("/library")).status_code == 404
    assert (await there.put(adopting(cast, course))).status_code == 404
