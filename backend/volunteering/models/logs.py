"""What a volunteer saw and ticked on a shift, and the lists they tick."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class ChecklistItem(Model):
    """One line of a school's own list for a kind of duty; without any, the built-in one holds."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField()
    duty = fields.CharField(max_length=20)
    text = fields.CharField(max_length=60)
    position = fields.IntField()

    class Meta:
        table = "checklist_items"
        unique_together = (("school_id", "duty", "text"),)


class DutyLog(Model):
    """One volunteer's log of one shift.

    ``checklist`` is the list as it stood when the log was begun: ``id``, ``text`` and the
    moment ``at`` of each tick, ``null`` where none was made.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    shift_id = fields.UUIDField()
    school_id = fields.UUIDField(db_index=True)
    person_id = fields.UUIDField(db_index=True)
    duty = fields.CharField(max_length=20)
    checklist: list[Any] = fields.JSONField(default=list)
    rating = fields.IntField(null=True)
    remarks = fields.CharField(max_length=2000, default="", db_default="")
    version = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "duty_logs"
        unique_together = (("shift_id", "person_id"),)
