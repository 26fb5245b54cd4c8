"""What the phone sees of an attachment."""

from datetime import datetime
from uuid import UUID

from litestar.datastructures import UploadFile

from backend.media import links
from backend.media.models import Attachment, Kind, Variant
from backend.web.structs import In, Out


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

    ``url`` and ``thumbnailUrl`` (``null`` for a PDF) are paths on this server that work
    for the caller, in this session, for some minutes; ask for the object again for
    fresh ones.
    """

    id: UUID
    kind: Kind
    filename: str
    media_type: str
    byte_size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None

    @classmethod
    def of(
        cls, row: Attachment, *, person_id: UUID, session_id: UUID, key: str, now: datetime
    ) -> "AttachmentOut":
        """Show ``row`` to somebody who may see it; ``key`` is the installation's secret."""

        def url(variant: Variant) -> str:
            return links.url_for(row.id, variant, person_id, session_id, key=key, now=now)

        return cls(
            id=row.id,
            kind=Kind(row.kind),
            filename=row.filename,
            media_type=row.media_type,
            byte_size=row.byte_size,
            width=row.width,
            height=row.height,
            url=url(Variant.ORIGINAL),
            thumbnail_url=url(Variant.THUMBNAIL) if row.thumbnail_key else None,
        )
