"""Volunteers (成长合伙人) and the duties they wish to take on."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.identifiers import uuid7


class VolunteerState(StrEnum):
    """applied -> approved -> active <-> paused -> left; applied -> rejected; or suspended."""

    APPLIED = "applied"
    APPROVED = "approved"
    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"
    REJECTED = "rejected"
    SUSPENDED = "suspended"


class SkillState(StrEnum):
    """What the school says to a volunteer's wish to do one kind of duty."""

    WANTED = "wanted"
    APPROVED = "approved"
    REFUSED = "refused"


class MentorOffer(StrEnum):
    """What a parent offers to pupils as a mentor (家长导师)."""

    AFTER_SCHOOL = "after_school"
    CLUB = "club"
    CAREER = "career"


class Volunteer(Model):
    """One parent at one school; weekdays run from 1 (Monday) to 7."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField()
    person_id = fields.UUIDField(db_index=True)
    state = fields.CharField(max_length=20)
    skills = ArrayField(element_type="text", default=list)
    weekdays = ArrayField(element_type="int", default=list)
    mentor_offers = ArrayField(element_type="text", default=list)
    lecture_topics = ArrayField(element_type="text", default=list)
    note = fields.CharField(max_length=300, default="", db_default="")
    reason = fields.CharField(max_length=200, default="", db_default="")
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    applied_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "volunteers"
        unique_together = (("school_id", "person_id"),)


class VolunteerDuty(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    volunteer: fields.ForeignKeyRelation[Volunteer] = fields.ForeignKeyField(
        "school.Volunteer", related_name="duties", on_delete=fields.CASCADE
    )
    volunteer_id: UUID
    duty = fields.CharField(max_length=20)
    state = fields.CharField(max_length=10, default="wanted", db_default="wanted")

    class Meta:
        table = "volunteer_duties"
        unique_together = (("volunteer", "duty"),)
