"""A film handed in, and the work a worker does on it."""

import asyncio
import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import av
from av.container import InputContainer
from PIL import Image

from backend import clock
from backend.media.models import Attachment, Kind, Readiness
from backend.media.storage import Files, new_key
from tests.media.conftest import Place

UPLOADED = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
}


async def handed_in(place: Place, files: Files, path: Path, name: str = "家长课堂") -> Attachment:
    """Store the file as an upload leaves it: waiting to be prepared."""
    data = await asyncio.to_thread(path.read_bytes)
    media_type = UPLOADED[path.suffix[1:]]
    digest = hashlib.sha256(data).hexdigest()
    key = new_key(digest, media_type)
    await files.put(key, data)
    return await Attachment.create(
        district_id=place.district.id,
        school_id=place.school.id,
        uploader_id=place.fang.id,
        kind=Kind.AUDIO if media_type.startswith("audio") else Kind.VIDEO,
        state=Readiness.PREPARING,
        filename=f"{name}{path.suffix}",
        media_type=media_type,
        byte_size=len(data),
        sha256=digest,
        original_key=key,
        created_at=clock.now(),
        stored_at=clock.now(),
    )


async def again(row: Attachment) -> Attachment:
    return await Attachment.get(id=row.id)


def opened(data: bytes, form: str | None = None) -> InputContainer:
    return av.open(io.BytesIO(data), "r", format=form)


def said(container: InputContainer) -> str:
    """Return everything a file says about itself, as one text."""
    return str([container.metadata, *(stream.metadata for stream in container.streams)])


async def lease_over(attachment_id: UUID) -> None:
    """Let the time pass after which a silent worker counts as dead."""
    past = clock.now() - timedelta(seconds=1)
    await Attachment.filter(id=attachment_id).update(prepare_lease=past)


async def drawn(files: Files, key: str | None) -> Image.Image:
    assert key is not None
    return Image.open(io.BytesIO(await files.get(key)))


def facts(row: Attachment) -> dict[str, Any]:
    names = ("state", "kind", "media_type", "width", "height", "duration_ms", "prepare_error")
    return {name: getattr(row, name) for name in names}
