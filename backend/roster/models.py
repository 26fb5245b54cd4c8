"""Rows of enrolments, imports, invites, claims and groups."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class ImportState(StrEnum):
    """queued -> reading -> ready|faulty -> applied -> undone; reading -> failed."""

    QUEUED = "queued"
    READING = "reading"
    READY = "ready"
    FAULTY = "faulty"
    FAILED = "failed"
    APPLIED = "applied"
    UNDONE = "undone"


class ImportMode(StrEnum):
    """What absence from the file means.

    ``MERGE``: nothing. ``FULL``: the file is the whole school, so pupils it does not name
    have left, and so have class teachers, subject teachers and grade leads.
    """

    MERGE = "merge"
    FULL = "full"


class ClaimState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


WITHOUT_CONTENT = (
    "id",
    "school_id",
    "uploader_id",
    "filename",
    "mode",
    "state",
    "failure",
    "progress",
    "attempts",
    "faults",
    "summary",
    "created_at",
    "leased_until",
    "applied_at",
    "applied_by",
    "undone_at",
    "undone_by",
)
"""What is loaded of an import; its file and its rows are fetched only where they are used."""


class Enrolment(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    student: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "school.Student", related_name="enrolments", on_delete=fields.CASCADE, db_index=True
    )
    student_id: UUID
    class_id = fields.UUIDField(db_index=True)
    since = fields.DatetimeField(auto_now_add=True)
    until = fields.DatetimeField(null=True)

    class Meta:
        table = "enrolments"


class RosterImport(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField(db_index=True)
    uploader_id = fields.UUIDField(null=True)
    filename = fields.CharField(max_length=120)
    sha256 = fields.CharField(max_length=64)
    mode = fields.CharField(max_length=20, default="merge", db_default="merge")
    state = fields.CharField(max_length=20)
    failure = fields.CharField(max_length=40, default="", db_default="")
    progress = fields.IntField(default=0, db_default=0)
    attempts = fields.IntField(default=0, db_default=0)
    file = fields.BinaryField(null=True)
    rows = fields.BinaryField(null=True)
    faults: list[dict[str, object]] = fields.JSONField(default=list)
    summary: dict[str, object] = fields.JSONField(default=dict)
    created_at = fields.DatetimeField(auto_now_add=True)
    leased_until = fields.DatetimeField(null=True)
    applied_at = fields.DatetimeField(null=True)
    applied_by = fields.UUIDField(null=True)
    undone_at = fields.DatetimeField(null=True)
    undone_by = fields.UUIDField(null=True)

    class Meta:
        table = "roster_imports"


class RosterChange(Model):
    id = fields.BigIntField(primary_key=True)
    roster_import_id = fields.UUIDField(db_index=True)
    place = fields.CharField(max_length=40)
    row_id = fields.UUIDField()
    before: dict[str, object] | None = fields.JSONField(null=True)
    after: dict[str, object] = fields.JSONField()

    class Meta:
        table = "roster_changes"


class ClassInvite(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    class_id = fields.UUIDField(db_index=True)
    digest = fields.CharField(max_length=64, unique=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "class_invites"


class JoinClaim(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    class_id = fields.UUIDField(db_index=True)
    person_id = fields.UUIDField(db_index=True)
    child_name = fields.CharField(max_length=40)
    relation = fields.CharField(max_length=20)
    state = fields.CharField(max_length=20, default="pending", db_default="pending")
    student_id = fields.UUIDField(null=True)
    decided_by = fields.UUIDField(null=True)
    decided_at = fields.DatetimeField(null=True)
    reason = fields.CharField(max_length=200, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "join_claims"


class Group(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    school_id = fields.UUIDField(db_index=True)
    name = fields.CharField(max_length=40)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "groups"
        unique_together = (("school_id", "name"),)


class GroupMember(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField(
        "school.Group", related_name="members", on_delete=fields.CASCADE, db_index=True
    )
    group_id: UUID
    student_id = fields.UUIDField(null=True, db_index=True)
    person_id = fields.UUIDField(null=True, db_index=True)

    class Meta:
        table = "group_members"
