"""Tracks over HTTP: arranged by those who run a host, followed by families."""

from typing import Any
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.courses.models import HostKind, ParentSchool
from backend.courses.operations import tracks as operations
from backend.courses.permissions.authoring import host_in_sight
from backend.courses.permissions.library import (
    SchoolTracks,
    TrackSight,
    host_to_arrange,
    school_with_tracks,
    track_in_sight,
    track_to_arrange,
)
from backend.courses.queries import tracks as queries
from backend.courses.queries.sight import reach_of
from backend.courses.rules.hosts import HostClosed
from backend.courses.rules.sharing import CourseNotOffered, TooManyTracks, TrackChanged
from backend.courses.schemas.tracks import TrackChangeIn, TrackIn, TrackOut, TracksOut
from backend.errors import NotAllowed
from backend.schools.permissions import school_in_sight
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class SchoolsTracks(Controller):
    """What a school's families may follow."""

    path = "/schools/{school_id:uuid}/tracks"
    dependencies = {
        "school": Provide(school_in_sight),
        "sight": Provide(school_with_tracks),
    }

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listTracks",
        summary="课程系列及我的进度 A school's tracks, and how far I am",
    )
    async def list_tracks(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SchoolTracks]
    ) -> TracksOut:
        """The school's own, and its district's for its stage. Families are not shown a track
        of which no course is offered.
        """
        rows = await queries.tracks_at(sight.school.id)
        own = {row["id"] for row in rows if sight.runs and row["host_kind"] == HostKind.SCHOOL}
        shown = await _shown(rows, [sight.school.id], actor, run=own)
        return TracksOut(items=[one for one in shown if one.courses or sight.runs])


class HostTracks(Controller):
    """Where hosts begin a track."""

    path = "/parent-schools/{parent_school_id:uuid}/tracks"
    dependencies = {"host": Provide(host_in_sight), "run": Provide(host_to_arrange)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="makeTrack",
        summary="新建课程系列 Begin a track",
        responses=refusals(HostClosed, TooManyTracks, NotAllowed, KeyNeeded, KeyReused),
    )
    async def make_track(
        self,
        data: JSONBody[TrackIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ParentSchool],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> TrackOut:
        """For parents of one stage, about one topic; its courses are set afterwards."""

        async def act() -> TrackOut:
            made = await operations.make(actor, run, data.stage, data.topic, data.title)
            return await _one(made.id, actor, runs=True)

        return await once(
            actor.person_id, "makeTrack", idempotency_key, (run.id, data), TrackOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class OneTrack(Controller):
    """One track."""

    path = "/tracks/{track_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getTrack",
        summary="课程系列详情 One track, and how far I am",
        dependencies={"sight": Provide(track_in_sight)},
    )
    async def get_track(
        self, actor: NamedDependency[Actor], sight: NamedDependency[TrackSight]
    ) -> TrackOut:
        """Its courses in order, those that are offered to the caller."""
        return await _one(sight.track.id, actor, runs=sight.runs)

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="arrangeTrack",
        summary="编排课程系列 Say which courses a track has, in order",
        dependencies={"sight": Provide(track_to_arrange)},
        responses=refusals(TrackChanged, CourseNotOffered, NotAllowed),
    )
    async def arrange_track(
        self,
        data: JSONBody[TrackChangeIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[TrackSight],
    ) -> TrackOut:
        """Only courses that are published and that the host's families are offered."""
        await operations.arrange(
            actor, sight.host, sight.track.id, data.title, data.places(), data.version
        )
        return await _one(sight.track.id, actor, runs=True)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="endTrack",
        summary="结束课程系列 End a track",
        dependencies={"sight": Provide(track_to_arrange)},
        responses=refusals(NotAllowed),
    )
    async def end_track(
        self, actor: NamedDependency[Actor], sight: NamedDependency[TrackSight]
    ) -> None:
        """Its courses stay as they are."""
        await operations.end(actor, sight.host, sight.track.id)


async def _one(track_id: UUID, actor: Actor, *, runs: bool) -> TrackOut:
    rows = [await queries.track(track_id)]
    run = {track_id} if runs else set()
    [shown] = await _shown(rows, reach_of(actor).schools, actor, run=run)
    return shown


async def _shown(
    rows: list[dict[str, Any]], schools: list[UUID], actor: Actor, *, run: set[UUID]
) -> list[TrackOut]:
    """Show tracks; of those in ``run`` the caller runs the host."""
    ids = [row["id"] for row in rows]
    places = await queries.places_of(ids, schools, actor.person_id, clock.now())
    return [TrackOut.of(row, places[row["id"]], runs=row["id"] in run) for row in rows]


DUTY = (SchoolsTracks, HostTracks, OneTrack)
