"""Turning minutes into what the phone sees."""

import msgspec

from backend import clock
from backend.committees.models import Body, Meeting, Minutes, MinutesState
from backend.committees.operations.minutes import read_record, words_of
from backend.committees.permissions.minutes import MinutesSight
from backend.committees.queries import eligibility, records
from backend.committees.queries import minutes as queries
from backend.committees.rules.composing import values_of
from backend.committees.rules.minutes import digest_of
from backend.committees.rules.wording import filled
from backend.committees.schemas.minutes import MinutesObjectionOut, MinutesOut
from backend.committees.schemas.minutes_record import MinutesRecordOut
from backend.web.actor import Actor

_S = MinutesState


async def minutes_out(sight: MinutesSight, actor: Actor) -> MinutesOut:
    """Return minutes as the caller may see them: objections without an answer, and what
    stands in the way of confirming, are the body's own.
    """
    minutes: Minutes = sight.minutes
    meeting: Meeting = sight.meeting
    body: Body = sight.within.body
    state = MinutesState(minutes.state)
    words = await words_of(minutes, body)
    found = read_record(minutes)
    inside, now = sight.within.inside, clock.now()
    objections = [
        MinutesObjectionOut(
            id=row["id"],
            name=row["name"],
            text=row["text"],
            raised_at=row["raised_at"],
            is_mine=row["raised_by"] == actor.person_id,
            upheld=row["upheld"],
            answer=row["answer"],
            answered_at=row["answered_at"],
        )
        for row in await queries.objections_of(minutes.id)
        if inside or row["upheld"] is not None
    ]
    in_window = minutes.objections_until is not None and now < minutes.objections_until
    waiting = in_window or any(objection.upheld is None for objection in objections)
    draft = state is _S.DRAFT
    unsettled = await records.unsettled(meeting.id) if draft else []
    return MinutesOut(
        meeting_id=meeting.id,
        body_id=body.id,
        state=state,
        record=msgspec.convert(found, MinutesRecordOut, from_attributes=True),
        remarks=minutes.remarks,
        heading=filled(words.heading, values_of(found)),
        digest=digest_of(found, minutes.remarks, words) if draft else minutes.digest,
        drafted_at=minutes.drafted_at,
        confirmed_at=minutes.confirmed_at,
        confirmed_by=await eligibility.name_of(minutes.confirmed_by)
        if minutes.confirmed_by
        else "",
        objections_until=minutes.objections_until,
        submitted_at=minutes.submitted_at,
        filed_at=minutes.filed_at,
        filing_number=minutes.filing_number,
        returned_reason=minutes.returned_reason,
        objections=objections,
        unsettled=unsettled,
        can_write=draft and sight.within.keeps,
        can_confirm=draft and sight.within.chairs and not unsettled,
        can_object=state is _S.CONFIRMED and in_window and sight.within.seat is not None,
        can_submit=state in (_S.CONFIRMED, _S.RETURNED) and sight.within.keeps and not waiting,
        can_file=state is _S.SUBMITTED and sight.within.officer,
    )
