"""Who may see and do what with an activity; the only functions that hand one to a handler."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from backend import clock
from backend.activities import rules
from backend.activities.models import (
    Activity,
    ActivityExport,
    ActivitySession,
    ActivityState,
    ExportState,
)
from backend.activities.queries import places
from backend.bookings.models import Mode
from backend.bookings.queries.outlook import reach_of
from backend.errors import NotAllowed, NotFound
from backend.media import links
from backend.media.models import Variant
from backend.people.authentication import actor_from
from backend.people.models import Session
from backend.schools.models import District, Function, School
from backend.schools.permissions import school_in_sight, stands_above
from backend.settings import Settings
from backend.web.actor import Actor, Role


class ActivitySight(msgspec.Struct, frozen=True, kw_only=True):
    """An activity as the caller may see it.

    ``manages``: they answer for it, or run the school. ``at_work``: they work at the
    school. ``concerned``: it is for a child of theirs, or they were invited.
    """

    activity: Any
    manages: bool
    at_work: bool
    concerned: bool

    def classes_led(self, actor: Actor) -> list[UUID] | None:
        """Return the classes whose registrations the caller may see; ``None`` means all.

        Class teachers see their own class, wherever it is invited to (requirements §3.5).
        Raises :class:`NotAllowed` for everybody else.
        """
        if self.manages:
            return None
        led = [
            seat.class_id
            for seat in actor.seats
            if seat.role is Role.CLASS_TEACHER
            and seat.class_id is not None
            and seat.school_id == self.activity.school_id
        ]
        if not led:
            raise NotAllowed
        return led


async def activity_in_sight(
    actor: NamedDependency[Actor], activity_id: FromPath[UUID]
) -> ActivitySight:
    """An activity of a school the caller works at, or that has opened and is for a child of
    theirs. Drafts are seen by those who answer for them. Raises :class:`NotFound`.
    """
    return await sight_of(actor, await Activity.get_or_none(id=activity_id))


async def sight_of(actor: Actor, activity: Activity | None) -> ActivitySight:
    """Return what the caller may see of ``activity``. Raises :class:`NotFound`."""
    if activity is None or activity.school_id in actor.closed(Function.ACTIVITIES):
        raise NotFound
    at_work = actor.works_at(activity.school_id)
    manages = actor.runs_school(activity.school_id) or (
        at_work and activity.organiser_id == actor.person_id and await _still_may(actor, activity)
    )
    is_draft = activity.state == ActivityState.DRAFT
    # An invitation does not outlive the guardianship it was sent for (Q31).
    concerned = not is_draft and not set(activity.node_ids).isdisjoint(reach_of(actor))
    if activity.mode == Mode.INVITED:
        concerned = concerned and actor.person_id in activity.invitee_ids
    if not (manages or concerned or (at_work and not is_draft)):
        raise NotFound
    return ActivitySight(activity=activity, manages=manages, at_work=at_work, concerned=concerned)


async def activity_to_run(sight: NamedDependency[ActivitySight]) -> Activity:
    """The activity, for whoever answers for it. Raises :class:`NotAllowed`."""
    if not sight.manages:
        raise NotAllowed
    activity: Activity = sight.activity
    return activity


async def activity_to_post(sight: NamedDependency[ActivitySight]) -> Activity:
    """The activity, for the school's staff. Raises :class:`NotAllowed`."""
    if not (sight.manages or sight.at_work):
        raise NotAllowed
    activity: Activity = sight.activity
    return activity


async def activity_to_join(sight: NamedDependency[ActivitySight]) -> Activity:
    """The activity, for families it is for. Raises :class:`NotAllowed`."""
    if not sight.concerned:
        raise NotAllowed
    activity: Activity = sight.activity
    return activity


class SessionSight(msgspec.Struct, frozen=True, kw_only=True):
    """A session of an activity in the caller's sight."""

    session_id: UUID
    activity: Any


async def session_to_join(
    actor: NamedDependency[Actor], session_id: FromPath[UUID]
) -> SessionSight:
    """A session of an activity for the caller's children. Raises :class:`NotFound`."""
    sight = await _sight_of_session(actor, session_id)
    if not sight.concerned:
        raise NotAllowed
    return SessionSight(session_id=session_id, activity=sight.activity)


async def session_to_run(actor: NamedDependency[Actor], session_id: FromPath[UUID]) -> SessionSight:
    """A session, for whoever answers for its activity.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    sight = await _sight_of_session(actor, session_id)
    if not sight.manages:
        raise NotAllowed
    return SessionSight(session_id=session_id, activity=sight.activity)


async def _sight_of_session(actor: Actor, session_id: UUID) -> ActivitySight:
    session = await ActivitySession.get_or_none(id=session_id).select_related("activity")
    if session is None or not isinstance(session.activity, Activity):
        raise NotFound
    return await sight_of(actor, session.activity)


async def school_with_activities(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> UUID:
    """A school the caller belongs to. Offices above it see its facts only.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    if school_id not in actor.school_ids:
        await school_in_sight(actor, school_id)
        raise NotAllowed
    return school_id


async def school_to_count(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school whose facts the caller may see: its staff's, and offices' above it."""
    school = await school_in_sight(actor, school_id)
    if school_id in actor.school_ids and not actor.works_at(school_id):
        raise NotAllowed
    return school


class CountSight(msgspec.Struct, frozen=True, kw_only=True):
    """A school to count at, with its district; ``runs``: the caller answers for the school."""

    school: Any
    district: Any
    runs: bool


async def school_counted(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> CountSight:
    """A school, for those who run it and the offices above it.

    Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    school = await school_in_sight(actor, school_id)
    runs = actor.runs_school(school_id)
    if not (runs or await stands_above(actor, school)):
        raise NotAllowed
    district = await District.get(id=school.district_id)
    return CountSight(school=school, district=district, runs=runs)


async def school_to_organise_at(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> UUID:
    """A school the caller works at; which places they may invite is decided by the verb."""
    await school_with_activities(actor, school_id)
    if not actor.works_at(school_id):
        raise NotAllowed
    return school_id


async def export_in_sight(
    actor: NamedDependency[Actor], export_id: FromPath[UUID]
) -> ActivityExport:
    """The caller's own export, while they answer for the activity. Raises :class:`NotFound`."""
    export = await ActivityExport.get_or_none(id=export_id, person_id=actor.person_id)
    if export is None:
        raise NotFound
    sight = await sight_of(actor, await Activity.get_or_none(id=export.activity_id))
    if not sight.manages:
        raise NotFound
    return export


async def export_by_link(
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    export_id: FromPath[UUID],
    link: FromQuery[str] = "",
) -> ActivityExport:
    """The only way a download gets its workbook.

    The link must have been signed for whoever asked for it, still be young, and their
    session still be open. Raises :class:`NotFound`, the same for every reason.
    """
    now = clock.now()
    claims = links.verify(link, export_id, Variant.ORIGINAL, key=settings.secret_key, now=now)
    if claims is None:
        raise NotFound
    if header := request.headers.get("authorization"):
        # A link needs no sign-in, but somebody else's sign-in must not come with it.
        caller = await actor_from(header)
        if caller is not None and caller.session_id != claims.session_id:
            raise NotFound
    export = await ActivityExport.get_or_none(
        id=export_id,
        person_id=claims.person_id,
        state=ExportState.DONE,
        file_key__not_isnull=True,
    )
    open_session = Session.filter(
        id=claims.session_id,
        person_id=claims.person_id,
        person__closed_at=None,
        revoked_at=None,
        expires_at__gt=now,
    )
    if export is None or not await open_session.exists():
        raise NotFound
    return export


async def _still_may(actor: Actor, activity: Activity) -> bool:
    """An organiser who has left the office they wrote it in answers for it no longer."""
    nodes = (await places.nodes(activity.node_ids)).values()
    return rules.may_organise(actor, activity.kind, nodes)
