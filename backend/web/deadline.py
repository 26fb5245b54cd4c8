"""Nobody waits for ever: a request that cannot be answered in time is given up.

What was called off is rolled back, or was done without anybody hearing of it; either way
the phone is told to ask again, and its ``Idempotency-Key`` sees to the rest.
"""

from typing import Any

import structlog
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from backend import deadline
from backend.errors import Busy
from backend.web.problems import answer

log = structlog.get_logger("web")

RETRY_AFTER = 2
SILENCE = 30.0
"""Seconds a phone may be silent in the middle of its request."""


def timely(app: ASGIApp, seconds: float) -> ASGIApp:
    """Wrap ``app`` so that its answers begin within ``seconds``, or a 503 does.

    The time in which the house waits for the phone to send does not count, and an answer
    that has begun is not cut off.
    """

    async def on_time(any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        begun = False

        async def heard() -> Any:
            due = clock.due
            if begun or due is None or clock.has_rung:
                return await receive()
            asked = clock.loop.time()
            clock.move(asked + SILENCE)
            message = await receive()
            clock.move(due + clock.loop.time() - asked)
            return message

        async def said(message: Any) -> None:
            nonlocal begun
            begun = True
            clock.move(None)
            await send(message)

        try:
            with deadline.Clock(seconds) as clock:
                deadline.limit.set(clock)
                await app(scope, heard, said)
        except TimeoutError:
            log.warning(
                "request_given_up", method=scope["method"], route=scope.get("path_template", "")
            )
            if not begun:
                request: Request[Any, Any, Any] = Request(scope)
                response = answer(request, Busy(retry_after=RETRY_AFTER))
                response.headers["x-request-id"] = scope.get("state", {}).get("request_id", "")
                await response.to_asgi_response(None, request)(scope, receive, send)

    return on_time
