"""Files that arrive in parts: begun, filled, put together once, or given up."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.database import transaction
from backend.errors import NotFound
from backend.media import rules
from backend.media.models import Attachment, Upload, UploadPart
from backend.media.operations import attachments, joining
from backend.media.operations.room import district_of, make_room
from backend.media.storage import Files
from backend.web.limits import Limit, spend

KEPT_OPEN = timedelta(hours=24)
DAILY_DECLARED = Limit(name="declared_kib", most=4 * 1024 * 1024, seconds=86_400)
"""KiB that one person may announce in a day: four of the largest videos."""
JOININGS = Limit(name="upload_joinings", most=200, seconds=86_400)
"""How often one person may have parts put together: a file that is refused at its end, for
its digest or for a picture that cannot be read, costs as much each time it is tried.
"""


async def begin(
    person_id: UUID,
    filename: str,
    byte_size: int,
    sha256: str | None,
    *,
    files: Files,
    school_id: UUID | None = None,
    district_id: UUID | None = None,
) -> Upload:
    """Announce a file of ``byte_size`` bytes; ``sha256`` in hexadecimal, if it is known.

    Raises :class:`rules.FileTooLarge`, :class:`rules.SchoolQuotaFull`,
    :class:`rules.StorageFull`, and :class:`backend.errors.TooMany` beyond 4 GiB a person
    and day (each file counts for at least one MiB).
    """
    if byte_size > rules.MAX_VIDEO_BYTES:
        raise rules.FileTooLarge(megabytes=rules.MAX_VIDEO_BYTES // rules.MEBIBYTE)
    district_id = await district_of(school_id, district_id)
    # Its parts and what they are put together to lie side by side for a moment.
    files.check_room(2 * byte_size)
    async with transaction():
        cost = max(-(-byte_size // 1024), attachments.LEAST_CHARGE)
        await spend(DAILY_DECLARED, str(person_id), clock.now(), cost=cost)
        await make_room(school_id, byte_size, files.school_quota)
        return await Upload.create(
            district_id=district_id,
            school_id=school_id,
            person_id=person_id,
            filename=filename,
            byte_size=byte_size,
            sha256=sha256,
            part_size=rules.PART_BYTES,
            created_at=clock.now(),
            expires_at=clock.now() + KEPT_OPEN,
        )


async def take_part(
    upload: Upload, number: int, data: bytes, *, files: Files, digest: bytes | None = None
) -> None:
    """Keep part ``number``, in place of an earlier one of that number.

    ``digest`` is the SHA-256 the sender says it has. Raises :class:`rules.NoSuchPart`,
    :class:`rules.PartSizeWrong`, :class:`rules.PartDamaged`, :class:`rules.UploadJoining`,
    :class:`rules.UploadComplete`; for the first part also what :func:`rules.sniff_any` and
    :func:`rules.check_size` raise, so that nobody sends a gigabyte in vain.
    """
    rules.check_part(number, len(data), upload.byte_size, upload.part_size)
    found = await asyncio.to_thread(lambda: hashlib.sha256(data))
    if digest is not None and digest != found.digest():
        raise rules.PartDamaged
    if number == 1:
        rules.check_size(rules.sniff_any(data[: rules.HEAD]), upload.byte_size)
    if await UploadPart.exists(upload_id=upload.id, number=number, sha256=found.hexdigest()):
        return
    key = f"{upload.prefix}/{number}-{secrets.token_hex(16)}"
    await files.put(key, data)
    unused = key
    try:
        async with transaction():
            _check_open(await _locked(upload.id))
            earlier = await UploadPart.get_or_none(upload_id=upload.id, number=number)
            if earlier is not None:
                await earlier.delete()
            await UploadPart.create(
                upload_id=upload.id,
                number=number,
                byte_size=len(data),
                sha256=found.hexdigest(),
                key=key,
            )
        unused = earlier.key if earlier is not None else ""
    finally:
        if unused:
            await files.delete(unused)


async def complete(upload: Upload, *, files: Files) -> Attachment:
    """Put the parts together and return the attachment; repeated, the same one.

    A video or a recording is still to be prepared then. Raises :class:`rules.PartsMissing`,
    :class:`rules.UploadJoining` while another request does it,
    :class:`backend.errors.TooMany` beyond 200 attempts a person and day,
    :class:`rules.UploadDigestDiffers`, what :func:`attachments.receive` raises for pictures
    and documents, and :class:`NotFound` when what came of it is gone.
    """
    async with transaction():
        row = await _locked(upload.id)
        if row.completed_at is not None:
            return await _outcome(row)
        _check_open(row)
        parts = await UploadPart.filter(upload_id=row.id).order_by("number")
        count = rules.parts_of(row.byte_size, row.part_size)
        if len(parts) < count:
            there = {part.number for part in parts}
            missing = [number for number in range(1, count + 1) if number not in there]
            raise rules.PartsMissing(count=len(missing), missing=missing[:100])
        await spend(JOININGS, str(row.person_id), clock.now())
        row.joining_until = clock.now() + joining.JOINING_LEASE
        row.expires_at = max(row.expires_at, clock.now() + timedelta(hours=1))
        await row.save(update_fields=["joining_until", "expires_at"])
    made = kept = None
    try:
        async with joining.holding(row.id):
            made = await joining.join(row, parts, files=files)
        kept = await _finish(row, made)
    finally:
        if made is not None and made is not kept:
            await attachments.discard([made], files=files)
        if kept is None:
            await _reopen(row)
    await files.delete_prefix(row.prefix)
    await UploadPart.filter(upload_id=row.id).delete()
    return kept


async def give_up(upload: Upload, *, files: Files) -> None:
    """Forget an upload and its parts. Raises :class:`rules.UploadJoining`.

    Of a completed one nothing is left to forget; its attachment stays.
    """
    async with transaction():
        row = await _locked(upload.id)
        if row.completed_at is not None:
            return
        _check_open(row)
        # From here on nothing can be added to it, nor can it be completed.
        row.expires_at = max(clock.now(), row.created_at + timedelta(microseconds=1))
        await row.save(update_fields=["expires_at"])
    await _remove([row], files=files)


async def sweep(*, files: Files, most: int = 100) -> int:
    """Remove uploads whose day is over, with their parts. Returns how many went."""
    now = clock.now()
    async with transaction():
        over = await (
            Upload.filter(expires_at__lt=now)
            .order_by("expires_at")
            .limit(most)
            .select_for_update(skip_locked=True)
        )
    return await _remove(over, files=files)


async def _remove(uploads: Sequence[Upload], *, files: Files) -> int:
    """Files go before their rows, so that none is left without a row that leads to it."""
    for row in uploads:
        await files.delete_prefix(row.prefix)
    return await Upload.filter(id__in=[row.id for row in uploads]).delete()


async def _locked(upload_id: UUID) -> Upload:
    row = await (
        Upload.filter(id=upload_id, expires_at__gt=clock.now())
        .select_for_update(no_key=True)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def _check_open(row: Upload) -> None:
    if row.completed_at is not None:
        raise rules.UploadComplete
    if row.joining_until is not None and row.joining_until > clock.now():
        raise rules.UploadJoining(retry_after=2)


async def _outcome(row: Upload) -> Attachment:
    made = await Attachment.filter(id=row.attachment_id, stored_at__not_isnull=True).first()
    if made is None:
        raise NotFound
    return made


async def _finish(row: Upload, made: Attachment) -> Attachment:
    """Let the attachment be seen, unless another request was faster; returns what stays."""
    async with transaction():
        now_row = await _locked(row.id)
        if now_row.completed_at is not None:
            return await _outcome(now_row)
        made.stored_at = clock.now()
        await made.save(update_fields=["stored_at", "sha256"])
        now_row.completed_at, now_row.attachment_id = clock.now(), made.id
        now_row.joining_until = None
        await now_row.save(update_fields=["completed_at", "attachment_id", "joining_until"])
    return made


async def _reopen(row: Upload) -> None:
    await Upload.filter(id=row.id, completed_at__isnull=True).update(
        joining_until=None, attachment_id=None
    )
