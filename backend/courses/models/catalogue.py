"""Courses, and the tracks that put them in order."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from backend.courses.models.hosts import ParentSchool
from backend.identifiers import uuid7


class CourseKind(StrEnum):
    """``content_set`` has exactly ``set_size`` numbered items (lessons-13, N36)."""

    COURSE = "course"
    CONTENT_SET = "content_set"
    EXTERNAL = "external"


class CourseDelivery(StrEnum):
    """How a course is taken; one learning record holds for all (lessons-7)."""

    ONLINE = "online"
    OFFLINE = "offline"
    BOTH = "both"


class Topic(StrEnum):
    """What a course is about: the six of GuideDomain, and topics of the documents."""

    PARENTING = "parenting"
    LAW = "law"
    MIND = "mind"
    HEALTH = "health"
    SPECIAL = "special"
    FAMILY_WAYS = "family_ways"
    ONLINE_LIFE = "online_life"
    SAFETY = "safety"
    SCIENCE = "science"
    VOLUNTEERING = "volunteering"


class PublicationState(StrEnum):
    """draft -> in_review -> published -> retired; in_review -> draft (returned)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    RETIRED = "retired"


class Course(Model):
    """``rule_version`` counts the changes of how it is completed: ``threshold``,
    ``offline_seconds``, ``family_counts``, ``valid_days``.

    ``grades`` are positions of grades within a school of one of ``stages``; empty is all.
    ``writer_ids`` are all who had a hand in the draft: none of them may review it.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    host: fields.ForeignKeyRelation[ParentSchool] = fields.ForeignKeyField(
        "school.ParentSchool", related_name="courses", on_delete=fields.RESTRICT, db_index=True
    )
    host_id: UUID
    district_id = fields.UUIDField(db_index=True)
    school_id: UUID | None = fields.UUIDField(null=True, db_index=True)
    kind = fields.CharField(max_length=12, default="course", db_default="course")
    state = fields.CharField(max_length=12, default="draft", db_default="draft")
    title = fields.CharField(max_length=60)
    summary = fields.CharField(max_length=500, default="", db_default="")
    brand = fields.CharField(max_length=30, default="", db_default="")
    delivery = fields.CharField(max_length=8, default="online", db_default="online")
    topic = fields.CharField(max_length=16)
    stages = ArrayField(element_type="text", default=list)
    grades = ArrayField(element_type="int", default=list)
    cover_id: UUID | None = fields.UUIDField(null=True)
    set_size = fields.IntField(null=True)
    external_platform = fields.CharField(max_length=40, default="", db_default="")
    external_id = fields.CharField(max_length=80, null=True)
    external_url = fields.CharField(max_length=500, default="", db_default="")
    external_minutes = fields.IntField(null=True)
    threshold = fields.IntField(default=90, db_default=90)
    offline_seconds = fields.IntField(default=1200, db_default=1200)
    family_counts = fields.BooleanField(default=False, db_default=False)
    certifies = fields.BooleanField(default=True, db_default=True)
    valid_days = fields.IntField(null=True)
    rule_version = fields.IntField(default=1, db_default=1)
    shared_at = fields.DatetimeField(null=True)
    licence = fields.CharField(max_length=200, default="", db_default="")
    author_id = fields.UUIDField()
    writer_ids = ArrayField(element_type="uuid", default=list)
    submitted_at = fields.DatetimeField(null=True)
    reviewer_id: UUID | None = fields.UUIDField(null=True)
    reviewed_at = fields.DatetimeField(null=True)
    return_reason = fields.CharField(max_length=200, default="", db_default="")
    published_at = fields.DatetimeField(null=True)
    retired_at = fields.DatetimeField(null=True)
    retired_reason = fields.CharField(max_length=200, default="", db_default="")
    search_text = fields.TextField(default="", db_default="")
    folded = fields.TextField(default="", db_default="")
    version = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()

    class Meta:
        table = "courses"


class Track(Model):
    """Courses for one stage and topic, in order (lessons-2)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    host: fields.ForeignKeyRelation[ParentSchool] = fields.ForeignKeyField(
        "school.ParentSchool", related_name="tracks", on_delete=fields.RESTRICT, db_index=True
    )
    host_id: UUID
    stage = fields.CharField(max_length=20)
    topic = fields.CharField(max_length=16)
    title = fields.CharField(max_length=60)
    version = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "course_tracks"


class TrackCourse(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    track: fields.ForeignKeyRelation[Track] = fields.ForeignKeyField(
        "school.Track", related_name="places", on_delete=fields.CASCADE
    )
    track_id: UUID
    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField(
        "school.Course", related_name="places", on_delete=fields.CASCADE, db_index=True
    )
    course_id: UUID
    position = fields.IntField()
    required = fields.BooleanField(default=True, db_default=True)

    class Meta:
        table = "course_track_places"
        unique_together = (("track", "course"),)
