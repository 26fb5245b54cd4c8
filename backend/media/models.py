"""Rows of uploaded files."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from backend.identifiers import uuid7


class Kind(StrEnum):
    IMAGE = "image"
    PDF = "pdf"


class Variant(StrEnum):
    """Which of an attachment's files."""

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"


class AttachmentQuerySet(QuerySet["Attachment"]):
    def stored(self) -> QuerySet["Attachment"]:
        return self.filter(stored_at__not_isnull=True)

    def carried_by(self, owner_id: UUID) -> QuerySet["Attachment"]:
        return self.filter(owner_id=owner_id, stored_at__not_isnull=True)

    def forgotten(self, before: datetime) -> QuerySet["Attachment"]:
        """Handed in before ``before`` and attached to nothing."""
        return self.filter(attached_at__isnull=True, created_at__lt=before)


class AttachmentManager(Manager):
    def get_queryset(self) -> AttachmentQuerySet:
        return AttachmentQuerySet(self._model)


class Attachment(Model):
    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    uploader_id = fields.UUIDField(db_index=True)
    owner_id = fields.UUIDField(null=True, db_index=True)
    kind = fields.CharField(max_length=10)
    filename = fields.CharField(max_length=120)
    media_type = fields.CharField(max_length=40)
    byte_size = fields.IntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    sha256 = fields.CharField(max_length=64)
    original_key = fields.CharField(max_length=160, unique=True)
    thumbnail_key = fields.CharField(max_length=160, null=True, unique=True)
    created_at = fields.DatetimeField()
    stored_at = fields.DatetimeField(null=True)
    attached_at = fields.DatetimeField(null=True)

    objects = AttachmentManager()

    class Meta:
        table = "attachments"
        manager = AttachmentManager()

    def key_of(self, variant: Variant) -> str | None:
        """Return the storage key of ``variant``, ``None`` when there is no such file."""
        return self.original_key if variant is Variant.ORIGINAL else self.thumbnail_key

    @property
    def keys(self) -> list[str]:
        return [key for key in (self.original_key, self.thumbnail_key) if key is not None]
