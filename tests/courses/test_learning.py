"""Learning a course from the first minute to the certificate, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from backend import clock
from backend.courses.models import Adoption, Course, Lesson, Revision
from backend.database import fetch, fetch_one
from backend.settings import Settings
from seed.cast import Cast
from tests.courses.quizzing import RIGHT, answers, ask, single
from tests.courses.shelf import a_lesson, on_the_shelf, revise
from tests.courses.stories import a_medium
from tests.courses.viewing import Hand, Viewing, counts, letters, opened, seen, spans
from tests.house import SignIn, Visitor, _open

FATHER, MOTHER = "王立强", "刘敏"


async def pass_quiz(phone: Visitor, lesson: Lesson) -> Any:
    given = await answers(phone, lesson, RIGHT)
    answer = await phone.post(f"/lessons/{lesson.id}/quiz/attempts", json={"answers": given})
    assert answer.json()["passed"], answer.text
    return answer.json()


async def test_a_lesson_goes_on_where_it_was_left_on_any_phone_and_ends_with_a_certificate(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast), await as_(FATHER)
    medium = await a_medium(cast)
    await Revision.filter(lesson_id=shelved.lessons[0].id).update(attachment_id=medium)
    hand = Hand(monkeypatch)
    bus = Viewing(father, shelved.lessons[0])
    shown = await bus.open()
    assert (shown["threshold"], shown["percent"], shown["positionMs"]) == (90, 0, 0)
    assert (shown["beatSeconds"], shown["fastest"], shown["round"]) == (15, 2, 1)
    assert shown["lessonCompleted"] is shown["hasQuiz"] is shown["completed"] is False
    assert shown["media"]["durationMs"] == 300_000
    assert shown["media"]["url"].startswith(f"/v1/attachments/{medium}/original?link=")
    told = await bus.watch(hand, 0, 120_000)
    assert (told["percent"], told["completed"], told["offlineMs"]) == (40, False, 0)
    hand.forward(300)
    home = Viewing(father, shelved.lessons[0])
    shown = await home.open()
    assert (shown["positionMs"], spans(shown)) == (120_000, [(0, 120_000)])
    told = await home.watch(hand, 120_000, 300_000)
    assert (told["completed"], told["lessonCompleted"]) == (True, False)
    again = await home.tell((0, 15_000))
    assert (again["completed"], again["lessonCompleted"], again["coveredMs"]) == (
        True,
        False,
        300_000,
    )
    assert (await home.open())["lessonCompleted"] is True
    told = await seen(father, hand, shelved.lessons[1])
    assert told["percent"] == 100
    course = await fetch_one("SELECT * FROM course_completions")
    assert course is not None
    assert (course["lessons"], course["rule_version"], course["round"]) == (2, 1, 1)
    assert (course["covered_ms"], course["offline_ms"]) == (570_000, 0)
    assert course["valid_until"] is None
    (letter,) = await letters("courses.completed")
    assert (letter["title_zh"], "《陪孩子用好网络》" in letter["body_zh"]) == (
        "您有一项学习已完成",
        True,
    )
    (mine,) = (await father.get("/me/certificates")).json()["items"]
    assert (mine["title"], mine["issuer"], mine["id"]) == (
        "结业证书",
        "海湾实验小学（海湾家长学校）",
        str(course["certificate_id"]),
    )
    assert [(f["value"], f["unit"]) for f in mine["figures"]] == [
        ("2", "节"), ("9", "分钟"), ("95", "%"),
    ]  # fmt: skip
    assert mine["lines"] == [{"label": "课程", "value": "陪孩子用好网络"}]


async def test_the_threshold_answers_the_report_that_reaches_it(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1), await as_(FATHER)
    hand = Hand(monkeypatch)
    viewing = await opened(father, shelved.lessons[0])
    told = await viewing.watch(hand, 0, 269_000)
    assert (told["percent"], told["completed"]) == (89, False)
    told = await viewing.watch(hand, 269_000, 284_000)
    assert told["completed"] and told["lessonCompleted"] and told["courseCompleted"]
    assert told["certificateId"] is not None
    again = await viewing.watch(hand, 284_000, 290_000)
    assert (again["completed"], again["courseCompleted"], again["certificateId"]) == (
        True,
        False,
        None,
    )


async def test_a_lesson_with_a_quiz_needs_both_in_either_order(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast), await as_(FATHER)
    hand = Hand(monkeypatch)
    first, second = shelved.lessons
    await ask(first, single())
    await ask(second, single("另一题"))
    await seen(father, hand, first)
    assert await counts("lesson_completions", cast.id(FATHER)) == 0
    assert (await pass_quiz(father, first))["completed"] is True
    assert (await pass_quiz(father, second))["completed"] is False
    assert await counts("course_completions", cast.id(FATHER)) == 0
    hand.forward(60)
    await seen(father, hand, second)
    assert await counts("course_completions", cast.id(FATHER)) == 1
    done = await fetch("SELECT means, quiz_percent FROM lesson_completions")
    assert done == [{"means": "watched", "quiz_percent": 100}] * 2


async def test_an_article_is_read_and_a_quiz_alone_is_answered(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1, kind="article"), await as_(FATHER)
    hand = Hand(monkeypatch)
    test = await a_lesson(shelved, "小测验", kind="quiz")
    await ask(test, single())
    refused = await father.put(f"/lessons/{test.id}/plays/{uuid4()}")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_play")
    await seen(father, hand, shelved.lessons[0])
    await pass_quiz(father, test)
    done = await fetch("SELECT means, covered_ms FROM lesson_completions ORDER BY completed_at, id")
    assert [row["means"] for row in done] == ["read", "quiz"]
    assert await counts("course_completions", cast.id(FATHER)) == 1


async def test_what_was_completed_stays_unless_it_must_be_watched_again(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast), await as_(FATHER)
    hand = Hand(monkeypatch)
    first, second = shelved.lessons
    await seen(father, hand, first)
    await revise(shelved, first)
    assert (await Viewing(father, first).open())["lessonCompleted"] is True
    await revise(shelved, first, again=True)
    shown = await Viewing(father, first).open()
    assert (shown["lessonCompleted"], shown["coveredMs"], shown["positionMs"]) == (False, 0, 0)
    await seen(father, hand, second)
    assert await counts("course_completions", cast.id(FATHER)) == 0
    await seen(father, hand, first)
    assert await counts("course_completions", cast.id(FATHER)) == 1
    await revise(shelved, first, again=True)
    assert await counts("course_completions", cast.id(FATHER)) == 1


async def test_a_play_of_an_earlier_medium_counts_for_none_of_both(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1), await as_(FATHER)
    hand, lesson = Hand(monkeypatch), shelved.lessons[0]
    old = await opened(father, lesson)
    await old.watch(hand, 0, 60_000)
    await revise(shelved, lesson, again=True)
    hand.forward(15)
    for _ in range(2):
        late = await old.send((60_000, 75_000))
        assert (late.status_code, late.json()["code"]) == (409, "play_ended")
        new = Viewing(father, lesson)
        assert (await new.open())["coveredMs"] == 0
    reopened = await father.put(old.url)
    assert (reopened.status_code, reopened.json()["code"]) == (409, "play_ended")
    hand.forward(15)
    assert (await new.tell((0, 15_000)))["coveredMs"] == 15_000


async def test_a_play_ends_after_twelve_hours_and_is_opened_again_without_a_loss(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    shelved, father = await on_the_shelf(cast), await as_(FATHER)
    hand = Hand(monkeypatch)
    viewing = await opened(father, shelved.lessons[0])
    await viewing.watch(hand, 0, 60_000)
    hand.forward(hours=12)
    await _open(father, cast.id(FATHER), settings)
    assert (await viewing.send((60_000, 75_000))).json()["code"] == "play_ended"
    assert (await viewing.open())["positionMs"] == 60_000
    assert (await viewing.tell((60_000, 75_000)))["coveredMs"] == 75_000


async def test_late_beats_finish_what_was_begun_in_a_course_retired_meanwhile(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, father = await on_the_shelf(cast, lessons=1), await as_(FATHER)
    hand = Hand(monkeypatch)
    viewing = await opened(father, shelved.lessons[0])
    await Course.filter(id=shelved.id).update(
        state="retired", retired_at=hand.at, retired_reason="换新"
    )
    hand.forward(200)
    assert (
        await father.put(f"/lessons/{shelved.lessons[0].id}/plays/{uuid4()}")
    ).status_code == 404
    told = await viewing.tell((0, 300_000))
    assert (told["courseCompleted"], told["offlineMs"]) == (True, 120_000)
    (mine,) = (await father.get("/me/certificates")).json()["items"]
    assert mine["details"] == ["其中离线学习 2 分钟"]


async def test_a_lesson_is_opened_only_where_its_course_is_offered(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved, there = await on_the_shelf(cast), await as_("孙海燕")
    url = f"/lessons/{shelved.lessons[0].id}/plays/{uuid4()}"
    for name in ("孙海燕", "何清越", "钱进"):
        assert (await (await as_(name)).put(url)).status_code == 404, name
    stolen = await opened(await as_(FATHER), shelved.lessons[0])
    theirs = Viewing(there, shelved.lessons[0])
    theirs.play = stolen.play
    assert (await theirs.send((0, 9))).json()["code"] == "play_ended"
    await Adoption.create(
        course_id=shelved.id, school_id=cast.schools["莲塘"].id, adopted_by=cast.id("何清越"),
        adopted_at=clock.now(),
    )  # fmt: skip
    assert (await there.put(url)).status_code == 200
    await Lesson.filter(id=shelved.lessons[0].id).update(state="draft", revision=0)
    assert (await (await as_(MOTHER)).put(url)).status_code == 404
