"""Tracks on the wire."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.courses.models import CourseKind, HostKind, Topic
from backend.courses.operations.tracks import TrackPlace
from backend.courses.rules.mine import MyStanding, percent_of
from backend.courses.rules.sharing import MOST_PLACES
from backend.schools.models import Stage
from backend.web.structs import Count, In, Out, Title


class TrackIn(In):
    """For whose parents a track is, and what it is about; its courses are set afterwards."""

    stage: Stage
    topic: Topic
    title: Title


class TrackCourseIn(In):
    """One course of a track; ``required``: the track is not finished without it."""

    course_id: UUID
    required: bool = True


class TrackChangeIn(In):
    """The whole track anew, its courses in order; ``version`` is the one the caller read."""

    title: Title
    courses: Annotated[list[TrackCourseIn], Meta(max_length=MOST_PLACES)]
    version: Count

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({one.course_id for one in self.courses}) != len(self.courses):
            raise ValueError("a course has one place in a track")

    def places(self) -> list[TrackPlace]:
        return [TrackPlace(course_id=one.course_id, required=one.required) for one in self.courses]


class TrackCourseOut(Out):
    """One course of a track, and how far the caller is with it.

    ``standing`` is ``null`` for a course that is not on the caller's list. ``done`` of
    ``total`` required lessons. Only those who run the host see courses that are not
    ``available``: retired since, or not offered any more.
    """

    course_id: UUID
    title: str
    kind: CourseKind
    external_url: str | None
    required: bool
    available: bool
    standing: MyStanding | None
    done: int
    total: int
    percent: int

    @classmethod
    def of(cls, row: dict[str, Any]) -> "TrackCourseOut":
        """Show one row of :func:`backend.courses.queries.tracks.places_of`."""
        standing = MyStanding(row["standing"]) if row["standing"] else None
        return cls(
            course_id=row["course_id"],
            title=row["title"],
            kind=CourseKind(row["kind"]),
            external_url=row["external_url"] or None,
            required=row["required"],
            available=row["available"],
            standing=standing,
            done=row["done"],
            total=row["total"],
            percent=percent_of(row["done"], row["total"], standing or MyStanding.ENROLLED),
        )


class TrackOut(Out):
    """A track with its courses in order. ``completed`` of its ``required`` courses are done
    by the caller; where none is required, of all.
    """

    id: UUID
    host_id: UUID
    host: str
    host_kind: HostKind
    stage: Stage
    topic: Topic
    title: str
    version: int
    required: int
    completed: int
    courses: list[TrackCourseOut]

    @classmethod
    def of(cls, row: dict[str, Any], places: list[dict[str, Any]], *, runs: bool) -> "TrackOut":
        """Show one row of :mod:`backend.courses.queries.tracks` with its places."""
        shown = [TrackCourseOut.of(one) for one in places]
        taken = [one for one in shown if one.available]
        needed = [one for one in taken if one.required] or taken
        return cls(
            id=row["id"],
            host_id=row["host_id"],
            host=row["host"],
            host_kind=HostKind(row["host_kind"]),
            stage=Stage(row["stage"]),
            topic=Topic(row["topic"]),
            title=row["title"],
            version=row["version"],
            required=len(needed),
            completed=sum(one.standing is MyStanding.COMPLETED for one in needed),
            courses=shown if runs else taken,
        )


class TracksOut(Out):
    """By stage; a school's own before those of its district."""

    items: list[TrackOut]
