"""Certificates: what was true on the day each was issued."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class CertificateKind(StrEnum):
    """What somebody is certified to have done."""

    SERVICE = "service"
    COURSE = "course"


class Certificate(Model):
    """A snapshot: later corrections and changes of name do not reach it, only a revocation does.

    ``facts`` hold :class:`backend.certificates.rules.Words`; ``subject_id`` is what was
    completed, where that is one thing; without a school, the district itself is the issuer.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(max_length=20, unique=True)
    kind = fields.CharField(max_length=12)
    district_id = fields.UUIDField()
    school_id = fields.UUIDField(null=True)
    issuer_name = fields.CharField(max_length=60)
    person_id = fields.UUIDField(db_index=True)
    holder = fields.CharField(max_length=40)
    subject_id = fields.UUIDField(null=True)
    first_day = fields.DateField()
    last_day = fields.DateField()
    facts: dict[str, Any] = fields.JSONField()
    issued_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    revoked_by = fields.UUIDField(null=True)
    revoked_reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "certificates"
