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


class ClaimState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


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
    uploader_id = fields.UUIDField()
    filename = fields.CharField(max_length=120)
    sha256 = fields.CharField(max_length=64)
    state = fields.CharField(max_length=20)
    progress = fields.IntField(default=0, db_default=0)
    file = fields.BinaryField(null=True)
    rows = fields.BinaryField(null=True)
    faults: list[dict[str, object]] = fields.JSONField(default=list)  # type: ignore[assignment]
    summary: dict[str, object] = fields.JSONField(default=dict)  # type: ignore[assignment]
    undo: dict[str, object] = fields.JSONField(default=dict)  # type: ignore[assignment]
    created_at = fields.DatetimeField(auto_now_add=True)
    leased_until = fields.DatetimeField(null=True)
    applied_at = fields.DatetimeField(null=True)
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "roster_imports"


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
