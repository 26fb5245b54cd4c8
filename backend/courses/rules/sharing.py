"""When a course may be shared, adopted, and put into a track.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from backend.courses.models import Course, PublicationState, Track
from backend.courses.rules.authoring import check_course
from backend.errors import NotFound, Refusal

MOST_TRACKS = 100
MOST_PLACES = 50


class OwnCourse(Refusal):
    code = "own_course"
    zh = "这是本校自己的课程，无需引进。"
    en = "This course is the school's own; there is nothing to adopt."


class CourseNotOffered(Refusal):
    """``courseId`` is the first that is not published, or not offered there."""

    code = "course_not_offered"
    zh = "所选课程未发布，或没有在这里开设。"
    en = "That course is not published, or not offered here."


class TrackChanged(Refusal):
    """Somebody else changed it meanwhile; ``version`` is the newest."""

    code = "track_changed"
    zh = "课程系列已被他人修改，请刷新后再试。"
    en = "Somebody else has changed the track; please load it again."


class TooManyTracks(Refusal):
    code = "too_many_tracks"
    zh = "一所家长学校最多{most}个课程系列。"
    en = "A parent school has at most {most} tracks."


def check_shareable(course: Course) -> None:
    """Raises ``WrongCourseState``: only what is published is shared."""
    check_course(course, {PublicationState.PUBLISHED})


def check_adoptable(course: Course, school_id: UUID, district_id: UUID) -> None:
    """Raises :class:`NotFound` for what the school's library does not hold, and
    :class:`OwnCourse`.
    """
    is_out = course.state == PublicationState.PUBLISHED and course.shared_at is not None
    if course.school_id == school_id:
        raise OwnCourse
    if not is_out or course.district_id != district_id:
        raise NotFound


def check_version(track: Track, version: int) -> None:
    """Raises :class:`TrackChanged` unless ``version`` is the newest."""
    if track.version != version:
        raise TrackChanged(version=track.version)


def check_places(course_ids: Sequence[UUID], offered: Collection[UUID]) -> None:
    """Raises :class:`CourseNotOffered`."""
    for course_id in course_ids:
        if course_id not in offered:
            raise CourseNotOffered(courseId=str(course_id))
