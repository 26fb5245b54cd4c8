"""Kinds of duty, station days, shifts and the templates that make a term of them."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class DayState(StrEnum):
    """planned -> published -> running -> closed -> summarised; planned | published -> cancelled."""

    PLANNED = "planned"
    PUBLISHED = "published"
    RUNNING = "running"
    CLOSED = "closed"
    SUMMARISED = "summarised"
    CANCELLED = "cancelled"


class Side(StrEnum):
    """Who besides the families stands at a guard post (校家警)."""

    SCHOOL = "school"
    POLICE = "police"


class DutyKind(Model):
    """Built in where ``school_id`` is empty; a school's own row of the same key goes before."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField(null=True, db_index=True)
    key = fields.CharField(max_length=20)
    name = fields.CharField(max_length=20)
    briefing = fields.CharField(max_length=1000, default="", db_default="")
    needs_approval = fields.BooleanField(default=False, db_default=False)
    needs_skill = fields.BooleanField(default=False, db_default=False)
    needs_teacher = fields.BooleanField(default=False, db_default=False)
    is_discreet = fields.BooleanField(default=False, db_default=False)
    courses = ArrayField(element_type="text", default=list)
    position = fields.IntField(default=100, db_default=100)

    class Meta:
        table = "duty_kinds"


class VolunteeringSettings(Model):
    """What one school decides; a school without a row follows the defaults of ``rules``."""

    school_id = fields.UUIDField(primary_key=True, default=None)
    auto_approve = fields.BooleanField(default=False, db_default=False)
    training = ArrayField(element_type="text", default=list)
    closed_kinds = ArrayField(element_type="text", default=list)
    shift_minutes = fields.IntField(default=120, db_default=120)
    capacity = fields.IntField(default=2, db_default=2)
    cancel_hours = fields.IntField(default=24, db_default=24)
    offer_minutes = fields.IntField(default=1440, db_default=1440)
    ask_batch = fields.IntField(default=5, db_default=5)
    ask_gap_minutes = fields.IntField(default=60, db_default=60)

    class Meta:
        table = "volunteering_settings"


class StationDay(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField()
    day = fields.DateField()
    state = fields.CharField(max_length=20, default="planned", db_default="planned")
    note = fields.CharField(max_length=500, default="", db_default="")
    summary = fields.CharField(max_length=2000, default="", db_default="")
    reason = fields.CharField(max_length=200, default="", db_default="")
    organiser_id = fields.UUIDField()
    published_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "station_days"
        indexes = (("school_id", "day"),)


class ShiftTemplate(Model):
    """Times are minutes since midnight; weekdays run from 1 (Monday) to 7."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField(db_index=True)
    duty = fields.CharField(max_length=20)
    place = fields.CharField(max_length=60, default="", db_default="")
    briefing = fields.CharField(max_length=1000, default="", db_default="")
    starts_minute = fields.IntField()
    ends_minute = fields.IntField()
    weekdays = ArrayField(element_type="int", default=list)
    first_day = fields.DateField()
    last_day = fields.DateField()
    capacity = fields.IntField()
    minimum = fields.IntField(default=0, db_default=0)
    needed_school = fields.IntField(default=0, db_default=0)
    needed_police = fields.IntField(default=0, db_default=0)
    opens_days_before = fields.IntField(null=True)
    teacher_id = fields.UUIDField(null=True)
    with_days = fields.BooleanField(default=False, db_default=False)
    organiser_id = fields.UUIDField()
    ended_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "shift_templates"


class Shift(Model):
    """Work of one kind; its time, place and places are the slot with the same id."""

    id = fields.UUIDField(primary_key=True, default=None)
    school_id = fields.UUIDField(db_index=True)
    station_day_id = fields.UUIDField(null=True, db_index=True)
    template_id = fields.UUIDField(null=True)
    made_for = fields.DateField(null=True)
    duty = fields.CharField(max_length=20)
    briefing = fields.CharField(max_length=1000, default="", db_default="")
    teacher_id = fields.UUIDField(null=True)
    teacher_came_at = fields.DatetimeField(null=True)
    needed_school = fields.IntField(default=0, db_default=0)
    needed_police = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "shifts"


class PostHolder(Model):
    """Somebody of the school or the police who stands at a guard post beside the families."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    shift: fields.ForeignKeyRelation[Shift] = fields.ForeignKeyField(
        "school.Shift", related_name="post_holders", on_delete=fields.CASCADE
    )
    shift_id: UUID
    side = fields.CharField(max_length=10)
    name = fields.CharField(max_length=40)
    unit = fields.CharField(max_length=60, default="", db_default="")

    class Meta:
        table = "post_holders"
        unique_together = (("shift", "side", "name"),)
