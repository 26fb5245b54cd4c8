"""Around every request: its id, what is counted of it, its line in the log and its trace.

It stands outermost, before the body guard, so that what is turned away there is counted
too. A request is known by its method and the template of its route; the path itself, with
whatever ids stand in it, the query and the body are never looked at.
"""

import ipaddress
import re
import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from backend.logs import RequestLines
from backend.observability import metrics
from backend.observability.tracing import Tracer
from backend.settings import Settings
from notifications import origin

UNMATCHED = "(none)"
"""The route of a request that leads nowhere, or was turned away before it was routed."""
ABANDONED = 499
"""The status of a request whose caller hung up before there was an answer."""

# What a proxy may call a request: no spaces, nothing that could break a line or a header.
_ID = re.compile(rb"[0-9A-Za-z][0-9A-Za-z_.:-]{7,63}")
_TYPES = re.compile(r":\w+\}")
_CLASSES = {number: f"{number}xx" for number in range(1, 6)}


def measure(app: ASGIApp, settings: Settings, tracer: Tracer | None = None) -> ASGIApp:
    """Wrap ``app``; what is not switched on costs nothing."""
    counts = settings.metrics_port is not None
    lines = RequestLines(settings.log_format) if settings.logs_requests else None
    is_trusted = _trust(settings)

    async def measured(any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        if scope["type"] != "http":
            await _other(app, scope, receive, send, counts)
            return
        begun = time.perf_counter()
        state = scope.setdefault("state", {})
        parent = None
        if is_trusted is not None and is_trusted(scope):
            given, parent = _given(scope["headers"])
            if given is not None:
                state[origin.REQUEST] = given
        state.setdefault(origin.REQUEST, secrets.token_hex(8))
        status, route = 0, UNMATCHED

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        slip = origin.put(state)
        if counts:
            metrics.in_flight.inc()
        tracing = (
            nullcontext() if tracer is None else tracer.request(_known(scope["method"]), parent)
        )
        try:
            with tracing as span:
                if span is not None:
                    state[origin.TRACE] = span.traceparent
                try:
                    await app(scope, receive, noting)
                except Exception:
                    # The server answers for us; what went wrong is for it to say.
                    status = status or 500
                    raise
                finally:
                    status = status or ABANDONED
                    route = _plain(scope.get("path_template") or UNMATCHED)
                    if span is not None:
                        span.answered(route, status)
        finally:
            origin.take_back(slip)
            seconds = time.perf_counter() - begun
            # The body guard may have read another method out of a header.
            method = scope["method"]
            if counts:
                metrics.in_flight.dec()
                counted = metrics.route_of(method, route)
                counted.answered(_CLASSES.get(status // 100, "5xx"))
                counted.seconds(seconds)
            if lines is not None:
                lines.write(_known(method), route, status, seconds, str(state[origin.REQUEST]))

    return measured


async def _other(app: ASGIApp, scope: Any, receive: Receive, send: Send, counts: bool) -> None:
    """Pass on what is no request: live connections, and the server's own start and stop."""
    if not counts or scope["type"] != "websocket":
        await app(scope, receive, send)
        return
    metrics.sockets_open.inc()
    try:
        await app(scope, receive, send)
    finally:
        metrics.sockets_open.dec()


@lru_cache(maxsize=4096)
def _plain(template: str) -> str:
    """Return a template without the types of its parameters, as the contract writes it."""
    return _TYPES.sub("}", template)


def _known(method: str) -> str:
    """Return the method, unless a stranger made it up."""
    return method if method in metrics.METHODS else "OTHER"


def _given(headers: list[tuple[bytes, bytes]]) -> tuple[str | None, str | None]:
    """Return the request's id and ``traceparent`` as a proxy named them."""
    request_id = trace = None
    for name, value in headers:
        if name == b"x-request-id" and _ID.fullmatch(value):
            request_id = value.decode()
        elif name == b"traceparent" and len(value) == 55:
            trace = value.decode("latin-1")
    return request_id, trace


def _trust(settings: Settings) -> Callable[[Any], bool] | None:
    """Return whether a connection comes from a proxy of ours; ``None`` when there is none."""
    networks = [
        ipaddress.ip_network(proxy.strip(), strict=False) for proxy in settings.trusted_proxies
    ]
    known: dict[str, bool] = {}

    def is_trusted(scope: Any) -> bool:
        address = scope["client"][0] if scope.get("client") else ""
        if address not in known:
            if len(known) > 1_000:
                known.clear()
            known[address] = any(_lies_in(address, network) for network in networks)
        return known[address]

    return is_trusted if networks else None


def _lies_in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed) in network
