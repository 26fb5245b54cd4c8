"""Handing a file out: conditional requests, one byte range, and a name to save it under."""

import re
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.response import Stream

from backend.errors import NotFound
from backend.media.models import Attachment, Kind, Variant
from backend.media.storage import Files

_TAG = re.compile(r'(?:W/)?("[^"]*")')
_RANGE = re.compile(r"^bytes=(\d{0,12})-(\d{0,12})$")


class Conditions(msgspec.Struct, frozen=True):
    """What the phone has already, and which part it wants; header values as they came."""

    if_none_match: str | None = None
    if_range: str | None = None
    range: str | None = None


async def serve(
    attachment: Attachment, variant: Variant, conditions: Conditions, *, files: Files, head: bool
) -> Response[bytes] | Stream:
    """Answer a request for one file: 200, 206, 304 or 416.

    Raises :class:`NotFound` when there is no such variant, or its file is gone.
    """
    key = attachment.key_of(variant)
    if key is None:
        raise NotFound
    try:
        size = await files.head(key)
    except FileNotFoundError:
        raise NotFound from None
    tag = f'"{attachment.sha256[:32]}-{variant[0]}"'
    headers = {
        "etag": tag,
        "cache-control": "private, max-age=300",
        "content-disposition": disposition(attachment, variant),
        # The file is looked at by itself, so nothing in it may run or load anything.
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-site",
        "accept-ranges": "bytes",
    }
    media_type = attachment.media_type
    if matches(conditions.if_none_match, tag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    wanted = conditions.range if conditions.if_range in (None, tag) else None
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
    if part is not None:
        piece = await files.get_range(key, start, end)
        return Response(piece, status_code=status, headers=headers, media_type=media_type)
    return Stream(files.stream(key), status_code=status, headers=headers, media_type=media_type)


def matches(if_none_match: str | None, tag: str) -> bool:
    """Say whether the phone's copies include ``tag`` (RFC 9110 §13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the half-open range asked for; empty when it cannot be satisfied.

    ``None`` means the whole file: no range, several, or one that does not parse.
    """
    found = _RANGE.match(header.strip()) if header else None
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if first == "":
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def disposition(attachment: Attachment, variant: Variant) -> str:
    """Return the Content-Disposition (RFC 6266); only images may be shown in place."""
    manner = "inline" if attachment.kind == Kind.IMAGE else "attachment"
    extension = attachment.filename.rpartition(".")[2]
    plain = f"{variant}.{extension}"
    return f"{manner}; filename=\"{plain}\"; filename*=UTF-8''{quote(attachment.filename, safe='')}"
