"""Rows of series, their rhythm, and the occasions on which they appeared."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class SeriesKind(StrEnum):
    COLUMN = "column"
    TIPS = "tips"


class SeriesState(StrEnum):
    """active <-> paused -> ended; what has been released stays to be read."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class TipTopic(StrEnum):
    """What a department's tips are about (notices-3)."""

    TRAFFIC = "traffic"
    DROWNING = "drowning"
    BULLYING = "bullying"
    FRAUD = "fraud"
    DRUGS = "drugs"


class Series(Model):
    """``school_id`` is null for a district's; ``minute`` is after local midnight."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    kind = fields.CharField(max_length=10)
    title = fields.CharField(max_length=60)
    department_id = fields.UUIDField(null=True)
    topics = ArrayField(element_type="text", default=list)
    cadence_days = fields.SmallIntField(default=7, db_default=7)
    weekday = fields.SmallIntField(null=True)
    minute = fields.SmallIntField()
    per_release = fields.SmallIntField(default=1, db_default=1)
    next_release_at = fields.DatetimeField()
    state = fields.CharField(max_length=10, default="active", db_default="active")
    created_at = fields.DatetimeField()

    class Meta:
        table = "column_series"


class ColumnRelease(Model):
    """One occasion of a series: what was due, when it really appeared, how many items."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    series: fields.ForeignKeyRelation[Series] = fields.ForeignKeyField(
        "school.Series", related_name="releases", on_delete=fields.RESTRICT
    )
    series_id: UUID
    due_at = fields.DatetimeField()
    released_at = fields.DatetimeField()
    items = fields.SmallIntField()

    class Meta:
        table = "column_releases"
        unique_together = (("series", "due_at"),)
