"""What learners do: enrolments, completions, quiz attempts; and what schools assign.

What was watched lies in the tables ``watches`` and ``learners`` (migration ``0014_beats``),
for range sets have no place in the mapper.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.courses.models.catalogue import Course
from backend.courses.models.lessons import Lesson
from backend.identifiers import uuid7


class Means(StrEnum):
    """How a lesson was completed."""

    WATCHED = "watched"
    READ = "read"
    QUIZ = "quiz"
    ATTENDED = "attended"
    CREDIT = "credit"


class CourseEnrolment(Model):
    """``round`` counts how often the course is taken anew once its validity ran out.

    ``nudged_at`` is set once and for all: nobody is reminded of a course twice.
    ``set_item`` is the last item of a content set that was sent to the learner.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="enrolments", on_delete=fields.CASCADE
    )
    course_id: UUID
    person_id = fields.UUIDField(db_index=True)
    round = fields.IntField(default=1, db_default=1)
    enrolled_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)
    last_seen_at = fields.DatetimeField()
    nudged_at = fields.DatetimeField(null=True)
    set_item = fields.IntField(default=0, db_default=0)
    set_item_at = fields.DatetimeField(null=True)

    class Meta:
        table = "course_enrolments"
        unique_together = (("course", "person_id"),)


class LessonCompletion(Model):
    """``covered_ms`` of ``duration_ms`` were watched, ``offline_ms`` of them offline."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    lesson: fields.ForeignKeyRelation[Lesson] = fields.ForeignKeyField(
        "school.Lesson", related_name="completions", on_delete=fields.CASCADE
    )
    lesson_id: UUID
    person_id = fields.UUIDField(db_index=True)
    round = fields.IntField(default=1, db_default=1)
    revision = fields.IntField()
    rule_version = fields.IntField()
    means = fields.CharField(max_length=10)
    covered_ms = fields.IntField(default=0, db_default=0)
    duration_ms = fields.IntField(default=0, db_default=0)
    offline_ms = fields.IntField(default=0, db_default=0)
    quiz_percent = fields.IntField(null=True)
    credited_by: UUID | None = fields.UUIDField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")
    completed_at = fields.DatetimeField()

    class Meta:
        table = "lesson_completions"
        unique_together = (("lesson", "person_id", "round", "revision"),)


class CourseCompletion(Model):
    """A finished course; ``valid_until`` is when what it unlocks locks again."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="completions", on_delete=fields.CASCADE
    )
    course_id: UUID
    person_id = fields.UUIDField(db_index=True)
    round = fields.IntField(default=1, db_default=1)
    rule_version = fields.IntField()
    lessons = fields.IntField()
    covered_ms = fields.BigIntField(default=0, db_default=0)
    duration_ms = fields.BigIntField(default=0, db_default=0)
    offline_ms = fields.BigIntField(default=0, db_default=0)
    completed_at = fields.DatetimeField()
    valid_until = fields.DatetimeField(null=True)
    certificate_id: UUID | None = fields.UUIDField(null=True)
    warned_at = fields.DatetimeField(null=True)

    class Meta:
        table = "course_completions"
        unique_together = (("course", "person_id", "round"),)


class QuizAttempt(Model):
    """One graded hand-in; ``answers`` maps question ids to keys, ``right`` are question ids."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    lesson: fields.ForeignKeyRelation[Lesson] = fields.ForeignKeyField(
        "school.Lesson", related_name="attempts", on_delete=fields.CASCADE
    )
    lesson_id: UUID
    person_id = fields.UUIDField(db_index=True)
    round = fields.IntField(default=1, db_default=1)
    revision = fields.IntField()
    number = fields.IntField()
    answers: dict[str, Any] = fields.JSONField(default=dict)
    right: list[str] = fields.JSONField(default=list)
    percent = fields.IntField()
    passed = fields.BooleanField()
    handed_in_at = fields.DatetimeField()

    class Meta:
        table = "quiz_attempts"
        unique_together = (("lesson", "person_id", "round", "revision", "number"),)


class Assignment(Model):
    """A class, grade or school that must take a course; only then names are shown."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="assignments", on_delete=fields.CASCADE, db_index=True
    )
    course_id: UUID
    school_id = fields.UUIDField(db_index=True)
    node_id = fields.UUIDField()
    due_on = fields.DateField(null=True)
    assigned_by = fields.UUIDField()
    assigned_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "course_assignments"
