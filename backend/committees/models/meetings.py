"""Meetings, who came, and what was on the agenda."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.committees.models.bodies import Body, Matter, RuleSetVersion, Seat
from backend.identifiers import uuid7


class MeetingState(StrEnum):
    """planned -(convened in time)-> convened -> running -> ended -(minutes confirmed)-> closed."""

    PLANNED = "planned"
    CONVENED = "convened"
    RUNNING = "running"
    ENDED = "ended"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class AttendanceMode(StrEnum):
    """How somebody was there."""

    IN_PERSON = "in_person"
    ONLINE = "online"


class MeetingAnswer(StrEnum):
    """What somebody says beforehand about coming."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    ABSENT = "absent"


class ItemState(StrEnum):
    """The life of an agenda item (requirements §3.2)."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MERGED = "merged"
    SCHEDULED = "scheduled"
    DISCUSSING = "discussing"
    VOTING = "voting"
    DECIDED = "decided"
    NOTED = "noted"
    DEFERRED = "deferred"
    WITHDRAWN = "withdrawn"
    IN_EXECUTION = "in_execution"
    DONE = "done"


class Meeting(Model):
    """``entitled`` is frozen when it ends.

    ``revision`` counts what those who come must know anew: that it is convened, moved or
    cancelled; ``changed_at`` is when that was last so.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    body: fields.ForeignKeyRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="meetings", on_delete=fields.RESTRICT, db_index=True
    )
    body_id: UUID
    title = fields.CharField(max_length=60)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    place = fields.CharField(max_length=80, default="", db_default="")
    online_url = fields.CharField(max_length=300, default="", db_default="")
    state = fields.CharField(max_length=10, default="planned", db_default="planned")
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField()
    convened_at = fields.DatetimeField(null=True)
    convened_by = fields.UUIDField(null=True)
    started_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    entitled = fields.IntField(default=0, db_default=0)
    closed_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    cancelled_reason = fields.CharField(max_length=200, default="", db_default="")
    revision = fields.IntField(default=0, db_default=0)
    changed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "meetings"


class MeetingReply(Model):
    """What a seat says beforehand about coming to a meeting; said again, it is replaced."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    meeting: fields.ForeignKeyRelation[Meeting] = fields.ForeignKeyField(
        "school.Meeting", related_name="replies", on_delete=fields.CASCADE
    )
    meeting_id: UUID
    seat: fields.ForeignKeyRelation[Seat] = fields.ForeignKeyField(
        "school.Seat", related_name="replies", on_delete=fields.CASCADE
    )
    seat_id: UUID
    answer = fields.CharField(max_length=10)
    replied_at = fields.DatetimeField()

    class Meta:
        table = "meeting_replies"
        unique_together = (("meeting", "seat"),)


class Attendance(Model):
    """Somebody's presence, from ``came_at`` to ``left_at`` (still there: null).

    ``recorded_by`` is whoever said so: the person, or the chair or secretary.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    meeting: fields.ForeignKeyRelation[Meeting] = fields.ForeignKeyField(
        "school.Meeting", related_name="attendances", on_delete=fields.CASCADE, db_index=True
    )
    meeting_id: UUID
    seat: fields.ForeignKeyRelation[Seat] = fields.ForeignKeyField(
        "school.Seat", related_name="attendances", on_delete=fields.RESTRICT
    )
    seat_id: UUID
    mode = fields.CharField(max_length=10)
    came_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)
    recorded_by = fields.UUIDField()

    class Meta:
        table = "attendances"


class AgendaItem(Model):
    """``parent_id`` makes the agenda a tree; ``position`` orders siblings within a meeting.

    Decided in writing it has no meeting. ``rule_set`` is frozen when it is scheduled (V11).
    ``present`` and ``has_quorum`` are what was found when its discussion began. ``retable_of_id``
    is the item it is put again for; ``retables`` counts how often that has happened.
    ``chosen`` are labels of the options a vote has chosen.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    body: fields.ForeignKeyRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="items", on_delete=fields.RESTRICT, db_index=True
    )
    body_id: UUID
    meeting: fields.ForeignKeyNullableRelation[Meeting] = fields.ForeignKeyField(
        "school.Meeting", related_name="items", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    meeting_id: UUID | None
    parent_id = fields.UUIDField(null=True)
    position = fields.IntField(default=0, db_default=0)
    matter: fields.ForeignKeyRelation[Matter] = fields.ForeignKeyField(
        "school.Matter", related_name="items", on_delete=fields.RESTRICT
    )
    matter_id: UUID
    rule_set: fields.ForeignKeyNullableRelation[RuleSetVersion] = fields.ForeignKeyField(
        "school.RuleSetVersion", related_name="items", on_delete=fields.RESTRICT, null=True
    )
    rule_set_id: UUID | None
    title = fields.CharField(max_length=120)
    text = fields.TextField(default="", db_default="")
    attachment_ids: list[UUID] = ArrayField(element_type="uuid", default=list)
    in_writing = fields.BooleanField(default=False, db_default=False)
    proposer_id = fields.UUIDField()
    suggestion_id = fields.UUIDField(null=True)
    state = fields.CharField(max_length=15, default="proposed", db_default="proposed")
    reason = fields.CharField(max_length=500, default="", db_default="")
    merged_into_id = fields.UUIDField(null=True)
    retable_of_id = fields.UUIDField(null=True)
    retables = fields.IntField(default=0, db_default=0)
    vote_id = fields.UUIDField(null=True)
    outcome = fields.CharField(max_length=10, default="", db_default="")
    chosen: list[str] = ArrayField(element_type="text", default=list)
    conclusion = fields.TextField(default="", db_default="")
    present = fields.IntField(null=True)
    has_quorum = fields.BooleanField(null=True)
    created_at = fields.DatetimeField()
    scheduled_at = fields.DatetimeField(null=True)
    discussed_at = fields.DatetimeField(null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        table = "agenda_items"


class Recusal(Model):
    """A seat that stands aside from one item, before its vote opens."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    item: fields.ForeignKeyRelation[AgendaItem] = fields.ForeignKeyField(
        "school.AgendaItem", related_name="recusals", on_delete=fields.CASCADE
    )
    item_id: UUID
    seat: fields.ForeignKeyRelation[Seat] = fields.ForeignKeyField(
        "school.Seat", related_name="recusals", on_delete=fields.RESTRICT
    )
    seat_id: UUID
    reason = fields.CharField(max_length=200)
    recorded_by = fields.UUIDField()
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "recusals"
        unique_together = (("item", "seat"),)
