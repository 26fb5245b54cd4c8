"""Many reports at one moment: one statement, no circle of waiting, one completion."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from tortoise.connection import get_connection

from backend.courses import jobs
from backend.courses.models import Lesson
from backend.courses.operations import beats
from backend.courses.operations.beats import Report
from backend.database import fetch, fetch_one
from seed.cast import Cast
from tests.bench.counting import Statements
from tests.courses.shelf import Shelved, on_the_shelf
from tests.courses.viewing import Hand, opened
from tests.house import SignIn, Visitor

SIGN_IN = 1
PARENTS = ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")


@pytest.fixture
async def course(cast: Cast) -> Shelved:
    return await on_the_shelf(cast, lessons=4)


@pytest.fixture
async def sent(pool: None) -> AsyncIterator[Statements]:
    """Everything that is sent through the pool, which batches use on their own account."""
    statements = Statements()
    connections = get_connection("default")._pool
    async with AsyncExitStack() as stack:
        held = [
            await stack.enter_async_context(connections.acquire())
            for _ in range(connections.get_max_size())
        ]
        for connection in held:
            # The driver asks about a kind of value once for each connection.
            await connection.fetch(
                "SELECT * FROM take_beats('{}', '{}', '{}', '{}', '{}', "
                "$1::text[]::int4multirange[], now()), "
                "(SELECT '{}'::uuid[], '{}'::int[]) x",
                [],
            )
            connection.add_query_logger(statements.note)
    yield statements
    async with AsyncExitStack() as stack:
        for _ in held:
            connection = await stack.enter_async_context(connections.acquire())
            connection.remove_query_logger(statements.note)


async def test_a_beat_is_finding_out_who_asks_and_one_statement(
    as_: SignIn, course: Shelved, sent: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    viewing = await opened(await as_("王立强"), course.lessons[0])
    for stretches in ([(0, 15_000)], [(n * 1000, n * 1000 + 900) for n in range(200)]):
        hand.forward(15)
        sent.clear()
        await viewing.tell(*stretches)
        assert await sent.count() == SIGN_IN + 1
    viewing.play = uuid4()
    sent.clear()
    assert (await viewing.send((0, 9))).json()["code"] == "play_ended"
    assert await sent.count() == SIGN_IN + 1


async def test_beats_of_one_moment_share_their_statement(
    as_: SignIn, course: Shelved, sent: Statements
) -> None:
    viewings = [await opened(await as_(name), course.lessons[0]) for name in PARENTS]
    sent.clear()
    await asyncio.gather(*(viewing.tell((0, 9000)) for viewing in viewings))
    await sent.count()
    counting = [one for one in sent.sent if "take_beats" in one.sql]
    asking = [one for one in sent.sent if "access_tokens" in one.sql]
    assert 1 <= len(counting) < len(PARENTS)
    assert 1 <= len(asking) < len(PARENTS)
    assert len(sent.sent) == len(counting) + len(asking)


async def test_batches_with_crossed_learners_and_lessons_do_not_wait_in_a_circle(
    as_: SignIn, cast: Cast, course: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    plays = {}
    for name in PARENTS:
        for lesson in course.lessons:
            viewing = await opened(await as_(name), lesson)
            plays[cast.id(name), lesson.id] = viewing.play
    hand.forward(60)
    asked = [
        Report(
            person_id=person, lesson_id=lesson, play_id=play, seq=1, position_ms=0,
            stretches=[(0, 2000)],
        )
        for (person, lesson), play in plays.items()
    ]  # fmt: skip
    for _ in range(5):
        # Each is a batch of its own, as another process would send it.
        orders = (asked, asked[::-1], asked[1::2] + asked[::2], asked[::-2] + asked)
        answers = await asyncio.gather(*(beats.count(order) for order in orders))
        assert all(answer is not None for found in answers for answer in found)
    rows = await fetch("SELECT covered_ms, watched::text AS watched FROM watches")
    assert {(row["covered_ms"], row["watched"]) for row in rows} == {(2000, "{[0,2000)}")}
    assert len(rows) == len(plays)
    taken = await fetch("SELECT DISTINCT taken_ms FROM learners")
    assert taken == [{"taken_ms": 2000 * len(course.lessons)}]


async def test_answers_stand_beside_their_reports_in_a_batch(
    as_: SignIn, cast: Cast, course: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    reports = []
    for number, name in enumerate((*PARENTS, *PARENTS)):
        viewing = await opened(await as_(name), course.lessons[number // len(PARENTS)])
        reports.append(
            Report(
                person_id=cast.id(name), lesson_id=viewing.lesson.id,
                play_id=uuid4() if number == 3 else viewing.play, seq=1, position_ms=number,
                stretches=[(0, 1000 + number)],
            )
        )  # fmt: skip
    hand.forward(60)
    answers = await beats.count(reports)
    assert [answer and answer.covered_ms for answer in answers] == [
        None if number == 3 else 1000 + number for number in range(len(reports))
    ]


async def test_two_phones_reaching_the_end_at_once_bring_one_of_everything(
    as_: SignIn, cast: Cast, course: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, father = Hand(monkeypatch), await as_("王立强")
    for lesson in course.lessons[1:]:
        await _seen(father, hand, lesson)
    viewings = [await opened(father, course.lessons[0]) for _ in range(4)]
    hand.forward(400)
    answers = await asyncio.gather(
        *(viewing.tell((0, 300_000)) for viewing in viewings), jobs.settle_reached()
    )
    assert sorted(answer["courseCompleted"] for answer in answers[:-1]).count(True) == 1
    await _one_of_everything(cast)


async def test_what_a_process_left_unsettled_when_it_died_is_settled_by_the_job(
    as_: SignIn, cast: Cast, course: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, father = Hand(monkeypatch), await as_("王立强")
    for lesson in course.lessons:
        viewing = await opened(father, lesson)
        hand.forward(200)
        watched = await beats.take_beats(
            Report(
                person_id=cast.id("王立强"), lesson_id=lesson.id, play_id=viewing.play, seq=1,
                position_ms=0, stretches=[(0, 300_000)],
            )
        )  # fmt: skip
        assert watched.reached
    assert await fetch("SELECT 1 FROM lesson_completions") == []
    hand.forward(60)
    assert await jobs.settle_reached() == len(course.lessons)
    await _one_of_everything(cast)
    assert await jobs.settle_reached() == 0
    assert await jobs.finish_courses() == 0
    await _one_of_everything(cast)


async def _seen(phone: Visitor, hand: Hand, lesson: Lesson) -> None:
    viewing = await opened(phone, lesson)
    hand.forward(160)
    assert (await viewing.tell((0, 300_000)))["lessonCompleted"]


async def _one_of_everything(cast: Cast) -> None:
    father = cast.id("王立强")
    for what, where in (
        ("course_completions", "person_id = $1"),
        ("certificates", "person_id = $1"),
        ("post_letter", "occasion = 'courses.completed' AND $1::uuid IS NOT NULL"),
        ("audit_entries", "action = 'courses.completed' AND person_id = $1"),
    ):
        found = await fetch_one(f"SELECT count(*) AS n FROM {what} WHERE {where}", father)
        assert found == {"n": 1}, what
    done = await fetch("SELECT lesson_id FROM lesson_completions WHERE person_id = $1", father)
    assert len(done) == 4
