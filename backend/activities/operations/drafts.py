"""Drafts: an activity and its sessions before any family sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.activities import rules
from backend.activities.models import Activity, ActivitySession
from backend.activities.operations.opening import make_slots
from backend.activities.operations.programmes import Programme, check_speakers
from backend.activities.queries import places
from backend.activities.rules import Node
from backend.activities.rules.organising import DRAFT, UNDER_WAY
from backend.audit.operations import record
from backend.bookings.operations import slots
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.operations import release
from backend.web.actor import Actor


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its organiser thinks of it; without nodes it is for the whole audience.

    ``shares`` are plain ``{label, nodeIds, places, releaseAt}``.
    """

    title: str
    room: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    node_ids: Sequence[UUID] = ()
    quota_keys: Sequence[str] = ()
    shares: Sequence[dict[str, Any]] = ()
    host_ids: Sequence[UUID] = ()
    programme: Programme = Programme()

    def share_nodes(self) -> list[UUID]:
        return [UUID(node) for share in self.shares for node in share["nodeIds"]]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an organiser decides; questions and quotas are plain and checked."""

    kind: str
    title: str
    paragraphs: list[str]
    node_ids: list[UUID]
    mode: str
    needs_approval: bool
    invitee_ids: list[UUID]
    invites_committees: bool
    questions: list[dict[str, Any]]
    quotas: list[dict[str, Any]]
    max_party: int
    sessions_per_child: int | None
    sessions_per_family: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    cancel_hours: int
    sessions: list[SessionPlan]


async def write(actor: Actor, school_id: UUID, content: Content) -> Activity:
    """Keep a new draft with its sessions.

    Raises ``NotFound`` for places outside the school, :class:`rules.NotYourActivity`,
    :class:`rules.OutsideAudience`, :class:`rules.NotAGuardian`,
    :class:`rules.NotOnTheStaff` and :class:`rules.SpeakerNotHere`.
    """
    async with transaction():
        activity = Activity(school_id=school_id, organiser_id=actor.person_id)
        audience = await _fill(actor, activity, content)
        await activity.save()
        await _plan_sessions(activity, content.sessions, audience)
        await record(
            "activities.written", "activity", activity.id, by=actor.person_id, school_id=school_id
        )
        return activity


async def rewrite(actor: Actor, activity_id: UUID, content: Content) -> Activity:
    """Replace a draft with its sessions; raises what :func:`write` does, and
    :class:`rules.WrongActivityState`.
    """
    async with transaction():
        activity = await Activity.select_for_update().get(id=activity_id)
        rules.check_state(activity, DRAFT)
        audience = await _fill(actor, activity, content)
        await activity.save()
        await ActivitySession.filter(activity_id=activity_id).delete()
        await _plan_sessions(activity, content.sessions, audience)
        return activity


async def discard(activity_id: UUID) -> None:
    """Throw a draft away; doing it twice is doing it once."""
    async with transaction():
        activity = await Activity.select_for_update().get_or_none(id=activity_id)
        if activity is not None:
            rules.check_state(activity, DRAFT)
            await release(activity.id)
            await activity.delete()


async def add_session(actor: Actor, activity_id: UUID, plan: SessionPlan) -> ActivitySession:
    """Add a session to a draft, or to an open activity, where it can be booked at once.

    Raises :class:`rules.WrongActivityState`, :class:`rules.TooManySessions`,
    :class:`rules.OutsideAudience`, :class:`rules.NotOnTheStaff`,
    :class:`rules.SpeakerNotHere` and :class:`rules.BadActivityDates`.
    """
    async with transaction():
        activity = await Activity.select_for_update().get(id=activity_id)
        rules.check_state(activity, DRAFT | UNDER_WAY)
        existing = await ActivitySession.filter(activity_id=activity_id).count()
        if existing >= rules.MOST_SESSIONS:
            raise rules.TooManySessions(most=rules.MOST_SESSIONS)
        audience = list((await places.nodes(activity.node_ids)).values())
        [session] = await _plan_sessions(activity, [plan], audience)
        if activity.state in UNDER_WAY:
            rules.check_opening(activity, [session], clock.now())
            await make_slots(activity, [session])
            await slots.open_slots([session.id], by=actor.person_id)
            await record(
                "activities.session_added", "activity", activity.id,
                by=actor.person_id, school_id=activity.school_id, session=str(session.id),
            )  # fmt: skip
        return session


async def _fill(actor: Actor, activity: Activity, content: Content) -> list[Node]:
    """Set what the organiser decides; returns the nodes of the audience."""
    known = await places.nodes(content.node_ids)
    audience = [known[node] for node in dict.fromkeys(content.node_ids) if node in known]
    if len(audience) < len(set(content.node_ids)) or any(
        node.school_id != activity.school_id for node in audience
    ):
        raise NotFound
    if not rules.may_organise(actor, content.kind, audience):
        raise rules.NotYourActivity(audience="、".join(node.label for node in audience))
    invited = set(content.invitee_ids)
    if await places.guardians_among(invited, content.node_ids) != invited:
        raise rules.NotAGuardian
    activity.kind = content.kind
    activity.title = content.title
    activity.paragraphs = content.paragraphs
    activity.node_ids = [node.id for node in audience]
    activity.organiser_title = rules.office_of(actor, audience)
    activity.mode = content.mode
    activity.needs_approval = content.needs_approval
    activity.invitee_ids = sorted(invited)
    activity.invites_committees = content.invites_committees
    activity.questions = content.questions
    activity.quotas = content.quotas
    activity.max_party = content.max_party
    activity.sessions_per_child = content.sessions_per_child
    activity.sessions_per_family = content.sessions_per_family
    activity.opens_at = content.opens_at
    activity.closes_at = content.closes_at
    activity.cancel_hours = content.cancel_hours
    return audience


async def _plan_sessions(
    activity: Activity, plans: Sequence[SessionPlan], audience: Sequence[Node]
) -> list[ActivitySession]:
    """Keep sessions whose classes lie within the audience, whose hosts work here, and whose
    speakers belong here where they are named by their accounts.
    """
    named = [node for plan in plans for node in (*plan.node_ids, *plan.share_nodes())]
    # Another school's classes are not there for this one.
    known = {
        node.id: node
        for node in (await places.nodes(named)).values()
        if node.school_id == activity.school_id
    }
    hosts = {host for plan in plans for host in plan.host_ids}
    if await places.staff_among(hosts, activity.school_id) != hosts:
        raise rules.NotOnTheStaff
    await check_speakers(
        activity.school_id, [one for plan in plans for one in plan.programme.speakers]
    )
    quotas = {quota["key"] for quota in activity.quotas}
    made = []
    for plan in plans:
        ids = [*plan.node_ids, *plan.share_nodes()]
        if not set(ids) <= set(known) or not set(plan.quota_keys) <= quotas:
            raise NotFound
        rules.check_inside(plan.title, [known[node] for node in ids], audience)
        made.append(
            ActivitySession(
                id=uuid7(),
                activity_id=activity.id,
                title=plan.title,
                room=plan.room,
                starts_at=plan.starts_at,
                ends_at=plan.ends_at,
                capacity=plan.capacity,
                node_ids=list(dict.fromkeys(plan.node_ids)),
                quota_keys=list(dict.fromkeys(plan.quota_keys)),
                shares=list(plan.shares),
                host_ids=list(dict.fromkeys(plan.host_ids)),
                speakers=list(plan.programme.speakers),
                delivery=plan.programme.delivery,
                link=plan.programme.link,
            )
        )
    await ActivitySession.bulk_create(made)
    return made
