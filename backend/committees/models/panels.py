"""Review panels (评议): what is shown, who judges it, and how (council-10)."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class PanelState(StrEnum):
    """draft -> open -> closed -> published."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PUBLISHED = "published"


class Panel(Model):
    """``criteria`` are ``{key, label, most}``; a score of each is a whole number up to most."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    title = fields.CharField(max_length=80)
    text = fields.TextField(default="", db_default="")
    criteria: list[dict[str, object]] = fields.JSONField()
    state = fields.CharField(max_length=10, default="draft", db_default="draft")
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField()
    closes_at = fields.DatetimeField()
    opened_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    published_at = fields.DatetimeField(null=True)
    results: list[dict[str, object]] | None = fields.JSONField(null=True)

    class Meta:
        table = "panels"


class PanelEntry(Model):
    """One thing shown to a panel."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField(
        "school.Panel", related_name="entries", on_delete=fields.CASCADE, db_index=True
    )
    panel_id: UUID
    position = fields.IntField()
    title = fields.CharField(max_length=80)
    presenter = fields.CharField(max_length=60, default="", db_default="")
    text = fields.TextField(default="", db_default="")
    attachment_ids: list[UUID] = ArrayField(element_type="uuid", default=list)

    class Meta:
        table = "panel_entries"


class Panelist(Model):
    """Somebody who judges, and for whom they speak."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    panel: fields.ForeignKeyRelation[Panel] = fields.ForeignKeyField(
        "school.Panel", related_name="panelists", on_delete=fields.CASCADE
    )
    panel_id: UUID
    person_id = fields.UUIDField(db_index=True)
    name = fields.CharField(max_length=40)
    constituency = fields.CharField(max_length=20)

    class Meta:
        table = "panelists"
        unique_together = (("panel", "person_id"),)


class PanelScore(Model):
    """What one panelist gives one entry: criterion key to points."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    entry: fields.ForeignKeyRelation[PanelEntry] = fields.ForeignKeyField(
        "school.PanelEntry", related_name="scores", on_delete=fields.CASCADE
    )
    entry_id: UUID
    panelist: fields.ForeignKeyRelation[Panelist] = fields.ForeignKeyField(
        "school.Panelist", related_name="scores", on_delete=fields.CASCADE
    )
    panelist_id: UUID
    points: dict[str, int] = fields.JSONField()
    comment = fields.CharField(max_length=300, default="", db_default="")
    given_at = fields.DatetimeField()

    class Meta:
        table = "panel_scores"
        unique_together = (("entry", "panelist"),)
