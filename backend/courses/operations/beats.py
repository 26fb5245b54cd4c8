"""Playing a lesson: opening it, and counting what the phone says it played.

Requests of one moment are counted in one statement (:mod:`backend.batching`). A stretch
counts once, however often, late or out of order it is reported, and only as far as the
meters of the database allow; see migration ``0014_beats``.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.batching import Batcher
from backend.courses.models import Course, Lesson, Revision
from backend.courses.operations.completing import Settled, settle_lesson
from backend.courses.operations.enrolling import enrol
from backend.courses.queries import learning as queries
from backend.courses.rules.watching import NothingToPlay, PlayEnded, merged
from backend.database import fetch, fetch_one, transaction
from backend.web.limits import Limit, spend

OPENINGS = Limit(name="plays_opened", most=240, seconds=3600)
_OPEN = """
SELECT w.*, w.watched::text AS spans
FROM open_play($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) w
"""
_TAKE = """
SELECT t.*, t.watched::text AS spans
FROM take_beats($1, $2, $3, $4, $5, $6::text[]::int4multirange[], $7) t
"""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody is with a lesson; times in milliseconds.

    ``spans`` are the half-open stretches that count. ``refused_ms`` is what the last report
    claimed beyond what the clock allows; it may be reported again later. ``reached`` says
    that this report reached the threshold, ``completed`` that it is reached.
    """

    spans: list[tuple[int, int]]
    duration_ms: int
    covered_ms: int
    offline_ms: int
    position_ms: int
    refused_ms: int = 0
    reached: bool = False
    completed: bool = False

    @property
    def percent(self) -> int:
        """Return the share that was watched, in whole per cent, rounded down."""
        return 100 * self.covered_ms // self.duration_ms


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson as it was opened; ``threshold`` in per cent is what completes it."""

    revision: Revision
    round: int
    threshold: int
    is_completed: bool
    has_quiz: bool
    watched: Watched


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one phone says it played of one lesson; ``seq`` is its newest beat's number."""

    person_id: UUID
    lesson_id: UUID
    play_id: UUID
    seq: int
    position_ms: int
    stretches: list[tuple[int, int]]


async def open_play(person_id: UUID, lesson: Lesson, course: Course, play_id: UUID) -> Opened:
    """Begin or go on with a lesson on one phone; asked twice is asked once.

    The learner is enrolled if they are not yet. The rule (threshold, offline allowance) is
    that of the day they began. Raises :class:`NothingToPlay`, :class:`PlayEnded` for a play
    of an earlier medium or round, and ``TooMany`` for a hand that never rests.
    """
    revision = await Revision.get(lesson_id=lesson.id, number=lesson.revision)
    if revision.duration_ms is None:
        raise NothingToPlay
    now = clock.now()
    async with transaction():
        await spend(OPENINGS, str(person_id), now)
        round_ = await enrol(person_id, course.id, now)
        row = await fetch_one(
            _OPEN, person_id, lesson.id, lesson.basis, round_, play_id, revision.duration_ms,
            course.threshold, course.offline_seconds * 1000, course.rule_version, now,
        )  # fmt: skip
        if row is None:
            raise PlayEnded
        facts = await queries.facts(person_id, lesson.id, round_)
    assert facts is not None
    return Opened(
        revision=revision,
        round=round_,
        threshold=row["threshold"],
        is_completed=facts["completed"],
        has_quiz=facts["asks"],
        watched=Watched(
            spans=_spans(row["spans"]),
            duration_ms=row["duration_ms"],
            covered_ms=row["covered_ms"],
            offline_ms=row["offline_ms"],
            position_ms=row["position_ms"],
            completed=row["reached_at"] is not None,
        ),
    )


async def take_beats(told: Report) -> Watched:
    """Count what a phone reports, whatever became of its owner's ties since it was opened.

    One round trip, shared by all reports of the moment. Raises :class:`PlayEnded` when this
    play was not opened in the last twelve hours, or for another medium than the lesson has now.
    """
    watched = await _reports.ask(told)
    if watched is None:
        raise PlayEnded
    return watched


async def report(told: Report) -> tuple[Watched, Settled | None]:
    """Count what a phone reports and, when that reaches the threshold, settle the lesson.

    What was settled is told once, in the answer to the report that brought it about. Raises
    :class:`PlayEnded`.
    """
    watched = await take_beats(told)
    if not watched.reached:
        return watched, None
    return watched, await settle_lesson(told.person_id, told.lesson_id)


async def count(reports: Sequence[Report]) -> list[Watched | None]:
    """Count what several phones report, in one statement unless a learner is among them twice.

    Answers are in the order of the reports; ``None`` for a play that is not open.
    """
    answers: list[Watched | None] = [None] * len(reports)
    waiting = list(range(len(reports)))
    while waiting:
        # One learner's meter can be read once in a statement; what else they report waits.
        first = {reports[place].person_id: place for place in reversed(waiting)}
        wave = sorted(first.values())
        for row in await _count_once([reports[place] for place in wave]):
            answers[wave[row["n"] - 1]] = _watched(row)
        waiting = [place for place in waiting if place not in set(wave)]
    return answers


async def _count_once(reports: Sequence[Report]) -> list[dict[str, Any]]:
    return await fetch(
        _TAKE,
        [one.person_id for one in reports],
        [one.lesson_id for one in reports],
        [one.play_id for one in reports],
        [one.seq for one in reports],
        [one.position_ms for one in reports],
        [_literal(one.stretches) for one in reports],
        clock.now(),
    )


_reports: Batcher[Report, Watched | None] = Batcher(count)


def _watched(row: dict[str, Any]) -> Watched:
    return Watched(
        spans=_spans(row["spans"]),
        duration_ms=row["duration_ms"],
        covered_ms=row["covered_ms"],
        offline_ms=row["offline_ms"],
        position_ms=row["position_ms"],
        refused_ms=row["refused_ms"],
        reached=row["reached"],
        completed=row["completed"],
    )


def _literal(stretches: list[tuple[int, int]]) -> str:
    return "{" + ",".join(f"[{begin},{end})" for begin, end in merged(stretches)) + "}"


def _spans(literal: str) -> list[tuple[int, int]]:
    pairs = literal.strip("{}[)").split("),[")
    return [(int(a), int(b)) for a, _, b in (pair.partition(",") for pair in pairs) if b]
