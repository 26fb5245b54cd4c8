"""Activities and their sessions.

A session's hours, room and capacity are its plan; once the activity is open the slot with
the same id is the truth, for that is what is moved, enlarged and called off.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class ActivityKind(StrEnum):
    """What families are invited to (events-1 to events-5, events-7, lessons-3).

    家长课堂 and 实践活动 are activities like the others, and switched on and off with them.
    """

    OPEN_DAY = "open_day"
    FORUM = "forum"
    PARENTS_MEETING = "parents_meeting"
    GUIDANCE = "guidance"
    FAMILY = "family"
    LECTURE = "lecture"
    PARENT_CLASS = "parent_class"
    PRACTICE = "practice"


class Delivery(StrEnum):
    """Where one takes part in a session."""

    ON_SITE = "on_site"
    ONLINE = "online"
    BOTH = "both"


class LecturerKind(StrEnum):
    """Who speaks at a session (lessons-4, duty-17)."""

    BACKBONE_TEACHER = "backbone_teacher"
    EXCELLENT_PARENT = "excellent_parent"
    EXPERT = "expert"
    OTHER = "other"


class ActivityState(StrEnum):
    """draft -> open -> closed -> held -> summarised; any before held -> cancelled."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    HELD = "held"
    SUMMARISED = "summarised"
    CANCELLED = "cancelled"


class Activity(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "school.School", related_name="activities", on_delete=fields.RESTRICT, db_index=True
    )
    school_id: UUID
    kind = fields.CharField(max_length=20)
    state = fields.CharField(max_length=20, default="draft", db_default="draft")
    title = fields.CharField(max_length=60)
    paragraphs: list[str] = fields.JSONField(default=list)
    node_ids = ArrayField(element_type="uuid", default=list)
    organiser_id = fields.UUIDField(db_index=True)
    organiser_title = fields.CharField(max_length=80, default="", db_default="")
    mode = fields.CharField(max_length=20, default="first_come", db_default="first_come")
    needs_approval = fields.BooleanField(default=False, db_default=False)
    invitee_ids = ArrayField(element_type="uuid", default=list)
    invites_committees = fields.BooleanField(default=False, db_default=False)
    questions: list[dict[str, Any]] = fields.JSONField(default=list)
    quotas: list[dict[str, Any]] = fields.JSONField(default=list)
    max_party = fields.IntField(default=2, db_default=2)
    sessions_per_child = fields.IntField(null=True)
    sessions_per_family = fields.IntField(null=True)
    opens_at = fields.DatetimeField(null=True)
    closes_at = fields.DatetimeField(null=True)
    cancel_hours = fields.IntField(default=24, db_default=24)
    opened_at = fields.DatetimeField(null=True)
    held_at = fields.DatetimeField(null=True)
    feedback_asked_at = fields.DatetimeField(null=True)
    summary = fields.TextField(default="")
    picture_ids = ArrayField(element_type="uuid", default=list)
    summarised_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "activities"


class ActivitySession(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    activity: fields.ForeignKeyRelation[Activity] = fields.ForeignKeyField(
        "school.Activity", related_name="sessions", on_delete=fields.CASCADE, db_index=True
    )
    activity_id: UUID
    title = fields.CharField(max_length=60)
    room = fields.CharField(max_length=60, default="", db_default="")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    capacity = fields.IntField()
    node_ids = ArrayField(element_type="uuid", default=list)
    quota_keys = ArrayField(element_type="text", default=list)
    shares: list[dict[str, Any]] = fields.JSONField(default=list)
    host_ids = ArrayField(element_type="uuid", default=list)
    speakers: list[dict[str, Any]] = fields.JSONField(default=list, db_default="[]")
    delivery = fields.CharField(max_length=10, default="on_site", db_default="on_site")
    link = fields.CharField(max_length=500, default="", db_default="")
    recording_id = fields.UUIDField(null=True)

    class Meta:
        table = "activity_sessions"
