"""Bodies, their seats, what they may decide and how."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class BodyKind(StrEnum):
    """Which organ it is (council-2, council-5…8)."""

    PARENT_COMMITTEE = "parent_committee"
    COEDUCATION_COMMITTEE = "coeducation_committee"
    WORKING_GROUP = "working_group"
    GUIDANCE_COMMITTEE = "guidance_committee"
    ALLIANCE = "alliance"
    JOINT_MEETING = "joint_meeting"
    TASK_FORCE = "task_force"


class Level(StrEnum):
    """Where a body stands; parent committees stand at school, grade or class (V12)."""

    DISTRICT = "district"
    SCHOOL = "school"
    GRADE = "grade"
    CLASS = "class"


class BodyState(StrEnum):
    """draft -(constituencies complete)-> active -> ended."""

    DRAFT = "draft"
    ACTIVE = "active"
    ENDED = "ended"


class Constituency(StrEnum):
    """Whom a seat speaks for (V07, V08, council-10)."""

    SCHOOL_LEADER = "school_leader"
    TEACHER = "teacher"
    PARENT = "parent"
    COMMUNITY = "community"
    DEPARTMENT = "department"
    COMMITTEE = "committee"
    DIVISION_LEADER = "division_leader"
    ENTERPRISE = "enterprise"
    EXPERT = "expert"
    PUBLIC = "public"


class SeatRole(StrEnum):
    """What a seat does in its body."""

    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    SECRETARY = "secretary"
    MEMBER = "member"


class SeatState(StrEnum):
    """nominated -> elected | appointed -> serving -> ended."""

    NOMINATED = "nominated"
    ELECTED = "elected"
    APPOINTED = "appointed"
    SERVING = "serving"
    ENDED = "ended"


class RuleKind(StrEnum):
    """Which of a body's rule sets a matter is decided by."""

    ORDINARY = "ordinary"
    PERSONNEL = "personnel"
    CHARTER = "charter"


class Body(Model):
    """``level`` and the ids of its node say where it stands; a district's has no school."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=30)
    level = fields.CharField(max_length=10)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    grade_id = fields.UUIDField(null=True)
    class_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=60)
    remit = fields.TextField(default="", db_default="")
    state = fields.CharField(max_length=10, default="draft", db_default="draft")
    term_from = fields.DateField()
    term_until = fields.DateField()
    founded_by = fields.UUIDField()
    created_at = fields.DatetimeField()
    activated_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    ended_reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "bodies"

    @property
    def node_id(self) -> UUID:
        """The node of the tree it stands at: class, grade, school or district."""
        return self.class_id or self.grade_id or self.school_id or self.district_id


class Seat(Model):
    """``student_id`` is the child under whose guardianship a parent holds it.

    ``standing_id`` is the standing that a parent committee's serving seat gives.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    body: fields.ForeignKeyRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="seats", on_delete=fields.RESTRICT, db_index=True
    )
    body_id: UUID
    person_id = fields.UUIDField(db_index=True)
    name = fields.CharField(max_length=40)
    role = fields.CharField(max_length=12, default="member", db_default="member")
    constituency = fields.CharField(max_length=20)
    office = fields.CharField(max_length=40, default="", db_default="")
    student_id = fields.UUIDField(null=True)
    state = fields.CharField(max_length=10, default="nominated", db_default="nominated")
    term_from = fields.DateField()
    term_until = fields.DateField()
    vote_id = fields.UUIDField(null=True)
    standing_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    ended_reason = fields.CharField(max_length=30, default="", db_default="")

    class Meta:
        table = "seats"


class Matter(Model):
    """What may be tabled (议事事项): everybody's, a district's or one school's own."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(null=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    title = fields.CharField(max_length=60)
    summary = fields.CharField(max_length=300, default="", db_default="")
    rule_kind = fields.CharField(max_length=10, default="ordinary", db_default="ordinary")
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "matters"


class RuleSetVersion(Model):
    """One version of how a body decides one kind of matter; ``body`` null: everybody's default.

    ``rules`` holds :class:`backend.ballots.rules.charter.RuleSet`. Versions are never changed;
    the newest in force counts, and what was opened under another keeps that one.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    body: fields.ForeignKeyNullableRelation[Body] = fields.ForeignKeyField(
        "school.Body", related_name="rule_sets", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    body_id: UUID | None
    kind = fields.CharField(max_length=10)
    version = fields.IntField()
    rules: dict[str, Any] = fields.JSONField()
    note = fields.CharField(max_length=200, default="", db_default="")
    adopted_by = fields.UUIDField(null=True)
    item_id = fields.UUIDField(null=True)
    in_force_from = fields.DatetimeField()

    class Meta:
        table = "rule_set_versions"
        unique_together = (("body", "kind", "version"),)
