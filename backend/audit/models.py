"""The trail's rows."""

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class AuditEntry(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.DatetimeField(auto_now_add=True)
    person_id = fields.UUIDField(null=True)
    action = fields.CharField(max_length=60)
    subject_kind = fields.CharField(max_length=40)
    subject_id = fields.UUIDField(null=True, db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    facts: dict[str, object] = fields.JSONField(default=dict)

    class Meta:
        table = "audit_entries"
