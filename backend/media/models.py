"""Rows of uploaded files."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.expressions import Q
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from backend.identifiers import uuid7


class Kind(StrEnum):
    IMAGE = "image"
    PDF = "pdf"
    VIDEO = "video"
    AUDIO = "audio"


PLAYED = (Kind.VIDEO, Kind.AUDIO)


class Readiness(StrEnum):
    """How far an attachment is: a video or a recording is prepared before it plays."""

    READY = "ready"
    PREPARING = "preparing"
    FAILED = "failed"


class Variant(StrEnum):
    """Which of an attachment's files; a poster is a JPEG that stands for a video."""

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"
    POSTER = "poster"


def room_of(key: str) -> str:
    """Return the prefix under which everything lies that is made of the upload at ``key``.

    The key of what is made of it leads to the same place.
    """
    folder, name = key.split("/")[:2]
    return f"{folder}/{name.partition('.')[0]}"


class AttachmentQuerySet(QuerySet["Attachment"]):
    def stored(self) -> QuerySet["Attachment"]:
        return self.filter(stored_at__not_isnull=True)

    def carried_by(self, owner_id: UUID) -> QuerySet["Attachment"]:
        return self.filter(owner_id=owner_id, stored_at__not_isnull=True)

    def waiting(self, now: datetime) -> QuerySet["Attachment"]:
        """Stored, still to be prepared, and in nobody's hands at ``now``."""
        return self.filter(
            Q(prepare_lease__isnull=True) | Q(prepare_lease__lt=now),
            state=Readiness.PREPARING,
            stored_at__not_isnull=True,
        )

    def forgotten(self, before: datetime) -> QuerySet["Attachment"]:
        """Handed in before ``before`` and attached to nothing."""
        return self.filter(attached_at__isnull=True, created_at__lt=before)


class AttachmentManager(Manager):
    def get_queryset(self) -> AttachmentQuerySet:
        return AttachmentQuerySet(self._model)


class Attachment(Model):
    """One file somebody handed in, with what the house made of it.

    ``duration_ms`` is in milliseconds. ``stream_key`` is the prefix (without a final
    slash) under which the files of a stream lie. ``prepare_lease`` is the moment at which
    another worker may take a preparation over; ``prepare_error`` a code, empty if none.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField(db_index=True)
    school_id = fields.UUIDField(null=True, db_index=True)
    uploader_id = fields.UUIDField(db_index=True)
    owner_id = fields.UUIDField(null=True, db_index=True)
    kind = fields.CharField(max_length=10)
    state = fields.CharField(max_length=10, default="ready", db_default="ready")
    filename = fields.CharField(max_length=120)
    media_type = fields.CharField(max_length=40)
    byte_size = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration_ms = fields.IntField(null=True)
    sha256 = fields.CharField(max_length=64)
    original_key = fields.CharField(max_length=160, unique=True)
    thumbnail_key = fields.CharField(max_length=160, null=True, unique=True)
    poster_key = fields.CharField(max_length=160, null=True)
    stream_key = fields.CharField(max_length=160, null=True)
    prepared_percent = fields.IntField(default=0, db_default=0)
    prepare_error = fields.CharField(max_length=40, default="", db_default="")
    prepare_attempts = fields.IntField(default=0, db_default=0)
    prepare_lease = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    stored_at = fields.DatetimeField(null=True)
    attached_at = fields.DatetimeField(null=True)

    objects = AttachmentManager()

    class Meta:
        table = "attachments"
        manager = AttachmentManager()

    def key_of(self, variant: Variant) -> str | None:
        """Return the storage key of ``variant``, ``None`` when there is no such file."""
        return {
            Variant.ORIGINAL: self.original_key,
            Variant.THUMBNAIL: self.thumbnail_key,
            Variant.POSTER: self.poster_key,
        }[variant]

    @property
    def keys(self) -> list[str]:
        """Return the keys of its single files; a stream's lie under ``stream_key``."""
        found = (self.original_key, self.thumbnail_key, self.poster_key)
        return [key for key in found if key is not None]

    @property
    def room(self) -> str:
        """Return the prefix of everything that is made of a film or a recording."""
        return room_of(self.original_key)

    @property
    def is_played(self) -> bool:
        """Say whether this is watched or listened to, over a longer time."""
        return self.kind in PLAYED


class Upload(Model):
    """A file on its way in, in numbered parts; ``byte_size`` and ``sha256`` as declared.

    Every part but the last holds ``part_size`` bytes. While its parts are put together,
    until ``joining_until`` at the latest, none may change; ``attachment_id`` names what is
    being made of them, and what has been made when ``completed_at`` is set.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    district_id = fields.UUIDField()
    school_id = fields.UUIDField(null=True)
    person_id = fields.UUIDField(db_index=True)
    filename = fields.CharField(max_length=120)
    byte_size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64, null=True)
    part_size = fields.IntField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    joining_until = fields.DatetimeField(null=True)
    completed_at = fields.DatetimeField(null=True)
    attachment_id = fields.UUIDField(null=True)

    class Meta:
        table = "uploads"

    @property
    def prefix(self) -> str:
        """Return what the keys of its parts begin with."""
        return f"uploads/{self.id.hex}"


class UploadPart(Model):
    """One part that has arrived; ``number`` counts from 1."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    upload: fields.ForeignKeyRelation[Upload] = fields.ForeignKeyField(
        "school.Upload", related_name="parts", db_index=False
    )
    upload_id: UUID
    number = fields.IntField()
    byte_size = fields.IntField()
    sha256 = fields.CharField(max_length=64)
    key = fields.CharField(max_length=160, unique=True)

    class Meta:
        table = "upload_parts"
        unique_together = (("upload", "number"),)
