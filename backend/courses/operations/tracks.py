"""Tracks: courses for a stage and a topic, in order."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.courses.models import ParentSchool, Topic, Track, TrackCourse
from backend.courses.operations.hosts import check_open
from backend.courses.queries import library as queries
from backend.courses.rules import sharing as rules
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.schools.models import Stage
from backend.web.actor import Actor


class TrackPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One course of a track."""

    course_id: UUID
    required: bool


async def make(actor: Actor, host: ParentSchool, stage: Stage, topic: Topic, title: str) -> Track:
    """Keep a new track of a host, without courses yet.

    Raises ``HostClosed`` and :class:`rules.TooManyTracks`.
    """
    check_open(host)
    async with transaction():
        await ParentSchool.select_for_update(no_key=True).get(id=host.id)
        if await Track.filter(host_id=host.id, ended_at=None).count() >= rules.MOST_TRACKS:
            raise rules.TooManyTracks(most=rules.MOST_TRACKS)
        track = await Track.create(
            id=uuid7(),
            host_id=host.id,
            stage=stage,
            topic=topic,
            title=title,
            version=1,
            created_at=clock.now(),
        )
        await _record("courses.track_made", actor, host, track)
        return track


async def arrange(
    actor: Actor,
    host: ParentSchool,
    track_id: UUID,
    title: str,
    places: Sequence[TrackPlace],
    version: int,
) -> Track:
    """Say what a track is called and which courses it has, in order.

    ``version`` is the one the caller read; the same change sent twice is one. Raises
    :class:`rules.TrackChanged`, :class:`rules.CourseNotOffered`, and ``NotFound`` for a
    track that has ended.
    """
    async with transaction():
        track = await _locked(track_id)
        held = await TrackCourse.filter(track_id=track_id).order_by("position")
        now = [TrackPlace(course_id=one.course_id, required=one.required) for one in held]
        if track.title == title and now == list(places) and track.version in (version, version + 1):
            return track
        rules.check_version(track, version)
        wanted = [place.course_id for place in places]
        rules.check_places(wanted, await queries.offered_by(host, wanted))
        await TrackCourse.filter(track_id=track_id).delete()
        await TrackCourse.bulk_create(
            [
                TrackCourse(
                    id=uuid7(),
                    track_id=track_id,
                    course_id=place.course_id,
                    position=number,
                    required=place.required,
                )
                for number, place in enumerate(places, 1)
            ]
        )
        track.title, track.version = title, track.version + 1
        await track.save(update_fields=["title", "version"])
        await _record("courses.track_set", actor, host, track, courses=len(places))
        return track


async def end(actor: Actor, host: ParentSchool, track_id: UUID) -> None:
    """End a track; its courses stay as they are. Repeating it is harmless."""
    async with transaction():
        track = await Track.select_for_update().get(id=track_id)
        if track.ended_at is not None:
            return
        track.ended_at = clock.now()
        await track.save(update_fields=["ended_at"])
        await _record("courses.track_ended", actor, host, track)


async def _locked(track_id: UUID) -> Track:
    track = await Track.select_for_update().get(id=track_id)
    if track.ended_at is not None:
        raise NotFound
    return track


async def _record(
    action: str, actor: Actor, host: ParentSchool, track: Track, **facts: object
) -> None:
    await record(
        action, "course_track", track.id, by=actor.person_id, school_id=host.school_id, **facts
    )
