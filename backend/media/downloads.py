"""Handing a file out: conditional requests, one byte range, and a name to save it under."""

import hashlib
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.response import Stream

from backend.errors import NotFound
from backend.media.models import Attachment, Kind, Readiness, Variant
from backend.media.storage import Files

_TAG = re.compile(r'(?:W/)?("[^"]*")')
_RANGE = re.compile(r"bytes=(\d{0,20})-(\d{0,20})", re.IGNORECASE)
# A file is looked at by itself, so nothing in it may run or load anything; a browser that
# is pointed at a film builds a page around it, which must be let play it.
_HARMLESS = "default-src 'none'; sandbox"
_PLAYABLE = "default-src 'none'; media-src 'self'; sandbox"


class Conditions(msgspec.Struct, frozen=True):
    """What the phone has already, and which part it wants; header values as they came."""

    if_none_match: str | None = None
    if_range: str | None = None
    range: str | None = None


class Handout(msgspec.Struct, frozen=True):
    """One object of the store as it is handed out; ``played`` if it is watched or heard."""

    key: str
    media_type: str
    disposition: str
    played: bool = False


def handout(attachment: Attachment, variant: Variant) -> Handout:
    """Return what a link to this variant brings.

    Raises :class:`NotFound` when there is no such file, or it is not prepared yet.
    """
    key = attachment.key_of(variant)
    if key is None or attachment.state != Readiness.READY:
        raise NotFound
    return Handout(
        key=key,
        media_type=media_type_of(attachment, variant),
        disposition=disposition(attachment, variant),
        played=attachment.is_played,
    )


async def serve(
    file: Handout,
    conditions: Conditions,
    *,
    files: Files,
    head: bool,
    sizes: dict[str, int] | None = None,
) -> Response[bytes] | Stream:
    """Answer a request for one file: 200, 206, 304 or 416.

    At most one piece of the file is in memory at a time. ``sizes`` remembers the sizes of
    files between requests. Raises :class:`NotFound` when the file is gone.
    """
    known = {} if sizes is None else sizes
    try:
        if (size := known.get(file.key)) is None:
            size = known[file.key] = await files.head(file.key)
        return await _answer(file, size, conditions, files=files, head=head)
    except FileNotFoundError:
        raise NotFound from None


async def _answer(
    file: Handout, size: int, conditions: Conditions, *, files: Files, head: bool
) -> Response[bytes] | Stream:
    tag = tag_of(file.key)
    headers = {
        "etag": tag,
        "cache-control": "private, max-age=300",
        "content-disposition": file.disposition,
        "content-security-policy": _PLAYABLE if file.played else _HARMLESS,
        "cross-origin-resource-policy": "same-site",
        "accept-ranges": "bytes",
    }
    media_type = file.media_type
    if matches(conditions.if_none_match, tag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    # RFC 9110 §14.2 defines ranges for GET alone.
    wanted = conditions.range if conditions.if_range in (None, tag) and not head else None
    part = byte_range(wanted, size)
    if part is not None and part[0] >= part[1]:
        headers["content-range"] = f"bytes */{size}"
        return Response(b"", status_code=416, headers=headers, media_type=media_type)
    if part is not None:
        headers["content-range"] = f"bytes {part[0]}-{part[1] - 1}/{size}"
    start, end = part or (0, size)
    status = 200 if part is None else 206
    headers["content-length"] = str(end - start)
    if head:
        return Response(b"", status_code=status, headers=headers, media_type=media_type)
    # Read before anything is said, so that a file that is gone is answered as such.
    first = await files.get_range(file.key, start, min(start + files.piece, end))
    if start + len(first) == end:
        return Response(first, status_code=status, headers=headers, media_type=media_type)
    rest = files.stream_range(file.key, start + len(first), end)
    pieces = _after(first, rest)
    return Stream(pieces, status_code=status, headers=headers, media_type=media_type)


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    del first
    async for piece in rest:
        yield piece


def matches(if_none_match: str | None, tag: str) -> bool:
    """Say whether the phone's copies include ``tag`` (RFC 9110 §13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the half-open range asked for; empty when it cannot be satisfied.

    ``None`` means the whole file: no range, several, or one that does not parse.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if first == "":
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def tag_of(key: str) -> str:
    """Return the strong ETag of an object: what lies under a key never changes."""
    return f'"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"'


def media_type_of(attachment: Attachment, variant: Variant) -> str:
    """Return the media type of one variant; what is drawn of a film is a JPEG."""
    is_drawing = attachment.is_played and variant is not Variant.ORIGINAL
    return "image/jpeg" if is_drawing else attachment.media_type


def disposition(attachment: Attachment, variant: Variant) -> str:
    """Return the Content-Disposition (RFC 6266); a document is never shown in place."""
    manner = "attachment" if attachment.kind == Kind.PDF else "inline"
    extension = attachment.filename.rpartition(".")[2]
    name = attachment.filename
    if attachment.is_played and variant is not Variant.ORIGINAL:
        name, extension = f"{name.rpartition('.')[0]}.jpg", "jpg"
    plain = f"{variant}.{extension}"
    return f"{manner}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
