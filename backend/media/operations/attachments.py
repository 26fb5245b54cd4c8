"""What can happen to an attachment, and the taking of pictures and documents."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from backend import clock
from backend.database import transaction
from backend.errors import NotFound
from backend.media import images, rules
from backend.media.models import Attachment, Kind
from backend.media.operations.room import district_of, make_room
from backend.media.storage import Files, new_key
from backend.web.limits import Limit, spend

FORGOTTEN_AFTER = timedelta(hours=24)
DAILY_UPLOADS = Limit(name="upload_kib", most=200 * 1024, seconds=86_400)
DAILY_PICTURES = Limit(name="picture_kib", most=30 * 1024, seconds=86_400)
"""What somebody may hand in who does not work at the school."""
LEAST_CHARGE = 1024
"""KiB that even the smallest file counts for: reading it costs a process, not only disk."""


class Prepared(msgspec.Struct, frozen=True):
    kind: Kind
    media_type: str
    original: bytes
    thumbnail: bytes | None = None
    width: int | None = None
    height: int | None = None


async def store_upload(
    uploader_id: UUID,
    filename: str,
    data: bytes,
    *,
    files: Files,
    school_id: UUID | None = None,
    district_id: UUID | None = None,
) -> Attachment:
    """Keep what somebody handed in, made harmless, until something carries it.

    Give ``school_id``, or ``district_id`` for a file that belongs to no school. Raises
    the refusals of :mod:`backend.media.rules`, :class:`backend.errors.TooMany` beyond
    200 MiB a person and day (each file counts for at least one), and
    :class:`backend.errors.Busy`.
    """
    attachment = await receive(
        uploader_id, filename, data, files=files, school_id=school_id, district_id=district_id
    )
    await admit(attachment)
    return attachment


async def receive(
    uploader_id: UUID,
    filename: str,
    data: bytes,
    *,
    files: Files,
    school_id: UUID | None = None,
    district_id: UUID | None = None,
    pictures_only: bool = False,
) -> Attachment:
    """Do the slow half of :func:`store_upload`, in no transaction of the caller's.

    The attachment cannot be attached before :func:`admit`. With ``pictures_only`` the day's
    limit is 30 MiB, and a document is refused as :class:`rules.PicturesOnly`.
    """
    form = rules.sniff(data)
    if pictures_only and form is rules.Format.PDF:
        raise rules.PicturesOnly
    rules.check_size(form, len(data))
    district_id = await district_of(school_id, district_id)
    # Charged before the file is read, so that hostile files use up their sender's day too.
    async with transaction():
        cost = max(-(-len(data) // 1024), LEAST_CHARGE)
        limit = DAILY_PICTURES if pictures_only else DAILY_UPLOADS
        await spend(limit, str(uploader_id), clock.now(), cost=cost)
    prepared = await prepare(form, data)
    async with transaction():
        await make_room(school_id, len(prepared.original), files.school_quota)
        attachment = await announce(uploader_id, filename, prepared, school_id, district_id)
    arrived = False
    try:
        await put(attachment, prepared, files=files)
        arrived = True
    finally:
        if not arrived:
            await discard([attachment], files=files)
    return attachment


async def put(attachment: Attachment, prepared: Prepared, *, files: Files) -> None:
    """Write the files of an announced attachment. Raises :class:`rules.StorageFull`."""
    await files.put(attachment.original_key, prepared.original)
    if attachment.thumbnail_key and prepared.thumbnail:
        await files.put(attachment.thumbnail_key, prepared.thumbnail)


async def admit(attachment: Attachment) -> None:
    """Declare that the attachment's files are written: it can now be seen and attached."""
    async with transaction():
        attachment.stored_at = clock.now()
        await attachment.save(update_fields=["stored_at"])


async def kept_instead(attachment: Attachment, kept: UUID, *, files: Files) -> Attachment:
    """Return the attachment that stays after a repeated upload.

    ``kept`` names the one an earlier copy of the same request left; what the repetition
    brought is removed. Raises :class:`NotFound` when the earlier one is gone by now.
    """
    if kept == attachment.id:
        return attachment
    await discard([attachment], files=files)
    earlier = await Attachment.filter(id=kept, stored_at__not_isnull=True).first()
    if earlier is None:
        raise NotFound
    return earlier


async def discard(attachments: Sequence[Attachment], *, files: Files) -> int:
    """Remove attachments that nothing carries, with their files; returns how many went.

    Files go before their rows: whatever moment the process dies at, no file is without a
    row that leads the next sweep to it.
    """
    for row in attachments:
        for key in row.keys:
            await files.delete(key)
        if row.is_played:
            # What was uploaded lies beside the room until the copy made of it is shown.
            await files.delete(f"{row.room}.{rules.EXTENSIONS[row.media_type]}")
            await files.delete_prefix(row.room)
    async with transaction():
        return await Attachment.filter(
            id__in=[row.id for row in attachments], attached_at__isnull=True
        ).delete()


async def attach(attachment_ids: Sequence[UUID], owner_id: UUID, by: UUID) -> list[Attachment]:
    """Let ``owner_id`` carry these files; returns them in the order given.

    Files must have been handed in by ``by``, or be carried by the owner already. Raises
    :class:`rules.AttachmentMissing` for any other, and then attaches none.
    """
    async with transaction():
        rows = await (
            Attachment.filter(id__in=list(attachment_ids), stored_at__not_isnull=True)
            .order_by("id")
            .select_for_update(no_key=True)
        )
        found = {row.id: row for row in rows}
        for attachment_id in attachment_ids:
            row = found.get(attachment_id)
            if row is None or not rules.may_carry(row.owner_id, row.uploader_id, owner_id, by):
                raise rules.AttachmentMissing
        fresh = [row for row in rows if row.owner_id is None]
        for row in fresh:
            row.owner_id, row.attached_at = owner_id, clock.now()
        if fresh:
            await Attachment.bulk_update(fresh, fields=["owner_id", "attached_at"])
        return [found[attachment_id] for attachment_id in attachment_ids]


async def release(owner_id: UUID, *, keep: Sequence[UUID] = ()) -> int:
    """Let the owner carry only ``keep``; the rest is swept once a day has passed since
    it was handed in. Returns how many files were let go.
    """
    async with transaction():
        carried = Attachment.filter(owner_id=owner_id)
        if keep:
            carried = carried.exclude(id__in=list(keep))
        return await carried.update(owner_id=None, attached_at=None)


async def sweep(*, files: Files, most: int = 500) -> int:
    """Remove what nobody attached within a day. Returns how many attachments went."""
    before = clock.now() - FORGOTTEN_AFTER
    async with transaction():
        forgotten = await (
            Attachment.objects.all()
            .forgotten(before)
            .order_by("created_at")
            .limit(most)
            .select_for_update(skip_locked=True)
        )
        # From here on nothing can attach them.
        await Attachment.filter(id__in=[row.id for row in forgotten]).update(stored_at=None)
    return await discard(forgotten, files=files)


async def prepare(form: rules.Format, data: bytes) -> Prepared:
    """Return what is kept of a picture or a PDF; raises as :func:`images.redraw`."""
    if form is rules.Format.PDF:
        return Prepared(kind=Kind.PDF, media_type="application/pdf", original=data)
    picture = await images.redraw(data)
    return Prepared(
        kind=Kind.IMAGE,
        media_type=picture.media_type,
        original=picture.original,
        thumbnail=picture.thumbnail,
        width=picture.width,
        height=picture.height,
    )


async def announce(
    uploader_id: UUID,
    filename: str,
    prepared: Prepared,
    school_id: UUID | None,
    district_id: UUID,
) -> Attachment:
    """Write the row before the files, so that an upload cut short is swept like any other."""
    digest = hashlib.sha256(prepared.original).hexdigest()
    async with transaction():
        return await Attachment.create(
            district_id=district_id,
            school_id=school_id,
            uploader_id=uploader_id,
            kind=prepared.kind,
            filename=rules.display_name(filename, prepared.media_type),
            media_type=prepared.media_type,
            byte_size=len(prepared.original),
            width=prepared.width,
            height=prepared.height,
            sha256=digest,
            original_key=new_key(digest, prepared.media_type),
            thumbnail_key=new_key(digest, prepared.media_type) if prepared.thumbnail else None,
            created_at=clock.now(),
        )
