"""The short way: the few routes that thousands ask at once, answered before the framework.

Routing, guards, injected dependencies and responses cost more there than the answer itself.
A lane stands for one handler and calls what the handler calls. It takes only what is plain:
a caller it can name and a body that fits. Everything else goes the long way, which says
what is wrong; so nothing is refused here but by the verbs themselves, and the document,
the policy and the misfits have one home. A test holds both ways to the same answers.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.errors import Refusal
from backend.web.actor import Actor
from backend.web.policy import Policy, enforce
from backend.web.problems import answer, on_accident
from backend.web.strictness import parameters_fit

ID = "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
"""An id in a path, as a group of a regular expression."""
_PLACEHOLDER = re.compile(r"\{(\w+):uuid\}")
_GENERAL = (enforce, parameters_fit)
_JSON = (b"content-type", b"application/json")
_EMPTY: Any = {"type": "http.request", "body": b"", "more_body": False}


class Errand(NamedTuple):
    """A request on the short way: who asks, the ids in its path, its body as the Struct that
    the lane takes, and its headers by lower-case name.
    """

    actor: Actor
    ids: tuple[UUID, ...]
    data: Any
    headers: dict[bytes, bytes]

    def said(self) -> Headers:
        """Return the headers as the framework's handlers see them."""
        return Headers(
            {name.decode("latin-1"): v.decode("latin-1") for name, v in self.headers.items()}
        )


class Reply(NamedTuple):
    """What is sent back; a Struct is encoded."""

    body: Any = b""
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Lane(NamedTuple):
    """The short way to one handler, named by its method and its path as declared.

    ``run`` may return ``None`` for what it would rather see go the long way, where it may
    all be done once more.
    """

    method: str
    path: str
    run: Callable[[Errand], Awaitable[Reply | None]]
    takes: Any = None


class _Way(NamedTuple):
    """A lane, and the handler it stands for with the guards that it keeps."""

    lane: Lane
    pattern: re.Pattern[str]
    names: list[str]
    handler: HTTPRouteHandler
    guards: list[Any]


def lanes(
    app: Litestar, ways: Sequence[Lane], caller: Callable[[str], Awaitable[Actor | None]]
) -> ASGIApp:
    """Wrap ``app`` with the short ways; ``caller`` finds who an Authorization header names.

    Each keeps the guards of its handler. Raises ``RuntimeError`` for a lane to nowhere, or to a
    handler that anybody may ask, or not everybody who is signed in.
    """
    by_method: dict[str, list[_Way]] = {}
    for lane in ways:
        by_method.setdefault(lane.method, []).append(_way(app, lane))

    async def laned(any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        if scope["type"] == "http" and not scope["query_string"]:
            for way in by_method.get(scope["method"], ()):
                if match := way.pattern.fullmatch(scope["path"]):
                    ids = tuple(UUID(part) for part in match.groups())
                    await _go(way, ids, scope, receive, send)
                    return
        await app(any_scope, receive, send)

    async def _go(
        way: _Way, ids: tuple[UUID, ...], scope: Any, receive: Receive, send: Send
    ) -> None:
        lane = way.lane
        scope["path_template"] = lane.path
        headers: dict[bytes, bytes] = dict(scope["headers"])
        authorization = headers.get(b"authorization")
        message: Any = await receive() if lane.takes is not None else _EMPTY
        data, reply = None, None
        try:
            if lane.takes is not None:
                data = msgspec.json.decode(message.get("body", b""), type=lane.takes)
            actor = None if authorization is None else await caller(authorization.decode("latin-1"))
            if actor is not None:
                await _guard(way, ids, actor, scope)
                reply = await lane.run(Errand(actor, ids, data, headers))
        except msgspec.MsgspecError:
            reply = None
        except Exception as error:  # noqa: BLE001 (mapped as the framework's own handlers do)
            request: Request[Any, Any, Any] = Request(scope)
            told = answer if isinstance(error, Refusal) else on_accident
            response = told(request, error).to_asgi_response(None, request)  # type: ignore[arg-type]
            await response(scope, receive, send)
            return
        if reply is None:
            await app(scope, _again(message, receive), send)
            return
        await _send(reply, send)

    return laned


def _way(app: Litestar, lane: Lane) -> _Way:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path == lane.path:
            for handler in route.route_handlers:
                if lane.method not in handler.http_methods:
                    continue
                if handler.opt.get("policy") != Policy.SIGNED_IN:
                    break
                pattern = re.compile(_PLACEHOLDER.sub(ID, lane.path), re.ASCII)
                # The two guards of the whole app are what a lane keeps by its nature.
                guards = [one for one in handler.resolve_guards() if one not in _GENERAL]
                return _Way(lane, pattern, _PLACEHOLDER.findall(lane.path), handler, guards)
    raise RuntimeError(f"no short way to {lane.method} {lane.path}")


async def _guard(way: _Way, ids: Sequence[UUID], actor: Actor, scope: Any) -> None:
    if way.guards:
        scope["user"], scope["path_params"] = actor, dict(zip(way.names, ids, strict=True))
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        for guard in way.guards:
            await guard(connection, way.handler)


async def _send(reply: Reply, send: Send) -> None:
    body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
    headers = [*reply.headers]
    if reply.status not in (204, 304):
        headers += [_JSON, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _again(message: Any, receive: Receive) -> Receive:
    """Give a body that was looked at to whoever asks next."""
    kept = [message] if message is not _EMPTY else []

    async def once_more() -> Any:
        return kept.pop() if kept else await receive()

    return once_more
