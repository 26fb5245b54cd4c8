"""Seats: nominated, elected or appointed, serving, ended. All verbs of a body take turns."""

from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    Body,
    BodyState,
    Constituency,
    Seat,
    SeatRole,
    SeatState,
)
from backend.committees.notify import seats as notify
from backend.committees.operations import standings
from backend.committees.queries import eligibility
from backend.committees.queries import seats as queries
from backend.committees.rules import seats as rules
from backend.committees.rules.bodies import check_state
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.people.operations import ties


class Nominee(msgspec.Struct, frozen=True, kw_only=True):
    """Who shall sit, for whom and as what: somebody known, or a name and a number (``+86…``).

    ``student_id`` says for which of their children a parent sits.
    """

    constituency: Constituency
    role: SeatRole = SeatRole.MEMBER
    office: str = ""
    person_id: UUID | None = None
    student_id: UUID | None = None
    name: str = ""
    phone: str = ""


_STEPS = {
    SeatState.NOMINATED: (),
    SeatState.APPOINTED: (SeatState.APPOINTED,),
    SeatState.SERVING: (SeatState.APPOINTED, SeatState.SERVING),
}


async def nominate(
    body_id: UUID, nominee: Nominee, *, by: UUID, until: SeatState = SeatState.NOMINATED
) -> Seat:
    """Make somebody a seat, and go on with it ``until`` appointed or serving, if so wished.

    Raises :class:`rules.WrongConstituency`, :class:`rules.NotEligible`,
    :class:`rules.AlreadySeated`, :class:`rules.ChairTaken` and ``WrongBodyState``.
    """
    async with transaction():
        body = await locked(body_id)
        check_state(body, BodyState.DRAFT, BodyState.ACTIVE)
        rules.check_constituency(body.kind, nominee.constituency)
        await end_lapsed(body)
        person_id, name, student_id = await _who(nominee, body)
        if await Seat.filter(body_id=body_id, person_id=person_id).exclude(state="ended").exists():
            raise rules.AlreadySeated
        seat = await Seat.create(
            id=uuid7(),
            body_id=body_id,
            person_id=person_id,
            name=name,
            role=nominee.role,
            constituency=nominee.constituency,
            office=nominee.office,
            student_id=student_id,
            term_from=body.term_from,
            term_until=body.term_until,
            created_at=clock.now(),
        )
        await _record("committees.seat_nominated", seat, body, by, role=seat.role)
        for step in _STEPS[until]:
            await _move(seat, body, step, by=by)
        return seat


async def appoint(seat_id: UUID, *, by: UUID) -> Seat:
    """Appoint somebody nominated. Raises :class:`rules.WrongSeatState`."""
    return await _step(seat_id, SeatState.APPOINTED, by=by)


async def seat_elected(seat_id: UUID, vote_id: UUID, *, by: UUID, serves: bool = False) -> Seat:
    """Note that a certified vote has elected somebody nominated; ``serves``: from now on.

    Bears repeating for the same vote. Raises :class:`rules.WrongSeatState`, and with
    ``serves`` :class:`rules.ChairTaken`.
    """
    async with transaction():
        seat, body = await _both(seat_id)
        if seat.vote_id != vote_id or seat.state == SeatState.NOMINATED:
            rules.check_move(seat, SeatState.ELECTED)
            seat.vote_id = vote_id
            await _move(seat, body, SeatState.ELECTED, by=by, vote=str(vote_id))
        if serves and seat.state == SeatState.ELECTED:
            await _move(seat, body, SeatState.SERVING, by=by)
        return seat


async def begin(seat_id: UUID, *, by: UUID) -> Seat:
    """Let somebody elected or appointed serve from today on.

    Raises :class:`rules.WrongSeatState` and :class:`rules.ChairTaken`.
    """
    return await _step(seat_id, SeatState.SERVING, by=by)


async def resign(seat_id: UUID, *, by: UUID) -> Seat:
    """Give up one's own seat. Raises :class:`rules.WrongSeatState`."""
    return await _finish(seat_id, rules.SeatEnd.RESIGNED, by=by)


async def dismiss(seat_id: UUID, reason: str, *, by: UUID) -> Seat:
    """End somebody's seat; why is kept in the trail. Raises :class:`rules.WrongSeatState`."""
    return await _finish(seat_id, rules.SeatEnd.DISMISSED, by=by, reason=reason)


async def end_lapsed(body: Body) -> int:
    """End the body's seats whose term is over, or whose holder is no guardian here any more.

    In a transaction that holds the body. Returns how many.
    """
    rows = await queries.lapsed(body.id)
    for row in rows:
        why = rules.SeatEnd.TERM_OVER if row["over"] else rules.SeatEnd.GUARDIANSHIP_ENDED
        await finish(await Seat.get(id=row["id"]), body, why, by=None)
    return len(rows)


async def end_lapsed_of(body_id: UUID) -> int:
    """Do :func:`end_lapsed` with a body in a transaction of its own; returns how many."""
    async with transaction():
        return await end_lapsed(await locked(body_id))


async def finish(
    seat: Seat, body: Body, why: rules.SeatEnd, *, by: UUID | None, **facts: object
) -> None:
    """End a seat in a transaction that holds its body. Raises :class:`rules.WrongSeatState`."""
    rules.check_move(seat, SeatState.ENDED)
    served = seat.state == SeatState.SERVING
    await standings.take(seat, body, by=by)
    seat.state, seat.ended_at, seat.ended_reason = SeatState.ENDED, clock.now(), why
    await seat.save(update_fields=["state", "ended_at", "ended_reason"])
    await _record("committees.seat_ended", seat, body, by, why=why, **facts)
    if not served or body.activated_at is None:
        return
    await notify.ended(seat, body, why)
    if seat.role == SeatRole.CHAIR and why not in rules.WITH_THE_BODY:
        await notify.chair_gone(seat, body, await queries.who_runs(body))


async def locked(body_id: UUID) -> Body:
    """Return the body, held until the transaction ends."""
    body = await Body.select_for_update(no_key=True).get_or_none(id=body_id)
    if body is None:
        raise NotFound
    return body


async def _both(seat_id: UUID) -> tuple[Seat, Body]:
    seat = await Seat.get(id=seat_id)
    body = await locked(seat.body_id)
    await seat.refresh_from_db()
    return seat, body


async def _step(seat_id: UUID, to: SeatState, *, by: UUID) -> Seat:
    async with transaction():
        seat, body = await _both(seat_id)
        check_state(body, BodyState.DRAFT, BodyState.ACTIVE)
        await end_lapsed(body)
        await seat.refresh_from_db()
        await _move(seat, body, to, by=by)
        return seat


async def _finish(seat_id: UUID, why: rules.SeatEnd, *, by: UUID, **facts: object) -> Seat:
    async with transaction():
        seat, body = await _both(seat_id)
        await finish(seat, body, why, by=by, **facts)
        return seat


async def _move(seat: Seat, body: Body, to: SeatState, *, by: UUID, **facts: object) -> None:
    rules.check_move(seat, to)
    if to is SeatState.SERVING:
        chair = Seat.filter(body_id=body.id, state=SeatState.SERVING, role=SeatRole.CHAIR)
        if seat.role == SeatRole.CHAIR and await chair.exists():
            raise rules.ChairTaken
        seat.term_from = max(seat.term_from, min(queries.today(), seat.term_until))
    seat.state = to
    await seat.save(update_fields=["state", "term_from", "vote_id"])
    await _record(f"committees.seat_{to}", seat, body, by, **facts)
    if to is SeatState.SERVING and body.state == BodyState.ACTIVE:
        await standings.give(seat, body, by=by)
        await notify.given(seat, body)


async def _who(nominee: Nominee, body: Body) -> tuple[UUID, str, UUID | None]:
    """Return whose seat it is, under which name, and for which child.

    Raises :class:`rules.NotEligible`, the same for nobody and for somebody who may not.
    """
    outside = nominee.constituency not in rules.OF_FAMILIES | rules.AT_SCHOOL
    if nominee.person_id is None:
        if not outside:
            raise rules.NotEligible(field="phone")
        person = await ties.open_account(nominee.name, nominee.phone)
        # Under the name given here: whose number it is is nobody's business.
        return person.id, nominee.name, None
    person_id, student_id = nominee.person_id, None
    if nominee.constituency is Constituency.PARENT:
        student_id = await eligibility.child_of(person_id, body, nominee.student_id)
        eligible = student_id is not None
    elif nominee.constituency is Constituency.COMMITTEE:
        student_id = await eligibility.child_on_committee(person_id, body)
        eligible = student_id is not None
    else:
        eligible = await eligibility.works_for(person_id, body, district_too=outside) or (
            outside and await eligibility.is_known_to(person_id, body)
        )
    name = await eligibility.name_of(person_id)
    if not eligible or not name:
        raise rules.NotEligible(field="personId")
    return person_id, name, student_id


async def _record(action: str, seat: Seat, body: Body, by: UUID | None, **facts: object) -> None:
    await record(
        action, "seat", seat.id, by=by, school_id=body.school_id, body=str(body.id), **facts
    )
