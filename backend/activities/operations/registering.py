"""Registering: answers and limits are the activity's, the place is the engine's.

Sessions are booked here rather than at the slot's own address, for only here are answers
held to the questions, children to their classes and families to the activity's limits.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from backend.activities import rules
from backend.activities.models import Activity
from backend.activities.queries import lists, registrations
from backend.activities.rules.registering import Sitting
from backend.bookings.models import Mode
from backend.bookings.operations import places
from backend.bookings.operations.places import Ask, Taken
from backend.bookings.rules import CalledOff, Full, NotEligible
from backend.database import transaction
from backend.errors import NotFound, Refusal
from backend.web.actor import Actor


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One session for some of the caller's children; ``party`` is how many people come."""

    session_id: UUID
    student_ids: Sequence[UUID]
    party: int = 1
    at_once: bool = False


async def register(
    actor: Actor, activity: Activity, wish: Wish, answers: Mapping[str, str]
) -> Taken:
    """Take a place at one session, or a turn in its queue. Asked twice it is one booking.

    Raises the engine's refusals (``bookings.rules.TAKING``), :class:`rules.AnswerMissing`,
    :class:`rules.AnswerMisfit`, :class:`rules.TooManyForChild` and
    :class:`rules.TooManyForFamily`.
    """
    kept = rules.check_answers(activity.questions, answers)
    [sitting] = await _sittings(actor, activity, [wish])
    ask = _ask(actor, wish, kept)
    if activity.sessions_per_child is None and activity.sessions_per_family is None:
        return await places.take(ask)
    async with transaction():
        await _keep_limits(actor, activity, [sitting])
        try:
            return (await places.take_all([ask]))[0]
        except Full:
            # Within the limits, but there is no room: they go into the queue below, which
            # must not happen while this transaction holds a connection.
            pass
    taken = await places.take(ask)
    await _leave_if_beyond(actor, activity, sitting)
    return taken


async def _leave_if_beyond(actor: Actor, activity: Activity, sitting: Sitting) -> None:
    """Look at the limits again after joining a queue, for the other guardian may have joined
    another meanwhile; whoever looks first and finds too many leaves.
    """
    beyond: Refusal | None = None
    async with transaction():
        try:
            await _keep_limits(actor, activity, [sitting])
        except (rules.TooManyForChild, rules.TooManyForFamily) as refusal:
            await places.cancel(sitting.session_id, actor.person_id, by=actor.person_id)
            beyond = refusal
    if beyond is not None:
        raise beyond


async def register_all(
    actor: Actor, activity: Activity, wishes: Sequence[Wish], answers: Mapping[str, str]
) -> list[Taken]:
    """Take a place at every session of a plan, or at none.

    Raises what :func:`register` does, :class:`rules.SessionFull`, :class:`rules.PlanByLot`
    and :class:`rules.ChildTwiceAtOnce`.
    """
    if activity.mode == Mode.DRAW:
        raise rules.PlanByLot
    kept = rules.check_answers(activity.questions, answers)
    sittings = await _sittings(actor, activity, wishes)
    rules.check_apart(sittings)
    async with transaction():
        await _keep_limits(actor, activity, sittings)
        try:
            return await places.take_all([_ask(actor, wish, kept) for wish in wishes])
        except Full as full:
            titles = {str(sitting.session_id): sitting.title for sitting in sittings}
            raise rules.SessionFull(session=titles[full.facts["slotId"]], **full.facts) from None


def _ask(actor: Actor, wish: Wish, answers: dict[str, str]) -> Ask:
    return places.ask_of(
        actor,
        wish.session_id,
        party=wish.party,
        student_ids=wish.student_ids,
        at_once=wish.at_once,
        answers=answers,
    )


async def _sittings(actor: Actor, activity: Activity, wishes: Sequence[Wish]) -> list[Sitting]:
    """Return the sessions asked for; each child's class is among those a session is for.

    Raises ``NotFound`` for a session or child that is not theirs to ask for.
    """
    known = {row["id"]: row for row in await lists.sessions_of(activity.id)}
    paths = {
        tie.student_id: {tie.school_id, tie.grade_id, tie.class_id}
        for tie in actor.ties
        if tie.consented
    }
    sittings = []
    for wish in wishes:
        row = known.get(wish.session_id)
        if row is None or not set(wish.student_ids) <= set(paths):
            raise NotFound
        if row["called_off"]:
            raise CalledOff(reason=row["cancelled_reason"])
        meant = set(row["node_ids"] or activity.node_ids)
        if not all(paths[child] & meant for child in wish.student_ids):
            raise NotEligible
        sittings.append(
            Sitting(
                session_id=wish.session_id,
                title=row["title"],
                starts_at=row["starts_at"],
                ends_at=row["ends_at"],
                student_ids=wish.student_ids,
            )
        )
    return sittings


async def _keep_limits(actor: Actor, activity: Activity, sittings: Sequence[Sitting]) -> None:
    """Hold the family to the activity's limits; both guardians' registrations wait here."""
    if activity.sessions_per_child is None and activity.sessions_per_family is None:
        return
    children = {child for sitting in sittings for child in sitting.student_ids}
    # All the caller's children count towards the family, also those not asked for now.
    children |= set(actor.student_ids)
    await registrations.lock_children(activity.id, children)
    rules.check_limits(
        sittings,
        await registrations.held_by(activity.id, children),
        per_child=activity.sessions_per_child,
        per_family=activity.sessions_per_family,
    )
