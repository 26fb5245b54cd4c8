"""What the door itself must remember."""

from tortoise import fields
from tortoise.models import Model

from backend.identifiers import uuid7


class IdempotencyKey(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    person_id = fields.UUIDField()
    operation = fields.CharField(max_length=60)
    key = fields.CharField(max_length=80)
    fingerprint = fields.CharField(max_length=64)
    status = fields.IntField(null=True)
    body = fields.BinaryField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True, db_index=True)

    class Meta:
        table = "idempotency_keys"
        unique_together = (("person_id", "operation", "key"),)
