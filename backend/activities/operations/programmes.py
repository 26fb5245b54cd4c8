"""A session's programme: who speaks and where one takes part; and its recording afterwards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.activities import notify, rules
from backend.activities.models import Activity, ActivitySession, Delivery
from backend.activities.queries import places, registrations
from backend.activities.rules.organising import DRAFT, OVER, UNDER_WAY
from backend.audit.operations import record
from backend.database import transaction
from backend.identifiers import uuid7
from backend.media.operations import attach, release
from backend.web.actor import Actor


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks, as plain ``{name, title, kind, personId}``, and where one takes part.

    ``link`` is an https address, empty where there is none; it is kept and shown, and
    never fetched.
    """

    speakers: Sequence[dict[str, Any]] = ()
    delivery: Delivery = Delivery.ON_SITE
    link: str = ""


async def set_programme(actor: Actor, session_id: UUID, wanted: Programme) -> None:
    """Say anew who speaks and where one takes part, before the day or after it.

    Whoever has a place at a session yet to come is told when the way in has changed. Raises
    :class:`rules.WrongActivityState` once it is all called off, and
    :class:`rules.SpeakerNotHere`.
    """
    async with transaction():
        session = await ActivitySession.get(id=session_id)
        activity = await Activity.select_for_update().get(id=session.activity_id)
        rules.check_state(activity, DRAFT | UNDER_WAY | OVER)
        await check_speakers(activity.school_id, wanted.speakers)
        session = await ActivitySession.select_for_update().get(id=session_id)
        moved = (session.delivery, session.link) != (wanted.delivery, wanted.link)
        session.speakers = list(wanted.speakers)
        session.delivery, session.link = wanted.delivery, wanted.link
        await session.save(update_fields=["speakers", "delivery", "link"])
        if moved:
            joining = await registrations.joining(session_id, clock.now())
            await notify.way_in_changed(activity, session, joining, once=str(uuid7()))
        await record(
            "activities.programme_set", "activity", activity.id,
            by=actor.person_id, school_id=activity.school_id, session=str(session_id),
        )  # fmt: skip


async def add_recording(actor: Actor, session_id: UUID, attachment_id: UUID) -> None:
    """Let a session that was held carry a video of it; an earlier one is let go.

    Raises :class:`rules.SessionNotOver`, ``media.rules.AttachmentMissing``,
    :class:`rules.NotARecording` and :class:`rules.RecordingNotReady`.
    """
    async with transaction():
        session = await ActivitySession.select_for_update().get(id=session_id)
        await _check_over(session)
        [video] = await attach([attachment_id], session_id, actor.person_id)
        rules.check_recording(video)
        await release(session_id, keep=[attachment_id])
        session.recording_id = attachment_id
        await session.save(update_fields=["recording_id"])
        await _record("activities.recording_added", actor, session)


async def remove_recording(actor: Actor, session_id: UUID) -> None:
    """Let the recording go; doing it twice is doing it once."""
    async with transaction():
        session = await ActivitySession.select_for_update().get(id=session_id)
        if session.recording_id is None:
            return
        await release(session_id)
        session.recording_id = None
        await session.save(update_fields=["recording_id"])
        await _record("activities.recording_removed", actor, session)


async def check_speakers(school_id: UUID, speakers: Sequence[dict[str, Any]]) -> None:
    """Speakers named by an account belong to the school: its staff, or guardians there.

    Raises :class:`rules.SpeakerNotHere`.
    """
    named = {UUID(one["personId"]) for one in speakers if one["personId"]}
    if not named:
        return
    strangers = named - await places.staff_among(named, school_id)
    if strangers - await places.guardians_among(strangers, [school_id]):
        raise rules.SpeakerNotHere


async def _check_over(session: ActivitySession) -> None:
    slot = await places.slot_of(session.id)
    rules.check_over(
        ends_at=slot["ends_at"] if slot else session.ends_at,
        called_off=slot is not None and slot["state"] == "cancelled",
        opened=slot is not None,
        now=clock.now(),
    )


async def _record(action: str, actor: Actor, session: ActivitySession) -> None:
    activity = await Activity.get(id=session.activity_id)
    await record(
        action, "activity", activity.id,
        by=actor.person_id, school_id=activity.school_id, session=str(session.id),
    )  # fmt: skip
