"""Turning rows into what the phone sees."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.activities.models import Activity, ActivityKind, ActivityState, Delivery
from backend.activities.permissions import ActivitySight, activity_in_sight
from backend.activities.queries import lists, places, registrations
from backend.activities.rules.after import FEEDBACK_WINDOW
from backend.activities.rules.organising import OVER
from backend.activities.rules.programmes import JOINING
from backend.activities.rules.questions import QuestionKind
from backend.activities.schemas.programmes import SpeakerOut
from backend.activities.schemas.reading import (
    ActivityOut,
    ActivitySessionOut,
    ActivitySummaryOut,
    AudienceNodeOut,
    QuestionOut,
    QuotaOut,
)
from backend.bookings.controllers.places import booking_out
from backend.bookings.models import Mode
from backend.bookings.operations.places import Place
from backend.bookings.queries.outlook import Outlook, outlooks
from backend.bookings.schemas.slots import SlotOut
from backend.media.models import Attachment
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.web.actor import Actor


async def changed(actor: Actor, activity_id: UUID, settings: Settings) -> ActivityOut:
    """Return an activity as the caller sees it after their act."""
    return await activity_out(await activity_in_sight(actor, activity_id), actor, settings)


async def activity_out(sight: ActivitySight, actor: Actor, settings: Settings) -> ActivityOut:
    """Return the whole activity with how each session stands for the caller."""
    activity: Activity = sight.activity
    now = clock.now()
    rows = await lists.sessions_of(activity.id)
    standings = await outlooks(actor, [row["id"] for row in rows], now)
    named = [*activity.node_ids, *(node for row in rows for node in row["node_ids"])]
    labels = {node.id: node.label for node in (await places.nodes(named)).values()}
    term = await lists.term_of(activity.school_id, rows[0]["starts_at"]) if rows else None
    asks = await _asks_feedback(sight, actor, now)
    recordings = await _recordings(rows)
    return ActivityOut(
        id=activity.id,
        school_id=activity.school_id,
        kind=ActivityKind(activity.kind),
        state=ActivityState(activity.state),
        title=activity.title,
        paragraphs=activity.paragraphs,
        organiser_title=activity.organiser_title,
        mode=Mode(activity.mode),
        needs_approval=activity.needs_approval,
        audience=_nodes(activity.node_ids, labels),
        term=term["term"] if term else None,
        year=term["year"] if term else None,
        questions=[_question(question) for question in activity.questions],
        max_party=activity.max_party,
        sessions_per_child=activity.sessions_per_child,
        sessions_per_family=activity.sessions_per_family,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        cancel_hours=activity.cancel_hours,
        sessions=[
            ActivitySessionOut(
                id=row["id"],
                title=row["title"],
                room=row["room"],
                starts_at=row["starts_at"],
                ends_at=row["ends_at"],
                capacity=row["capacity"],
                audience=_nodes(row["node_ids"], labels),
                speakers=[
                    SpeakerOut.of(one, manages=sight.manages)
                    for one in msgspec.json.decode(row["speakers"])
                ],
                delivery=Delivery(row["delivery"]),
                link=_link(sight, actor, row, standings.get(row["id"])),
                recording=_shown(recordings.get(row["recording_id"]), actor, settings, now),
                slot=await _slot(standings.get(row["id"]), now),
            )
            for row in rows
        ],
        reason=activity.reason,
        held_at=activity.held_at,
        summary=await _summary(activity, actor, settings, now),
        asks_feedback=asks,
        feedback_until=activity.held_at + FEEDBACK_WINDOW if asks and activity.held_at else None,
        manages=sight.manages,
        quotas=[
            QuotaOut(key=quota["key"], name=quota["name"], capacity=quota["capacity"])
            for quota in activity.quotas
            if sight.manages
        ],
        invitee_ids=activity.invitee_ids if sight.manages else [],
    )


def _nodes(ids: list[UUID], labels: dict[UUID, str]) -> list[AudienceNodeOut]:
    return [AudienceNodeOut(node_id=node, label=labels.get(node, "")) for node in ids]


def _question(stored: dict[str, Any]) -> QuestionOut:
    return QuestionOut(
        key=stored["key"],
        label=stored["label"],
        kind=QuestionKind(stored["kind"]),
        choices=stored["choices"],
        required=stored["required"],
    )


async def _recordings(rows: list[dict[str, Any]]) -> dict[UUID | None, Attachment]:
    wanted = [row["recording_id"] for row in rows if row["recording_id"]]
    if not wanted:
        return {}
    # lint: allow rows because these are the files of sessions already in the caller's sight
    return {row.id: row for row in await Attachment.objects.all().stored().filter(id__in=wanted)}


def _link(
    sight: ActivitySight, actor: Actor, row: dict[str, Any], outlook: Outlook | None
) -> str | None:
    """Where an online session is held is for those who take part and those who hold it."""
    keeps_door = sight.at_work and actor.person_id in row["host_ids"]
    takes_part = outlook is not None and outlook.state in JOINING
    if not row["link"] or not (sight.manages or keeps_door or takes_part):
        return None
    return str(row["link"])


def _shown(
    file: Attachment | None, actor: Actor, settings: Settings, now: datetime
) -> AttachmentOut | None:
    if file is None:
        return None
    return AttachmentOut.of(
        file,
        person_id=actor.person_id,
        session_id=actor.session_id,
        key=settings.secret_key,
        now=now,
    )


async def _slot(outlook: Outlook | None, now: datetime) -> SlotOut | None:
    if outlook is None:
        return None
    booking = None
    if outlook.booking is not None:
        place = msgspec.json.decode(outlook.booking, type=Place)
        row = outlook.row
        booking = await booking_out(
            place, outlook.ahead, kind=row["kind"], taken=row["taken"], now=now
        )
    return SlotOut.of(outlook, booking)


async def _asks_feedback(sight: ActivitySight, actor: Actor, now: datetime) -> bool:
    activity: Activity = sight.activity
    if activity.state not in OVER or activity.held_at is None:
        return False
    if now > activity.held_at + FEEDBACK_WINDOW or not sight.concerned:
        return False
    return await registrations.came(activity.id, actor.person_id)


async def _summary(
    activity: Activity, actor: Actor, settings: Settings, now: datetime
) -> ActivitySummaryOut | None:
    if activity.summarised_at is None:
        return None
    found: dict[UUID, Attachment] = {}
    if activity.picture_ids:
        found = {row.id: row for row in await Attachment.objects.all().carried_by(activity.id)}
    pictures = [_shown(found.get(one), actor, settings, now) for one in activity.picture_ids]
    return ActivitySummaryOut(
        text=activity.summary,
        pictures=[picture for picture in pictures if picture is not None],
        written_at=activity.summarised_at,
    )
