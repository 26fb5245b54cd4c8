"""Slots, what limits them, and who holds or awaits a place.

Beside these rows stand two tables without a model, written by the engine's functions only:
``slot_places`` (one narrow row of counters a slot) and ``booking_moves`` (every change of
every booking). See migration ``0005_places``.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class SlotKind(StrEnum):
    """What a slot is in the room that owns it."""

    SHIFT = "shift"
    SESSION = "session"


class SlotState(StrEnum):
    """draft -> open -> closed; draft | open -> cancelled. Full and running are derived."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """How places are given."""

    FIRST_COME = "first_come"
    DRAW = "draw"
    INVITED = "invited"


class BookingState(StrEnum):
    """The life of one booking (requirements §3.2, Signup and Registration)."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    LAPSED = "lapsed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LATE_CANCELLED = "late_cancelled"
    SCHOOL_CANCELLED = "school_cancelled"

    @property
    def is_live(self) -> bool:
        """It holds a place or waits for one."""
        return self in (
            BookingState.REQUESTED,
            BookingState.CONFIRMED,
            BookingState.WAITLISTED,
            BookingState.OFFERED,
            BookingState.CHECKED_IN,
        )

    @property
    def holds_places(self) -> bool:
        """Its party counts among the places taken, and its adult is committed then."""
        return self.is_live and self is not BookingState.WAITLISTED


class Slot(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "school.School", related_name="slots", on_delete=fields.RESTRICT
    )
    school_id: UUID
    kind = fields.CharField(max_length=20)
    state = fields.CharField(max_length=20, default="draft", db_default="draft")
    about_id = fields.UUIDField(null=True)
    title = fields.CharField(max_length=60)
    place = fields.CharField(max_length=60, default="", db_default="")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    opens_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    cancel_until = fields.DatetimeField()
    minimum = fields.IntField(default=0, db_default=0)
    mode = fields.CharField(max_length=20, default="first_come", db_default="first_come")
    needs_approval = fields.BooleanField(default=False, db_default=False)
    max_party = fields.IntField(default=1, db_default=1)
    children_named = fields.BooleanField(default=False, db_default=False)
    skip_limit = fields.IntField(default=0, db_default=0)
    offer_minutes = fields.IntField(null=True)
    open_to = ArrayField(element_type="uuid", default=list)
    requires = ArrayField(element_type="text", default=list)
    asks = ArrayField(element_type="text", default=list)
    quota_ids = ArrayField(element_type="uuid", default=list)
    has_shares = fields.BooleanField(default=False, db_default=False)
    drawn_at = fields.DatetimeField(null=True)
    organiser_id = fields.UUIDField()
    host_ids = ArrayField(element_type="uuid", default=list)
    sequence = fields.IntField(default=0, db_default=0)
    opened_at = fields.DatetimeField(null=True)
    cancelled_reason = fields.CharField(max_length=200, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "slots"
        indexes = (("school_id", "kind", "starts_at"),)


class SlotShare(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "school.Slot", related_name="shares", on_delete=fields.CASCADE, db_index=True
    )
    slot_id: UUID
    label = fields.CharField(max_length=60)
    node_ids = ArrayField(element_type="uuid", default=list)
    places = fields.IntField()
    used = fields.IntField(default=0, db_default=0)
    release_at = fields.DatetimeField()
    released_at = fields.DatetimeField(null=True)

    class Meta:
        table = "slot_shares"


class SharedQuota(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "school.School", related_name="quotas", on_delete=fields.CASCADE, db_index=True
    )
    school_id: UUID
    name = fields.CharField(max_length=60)
    capacity = fields.IntField()
    taken = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "shared_quotas"


class Booking(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "school.Slot", related_name="bookings", on_delete=fields.RESTRICT
    )
    slot_id: UUID
    school_id = fields.UUIDField()
    person_id = fields.UUIDField()
    student_ids = ArrayField(element_type="uuid", default=list)
    party = fields.IntField(default=1, db_default=1)
    state = fields.CharField(max_length=20)
    queue_no = fields.IntField(default=0, db_default=0)
    priority = fields.IntField(default=0, db_default=0)
    priority_reason = fields.CharField(max_length=200, default="", db_default="")
    takes_at_once = fields.BooleanField(default=False, db_default=False)
    approved_at = fields.DatetimeField(null=True)
    offer_expires_at = fields.DatetimeField(null=True)
    skipped = fields.IntField(default=0, db_default=0)
    line: dict[str, Any] = fields.JSONField(default=dict)
    answers: dict[str, Any] = fields.JSONField(default=dict)
    share_ids = ArrayField(element_type="uuid", default=list)
    share_id = fields.UUIDField(null=True)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    may_overlap = fields.BooleanField(default=False, db_default=False)
    coming = fields.BooleanField(null=True)
    day_told_for = fields.DatetimeField(null=True)
    soon_told_for = fields.DatetimeField(null=True)
    checked_in_at = fields.DatetimeField(null=True)
    checked_out_at = fields.DatetimeField(null=True)
    minutes = fields.IntField(default=0, db_default=0)
    sequence = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "bookings"


class Invitation(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "school.Slot", related_name="invitations", on_delete=fields.CASCADE
    )
    slot_id: UUID
    person_id = fields.UUIDField(db_index=True)

    class Meta:
        table = "slot_invitations"
        unique_together = (("slot", "person_id"),)


class Qualification(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person_id = fields.UUIDField()
    school_id = fields.UUIDField(db_index=True)
    key = fields.CharField(max_length=60)
    granted_by = fields.UUIDField(null=True)
    granted_at = fields.DatetimeField(auto_now_add=True)
    valid_until = fields.DatetimeField(null=True)

    class Meta:
        table = "qualifications"
        unique_together = (("person_id", "school_id", "key"),)


class Draw(Model):
    # A relation as primary key would leave the mapper's migrations unsettled for ever; the
    # foreign key stands in 0005_places.
    slot_id = fields.UUIDField(primary_key=True, default=None)
    commitment = fields.CharField(max_length=64)
    sealed_secret = fields.BinaryField()
    weight_never = fields.IntField(default=4, db_default=4)
    weight_won = fields.IntField(default=1, db_default=1)
    year_from = fields.DateField(null=True)
    public_source = fields.CharField(max_length=200, default="", db_default="")
    value_length = fields.IntField(default=64, db_default=64)
    value_expected_at = fields.DatetimeField(null=True)
    source_announced_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    entries: list[Any] = fields.JSONField(default=list)
    entries_hash = fields.CharField(max_length=64, default="", db_default="")
    public_value = fields.CharField(max_length=128, default="", db_default="")
    secret = fields.CharField(max_length=64, default="", db_default="")
    seed = fields.CharField(max_length=64, default="", db_default="")
    drawn_at = fields.DatetimeField(null=True)
    places = fields.IntField(null=True)
    ranking: list[Any] = fields.JSONField(default=list)
    winners: list[Any] = fields.JSONField(default=list)
    passed_over: list[Any] = fields.JSONField(default=list)

    class Meta:
        table = "draws"
