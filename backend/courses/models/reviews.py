"""What was said about courses and lessons by those who looked at them a second time."""

from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.courses.models.catalogue import Course
from backend.identifiers import uuid7


class CourseReview(Model):
    """One answer to one submission; without ``lesson_id`` it was about the whole course.

    ``writer_ids`` are those whose work it was. Rows are written once and never changed.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="reviews", on_delete=fields.CASCADE, db_index=True
    )
    course_id: UUID
    lesson_id: UUID | None = fields.UUIDField(null=True)
    revision = fields.IntField(null=True)
    writer_ids = ArrayField(element_type="uuid", default=list)
    submitted_at = fields.DatetimeField()
    reviewer_id = fields.UUIDField()
    approved = fields.BooleanField()
    reason = fields.CharField(max_length=200, default="", db_default="")
    reviewed_at = fields.DatetimeField()

    class Meta:
        table = "course_reviews"
