"""Certificates of service: what was true on the day each was issued."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class ServiceCertificate(Model):
    """A snapshot: later corrections of bookings or names do not change it, only revoke it.

    ``duties`` is a list of ``name``, ``shifts`` and ``minutes``, in the order of the kinds.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(max_length=20, unique=True)
    school_id = fields.UUIDField()
    person_id = fields.UUIDField(db_index=True)
    school_name = fields.CharField(max_length=60)
    holder = fields.CharField(max_length=40)
    first_day = fields.DateField()
    last_day = fields.DateField()
    minutes = fields.IntField()
    shifts = fields.IntField()
    duties: list[Any] = fields.JSONField(default=list)
    issued_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    revoked_by = fields.UUIDField(null=True)
    revoked_reason = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        table = "service_certificates"
        indexes = (("school_id", "issued_at"),)
