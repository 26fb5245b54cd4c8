"""Parent schools, who offers courses, and what they took over from each other."""

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7

if TYPE_CHECKING:
    from backend.courses.models.catalogue import Course


class HostKind(StrEnum):
    """Who hosts a parent school (lessons-8, lessons-9)."""

    SCHOOL = "school"
    COMMUNITY = "community"
    DISTRICT = "district"


class ParentSchool(Model):
    """``school_id`` for a school's own; ``town_id`` places a community's."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id: UUID | None = fields.UUIDField(null=True, unique=True)
    town_id: UUID | None = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=12)
    name = fields.CharField(max_length=60)
    head = fields.CharField(max_length=40, default="", db_default="")
    opened_on = fields.DateField()
    closed_on = fields.DateField(null=True)

    class Meta:
        table = "parent_schools"


class Adoption(Model):
    """A school shows its families a course that another host shares (lessons-9, lessons-16)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation["Course"] = fields.ForeignKeyField(
        "school.Course", related_name="adoptions", on_delete=fields.CASCADE
    )
    course_id: UUID
    school_id = fields.UUIDField(db_index=True)
    adopted_by = fields.UUIDField()
    adopted_at = fields.DatetimeField()

    class Meta:
        table = "course_adoptions"
        unique_together = (("course", "school_id"),)
