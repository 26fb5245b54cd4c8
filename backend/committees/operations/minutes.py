"""Minutes: drafted by the system, completed by whoever keeps the papers, confirmed by the chair.

Whoever acts on minutes holds their meeting first, then the minutes.
"""

from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import (
    Body,
    Meeting,
    MeetingState,
    Minutes,
    MinutesState,
    SeatRole,
)
from backend.committees.notify import minutes as notify
from backend.committees.operations.holding import hold_meeting
from backend.committees.queries import minutes as queries
from backend.committees.queries import records
from backend.committees.rules import meetings
from backend.committees.rules import minutes as rules
from backend.committees.rules.minutes import STEPS
from backend.committees.rules.record import Record
from backend.committees.rules.wording import Wording, read
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes under the hand, with the meeting and the body they are of."""

    minutes: Any
    meeting: Any
    body: Any


async def draft_minutes(meeting_id: UUID, *, by: UUID | None = None) -> Minutes:
    """Write what was found of an ended meeting into the draft of its minutes, or begin one.

    What was added by hand stays. Raises :class:`rules.MeetingNotEnded` and
    :class:`rules.WrongMinutesState` once they are confirmed.
    """
    async with transaction():
        meeting = await hold_meeting(meeting_id)
        minutes = await Minutes.select_for_update().get_or_none(meeting_id=meeting_id)
        if minutes is not None:
            STEPS["rewrite"].check(minutes.state)
        if meeting.state != MeetingState.ENDED:
            raise rules.MeetingNotEnded(state=meeting.state)
        body = await Body.get(id=meeting.body_id)
        found = plain(await records.found(meeting))
        if minutes is not None and minutes.record == found:
            return minutes
        if minutes is None:
            minutes = await Minutes.create(
                id=uuid7(),
                meeting_id=meeting_id,
                body_id=meeting.body_id,
                record=found,
                drafted_at=clock.now(),
            )
            await notify.drafted(meeting, await queries.keepers(body.id))
        else:
            minutes.record, minutes.drafted_at = found, clock.now()
            await minutes.save(update_fields=["record", "drafted_at"])
        await note(
            "committees.minutes_drafted", Held(minutes=minutes, meeting=meeting, body=body), by
        )
        return minutes


async def add_remarks(meeting_id: UUID, remarks: str, *, by: UUID) -> None:
    """Put what the system cannot know into the draft.

    Raises :class:`rules.WrongMinutesState`.
    """
    async with transaction():
        held = await hold(meeting_id)
        STEPS["rewrite"].check(held.minutes.state)
        if held.minutes.remarks != remarks:
            held.minutes.remarks = remarks
            await held.minutes.save(update_fields=["remarks"])
            await note("committees.minutes_written", held, by, characters=len(remarks))


async def confirm(meeting_id: UUID, digest: str, *, by: UUID) -> None:
    """Fix what the chair has read, which ``digest`` says, and close the meeting.

    Said again by the same person it is done already. Raises :class:`rules.WrongMinutesState`,
    :class:`rules.ItemsUnsettled`, and :class:`rules.MinutesChanged` when the draft, what it is
    about, or its wording is not what was read.
    """
    async with transaction():
        held = await hold(meeting_id)
        minutes: Minutes = held.minutes
        if minutes.state == MinutesState.CONFIRMED and minutes.digest == digest:
            return
        STEPS["confirm"].check(minutes.state)
        if titles := await records.unsettled(meeting_id):
            raise rules.ItemsUnsettled(items="、".join(titles), titles=titles)
        words, _ = await queries.wording_of(held.body.district_id, held.body.school_id)
        found = await records.found(held.meeting)
        fresh = rules.digest_of(found, minutes.remarks, words)
        if minutes.record != plain(found) or fresh != digest:
            raise rules.MinutesChanged
        now = clock.now()
        minutes.state, minutes.digest = MinutesState.CONFIRMED, fresh
        minutes.wording = msgspec.to_builtins(words)
        minutes.confirmed_at, minutes.confirmed_by = now, by
        minutes.objections_until = now + rules.OBJECTION_WINDOW
        await minutes.save(
            update_fields=[
                "state", "digest", "wording", "confirmed_at", "confirmed_by", "objections_until",
            ]
        )  # fmt: skip
        if meetings.STEPS["close"].is_news(held.meeting.state):
            held.meeting.state, held.meeting.closed_at = MeetingState.CLOSED, now
            await held.meeting.save(update_fields=["state", "closed_at"])
        await note("committees.minutes_confirmed", held, by, digest=fresh)
        await notify.confirmed(held.meeting, minutes, await queries.people_of(held.body.id))


async def reopen(held: Held) -> None:
    """Make confirmed minutes a draft again, and their meeting one that has only ended.

    The caller holds them, has checked the step, and says why in the trail.
    """
    minutes: Minutes = held.minutes
    held.meeting.state, held.meeting.closed_at = MeetingState.ENDED, None
    await held.meeting.save(update_fields=["state", "closed_at"])
    minutes.state, minutes.digest, minutes.wording = MinutesState.DRAFT, "", None
    minutes.confirmed_at = minutes.confirmed_by = minutes.objections_until = None
    minutes.record = plain(await records.found(held.meeting))
    minutes.drafted_at = clock.now()
    await minutes.save()


async def remind(minutes_id: UUID) -> bool:
    """Remind whoever keeps the papers of minutes that are not confirmed. Returns whether it
    was news.
    """
    async with transaction():
        minutes = await Minutes.select_for_update().get(id=minutes_id)
        if minutes.state != MinutesState.DRAFT:
            return False
        meeting = await Meeting.get(id=minutes.meeting_id)
        now = clock.now()
        minutes.reminded_at = now
        await minutes.save(update_fields=["reminded_at"])
        people = await queries.keepers(minutes.body_id)
        return await notify.overdue(meeting, people, clock.local(now).date())


async def hold(meeting_id: UUID) -> Held:
    """Return a meeting's minutes, held until the transaction ends. Raises ``NotFound``."""
    meeting = await hold_meeting(meeting_id)
    minutes = await Minutes.select_for_update().get_or_none(meeting_id=meeting_id)
    if minutes is None:
        raise NotFound
    return Held(minutes=minutes, meeting=meeting, body=await Body.get(id=meeting.body_id))


async def note(action: str, held: Held, by: UUID | None, **facts: object) -> None:
    """Write an act into the trail."""
    await record(action, "minutes", held.minutes.id, by=by, school_id=held.body.school_id, **facts)


async def officers_and_keepers(body_id: UUID) -> list[UUID]:
    """Return a body's chair and secretary."""
    return await queries.people_of(body_id, SeatRole.CHAIR, SeatRole.SECRETARY)


def read_record(minutes: Minutes) -> Record:
    """Return what minutes have found."""
    return msgspec.convert(minutes.record, Record)


async def words_of(minutes: Minutes, body: Body) -> Wording:
    """Return the wording of minutes: fixed with them, or for a draft the newest."""
    if minutes.wording is not None:
        return read(minutes.wording)
    return (await queries.wording_of(body.district_id, body.school_id))[0]


def plain(found: Record) -> dict[str, Any]:
    """Return a record as it is stored."""
    stored: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return stored
