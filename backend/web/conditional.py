"""Answers a phone may keep: an ETag of the body, and 304 when nothing changed."""

import hashlib
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec

T = TypeVar("T")
UNCHANGED = {
    304: ResponseSpec(
        data_container=None,
        description="没有变化，无响应体。The phone's copy is still good; no body.",
        generate_examples=False,
    )
}
"""What a handler that answers with :func:`conditional` declares."""

KEEPING = {"cache-control": "private, no-cache"}
"""A phone may keep such an answer, and asks whether it still holds."""


def conditional(request: Request[Any, Any, Any], body: T) -> Response[T]:
    """Return ``body`` with its ETag, or an empty 304 when the phone already has it."""
    raw = msgspec.json.encode(body)
    etag = f'"{hashlib.sha256(raw).hexdigest()[:24]}"'
    headers = {"etag": etag, **KEEPING}
    if is_known(etag, request.headers.get("if-none-match", "")):
        empty: Any = b""
        return Response(empty, status_code=304, headers=headers)
    encoded: Any = raw
    return Response(encoded, media_type="application/json", headers=headers)


def is_known(etag: str, known: str) -> bool:
    """Say whether an If-None-Match header's value names the tag."""
    return bool(known) and etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
