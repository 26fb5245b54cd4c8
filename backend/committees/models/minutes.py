"""Minutes and how they are written, and the log of decisions (council-9)."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.committees.models.bodies import Body
from backend.committees.models.meetings import Meeting
from backend.identifiers import uuid7


class MinutesState(StrEnum):
    """draft -(chair)-> confirmed -> submitted -> filed | returned -> submitted."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    SUBMITTED = "submitted"
    FILED = "filed"
    RETURNED = "returned"


class MinutesTemplate(Model):
    """How a school's minutes are worded; ``school_id`` null: a district's own bodies.

    ``wording`` holds :class:`backend.committees.rules.wording.Wording`. Versions are never
    changed; the newest counts.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField()
    school_id = fields.UUIDField(null=True, db_index=True)
    version = fields.IntField()
    wording: dict[str, Any] = fields.JSONField()
    written_by = fields.UUIDField()
    written_at = fields.DatetimeField()

    class Meta:
        table = "minutes_templates"


class Minutes(Model):
    """``record`` holds :class:`backend.committees.rules.record.Record`: what was found, written
    by the system; ``remarks`` is what the secretary adds. Both are fixed, with ``digest``, when
    the chair confirms.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    meeting: fields.ForeignKeyRelation[Meeting] = fields.ForeignKeyField(
        "school.Meeting", related_name="minutes", on_delete=fields.RESTRICT, unique=True
    )
    meeting_id: UUID
    body_id = fields.UUIDField(db_index=True)
    state = fields.CharField(max_length=10, default="draft", db_default="draft")
    record: dict[str, Any] = fields.JSONField(default=dict)
    remarks = fields.TextField(default="", db_default="")
    wording: dict[str, Any] | None = fields.JSONField(null=True)
    digest = fields.CharField(max_length=64, default="", db_default="")
    drafted_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)
    confirmed_by = fields.UUIDField(null=True)
    objections_until = fields.DatetimeField(null=True)
    submitted_at = fields.DatetimeField(null=True)
    submitted_by = fields.UUIDField(null=True)
    filed_at = fields.DatetimeField(null=True)
    filed_by = fields.UUIDField(null=True)
    filing_number = fields.CharField(max_length=30, null=True, unique=True)
    returned_reason = fields.CharField(max_length=500, default="", db_default="")
    reminded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "minutes"


class MinutesObjection(Model):
    """A member's objection to the minutes, and what the chair answers."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    minutes: fields.ForeignKeyRelation[Minutes] = fields.ForeignKeyField(
        "school.Minutes", related_name="objections", on_delete=fields.CASCADE, db_index=True
    )
    minutes_id: UUID
    raised_by = fields.UUIDField()
    raised_at = fields.DatetimeField()
    text = fields.CharField(max_length=500)
    upheld = fields.BooleanField(null=True)
    answer = fields.CharField(max_length=500, default="", db_default="")
    answered_by = fields.UUIDField(null=True)
    answered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "minutes_objections"


class Decision(Model):
    """One entry of a body's log; ``digest`` covers the one before it, so none can be rewritten.

    What it says never changes; ``done_at`` and ``done_note`` stand outside the digest.
    ``owner_id`` carries it out by ``due_on``.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    body: fields.ForeignKeyRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="decisions", on_delete=fields.RESTRICT, db_index=True
    )
    body_id: UUID
    number = fields.IntField()
    item_id = fields.UUIDField(null=True)
    meeting_id = fields.UUIDField(null=True)
    vote_id = fields.UUIDField(null=True)
    text = fields.CharField(max_length=1000)
    owner_id = fields.UUIDField(null=True, db_index=True)
    owner_name = fields.CharField(max_length=40, default="", db_default="")
    due_on = fields.DateField(null=True)
    decided_at = fields.DatetimeField()
    entered_by = fields.UUIDField()
    entered_at = fields.DatetimeField()
    previous = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64)
    done_at = fields.DatetimeField(null=True)
    done_by = fields.UUIDField(null=True)
    done_note = fields.CharField(max_length=500, default="", db_default="")
    reminded_at = fields.DatetimeField(null=True)

    class Meta:
        table = "decisions"
        unique_together = (("body", "number"),)
