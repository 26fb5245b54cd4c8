"""What the phone sees of an attachment."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta

from backend.media import links, rules
from backend.media.cinema.ladder import MASTER
from backend.media.models import Attachment, Kind, Readiness, Upload, Variant
from backend.web.structs import In, Moment, Out


class UploadForm(In):
    """The parts of the multipart form; one of ``schoolId`` and ``districtId`` is needed.

    ``file`` is an image of at most 10 MB and 24 million pixels, or a PDF of at most
    20 MB. Its declared type is not looked at.
    """

    file: UploadFile
    school_id: UUID | None = None
    district_id: UUID | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.school_id is None) == (self.district_id is None):
            raise ValueError("exactly one of schoolId and districtId is needed")


class AttachmentOut(Out):
    """One attachment; sizes in bytes and pixels, of the file behind ``url``.

    A video or an audio recording is ``preparing`` at first (``preparedPercent`` says how
    far), then ``ready`` or ``failed`` (``failure`` is the code of the reason); its
    ``durationMs`` is in milliseconds. ``url``, ``thumbnailUrl``, ``posterUrl`` and
    ``streamUrl`` (an HLS playlist for weak networks) are paths on this server, ``null``
    where there is no such file yet. They work for the caller, in this session: for some
    minutes, or hours for what is played; ask for the object again for fresh ones.
    """

    id: UUID
    kind: Kind
    state: Readiness
    prepared_percent: int
    failure: str | None
    filename: str
    media_type: str
    byte_size: int
    width: int | None
    height: int | None
    duration_ms: int | None
    url: str | None
    thumbnail_url: str | None
    poster_url: str | None
    stream_url: str | None

    @classmethod
    def of(
        cls, row: Attachment, *, person_id: UUID, session_id: UUID, key: str, now: datetime
    ) -> "AttachmentOut":
        """Show ``row`` to somebody who may see it; ``key`` is the installation's secret."""
        lifetime = links.LIFETIME_PLAY if row.is_played else links.LIFETIME
        is_ready = row.state == Readiness.READY

        def url(variant: Variant) -> str | None:
            if not is_ready or row.key_of(variant) is None:
                return None
            return links.url_for(
                row.id, variant, person_id, session_id, key=key, now=now, lifetime=lifetime
            )

        stream = None
        if is_ready and row.stream_key:
            stream = links.stream_url_for(row.id, MASTER, person_id, session_id, key=key, now=now)
        return cls(
            id=row.id,
            kind=Kind(row.kind),
            state=Readiness(row.state),
            prepared_percent=row.prepared_percent if row.is_played else 100,
            failure=row.prepare_error if row.state == Readiness.FAILED else None,
            filename=row.filename,
            media_type=row.media_type,
            byte_size=row.byte_size,
            width=row.width,
            height=row.height,
            duration_ms=row.duration_ms,
            url=url(Variant.ORIGINAL),
            thumbnail_url=url(Variant.THUMBNAIL),
            poster_url=url(Variant.POSTER),
            stream_url=stream,
        )


class UploadIn(In):
    """A file to be sent in parts; one of ``schoolId`` and ``districtId`` is needed.

    ``byteSize`` is its exact size: video up to 1 GiB, audio up to 200 MiB, pictures and
    PDF as in one step. ``sha256``, if given, is checked when the file is complete.
    """

    filename: Annotated[str, Meta(min_length=1, max_length=120)]
    byte_size: Annotated[int, Meta(ge=1, le=2**40)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    school_id: UUID | None = None
    district_id: UUID | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.school_id is None) == (self.district_id is None):
            raise ValueError("exactly one of schoolId and districtId is needed")


class UploadState(StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    JOINING = "joining"
    COMPLETE = "complete"


class UploadOut(Out):
    """A file on its way in: ``parts`` parts of ``partBytes`` bytes, the last one shorter.

    ``received`` holds the numbers, from 1, of those that have arrived; whoever goes on
    later, or over another network, sends the others. ``attachmentId`` is set once it is
    complete. After ``expiresAt`` it is forgotten.
    """

    id: UUID
    state: UploadState
    filename: str
    byte_size: int
    part_bytes: int
    parts: int
    received: list[int]
    attachment_id: UUID | None
    expires_at: Moment

    @classmethod
    def of(cls, row: Upload, received: Sequence[int], *, now: datetime) -> "UploadOut":
        """Show ``row`` to whom it belongs."""
        state = UploadState.RECEIVING
        if row.completed_at is not None:
            state = UploadState.COMPLETE
        elif row.joining_until is not None and row.joining_until > now:
            state = UploadState.JOINING
        return cls(
            id=row.id,
            state=state,
            filename=row.filename,
            byte_size=row.byte_size,
            part_bytes=row.part_size,
            parts=rules.parts_of(row.byte_size, row.part_size),
            received=list(received),
            attachment_id=row.attachment_id if state is UploadState.COMPLETE else None,
            expires_at=row.expires_at,
        )
