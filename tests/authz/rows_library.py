"""What the schools of the world take over from each other, put in order and ask for.

Everything here bears the realms of ``rows_courses``: a track the ``C`` of its class.
"""

from types import SimpleNamespace
from uuid import UUID

from backend import clock
from backend.courses.models import Assignment, ParentSchool, Track, TrackCourse
from backend.identifiers import uuid7
from tests.authz.world import World, mark


async def fill(world: World) -> None:
    """Each class has a track and must take a course; so must one of a school that adopted it."""
    places, now = world.places, clock.now()
    for place in places.values():
        realm, courses = f"C{place.realm}", [place.course_id, place.outside_course_id]
        place.track_id = await _track(place.school_host, realm, courses)
        place.ended_track_id = await _track(place.school_host, realm, courses)
        await Track.filter(id=place.ended_track_id).update(ended_at=now)
        place.assignment_id = await _asked(world, place, place.course_id)
        known = await Track.get_or_none(host_id=place.district_host.id)
        place.district_track_id = known.id if known else None
        if known is None:
            realm, courses = f"C{place.realm[0]}", [place.district_course_id]
            place.district_track_id = await _track(place.district_host, realm, courses)
    for name, elsewhere in (
        ("own", "other_school"),
        ("other_class", "other_school"),
        ("other_school", "other_class"),
        ("other_district", "other_district"),
    ):
        places[name].elsewhere_course_id = places[elsewhere].shared_course_id
        places[name].adopted_course_id = places[elsewhere].shared_course_id
        places[name].theirs_assignment_id = uuid7()
    own, there = places["own"], places["other_school"]
    there.adopted_course_id = own.shared_course_id
    own.theirs_assignment_id = await _asked(world, there, own.shared_course_id)


async def _track(host: ParentSchool, realm: str, course_ids: list[UUID]) -> UUID:
    track = await Track.create(
        host_id=host.id, stage="primary", topic="parenting", title=mark(realm, "系列"),
        version=1, created_at=clock.now(),
    )  # fmt: skip
    for number, course_id in enumerate(course_ids, 1):
        await TrackCourse.create(track_id=track.id, course_id=course_id, position=number)
    return track.id


async def _asked(world: World, place: SimpleNamespace, course_id: UUID) -> UUID:
    made = await Assignment.create(
        course_id=course_id, school_id=place.school_id, node_id=place.class_id,
        assigned_by=world.people[place.teacher], assigned_at=clock.now(),
    )  # fmt: skip
    return made.id
