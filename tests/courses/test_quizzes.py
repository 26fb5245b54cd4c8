"""Quizzes: asked without the answers, graded on the server, tried only so often."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest

from backend.courses.models import QuizAttempt
from backend.database import execute
from seed.cast import Cast
from tests import contract
from tests.courses.quizzing import (
    RIGHT,
    WRONG,
    a_minute_later,
    answers,
    ask,
    hand_in,
    multiple,
    order,
    single,
    the_quiz,
)
from tests.courses.shelf import on_the_shelf, revise, watch
from tests.house import SignIn, Visitor


async def test_a_quiz_is_graded_on_the_server(as_: SignIn, cast: Cast) -> None:
    father, lesson = await as_("王立强"), (await on_the_shelf(cast, lessons=1)).lessons[0]
    await ask(lesson, single(), multiple(), order(), pass_percent=67, most_attempts=3)
    quiz = await the_quiz(father, lesson)
    assert [question["kind"] for question in quiz["questions"]] == ["single", "multiple", "order"]
    assert (quiz["attemptsMade"], quiz["attemptsLeft"], quiz["passed"]) == (0, 3, False)

    first = await hand_in(father, lesson, {**RIGHT, "order": WRONG["order"]})
    # Two of three are 66.67 per cent: not yet 67.
    assert (first["number"], first["percent"], first["passed"]) == (1, 66, False)
    assert [question["isRight"] for question in first["questions"]] == [True, True, False]
    assert all(question["answer"] is None for question in first["questions"])
    assert first["attemptsLeft"] == 2
    assert set(first["missing"]) == {"watch", "quiz"}

    await a_minute_later(lesson)
    second = await hand_in(father, lesson, RIGHT)
    assert (second["number"], second["percent"], second["passed"]) == (2, 100, True)
    assert (second["completed"], second["missing"]) == (False, ["watch"])
    shown = {
        question["id"]: {option["key"]: option["text"] for option in question["options"]}
        for question in quiz["questions"]
    }
    told = [
        {shown[question["questionId"]][key] for key in question["answer"]}
        for question in second["questions"]
    ]
    assert told == [set(RIGHT[kind]) for kind in ("single", "multiple", "order")]
    assert second["questions"][0]["explanation"] == single()["explanation"]
    after = await the_quiz(father, lesson)
    assert (after["bestPercent"], after["passed"], after["openFrom"]) == (100, True, None)
    assert after["questions"][0]["answer"] == second["questions"][0]["answer"]


async def test_a_lesson_is_completed_by_watching_and_passing_in_either_order(
    as_: SignIn, cast: Cast
) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, lessons=2)
    for lesson in course.lessons:
        await ask(lesson, single())
    await watch(cast.id("王立强"), course.lessons[0])
    passed = await hand_in(father, course.lessons[0], RIGHT)
    assert (passed["completed"], passed["missing"]) == (True, [])
    early = await hand_in(father, course.lessons[1], RIGHT)
    assert (early["completed"], early["missing"]) == (False, ["watch"])
    await watch(cast.id("王立强"), course.lessons[1])
    [mine] = (await father.get("/me/courses")).json()["items"]
    assert (mine["standing"], mine["percent"]) == ("completed", 100)


async def test_nothing_a_learner_can_fetch_tells_the_answers(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, lessons=1, kind="quiz")
    [lesson] = course.lessons
    await ask(lesson, single(), order(), most_attempts=2)
    await father.put(f"/me/courses/{course.id}")
    hidden = [single()["explanation"], order()["explanation"]]
    told = ("answer", "explanation")

    def search(value: Any, where: str) -> None:
        if isinstance(value, dict):
            for name, inside in value.items():
                assert name not in told or inside is None, (where, name)
                search(inside, where)
        elif isinstance(value, list):
            for inside in value:
                search(inside, where)

    places = {
        "course_id": course.id,
        "lesson_id": lesson.id,
        "school_id": cast.schools["海湾"].id,
        "parent_school_id": course.course.host_id,
    }
    paths = [
        path.removeprefix("/v1").format(**places)
        for path, item in contract.committed().document["paths"].items()
        if "get" in item
        and set(re.findall(r"{(\w+)}", path)) <= places.keys()
        and path.startswith("/v1/")
    ]
    assert f"/lessons/{lesson.id}" in paths
    assert f"/courses/{course.id}/lessons" in paths
    for _ in range(2):
        for path in paths:
            found = await father.get(path)
            assert not any(sentence in found.text for sentence in hidden), path
            if found.is_success and "json" in found.headers["content-type"]:
                search(found.json(), path)
        # The author's keys say which comes first: they stay inside too.
        quiz = await the_quiz(father, lesson)
        keys = {option["key"] for q in quiz["questions"] for option in q["options"]}
        assert len(keys) == 6
        assert keys.isdisjoint({"a", "b", "c"})
        if not await QuizAttempt.exists():
            await hand_in(father, lesson, WRONG)
    # The author's own keys are worth nothing at the door.
    await a_minute_later(lesson)
    guess = {
        q["id"]: ["a"] if q["kind"] == "single" else ["a", "b", "c"] for q in quiz["questions"]
    }
    refused = await father.post(f"/lessons/{lesson.id}/quiz/attempts", json={"answers": guess})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")
    # Nor are another learner's.
    borrowed = await answers(await as_("李建国"), lesson, RIGHT)
    refused = await father.post(f"/lessons/{lesson.id}/quiz/attempts", json={"answers": borrowed})
    assert refused.status_code == 400


async def test_options_come_in_another_order_for_each_learner_and_attempt(
    as_: SignIn, cast: Cast
) -> None:
    father, mother = await as_("王立强"), await as_("刘敏")
    [lesson] = (await on_the_shelf(cast, lessons=1)).lessons
    many = {
        **multiple(),
        "options": [{"key": f"k{n}", "text": f"做法{n}"} for n in range(8)],
        "answer": ["k0", "k1"],
    }
    await ask(lesson, *[many for _ in range(4)])

    async def seen(visitor: Visitor) -> list[list[str]]:
        quiz = await the_quiz(visitor, lesson)
        return [[option["text"] for option in q["options"]] for q in quiz["questions"]]

    first = await seen(father)
    assert await seen(father) == first
    assert await seen(mother) != first
    wrong = {"multiple": ["做法7"]}
    await hand_in(father, lesson, wrong)
    assert await seen(father) != first


async def test_attempts_are_limited_and_apart(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    [lesson] = (await on_the_shelf(cast, lessons=1)).lessons
    await ask(lesson, single(), most_attempts=2)
    await hand_in(father, lesson, WRONG)
    soon = await hand_in(father, lesson, RIGHT, 429)
    assert soon["code"] == "quiz_pause"
    assert 1 <= soon["facts"]["seconds"] <= 60
    await a_minute_later(lesson)
    last = await hand_in(father, lesson, WRONG)
    assert (last["attemptsLeft"], last["openFrom"]) == (0, None)
    # Nothing is left to be graded: now the answer is told.
    assert last["questions"][0]["answer"] is not None
    await a_minute_later(lesson)
    assert (await hand_in(father, lesson, RIGHT, 409))["code"] == "no_attempts_left"
    assert await QuizAttempt.all().count() == 2
    # Another learner's attempts are their own.
    mother = await as_("刘敏")
    assert (await the_quiz(mother, lesson))["attemptsLeft"] == 2
    assert (await hand_in(mother, lesson, RIGHT))["passed"]
    assert (await hand_in(mother, lesson, RIGHT, 409))["code"] == "quiz_already_passed"


async def test_two_hand_ins_at_once_are_one_attempt(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    [lesson] = (await on_the_shelf(cast, lessons=1)).lessons
    await ask(lesson, single(), most_attempts=1)
    body = {"answers": await answers(father, lesson, WRONG)}
    url = f"/lessons/{lesson.id}/quiz/attempts"
    # Connections that are open already do not queue for one another.
    await asyncio.gather(*[father.get(f"/lessons/{lesson.id}/quiz") for _ in range(5)])
    at_once = await asyncio.gather(*[father.post(url, json=body) for _ in range(5)])
    assert sorted(answer.json().get("code", "") for answer in at_once) == [
        "",
        *["no_attempts_left"] * 4,
    ]
    assert await QuizAttempt.all().count() == 1


async def test_a_repeated_hand_in_gets_the_same_grade(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    [lesson] = (await on_the_shelf(cast, lessons=1)).lessons
    await ask(lesson, single())
    body = {"answers": await answers(father, lesson, RIGHT)}
    url, key = f"/lessons/{lesson.id}/quiz/attempts", {"Idempotency-Key": "the-same-key"}
    first = await father.post(url, json=body, headers=key)
    again = await father.post(url, json=body, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    assert await QuizAttempt.all().count() == 1


async def test_what_does_not_answer_the_questions_is_no_attempt(as_: SignIn, cast: Cast) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, lessons=1)
    [lesson] = course.lessons
    await ask(lesson, single(), order())
    url = f"/lessons/{lesson.id}/quiz/attempts"
    right = await answers(father, lesson, RIGHT)
    one, other = right
    for given, code in (
        ({one: right[one]}, "not_answered"),
        ({**right, str(uuid4()): ["a"]}, "questions_changed"),
        ({**right, one: [right[one][0], right[one][0]]}, "bad_input"),
        ({**right, one: [right[other][0]]}, "bad_input"),
    ):
        refused = await father.post(url, json={"answers": given})
        assert refused.json()["code"] == code, refused.text
    await revise(course, lesson)
    await ask(lesson, single())
    stale = await father.post(url, json={"answers": right})
    assert (stale.status_code, stale.json()["code"]) == (409, "questions_changed")
    assert not await QuizAttempt.exists()


@pytest.mark.parametrize("again", [False, True])
async def test_a_pass_outlives_a_revision_unless_it_has_to_be_done_again(
    as_: SignIn, cast: Cast, *, again: bool
) -> None:
    father = await as_("王立强")
    course = await on_the_shelf(cast, lessons=1)
    [lesson] = course.lessons
    await ask(lesson, single(), most_attempts=2)
    await hand_in(father, lesson, WRONG)
    await a_minute_later(lesson)
    await hand_in(father, lesson, RIGHT)
    await revise(course, lesson, again=again)
    await ask(lesson, single("另一道题？"), most_attempts=2)
    quiz = await the_quiz(father, lesson)
    assert quiz["passed"] is not again
    assert (quiz["questions"][0]["answer"] is None) is again
    assert quiz["attemptsLeft"] == 2
    assert quiz["bestPercent"] == (None if again else 100)


async def test_a_quiz_is_for_those_the_course_is_offered_to(as_: SignIn, cast: Cast) -> None:
    course = await on_the_shelf(cast, lessons=2)
    lesson, silent = course.lessons
    await ask(lesson, single())
    url = f"/lessons/{lesson.id}/quiz"
    body = {"answers": await answers(await as_("王立强"), lesson, RIGHT)}
    assert (await (await as_("王立强")).get(f"/lessons/{silent.id}/quiz")).status_code == 404
    assert (await (await as_("林晓岚")).get(url)).status_code == 200
    for stranger in ("孙海燕", "钱进", "何清越", "沈知微", "唐一苇"):
        visitor = await as_(stranger)
        assert (await visitor.get(url)).status_code == 404, stranger
        assert (await visitor.post(f"{url}/attempts", json=body)).status_code == 404, stranger
    await execute("UPDATE guardianships SET restricted = true WHERE person_id = $1",
                  cast.id("李建国"))  # fmt: skip
    assert (await (await as_("李建国")).get(url)).status_code == 404
    await execute("UPDATE courses SET state = 'retired', retired_reason = '过时'")
    assert (await (await as_("王立强")).get(url)).status_code == 404
