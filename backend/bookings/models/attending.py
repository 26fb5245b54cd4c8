"""Being there: scans at the door, stand-ins, and the calendar on somebody's phone."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class ScanKind(StrEnum):
    """What a scan says: they came, they left, or the check-in was a mistake."""

    IN = "in"
    OUT = "out"
    UNDO = "undo"


class ScanOutcome(StrEnum):
    """What came of one scan."""

    CHECKED_IN = "checked_in"
    ALREADY_IN = "already_in"
    CHECKED_OUT = "checked_out"
    ALREADY_OUT = "already_out"
    UNDONE = "undone"
    NOT_IN = "not_in"
    NOT_BOOKED = "not_booked"
    WRONG_SLOT = "wrong_slot"
    FORGED = "forged"
    DOOR_CLOSED = "door_closed"
    SETTLED = "settled"


class StandInState(StrEnum):
    """open -> taken | withdrawn | vetoed | expired; taken -> vetoed."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    VETOED = "vetoed"
    EXPIRED = "expired"


class Scan(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "school.Slot", related_name="scans", on_delete=fields.CASCADE, db_index=True
    )
    slot_id: UUID
    booking_id = fields.UUIDField(null=True, db_index=True)
    nonce = fields.CharField(max_length=40)
    kind = fields.CharField(max_length=10)
    outcome = fields.CharField(max_length=30)
    scanned_at = fields.DatetimeField()
    counts_at = fields.DatetimeField()
    received_at = fields.DatetimeField(auto_now_add=True)
    by = fields.UUIDField()

    class Meta:
        table = "scans"
        unique_together = (("slot", "nonce"),)


class StandIn(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField(
        "school.Slot", related_name="stand_ins", on_delete=fields.CASCADE, db_index=True
    )
    slot_id: UUID
    booking_id = fields.UUIDField(db_index=True)
    person_id = fields.UUIDField()
    note = fields.CharField(max_length=200, default="", db_default="")
    state = fields.CharField(max_length=20)
    taker_id = fields.UUIDField(null=True)
    taker_booking_id = fields.UUIDField(null=True)
    taken_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    ended_by = fields.UUIDField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "stand_ins"


class StandInOffer(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    stand_in: fields.ForeignKeyRelation[StandIn] = fields.ForeignKeyField(
        "school.StandIn", related_name="offers", on_delete=fields.CASCADE
    )
    stand_in_id: UUID
    person_id = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "stand_in_offers"
        unique_together = (("stand_in", "person_id"),)


class CalendarFeed(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person_id = fields.UUIDField(unique=True)
    digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "calendar_feeds"
