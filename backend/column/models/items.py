"""Rows of items and of their places in series."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.column.models.series import Series
from backend.identifiers import uuid7


class ColumnKind(StrEnum):
    """What the column publishes, and nothing else (requirements V22)."""

    PARENTING = "parenting"
    EXPERIENCE = "experience"
    LECTURE = "lecture"


class ColumnItemState(StrEnum):
    """draft -> in_review -> queued -> released -> withdrawn; a review may lead back to draft,
    and so does rewriting what its editors withdrew.
    """

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    QUEUED = "queued"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class NamedAs(StrEnum):
    """How a parent who contributes wishes to be named."""

    FULL = "full"
    SURNAME = "surname"
    ANONYMOUS = "anonymous"


class ColumnItem(Model):
    """Written by ``author_id`` at work or handed in by ``contributor_id``, a guardian.

    ``byline`` is what readers see of the writer; ``declared`` the version of the consent text.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    series: fields.ForeignKeyRelation[Series] = fields.ForeignKeyField(
        "school.Series", related_name="items", on_delete=fields.RESTRICT
    )
    series_id: UUID
    kind = fields.CharField(max_length=20, null=True)
    topic = fields.CharField(max_length=20, null=True)
    title = fields.CharField(max_length=60)
    paragraphs = ArrayField(element_type="text", default=list)
    attachment_ids = ArrayField(element_type="uuid", default=list)
    lesson_id = fields.UUIDField(null=True)
    course_id = fields.UUIDField(null=True)
    source = fields.CharField(max_length=80, default="", db_default="")
    stages = ArrayField(element_type="text", default=list)
    byline = fields.CharField(max_length=110)
    author_id = fields.UUIDField(null=True, db_index=True)
    edited_by = fields.UUIDField(null=True)
    contributor_id = fields.UUIDField(null=True, db_index=True)
    named_as = fields.CharField(max_length=10, null=True)
    declared = fields.SmallIntField(null=True)
    consent_at = fields.DatetimeField(null=True)
    consent_withdrawn_at = fields.DatetimeField(null=True)
    state = fields.CharField(max_length=10, default="draft", db_default="draft")
    revision = fields.IntField(default=1, db_default=1)
    reason = fields.CharField(max_length=200, default="", db_default="")
    reviewed_by = fields.UUIDField(null=True)
    reviewed_at = fields.DatetimeField(null=True)
    released_at = fields.DatetimeField(null=True)
    withdrawn_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    search_text = fields.TextField()
    folded = fields.TextField()

    class Meta:
        table = "column_items"

    @property
    def is_contribution(self) -> bool:
        return self.contributor_id is not None

    @property
    def writers(self) -> set[UUID]:
        """Everybody whose words these are: none of them may review them."""
        return {
            person for person in (self.author_id, self.edited_by, self.contributor_id) if person
        }


class Placement(Model):
    """An item's place in a series: waiting at ``position``, or released."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    series: fields.ForeignKeyRelation[Series] = fields.ForeignKeyField(
        "school.Series", related_name="placements", on_delete=fields.RESTRICT
    )
    series_id: UUID
    item: fields.ForeignKeyRelation[ColumnItem] = fields.ForeignKeyField(
        "school.ColumnItem", related_name="placements", on_delete=fields.CASCADE, db_index=True
    )
    item_id: UUID
    position = fields.IntField()
    release_on = fields.DateField(null=True)
    release_id = fields.UUIDField(null=True, db_index=True)
    released_at = fields.DatetimeField(null=True)

    class Meta:
        table = "column_placements"
        unique_together = (("series", "item"),)
