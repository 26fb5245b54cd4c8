"""What those who came thought of it."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.activities.models.activities import Activity
from backend.identifiers import uuid7


class ActivityFeedback(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    activity: fields.ForeignKeyRelation[Activity] = fields.ForeignKeyField(
        "school.Activity", related_name="feedback", on_delete=fields.CASCADE
    )
    activity_id: UUID
    person_id = fields.UUIDField()
    rating = fields.IntField()
    text = fields.CharField(max_length=1000, default="", db_default="")
    given_at = fields.DatetimeField()

    class Meta:
        table = "activity_feedback"
        unique_together = (("activity", "person_id"),)
