"""Opening: a draft's sessions become slots that families can book; and calling it all off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backend import clock
from backend.activities import notify, rules
from backend.activities.models import Activity, ActivitySession, ActivityState
from backend.activities.queries import places
from backend.activities.rules.organising import DRAFT, UNDER_WAY
from backend.activities.rules.questions import required
from backend.audit.operations import record
from backend.bookings.models import Mode, SlotKind
from backend.bookings.operations import slots
from backend.bookings.operations.slots import Share, SlotPlan
from backend.database import transaction
from backend.web.actor import Actor


async def open_activity(actor: Actor, activity_id: UUID) -> Activity:
    """Show the activity to its families and let them book from its opening moment.

    Opening twice is opening once. Raises :class:`rules.WrongActivityState`,
    :class:`rules.NoSessions`, :class:`rules.BadActivityDates` and
    :class:`rules.NobodyInvited`.
    """
    async with transaction():
        activity = await Activity.select_for_update().get(id=activity_id)
        if activity.state == ActivityState.OPEN:
            return activity
        rules.check_state(activity, DRAFT)
        now = clock.now()
        sessions = await ActivitySession.filter(activity_id=activity_id).order_by("id")
        rules.check_opening(activity, sessions, now)
        await _invite(activity)
        for quota in activity.quotas:
            made = await slots.create_quota(activity.school_id, quota["name"], quota["capacity"])
            quota["id"] = str(made.id)
        activity.state, activity.opened_at = ActivityState.OPEN, now
        await activity.save()
        await make_slots(activity, sessions)
        await slots.open_slots([session.id for session in sessions], by=actor.person_id)
        await notify.opened(activity)
        await record(
            "activities.opened", "activity", activity.id,
            by=actor.person_id, school_id=activity.school_id, sessions=len(sessions),
        )  # fmt: skip
        return activity


async def call_off(actor: Actor, activity_id: UUID, reason: str) -> Activity:
    """Call off every session; whoever held or awaited a place is told why.

    Doing it twice is doing it once. Raises :class:`rules.WrongActivityState`.
    """
    async with transaction():
        activity = await Activity.select_for_update().get(id=activity_id)
        if activity.state == ActivityState.CANCELLED:
            return activity
        rules.check_state(activity, UNDER_WAY)
        touched = 0
        sessions = await ActivitySession.filter(activity_id=activity_id).order_by("id")
        await slots.hold([session.id for session in sessions])
        for session in sessions:
            touched += await slots.call_off(session.id, reason, by=actor.person_id)
        activity.state, activity.reason = ActivityState.CANCELLED, reason
        await activity.save()
        await notify.withdrawn(activity)
        await record(
            "activities.called_off", "activity", activity.id,
            by=actor.person_id, school_id=activity.school_id, reason=reason, people=touched,
        )  # fmt: skip
        return activity


async def make_slots(activity: Activity, sessions: Sequence[ActivitySession]) -> None:
    """Make the sessions' slots, in the caller's transaction; they begin as drafts."""
    now = clock.now()
    await slots.create_many([_slot_of(activity, session, now) for session in sessions])


def _slot_of(activity: Activity, session: ActivitySession, now: datetime) -> SlotPlan:
    # Left open, the engine's own moment holds: the start, or for a draw some days before.
    closes = min(activity.closes_at, session.starts_at) if activity.closes_at else None
    latest = session.starts_at - timedelta(hours=activity.cancel_hours)
    quotas = {quota["key"]: UUID(quota["id"]) for quota in activity.quotas}
    nodes = rules.session_nodes(session, activity)
    return SlotPlan(
        id=session.id,
        school_id=activity.school_id,
        kind=SlotKind.SESSION,
        about_id=activity.id,
        title=f"{activity.title} {session.title}"[:60],
        place=session.room,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        capacity=session.capacity,
        organiser_id=activity.organiser_id,
        opens_at=activity.opens_at,
        closes_at=closes,
        # Whoever books within the last hours may still think better of it for a moment.
        cancel_until=max(latest, min(now, session.starts_at)),
        mode=Mode(activity.mode),
        needs_approval=activity.needs_approval,
        max_party=activity.max_party,
        children_named=True,
        open_to=[] if activity.school_id in nodes else nodes,
        asks=required(activity.questions),
        quota_ids=[quotas[key] for key in session.quota_keys],
        shares=[
            Share(
                label=share["label"],
                node_ids=[UUID(node) for node in share["nodeIds"]],
                places=share["places"],
                release_at=datetime.fromisoformat(share["releaseAt"]),
            )
            for share in session.shares
        ],
        host_ids=session.host_ids,
        invited=activity.invitee_ids if activity.mode == Mode.INVITED else (),
    )


async def _invite(activity: Activity) -> None:
    """Settle who is invited: those named, and the committees if the organiser wished so."""
    if activity.mode != Mode.INVITED:
        activity.invitee_ids = []
        return
    people = set(activity.invitee_ids)
    if activity.invites_committees:
        people |= await places.committees_at(activity.node_ids)
    if not people:
        raise rules.NobodyInvited
    activity.invitee_ids = sorted(people)
