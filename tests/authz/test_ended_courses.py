"""What somebody may do in the parent school ends with the tie or the office it came from, and
with the school's own wish to have one.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from backend.courses.models import PublicationState
from backend.database import execute, fetch
from backend.schools.models import FeatureSwitch, Function
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.rows_courses import PLAY
from tests.authz.state import undone
from tests.authz.world import World

ENDINGS = ("restricted = true", "valid_until = now()")
BEATS = {"beats": [{"seq": 1, "from": 0, "to": 5}], "position": 5}
SEALED = frozenset({404})


async def _end_guardianship(world: World, ending: str) -> None:
    person = world.people["parent"]
    assert await execute(f"UPDATE guardianships SET {ending} WHERE person_id = $1", person) == 1


async def _end_office(world: World, name: str, **change: Any) -> None:
    sets = ", ".join(f"{column} = ${n}" for n, column in enumerate(change, 2)) or (
        "valid_until = now()"
    )
    changed = await execute(
        f"UPDATE standings SET {sets} WHERE person_id = $1 AND valid_until IS NULL",
        world.people[name],
        *change.values(),
    )
    assert changed == 1


@pytest.mark.parametrize("ending", ENDINGS)
async def test_courses_are_out_of_sight_once_the_guardianship_is_over(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    course, lesson = f"/courses/{own.course_id}", f"/lessons/{own.lesson_id}"
    shared = f"/courses/{own.district_course_id}"
    track, retired = f"/tracks/{own.track_id}", f"/courses/{own.retired_course_id}"
    quiz, school = f"/lessons/{own.asks_lesson_id}/quiz", f"/schools/{own.school_id}"
    reads = (
        course, f"{course}/lessons", f"{course}/cover", lesson, quiz, shared, track, retired,
        f"{school}/tracks", f"{school}/parent-school",
    )  # fmt: skip
    writes = (f"{lesson}/plays/{PLAY}", f"/me/courses/{own.course_id}", f"{course}/renewal")
    for url in reads:
        assert (await phone.get(url)).status_code == 200, url
    for url in writes[:2]:
        async with undone():
            assert (await phone.put(url)).status_code == 200, url
    async with undone():
        await _end_guardianship(world, ending)
        for url in reads:
            assert (await phone.get(url)).status_code == 404, url
        for url in writes:
            assert (await phone.put(url)).status_code == 404, url
        assert (await phone.get("/courses")).json()["items"] == []
        assert (await phone.get("/me/courses/recommended")).json()["items"] == []


@pytest.mark.parametrize("ending", ENDINGS)
async def test_what_was_learnt_stays_ones_own_after_the_guardianship(
    world: World, ending: str
) -> None:
    own, phone = world.places["own"], world.phones["parent"]
    async with undone():
        await _end_guardianship(world, ending)
        certificates = (await phone.get("/me/certificates")).json()["items"]
        assert str(own.district_certificate_id) in {one["id"] for one in certificates}
        image = await phone.get(f"/me/certificates/{own.district_certificate_id}/image")
        assert image.status_code == 200
        mine = (await phone.get("/me/courses")).json()["items"]
        held = {one["courseId"]: one for one in mine}
        assert set(held) == {
            str(own.course_id), str(own.done_course_id), str(own.retired_course_id)
        }  # fmt: skip
        # It is on record, and leads nowhere.
        for one in mine:
            assert not one["available"]
            assert one["nextLesson"] is None
            assert one["resume"] is None
        # Whoever has a film on may see it to its end.
        told = await phone.put(f"/lessons/{own.lesson_id}/plays/{PLAY}/beats", json=BEATS)
        assert told.status_code == 200
        assert (await phone.delete(f"/me/courses/{own.course_id}")).status_code == 204


async def test_a_guardian_who_is_barred_is_counted_for_no_class(world: World) -> None:
    own, teacher = world.places["own"], world.phones["class_teacher"]
    url, asked = f"/courses/{own.course_id}/completion", {"nodeId": str(own.class_id)}

    async def guardians() -> tuple[int, set[str]]:
        [row] = (await teacher.get(url, params=asked)).json()["rows"]
        named = {one["personId"] for child in row["families"] for one in child["guardians"]}
        return row["total"], named

    total, named = await guardians()
    assert str(world.people["parent"]) in named
    assert str(world.people["parent_restricted"]) not in named
    async with undone():
        await _end_guardianship(world, ENDINGS[0])
        assert await guardians() == (total - 1, named - {str(world.people["parent"])})


async def test_an_author_who_left_edits_submits_and_credits_no_more(world: World) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    course, draft = f"/courses/{own.course_id}", f"/courses/{own.draft_course_id}"
    credit = f"/lessons/{own.lesson_id}/credits/{own.person_id}"
    reason, plain = {"reason": "参加了线下讲座"}, {"title": "新课", "topic": "parenting"}

    def tries() -> Iterator[tuple[str, str, dict[str, Any] | None]]:
        yield "GET", draft, None
        yield "PUT", draft, {"version": 1, "delivery": "both", **plain}
        yield "PUT", f"{draft}/submission", None
        yield "PUT", f"/lessons/{own.revised_lesson_id}/submission", None
        yield "PUT", f"/lessons/{own.lesson_id}/draft", {
            "version": 0, "kind": "article", "title": "新", "paragraphs": ["文"],
        }  # fmt: skip
        yield "GET", f"/lessons/{own.asks_lesson_id}/quiz/statistics", None
        yield "GET", f"{course}/reviews", None
        yield "GET", f"{course}/completion", None
        yield "PUT", credit, reason

    for method, url, body in tries():
        async with undone():
            answer = await phone.request(method, url, json=body)
            assert answer.is_success, f"{method} {url} {answer.text}"
    async with undone():
        await _end_office(world, "class_teacher")
        for method, url, body in tries():
            answer = await phone.request(method, url, json=body)
            assert answer.status_code == 404, f"{method} {url} {answer.text}"
    # Another school's teacher now: nothing of it came along.
    there = world.places["other_school"]
    async with undone():
        await _end_office(
            world, "class_teacher", school_id=there.school_id, grade_id=there.grade_id,
            class_id=there.class_id,
        )  # fmt: skip
        for method, url, body in tries():
            answer = await phone.request(method, url, json=body)
            assert answer.status_code == 404, f"{method} {url} {answer.text}"


async def test_whoever_teaches_another_class_credits_and_asks_the_former_one_no_more(
    world: World,
) -> None:
    own, phone = world.places["own"], world.phones["class_teacher"]
    credit = f"/lessons/{own.lesson_id}/credits/{own.person_id}"
    asked = f"/courses/{own.course_id}/assignments/{own.assignment_id}"
    counted = f"/courses/{own.course_id}/completion"
    async with undone():
        await _end_office(world, "class_teacher", class_id=world.places["other_class"].class_id)
        refused = await phone.put(credit, json={"reason": "参加了线下讲座"})
        assert refused.status_code == 404
        assert (await phone.put(asked, json={"dueOn": None})).status_code == 403
        named = await phone.get(counted, params={"nodeId": str(own.class_id)})
        assert named.status_code == 403
        # What they wrote stays theirs to write on.
        again = await phone.get(f"/courses/{own.draft_course_id}")
        assert again.status_code == 200
    async with undone():
        await _end_office(world, "class_teacher", role="subject_teacher")
        refused = await phone.put(credit, json={"reason": "参加了线下讲座"})
        assert refused.status_code == 403


async def test_an_administrator_who_left_publishes_nothing_more(world: World) -> None:
    own, phone = world.places["own"], world.phones["admin"]
    yes = {"approved": True}
    urls = (
        (f"/courses/{own.waiting_course_id}/review", yes),
        (f"/lessons/{own.changed_lesson_id}/review", yes),
        (f"/courses/{own.course_id}/retirement", {"reason": "内容已过时"}),
        (f"/courses/{own.course_id}/sharing", {"licence": "CC BY 4.0"}),
    )
    for url, body in urls:
        async with undone():
            assert (await phone.put(url, json=body)).status_code == 200, url
    for change, status in (({}, 404), ({"role": "subject_teacher"}, 403)):
        async with undone():
            await _end_office(world, "admin", **change)
            for url, body in urls:
                assert (await phone.put(url, json=body)).status_code == status, url


async def test_where_the_school_wants_no_courses_there_are_none(matrix: Matrix) -> None:
    world, own = matrix.world, matrix.world.places["own"]
    routes = {
        name: operation
        for name, operation in matrix.operations.items()
        if operation.handler.opt.get("function") == Function.COURSES
        and "/courses/" in str(operation.handler.fn.__module__).replace(".", "/")
    }
    assert len(routes) >= 45
    variants = {"getQuiz": "asks", "handInQuiz": "asks", "getQuizStatistics": "asks"}
    async with undone():
        await FeatureSwitch.create(school_id=own.school_id, function=Function.COURSES, is_on=False)
        for name, operation in routes.items():
            for who in ("parent", "class_teacher", "admin", "chair"):
                cell = Cell(who, "own", SEALED)
                answer = await matrix.send(operation, variants.get(name, ""), cell)
                assert answer.status_code == 404, f"{name} {who}: {answer.text}"
        # Who has adopted a course of that school goes on with it.
        there = world.phones["parent_other_school"]
        assert (await there.get(f"/courses/{own.shared_course_id}")).status_code == 200
        assert (await there.get(f"/courses/{own.course_id}")).status_code == 404


async def test_what_was_retired_or_never_published_is_played_by_nobody(world: World) -> None:
    """Also not by those who may read it at work."""
    own = world.places["own"]
    rows = await fetch(
        "SELECT l.id, c.state FROM lessons l JOIN courses c ON c.id = l.course_id "
        "WHERE c.school_id = $1 AND (c.state <> 'published' OR l.state <> 'published')",
        own.school_id,
    )
    assert {row["state"] for row in rows} == set(PublicationState) - {PublicationState.PUBLISHED}
    for row in rows:
        lesson: UUID = row["id"]
        for name in ("parent", "class_teacher", "admin"):
            answer = await world.phones[name].put(f"/lessons/{lesson}/plays/{PLAY}")
            assert answer.status_code == 404, row
