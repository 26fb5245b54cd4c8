"""The answer to those for whom there is no room: made at once, and without the house."""

import secrets
from functools import lru_cache
from typing import Any

import msgspec
from litestar.datastructures import Headers

from backend.errors import Busy
from backend.web.problems import TITLES, Problem, language
from notifications.origin import REQUEST


async def turn_away(scope: Any, send: Any, kind: str, seconds: int) -> None:
    """Answer 503 to a request, to be made again after ``seconds``.

    ``kind`` is ``http.response``, or ``websocket.http.response`` for a live channel.
    """
    wished = (value for name, value in scope["headers"] if name == b"accept-language")
    tongue, before, middle, after = _said(next(wished, b""))
    request_id = (scope.get("state", {}).get(REQUEST) or secrets.token_hex(8)).encode()
    body = b"".join(
        (before, msgspec.json.encode(scope["path"]), middle, b'"', request_id, b'"', after)
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"content-language", tongue),
        (b"retry-after", b"%d" % seconds),
        (b"x-request-id", request_id),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": f"{kind}.start", "status": 503, "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})


@lru_cache(256)
def _said(wish: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the answer in the language wished for, cut where it is not always the same."""
    tongue = language(Headers({"accept-language": wish.decode("latin-1")}))
    problem = Problem(
        type=f"urn:tongxing:problem:{Busy.code}",
        title=TITLES[Busy.status][tongue == "en"],
        status=Busy.status,
        code=Busy.code,
        detail=Busy().sentence(tongue),
        instance="\x01",
        request_id="\x02",
        retryable=True,
        field_errors=[],
        facts={},
    )
    before, rest = msgspec.json.encode(problem).split(b'"\\u0001"')
    middle, after = rest.split(b'"\\u0002"')
    return b"en" if tongue == "en" else b"zh-CN", before, middle, after
