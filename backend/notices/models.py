"""Rows of notices, postings, read marks, receipts and approvals."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class Category(StrEnum):
    """Shelves of the information function (notices-2)."""

    SCHOOL = "school"
    CLASS = "class"
    GRADE = "grade"
    DISTRICT = "district"
    ALLIANCE = "alliance"
    SAFETY = "safety"
    HEALTH = "health"
    COMMITTEE = "committee"


class NoticeState(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    RETURNED = "returned"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ConfirmMode(StrEnum):
    """What a notice asks of a family."""

    NONE = "none"
    READ = "read"
    TAP = "tap"
    BOTH = "both"
    PER_CHILD = "per_child"


class Notice(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    author_id = fields.UUIDField(db_index=True)
    sender_name = fields.CharField(max_length=40)
    sender_title = fields.CharField(max_length=80)
    category = fields.CharField(max_length=20)
    title = fields.CharField(max_length=60)
    blocks: list[dict[str, object]] = fields.JSONField(default=list)
    plain = fields.TextField(default="", db_default="")
    attachment_ids: list[str] = fields.JSONField(default=list)
    audiences: list[dict[str, str]] = fields.JSONField(default=list)
    urgent = fields.BooleanField(default=False, db_default=False)
    pinned = fields.BooleanField(default=False, db_default=False)
    priority_low = fields.BooleanField(default=False, db_default=False)
    confirm_mode = fields.CharField(max_length=20, default="none", db_default="none")
    choices: list[str] = fields.JSONField(default=list)
    confirm_by = fields.DatetimeField(null=True)
    state = fields.CharField(max_length=20, default="draft", db_default="draft")
    revision = fields.IntField(default=1, db_default=1)
    confirm_revision = fields.IntField(default=1, db_default=1)
    publish_at = fields.DatetimeField(null=True)
    published_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")
    approved_by = fields.UUIDField(null=True)
    audience_families = fields.IntField(default=0, db_default=0)
    audience_people = fields.IntField(default=0, db_default=0)
    nudged_at = fields.DatetimeField(null=True)
    nudges = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "notices"


class NoticeRevision(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    notice: fields.ForeignKeyRelation[Notice] = fields.ForeignKeyField(
        "school.Notice", related_name="revisions", on_delete=fields.CASCADE, db_index=True
    )
    notice_id: UUID
    revision = fields.IntField()
    title = fields.CharField(max_length=60)
    blocks: list[dict[str, object]] = fields.JSONField(default=list)
    material = fields.BooleanField()
    explanation = fields.CharField(max_length=200)
    changed_by = fields.UUIDField()
    at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "notice_revisions"
        unique_together = (("notice", "revision"),)


class SchoolApproval(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    notice: fields.ForeignKeyRelation[Notice] = fields.ForeignKeyField(
        "school.Notice", related_name="approvals", on_delete=fields.CASCADE, db_index=True
    )
    notice_id: UUID
    school_id = fields.UUIDField(db_index=True)
    state = fields.CharField(max_length=20, default="pending", db_default="pending")
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "school_approvals"
        unique_together = (("notice", "school_id"),)


class Receipt(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    notice: fields.ForeignKeyRelation[Notice] = fields.ForeignKeyField(
        "school.Notice", related_name="receipts", on_delete=fields.CASCADE
    )
    notice_id: UUID
    person_id = fields.UUIDField(db_index=True)
    student_id = fields.UUIDField(null=True)
    revision = fields.IntField()
    answer = fields.CharField(max_length=40, null=True)
    confirmed_at = fields.DatetimeField()

    class Meta:
        table = "notice_receipts"
