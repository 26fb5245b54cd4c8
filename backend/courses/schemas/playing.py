"""What the phone sends while it plays a lesson, and what it is told."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.courses.models import LessonKind
from backend.courses.operations.beats import Opened, Report, Watched
from backend.courses.operations.completing import Settled
from backend.courses.rules.watching import BEAT_SECONDS, FASTEST, LONGEST_MS
from backend.media.schemas import AttachmentOut
from backend.web.structs import Count, In, Out, Reason

MediaTime = Annotated[int, Meta(ge=0, le=LONGEST_MS)]
"""A moment of a medium in milliseconds."""


class BeatIn(In, rename={"begin": "from", "end": "to"}):
    """A stretch that was played, in milliseconds of the medium, ``to`` not included.

    ``seq`` rises from beat to beat of a play; a beat may be sent again, late, or joined with
    its neighbours.
    """

    seq: Count
    begin: MediaTime
    end: MediaTime

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.begin >= self.end:
            raise ValueError("to lies after from")


class BeatsIn(In):
    """What one phone has played since it was last heard, and where it stands now."""

    beats: Annotated[list[BeatIn], Meta(min_length=1, max_length=200)]
    position: MediaTime

    def report(self, person_id: UUID, lesson_id: UUID, play_id: UUID) -> Report:
        """Return it as a report of this learner's play."""
        return Report(
            person_id=person_id,
            lesson_id=lesson_id,
            play_id=play_id,
            seq=max(beat.seq for beat in self.beats),
            position_ms=self.position,
            stretches=[(beat.begin, beat.end) for beat in self.beats],
        )


class SpanOut(Out, rename={"begin": "from", "end": "to"}):
    """A stretch that counts, in milliseconds, ``to`` not included."""

    begin: int
    end: int


class WatchedOut(Out):
    """How far the learner is; times in milliseconds, ``percent`` rounded down.

    ``refusedMs``: what of this report went beyond what the clock allows; keep those beats
    and send them again later. ``completed``: enough was watched; a quiz may still be due.
    """

    spans: list[SpanOut]
    duration_ms: int
    covered_ms: int
    percent: int
    offline_ms: int
    position_ms: int
    refused_ms: int
    completed: bool

    @classmethod
    def of(cls, watched: Watched) -> "WatchedOut":
        return cls(**_figures(watched))


class BeatsOut(WatchedOut):
    """``lessonCompleted`` and ``courseCompleted`` are told once, by the answer to the report
    that reached the threshold; at any other time ask for the course.
    """

    lesson_completed: bool
    course_completed: bool
    certificate_id: UUID | None

    @classmethod
    def after(cls, watched: Watched, settled: Settled | None) -> "BeatsOut":
        """Show what a report came to."""
        return cls(
            **_figures(watched),
            lesson_completed=settled is not None and settled.lesson,
            course_completed=settled is not None and settled.course,
            certificate_id=settled.certificate_id if settled else None,
        )


class PlayOut(WatchedOut):
    """A lesson that is open on this phone; ask again, with the same ``playId``, for fresh links.

    ``positionMs`` is where the phone that was last heard stood. ``threshold`` in per cent
    completes it. Report every ``beatSeconds``; playing faster than ``fastest`` times does
    not count. ``round`` counts how often the course is taken.
    """

    play_id: UUID
    lesson_id: UUID
    course_id: UUID
    kind: LessonKind
    title: str
    paragraphs: list[str]
    media: AttachmentOut | None
    threshold: int
    round: int
    lesson_completed: bool
    has_quiz: bool
    beat_seconds: int
    fastest: int

    @classmethod
    def opened(
        cls, opened: Opened, play_id: UUID, course_id: UUID, media: AttachmentOut | None
    ) -> "PlayOut":
        """Show a lesson that was opened."""
        revision = opened.revision
        return cls(
            **_figures(opened.watched),
            play_id=play_id,
            lesson_id=revision.lesson_id,
            course_id=course_id,
            kind=LessonKind(revision.kind),
            title=revision.title,
            paragraphs=revision.paragraphs,
            media=media,
            threshold=opened.threshold,
            round=opened.round,
            lesson_completed=opened.is_completed,
            has_quiz=opened.has_quiz,
            beat_seconds=BEAT_SECONDS,
            fastest=FASTEST,
        )


class CreditIn(In):
    """Why somebody's learning is taken for done: ``参加了3月5日的线下讲座``."""

    reason: Reason


class RenewalOut(Out):
    """``round`` counts how often the course is taken; its lessons begin anew.

    ``validUntil`` is how long what was completed before still counts, ``null`` for not at all.
    """

    round: int
    valid_until: datetime | None


def _figures(watched: Watched) -> dict[str, Any]:
    return {
        "spans": [SpanOut(begin=begin, end=end) for begin, end in watched.spans],
        "duration_ms": watched.duration_ms,
        "covered_ms": watched.covered_ms,
        "percent": watched.percent,
        "offline_ms": watched.offline_ms,
        "position_ms": watched.position_ms,
        "refused_ms": watched.refused_ms,
        "completed": watched.completed,
    }
