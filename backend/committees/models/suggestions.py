"""What parents suggest to their committees, and who stands behind it (talk-5)."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.committees.models.bodies import Body
from backend.identifiers import uuid7


class SuggestionState(StrEnum):
    """open -> accepted | merged | declined | withdrawn; escalated stays open, one level up."""

    OPEN = "open"
    ACCEPTED = "accepted"
    MERGED = "merged"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Suggestion(Model):
    """``body`` answers for it now; ``first_body_id`` is the one it was put to.

    ``due_at`` is set once enough have co-signed: by then it is owed an answer.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField(db_index=True)
    body: fields.ForeignKeyRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="suggestions", on_delete=fields.RESTRICT, db_index=True
    )
    body_id: UUID
    first_body_id = fields.UUIDField()
    author_id = fields.UUIDField(db_index=True)
    title = fields.CharField(max_length=60)
    text = fields.TextField()
    state = fields.CharField(max_length=10, default="open", db_default="open")
    co_signs = fields.IntField(default=0, db_default=0)
    threshold = fields.IntField()
    due_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=500, default="", db_default="")
    merged_into_id = fields.UUIDField(null=True)
    item_id = fields.UUIDField(null=True)
    answered_by = fields.UUIDField(null=True)
    answered_at = fields.DatetimeField(null=True)
    escalated_at = fields.DatetimeField(null=True)
    reminded_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "suggestions"


class CoSign(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    suggestion: fields.ForeignKeyRelation[Suggestion] = fields.ForeignKeyField(
        "school.Suggestion", related_name="co_signatures", on_delete=fields.CASCADE
    )
    suggestion_id: UUID
    person_id = fields.UUIDField(db_index=True)
    signed_at = fields.DatetimeField()

    class Meta:
        table = "co_signs"
        unique_together = (("suggestion", "person_id"),)
