"""Lessons, the revisions of their content, and the questions of their quizzes."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.courses.models.catalogue import Course
from backend.identifiers import uuid7


class LessonKind(StrEnum):
    """``live`` is a session of the places engine, with a recording later (lessons-12)."""

    VIDEO = "video"
    AUDIO = "audio"
    ARTICLE = "article"
    QUIZ = "quiz"
    LIVE = "live"
    EXTERNAL = "external"


class QuizQuestionKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    ORDER = "order"


class Lesson(Model):
    """``revision`` is the published one, 0 before there is any.

    What somebody watched counts for one ``basis``: the revision that last changed the
    medium. A completion counts when it was of ``counts_from`` or later: the revision that
    last demanded to be watched again.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="lessons", on_delete=fields.CASCADE, db_index=True
    )
    course_id: UUID
    position = fields.IntField()
    required = fields.BooleanField(default=True, db_default=True)
    state = fields.CharField(max_length=12, default="draft", db_default="draft")
    revision = fields.IntField(default=0, db_default=0)
    basis = fields.IntField(default=1, db_default=1)
    counts_from = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)
    retired_reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "lessons"


class Revision(Model):
    """The content of a lesson. ``duration_ms`` is the medium's, or the least reading time.

    ``state`` is a :class:`PublicationState`; what a later one replaced is ``retired``.
    ``writer_ids`` are all who had a hand in it: none of them may review it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    lesson: fields.ForeignKeyRelation[Lesson] = fields.ForeignKeyField(
        "school.Lesson", related_name="revisions", on_delete=fields.CASCADE
    )
    lesson_id: UUID
    number = fields.IntField()
    state = fields.CharField(max_length=12, default="draft", db_default="draft")
    kind = fields.CharField(max_length=10)
    title = fields.CharField(max_length=60)
    paragraphs: list[str] = fields.JSONField(default=list)
    attachment_id: UUID | None = fields.UUIDField(null=True)
    slot_id: UUID | None = fields.UUIDField(null=True)
    external_url = fields.CharField(max_length=500, default="", db_default="")
    duration_ms = fields.IntField(null=True)
    pass_percent = fields.IntField(default=60, db_default=60)
    most_attempts = fields.IntField(null=True)
    watch_again = fields.BooleanField(default=False, db_default=False)
    note = fields.CharField(max_length=200, default="", db_default="")
    author_id = fields.UUIDField()
    writer_ids = ArrayField(element_type="uuid", default=list)
    submitted_at = fields.DatetimeField(null=True)
    reviewer_id: UUID | None = fields.UUIDField(null=True)
    reviewed_at = fields.DatetimeField(null=True)
    return_reason = fields.CharField(max_length=200, default="", db_default="")
    published_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "lesson_revisions"
        unique_together = (("lesson", "number"),)


class Question(Model):
    """``options`` are ``key`` and ``text``; ``answer`` are keys, in order where that matters."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    revision: fields.ForeignKeyRelation[Revision] = fields.ForeignKeyField(
        "school.Revision", related_name="questions", on_delete=fields.CASCADE
    )
    revision_id: UUID
    position = fields.IntField()
    kind = fields.CharField(max_length=10)
    text = fields.CharField(max_length=500)
    options: list[dict[str, Any]] = fields.JSONField(default=list)
    answer = ArrayField(element_type="text", default=list)
    explanation = fields.CharField(max_length=500, default="", db_default="")

    class Meta:
        table = "lesson_questions"
        unique_together = (("revision", "position"),)
