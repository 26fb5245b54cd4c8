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
from backend.courses.rules.watching import NothingToPlay, PlayEnded, merged
from backend.database import fetch, fetch_one, transaction

_OPEN = """
SELECT w.*, w.watched::text AS spans
FROM open_play($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) w
"""
_TAKE = """
SELECT t.*, t.watched::text AS spans
FROM take_beats($1, $2, $3, $4, $5, $6::text[]::int4multirange[], $7) t ORDER BY t.n
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


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one phone says it played of one lesson; ``seq`` is its newest beat's number."""

    person_id: UUID
    lesson_id: UUID
    play_id: UUID
    seq: int
    position_ms: int
    stretches: list[tuple[int, int]]


async def open_play(
    person_id: UUID, lesson: Lesson, revision: Revision, course: Course, play_id: UUID, round_: int
) -> Watched:
    """Begin or go on with a lesson on one phone; asked twice is asked once.

    The rule (threshold, offline allowance) is that of the day the learner began. Raises
    :class:`NothingToPlay`.
    """
    if revision.duration_ms is None:
        raise NothingToPlay
    async with transaction():
        row = await fetch_one(
            _OPEN, person_id, lesson.id, lesson.basis, round_, play_id, revision.duration_ms,
            course.threshold, course.offline_seconds * 1000, course.rule_version, clock.now(),
        )  # fmt: skip
    assert row is not None
    return Watched(
        spans=_spans(row["spans"]),
        duration_ms=row["duration_ms"],
        covered_ms=row["covered_ms"],
        offline_ms=row["offline_ms"],
        position_ms=row["position_ms"],
        completed=row["reached_at"] is not None,
    )


async def take_beats(report: Report) -> Watched:
    """Count what a phone reports. Raises :class:`PlayEnded` when it opened nothing lately.

    One round trip, shared by all reports of the moment.
    """
    row = await _reports.ask(report)
    if row["spans"] is None:
        raise PlayEnded
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


async def _count(reports: Sequence[Report]) -> list[dict[str, Any]]:
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


_reports: Batcher[Report, dict[str, Any]] = Batcher(_count)


def _literal(stretches: list[tuple[int, int]]) -> str:
    return "{" + ",".join(f"[{begin},{end})" for begin, end in merged(stretches)) + "}"


def _spans(literal: str) -> list[tuple[int, int]]:
    pairs = literal.strip("{}[)").split("),[")
    return [(int(a), int(b)) for a, _, b in (pair.partition(",") for pair in pairs) if b]
