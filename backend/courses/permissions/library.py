"""Who sees the shared library and the tracks, and who arranges them for a host."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import Adoption, Course, ParentSchool, Track
from backend.courses.permissions.authoring import runs_host
from backend.courses.permissions.sight import sight_of
from backend.courses.queries.sight import reach_of
from backend.errors import NotAllowed, NotFound
from backend.schools.models import School
from backend.web.actor import Actor


class LibrarySight(msgspec.Struct, frozen=True, kw_only=True):
    """The districts whose library the caller sees, and the schools they work at."""

    districts: list[UUID]
    schools: list[UUID]


class TrackSight(msgspec.Struct, frozen=True, kw_only=True):
    """A track, its host, whether the caller runs that, and the schools they belong to."""

    track: Any
    host: Any
    runs: bool
    schools: list[UUID]


class SchoolTracks(msgspec.Struct, frozen=True, kw_only=True):
    """A school whose tracks the caller sees; ``runs``: they administer or head it."""

    school: Any
    runs: bool


async def library_in_sight(actor: NamedDependency[Actor]) -> LibrarySight:
    """The library, for the staff of the district's schools and its officers.

    Raises :class:`NotFound` for staff of neither.
    """
    reach = reach_of(actor)
    places = {*reach.at_work, *reach.districts}
    districts = {
        seat.district_id
        for seat in actor.seats
        if seat.school_id in places or seat.district_id in places
    }
    if not districts:
        raise NotFound
    return LibrarySight(districts=sorted(districts), schools=reach.at_work)


async def course_to_adopt(
    actor: NamedDependency[Actor], school: NamedDependency[School], course_id: FromPath[UUID]
) -> Course:
    """A course of the school's district: of its library, or one that is offered already. Who
    does not run the school is told so first. Raises :class:`NotFound`.
    """
    sight = await sight_of(actor, course_id)
    if not (sight.in_library or sight.takes) or sight.course.district_id != school.district_id:
        raise NotFound
    course: Course = sight.course
    return course


async def adoption_to_end(
    actor: NamedDependency[Actor], school: NamedDependency[School], course_id: FromPath[UUID]
) -> UUID:
    """The id of a course that the school has adopted, whatever became of it since, or might
    adopt. Raises :class:`NotFound`.
    """
    if not await Adoption.filter(course_id=course_id, school_id=school.id).exists():
        await course_to_adopt(actor, school, course_id)
    return course_id


async def host_to_arrange(
    actor: NamedDependency[Actor], host: NamedDependency[ParentSchool]
) -> ParentSchool:
    """The host, for whoever runs it. Raises :class:`NotAllowed`."""
    if not runs_host(actor, host):
        raise NotAllowed
    return host


async def school_with_tracks(
    actor: NamedDependency[Actor], school: NamedDependency[School]
) -> SchoolTracks:
    """A school's tracks, for everybody who belongs to it and the offices above."""
    return SchoolTracks(school=school, runs=school.id in reach_of(actor).runs)


async def track_in_sight(actor: NamedDependency[Actor], track_id: FromPath[UUID]) -> TrackSight:
    """A track in force of a school the caller belongs to, or of a host of its district that is
    no school; whoever runs the host sees it as well. Raises :class:`NotFound`.
    """
    track = await Track.get_or_none(id=track_id)
    if track is None:
        raise NotFound
    host = await ParentSchool.get(id=track.host_id)
    runs = runs_host(actor, host)
    reach = reach_of(actor)
    if host.school_id is not None:
        sees = host.school_id in reach.schools
    else:
        near = School.filter(id__in=reach.schools, district_id=host.district_id)
        sees = await near.exists()
    if track.ended_at is not None or not (sees or runs):
        raise NotFound
    return TrackSight(track=track, host=host, runs=runs, schools=reach.schools)


async def track_to_arrange(actor: NamedDependency[Actor], track_id: FromPath[UUID]) -> TrackSight:
    """The track, for whoever runs its host. Raises :class:`NotAllowed`."""
    sight = await track_in_sight(actor, track_id)
    if not sight.runs:
        raise NotAllowed
    return sight
