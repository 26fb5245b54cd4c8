"""Calls for helpers, and who was asked."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class CallState(StrEnum):
    """A call runs until enough have come, nobody is left to ask, or the organiser ends it."""

    RUNNING = "running"
    FILLED = "filled"
    EXHAUSTED = "exhausted"
    ENDED = "ended"


class CallStep(StrEnum):
    """Whom a call asks, in this order."""

    QUEUE = "queue"
    PAST = "past"
    FREE_THAT_DAY = "free_that_day"


class ShiftCall(Model):
    """The one call for helpers with a shift."""

    shift_id = fields.UUIDField(primary_key=True, default=None)
    state = fields.CharField(max_length=20, default="running", db_default="running")
    step = fields.CharField(max_length=20, default="queue", db_default="queue")
    rounds = fields.IntField(default=0, db_default=0)
    opened_by = fields.UUIDField()
    opened_at = fields.DatetimeField()
    next_round_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "shift_calls"


class ShiftAsk(Model):
    """Somebody asked to help, or who said unasked that they cannot."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    shift: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "school.Shift", related_name="calls_made", on_delete=fields.CASCADE
    )
    shift_id: UUID
    school_id = fields.UUIDField()
    person_id = fields.UUIDField()
    step = fields.CharField(max_length=20, default="", db_default="")
    asked_at = fields.DatetimeField(null=True)
    willing = fields.BooleanField(null=True)
    answered_at = fields.DatetimeField(null=True)

    class Meta:
        table = "shift_asks"
        unique_together = (("shift", "person_id"),)
        indexes = (("school_id", "person_id", "asked_at"),)
