"""Who is calling: a bearer token becomes an ``Actor`` on the connection."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from backend import clock
from backend.people import callers, tokens
from backend.people.rules import SessionEnded
from backend.web.actor import Actor
from backend.web.policy import Policy

_OPEN = (Policy.PUBLIC, Policy.SIGNED_LINK)


class Authentication(ASGIMiddleware):
    """Sets ``scope["user"]`` to the caller or ``None``; ``scope["auth"]`` stays ``None``.

    A token that stands for nobody is answered with :class:`SessionEnded`, so that the
    phone refreshes; only open routes ignore it, for a stale header must not keep anyone
    from refreshing.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        header = dict(scope["headers"]).get(b"authorization")
        scope["auth"] = None
        scope["user"] = None
        if header is not None and scope["route_handler"].opt.get("policy") not in _OPEN:
            actor = await actor_from(header.decode("latin-1"))
            if actor is None:
                raise SessionEnded
            scope["user"] = actor
        await next_app(scope, receive, send)


async def actor_from(header: str) -> Actor | None:
    """Return the caller that an ``Authorization`` header's value stands for."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not tokens.looks_like_access(token):
        return None
    return await callers.by_token(tokens.digest(token), clock.now())


def caller_address(
    connection: ASGIConnection[Any, Any, Any, Any], trusted_proxies: Sequence[str]
) -> str:
    """Return the address to count the caller's requests under.

    ``X-Forwarded-For`` is believed only from the right, and only as far as each hop is
    one of ``trusted_proxies`` (addresses or networks). An IPv6 caller is its /64.
    """
    address = connection.client.host if connection.client else ""
    trusted = [ipaddress.ip_network(proxy.strip(), strict=False) for proxy in trusted_proxies]
    hops = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",")
    while hops and _is_within(address, trusted):
        hop = hops.pop().strip()
        if _parse(hop) is None:
            break
        address = hop
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{parsed}/64", strict=False))
    return address if parsed is None else str(parsed)


def _is_within(
    address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
