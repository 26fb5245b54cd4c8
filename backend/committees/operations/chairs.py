"""Who chairs a body, and what else its seats do in it."""

from uuid import UUID

from backend.audit.operations import record
from backend.committees.models import BodyState, Seat, SeatRole, SeatState
from backend.committees.notify import seats as notify
from backend.committees.operations import standings
from backend.committees.operations.seats import end_lapsed, locked
from backend.committees.queries import seats as queries
from backend.committees.rules import seats as rules
from backend.committees.rules.bodies import check_state
from backend.database import transaction
from backend.identifiers import uuid7


async def hand_over_chair(body_id: UUID, seat_id: UUID, *, by: UUID) -> Seat:
    """Make another serving seat of the body its chair; whoever was it stays as a member.

    A body whose chair has gone gets one again this way. To the present chair it changes
    nothing. Raises :class:`rules.WrongSeatState` for a seat that does not serve here now, and
    ``WrongBodyState`` for a body that has ended.
    """
    async with transaction():
        body = await locked(body_id)
        check_state(body, BodyState.DRAFT, BodyState.ACTIVE)
        await end_lapsed(body)
        seat = await Seat.get_or_none(id=seat_id, body_id=body_id)
        if seat is None or not await queries.is_in_force(seat_id):
            raise rules.WrongSeatState(state=seat.state if seat else SeatState.ENDED)
        before = await Seat.get_or_none(
            body_id=body_id, state=SeatState.SERVING, role=SeatRole.CHAIR
        )
        if before is not None and before.id == seat.id:
            return seat
        for one, role in ((before, SeatRole.MEMBER), (seat, SeatRole.CHAIR)):
            if one is not None:
                await standings.take(one, body, by=by)
                one.role = role
                await one.save(update_fields=["role"])
                await standings.give(one, body, by=by)
        await record(
            "committees.chair_handed_over", "seat", seat.id, by=by, school_id=body.school_id,
            body=str(body.id), before=str(before.id) if before else None,
        )  # fmt: skip
        if body.state == BodyState.ACTIVE:
            people = {one.person_id for one in await queries.serving(body_id)}
            await notify.handed_over(seat, body, people, step=uuid7())
        return seat


async def set_role(seat_id: UUID, role: SeatRole, office: str, *, by: UUID) -> Seat:
    """Say what a seat does in its body, and under which office it is listed.

    Raises :class:`rules.WrongSeatState` and :class:`rules.ChairIsHandedOver`.
    """
    async with transaction():
        seat = await Seat.get(id=seat_id)
        body = await locked(seat.body_id)
        await seat.refresh_from_db()
        rules.check_role(seat, role)
        seat.role, seat.office = role, office
        await seat.save(update_fields=["role", "office"])
        await record(
            "committees.seat_role_set", "seat", seat.id, by=by, school_id=body.school_id,
            body=str(body.id), role=role,
        )  # fmt: skip
        return seat
