"""Hazards (安全隐患) and every step of each on its way to nought."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class HazardState(StrEnum):
    """reported -> confirmed -> assigned -> fixing -> recheck -> closed; or rejected.

    A recheck that fails leads back to fixing.
    """

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    FIXING = "fixing"
    RECHECK = "recheck"
    CLOSED = "closed"
    REJECTED = "rejected"

    @property
    def is_over(self) -> bool:
        return self in (HazardState.CLOSED, HazardState.REJECTED)


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Hazard(Model):
    """Something unsafe that somebody found; ``finding_key`` is the reporter's own name for it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField()
    log_id = fields.UUIDField()
    finding_key = fields.UUIDField()
    reporter_id = fields.UUIDField(db_index=True)
    duty = fields.CharField(max_length=20)
    place = fields.CharField(max_length=60)
    text = fields.CharField(max_length=500)
    severity = fields.CharField(max_length=10)
    state = fields.CharField(max_length=20, default="reported", db_default="reported")
    owner_id = fields.UUIDField(null=True)
    due_on = fields.DateField(null=True)
    reported_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "hazards"
        unique_together = (("log_id", "finding_key"),)


class HazardMove(Model):
    """One step of a hazard; ``note`` is for the school's eyes. Never changed or removed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.ForeignKeyRelation[Hazard] = fields.ForeignKeyField(
        "school.Hazard", related_name="moves", on_delete=fields.RESTRICT
    )
    hazard_id: UUID
    was = fields.CharField(max_length=20)
    became = fields.CharField(max_length=20)
    by = fields.UUIDField(null=True)
    note = fields.CharField(max_length=500, default="", db_default="")
    facts: dict[str, Any] = fields.JSONField(default=dict)
    at = fields.DatetimeField()

    class Meta:
        table = "hazard_moves"
        indexes = (("hazard_id", "at"),)
