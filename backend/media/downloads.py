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

STREAMED = {
    "m3u8": "application/vnd.apple.mpegurl",
    "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
}
"""Media types of the files of a stream, by extension."""
_STREAMED_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\.(m3u8|ts|m4s|mp4)")
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_RANGE = re.compile(r"bytes=(\d{0,20})-(\d{0,20})", re.IGNORECASE)
# No two dots in a row, no escapes, nothing that begins or ends a query.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*")
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


def streamed(attachment: Attachment, name: str) -> Handout:
    """Return one file of an attachment's stream. Raises :class:`NotFound`, as above."""
    found, place = _STREAMED_NAME.fullmatch(name), attachment.stream_key
    if found is None or place is None or attachment.state != Readiness.READY:
        raise NotFound
    return Handout(
        key=f"{place}/{name}",
        media_type=STREAMED[found.group(1)],
        disposition="inline",
        played=True,
    )


class Reply(msgspec.Struct, frozen=True):
    """What is said of one file: the status, the headers, and which bytes follow."""

    status: int
    headers: dict[str, str]
    start: int = 0
    end: int = 0


async def serve(
    file: Handout,
    conditions: Conditions,
    *,
    files: Files,
    head: bool,
    sizes: dict[str, int] | None = None,
    accel: str | None = None,
) -> Response[bytes] | Stream:
    """Answer a request for one file: 200, 206, 304 or 416.

    At most one piece of the file is in memory at a time. ``sizes`` remembers the sizes of
    files between requests. With ``accel`` the proxy in front sends the bytes. Raises
    :class:`NotFound` when the file is gone.
    """
    known = {} if sizes is None else sizes
    try:
        if (size := known.get(file.key)) is None:
            size = known[file.key] = await files.head(file.key)
        said = handed_over(file, accel)
        if said is not None:
            return _response(file, said, b"")
        said = reply(file, size, conditions, head=head)
        # Read before anything is said, so that a file that is gone is answered as such.
        first_end = min(said.start + files.piece, said.end)
        first = await files.get_range(file.key, said.start, first_end)
    except FileNotFoundError:
        raise NotFound from None
    if first_end == said.end:
        return _response(file, said, first)
    rest = files.stream_range(file.key, first_end, said.end)
    return Stream(
        _after(first, rest),
        status_code=said.status,
        headers=said.headers,
        media_type=file.media_type,
    )


def reply(file: Handout, size: int, conditions: Conditions, *, head: bool) -> Reply:
    """Return the answer to a request for a file of ``size`` bytes."""
    tag = tag_of(file.key)
    headers = {"etag": tag, "accept-ranges": "bytes", **_manners(file)}
    if matches(conditions.if_none_match, tag):
        return Reply(304, headers)
    # RFC 9110 §14.2 defines ranges for GET alone.
    wanted = conditions.range if conditions.if_range in (None, tag) and not head else None
    part = byte_range(wanted, size)
    if part is not None and part[0] >= part[1]:
        headers |= {"content-range": f"bytes */{size}", "content-length": "0"}
        return Reply(416, headers)
    if part is not None:
        headers["content-range"] = f"bytes {part[0]}-{part[1] - 1}/{size}"
    start, end = part or (0, size)
    headers["content-length"] = str(end - start)
    return Reply(200 if part is None else 206, headers, start, start if head else end)


def handed_over(file: Handout, accel: str | None) -> Reply | None:
    """Return what lets a proxy send the file from below its internal address ``accel``.

    ``None`` where there is no such address, or the key is not one of ours: the proxy decodes
    what it is told, and must find nothing there to decode.
    """
    if accel is None or _PLAIN_KEY.fullmatch(file.key) is None:
        return None
    return Reply(200, {"x-accel-redirect": accel + file.key, **_manners(file)})


def _manners(file: Handout) -> dict[str, str]:
    return {
        "cache-control": "private, max-age=300",
        "content-disposition": file.disposition,
        "content-security-policy": _PLAYABLE if file.played else _HARMLESS,
        "cross-origin-resource-policy": "same-site",
    }


def _response(file: Handout, said: Reply, body: bytes) -> Response[bytes]:
    return Response(body, status_code=said.status, headers=said.headers, media_type=file.media_type)


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
