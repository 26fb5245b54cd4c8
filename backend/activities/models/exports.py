"""Lists of registrations as workbooks, made in the background."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.activities.models.activities import Activity
from backend.identifiers import uuid7


class ExportState(StrEnum):
    """queued -> running -> done | failed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ActivityExport(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    activity: fields.ForeignKeyRelation[Activity] = fields.ForeignKeyField(
        "school.Activity", related_name="exports", on_delete=fields.RESTRICT, db_index=True
    )
    activity_id: UUID
    person_id = fields.UUIDField()
    reason = fields.CharField(max_length=200)
    with_phones = fields.BooleanField(default=False, db_default=False)
    state = fields.CharField(max_length=10, default="queued", db_default="queued")
    percent = fields.IntField(default=0, db_default=0)
    attempts = fields.IntField(default=0, db_default=0)
    leased_until = fields.DatetimeField(null=True)
    row_count = fields.IntField(default=0, db_default=0)
    truncated = fields.BooleanField(default=False, db_default=False)
    file_key = fields.CharField(max_length=160, null=True)
    byte_size = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "activity_exports"
