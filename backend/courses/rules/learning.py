"""When a lesson and a course are completed, credited, and taken anew.

Nothing here reads the database or the clock: callers bring the facts.
"""

from datetime import datetime, timedelta

import msgspec

from backend.courses.models import Course, CourseDelivery, CourseKind, LessonKind, Means
from backend.errors import Refusal

RENEWABLE = timedelta(days=120)
"""How long before its end a completion may be renewed: a term, for shifts are planned by it."""
TOLD = timedelta(days=30)
"""How early its holder is told that it lapses."""


class NothingToRenew(Refusal):
    """It was never completed, or what was completed does not run out."""

    code = "nothing_to_renew"
    zh = "这门课程没有需要续期的结业记录。"
    en = "There is no completion of this course that runs out."


class TooEarlyToRenew(Refusal):
    """``renewableFrom`` is the moment from which on it is taken anew."""

    code = "too_early_to_renew"
    zh = "结业有效期的最后120天起可以重新学习。"
    en = "A course may be taken anew in the last 120 days of its validity."


class NotCreditable(Refusal):
    """What is watched here completes itself; nobody's word replaces it."""

    code = "not_creditable"
    zh = "只有线下或外部平台的学习可以人工登记学分，线上课时以实际学习为准。"
    en = "Only what is learnt offline or on an outside platform can be credited by hand."


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one learner and one lesson.

    ``reached``: enough of its medium was watched, or read. ``asks``: it has questions;
    ``passed``: they were answered well enough. ``attended``: they were let in to its session.
    """

    kind: str
    reached: bool
    asks: bool
    passed: bool
    attended: bool


def means_of(facts: Facts) -> Means | None:
    """Return how a lesson was completed, ``None`` while something is missing."""
    if facts.asks and not facts.passed:
        return None
    if facts.kind == LessonKind.QUIZ:
        return Means.QUIZ if facts.asks else None
    if facts.kind == LessonKind.LIVE and facts.attended:
        return Means.ATTENDED
    if not facts.reached:
        return None
    return Means.READ if facts.kind == LessonKind.ARTICLE else Means.WATCHED


def is_creditable(course: Course, kind: str | None) -> bool:
    """Say whether a lesson of this kind (``None``: the course as a whole) is credited by hand."""
    return (
        course.kind == CourseKind.EXTERNAL
        or course.delivery != CourseDelivery.ONLINE
        or kind == LessonKind.EXTERNAL
    )


def valid_until(course: Course, completed_at: datetime) -> datetime | None:
    """Return when a completion of now runs out, ``None`` for never."""
    return completed_at + timedelta(days=course.valid_days) if course.valid_days else None


def check_renewal(until: datetime | None, now: datetime) -> None:
    """Raises :class:`NothingToRenew` and :class:`TooEarlyToRenew`."""
    if until is None:
        raise NothingToRenew
    if now < until - RENEWABLE:
        raise TooEarlyToRenew(renewableFrom=(until - RENEWABLE).isoformat())
