"""The body guard: what no handler should ever have to look at.

It stands before routing and answers bodies that are too large, not JSON where JSON is
asked for, not UTF-8, or nested so deep or wide that merely decoding them hurts. It also
gives each request its id, lets clients without PUT and DELETE send POST with
``X-HTTP-Method-Override``, and refuses paths with undecodable or NUL bytes.
"""

import re
import secrets
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import NotFound, Refusal
from backend.web.problems import TooLarge, Unfit, WrongMediaType, answer

MAX_BODY = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 5_000
UPLOAD_PATHS = re.compile(
    r"^/v1/(attachments|schools/[0-9a-fA-F-]{36}/roster-imports|shifts/[0-9a-fA-F-]{36}/photos)$"
)
MAX_UPLOAD = 22 * 1024 * 1024
PART_PATHS = re.compile(r"^/v1/uploads/[0-9a-fA-F-]{36}/parts/[0-9]{1,9}$")
MAX_PART = 4 * 1024 * 1024
# Possessive, and it also takes a string that never ends: otherwise a body of quotes and
# backslashes would be scanned again from each of them.
_BRACKETS = re.compile(rb"[\[\]{}]")
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


def guard(app: ASGIApp) -> ASGIApp:
    """Wrap ``app`` with the body guard (pure ASGI, no framework objects on the way in)."""

    async def guarded(any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        state = scope.setdefault("state", {})
        request_id = state["request_id"] = state.get("request_id") or secrets.token_hex(8)
        override = headers.get(b"x-http-method-override", b"").upper()
        if scope["method"] == "POST" and override in (b"PUT", b"DELETE"):
            scope["method"] = override.decode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            receive = await _checked(scope, receive, headers)
        except Refusal as refusal:
            request: Request[Any, Any, Any] = Request(scope)
            response = answer(request, refusal).to_asgi_response(None, request)
            await response(scope, receive, send_with_id)
            return
        await app(scope, receive, send_with_id)

    return guarded


async def _checked(scope: Any, receive: Receive, headers: dict[bytes, bytes]) -> Receive:
    if "\x00" in scope["path"] or "\ufffd" in scope["path"] or not scope["path"].isascii():
        raise Unfit
    if "//" in scope["path"] or (scope["path"] not in ("", "/") and scope["path"].endswith("/")):
        # The router would drop the empty part, and a lost id must not widen what is meant:
        # DELETE /me/sessions/ with nothing after it is not a wish to sign out everywhere.
        raise NotFound
    _check_query(scope["query_string"])
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return receive
    is_upload = bool(UPLOAD_PATHS.match(scope["path"])) and scope["method"] == "POST"
    is_part = bool(PART_PATHS.match(scope["path"])) and scope["method"] == "PUT"
    limit = MAX_UPLOAD if is_upload else MAX_PART if is_part else MAX_BODY
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit():
        raise Unfit
    if len(declared) > 12 or int(declared) > limit:
        raise TooLarge
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if is_upload or is_part:
        if kind != (b"multipart/form-data" if is_upload else b"application/octet-stream"):
            raise WrongMediaType
        return _counted(receive, limit)
    body = await _read(receive, limit)
    if body:
        if kind != b"application/json":
            raise WrongMediaType
        _check_json(body)
    return _replay(body)


def _check_query(query: bytes) -> None:
    """Refuse escapes that stand for NUL or for bytes that are no text."""
    if b"%" not in query:
        return
    plain = unquote_to_bytes(query)
    if b"\x00" in plain:
        raise Unfit
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit from None


def _counted(receive: Receive, limit: int) -> Receive:
    """Pass an upload on as it comes: strangers are turned away before it is read."""
    size = 0

    async def counted() -> Any:
        nonlocal size
        message: Any = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise TooLarge
        return message

    return counted


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _check_json(body: bytes) -> None:
    """Refuse bodies whose shape would hurt the decoder; it counts, it does not parse."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit from None
    bare = _STRINGS.sub(b"0", body)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > MAX_NODES:
        raise Unfit
    depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Unfit


def _replay(body: bytes) -> Receive:
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
