"""What members have against minutes, and what the chair answers."""

from uuid import UUID

from backend import clock
from backend.committees.models import MinutesObjection, MinutesState, SeatRole
from backend.committees.notify import minutes as notify
from backend.committees.operations.minutes import hold, note, reopen
from backend.committees.queries import minutes as queries
from backend.committees.rules import minutes as rules
from backend.committees.rules.minutes import STEPS
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.web.limits import spend


async def raise_objection(meeting_id: UUID, text: str, *, by: UUID) -> UUID:
    """Object to confirmed minutes while their window is open; returns the objection's id.

    Raises :class:`rules.WrongMinutesState`, :class:`rules.TooLateToObject` and ``TooMany``.
    """
    async with transaction():
        held = await hold(meeting_id)
        STEPS["object"].check(held.minutes.state)
        now = clock.now()
        rules.check_in_time(held.minutes.objections_until, now)
        await spend(rules.OBJECTING, str(by), now)
        objection = await MinutesObjection.create(
            id=uuid7(), minutes_id=held.minutes.id, raised_by=by, raised_at=now, text=text
        )
        await note("committees.minutes_objected", held, by, objection=str(objection.id))
        chair = await queries.people_of(held.body.id, SeatRole.CHAIR)
        await notify.objected(held.meeting, objection, chair)
        return objection.id


async def answer(
    meeting_id: UUID, objection_id: UUID, *, upheld: bool, text: str, by: UUID
) -> None:
    """Answer an objection. Upheld, the minutes are a draft again, in which both stand.

    The same answer again is done already. Raises :class:`rules.ObjectionAnswered`,
    :class:`rules.WrongMinutesState` and ``NotFound``.
    """
    async with transaction():
        held = await hold(meeting_id)
        objection = await MinutesObjection.select_for_update().get_or_none(
            id=objection_id, minutes_id=held.minutes.id
        )
        if objection is None:
            raise NotFound
        if objection.upheld is not None:
            if (objection.upheld, objection.answer) == (upheld, text):
                return
            raise rules.ObjectionAnswered
        # Another objection may have been upheld meanwhile; this one is answered all the same.
        if held.minutes.state != MinutesState.DRAFT:
            STEPS["uphold" if upheld else "reject"].check(held.minutes.state)
        objection.upheld, objection.answer = upheld, text
        objection.answered_by, objection.answered_at = by, clock.now()
        await objection.save(update_fields=["upheld", "answer", "answered_by", "answered_at"])
        was = held.minutes.digest
        if upheld and held.minutes.state == MinutesState.CONFIRMED:
            await reopen(held)
        await note(
            "committees.minutes_objection_answered", held, by,
            objection=str(objection.id), upheld=upheld, was=was,
        )  # fmt: skip
        await notify.answered(held.meeting, objection)
