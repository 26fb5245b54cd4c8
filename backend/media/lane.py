"""The short way to a range: what a player asks for every second, before the framework.

It takes only what the long way opened a moment ago, by a link alone, and a part small enough
to be read at once. Everything else goes the long way, which decides whether a link opens
anything, so what a link is has one home.
"""

import re
from typing import Any
from uuid import UUID

from litestar.types import ASGIApp, Receive, Scope, Send

from backend.errors import NotFound
from backend.media import links
from backend.media.downloads import (
    Conditions,
    Handout,
    Reply,
    handed_over,
    handout,
    reply,
    streamed,
)
from backend.media.models import Variant
from backend.media.permissions import Opened, remembered
from backend.media.storage import PIECE
from backend.web.lane import ID

_HERE = "/v1/attachments/"
_FILE = re.compile(f"{_HERE}{ID}/({'|'.join(Variant)})")
_STREAM = re.compile(f"{_HERE}{ID}/stream/([A-Za-z0-9_-]+)/([A-Za-z0-9_.-]+)")
_LINK = re.compile(rb"link=([A-Za-z0-9_-]+)")
_FILE_ROUTE = "/v1/attachments/{attachment_id:uuid}/{variant:str}"
_STREAM_ROUTE = "/v1/attachments/{attachment_id:uuid}/stream/{link:str}/{segment:str}"
_CONDITIONS = (b"if-none-match", b"if-range", b"range")


def ranges(app: ASGIApp, key: str) -> ASGIApp:
    """Wrap ``app`` with the short way; ``key`` is what links are signed with."""

    async def ranged(any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        if (
            scope["type"] != "http"
            or not scope["path"].startswith(_HERE)
            or scope["method"] not in ("GET", "HEAD")
            or not await _went(scope, send, key)
        ):
            await app(any_scope, receive, send)

    return ranged


async def _went(scope: Any, send: Send, key: str) -> bool:
    """Answer, if this is a request for the short way; returns whether it was one."""
    asked: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name == b"authorization":
            return False
        if name in _CONDITIONS:
            asked[name] = value.decode("latin-1")
    try:
        found = _found(scope, key)
        if found is None:
            return False
        opened, file, route = found
        said = _said(opened, file, asked, is_head=scope["method"] == "HEAD")
        if said is None:
            return False
        body = await opened.lending.files.get_range(file.key, said.start, said.end)
    except (NotFound, FileNotFoundError):
        return False
    scope["path_template"] = route
    headers = [(name.encode(), value.encode()) for name, value in said.headers.items()]
    if said.status != 304:
        headers.append((b"content-type", file.media_type.encode()))
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
    return True


def _found(scope: Any, key: str) -> tuple[Opened, Handout, str] | None:
    """Return what was opened by this address, the file it means, and its route."""
    query: bytes = scope["query_string"]
    if query:
        at, link = _FILE.fullmatch(scope["path"]), _LINK.fullmatch(query)
        if at is None or link is None:
            return None
        opened = remembered(UUID(at[1]), at[2], link[1].decode(), key)
        if opened is None:
            return None
        return opened, handout(opened.attachment, Variant(at[2])), _FILE_ROUTE
    if (at := _STREAM.fullmatch(scope["path"])) is None:
        return None
    opened = remembered(UUID(at[1]), links.STREAM, at[2], key)
    if opened is None:
        return None
    return opened, streamed(opened.attachment, at[3]), _STREAM_ROUTE


def _said(opened: Opened, file: Handout, asked: dict[bytes, str], *, is_head: bool) -> Reply | None:
    """Return the answer; ``None`` for a file not yet measured, or too much at once."""
    size = opened.sizes.get(file.key)
    if size is None:
        return None
    said = handed_over(file, opened.lending.accel)
    if said is None:
        conditions = Conditions(*(asked.get(name) for name in _CONDITIONS))
        said = reply(file, size, conditions, head=is_head)
    return said if said.end - said.start <= PIECE else None
