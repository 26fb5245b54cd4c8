"""Putting the parts of an upload together, in memory that does not grow with the file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import execute, transaction
from backend.deadline import allow
from backend.media import rules
from backend.media.models import Attachment, Kind, Readiness, Upload, UploadPart
from backend.media.operations import attachments
from backend.media.storage import Files, new_key

JOINING_LEASE = timedelta(seconds=60)
RENEWED_EVERY = 20.0


@asynccontextmanager
async def holding(upload_id: UUID) -> AsyncIterator[None]:
    """Hold the upload for as long as the block takes, and little longer should it die."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY)
            allow(JOINING_LEASE.total_seconds())
            until = clock.now() + JOINING_LEASE
            await execute("UPDATE uploads SET joining_until = $2 WHERE id = $1", upload_id, until)

    allow(JOINING_LEASE.total_seconds())
    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def join(row: Upload, parts: Sequence[UploadPart], *, files: Files) -> Attachment:
    """Write one file from all parts; the row that leads to it stands before it does.

    The attachment is not to be seen before ``stored_at`` is set. Raises
    :class:`rules.UploadDigestDiffers`, :class:`rules.PartsMissing` and what
    :func:`attachments.receive` raises.
    """
    head = (await _bytes_of(parts[0], files=files))[: rules.HEAD]
    form = rules.sniff_any(head)
    rules.check_size(form, row.byte_size)
    if form in rules.STILL:
        return await _join_still(row, parts, form, files=files)
    media_type = rules.MEDIA_TYPES[form]
    async with transaction():
        made = await Attachment.create(
            district_id=row.district_id,
            school_id=row.school_id,
            uploader_id=row.person_id,
            kind=Kind(rules.kind_of(form)),
            state=Readiness.PREPARING,
            filename=rules.display_name(row.filename, media_type),
            media_type=media_type,
            byte_size=row.byte_size,
            sha256="",
            original_key=new_key(row.id.hex, media_type),
            created_at=clock.now(),
        )
        await Upload.filter(id=row.id).update(attachment_id=made.id)
    arrived = False
    digest = hashlib.sha256()
    try:
        pieces = _pieces(row, parts, digest, files=files)
        await files.put_stream(made.original_key, pieces, size=row.byte_size)
        made.sha256 = digest.hexdigest()
        arrived = True
    finally:
        if not arrived:
            await attachments.discard([made], files=files)
    return made


async def _pieces(
    row: Upload, parts: Sequence[UploadPart], digest: "hashlib._Hash", *, files: Files
) -> AsyncIterator[bytes]:
    """Yield the parts, one after the other. Raises :class:`rules.UploadDigestDiffers`."""
    for part in parts:
        data = await _bytes_of(part, files=files)
        await asyncio.to_thread(digest.update, data)
        yield data
    if row.sha256 not in (None, digest.hexdigest()):
        raise rules.UploadDigestDiffers


async def _bytes_of(part: UploadPart, *, files: Files) -> bytes:
    """Return a part of at most 4 MiB. Raises :class:`rules.PartsMissing` if the disk lost it."""
    try:
        return await files.get(part.key)
    except FileNotFoundError:
        raise rules.PartsMissing(count=1, missing=[part.number]) from None


async def _join_still(
    row: Upload, parts: Sequence[UploadPart], form: rules.Format, *, files: Files
) -> Attachment:
    digest = hashlib.sha256()
    data = b"".join([piece async for piece in _pieces(row, parts, digest, files=files)])
    prepared = await attachments.prepare(form, data)
    async with transaction():
        made = await attachments.announce(
            row.person_id, row.filename, prepared, row.school_id, row.district_id
        )
        await Upload.filter(id=row.id).update(attachment_id=made.id)
    arrived = False
    try:
        await attachments.put(made, prepared, files=files)
        arrived = True
    finally:
        if not arrived:
            await attachments.discard([made], files=files)
    return made
