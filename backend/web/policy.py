"""Declared policies: who may knock at a route at all.

Every handler names one in ``opt={"policy": Policy.X}``; the app refuses to start
otherwise. A policy only says who may knock. Which rows they then see is decided by
the room's ``permissions.py``, whose dependency is the only source of rows.
"""

from enum import StrEnum
from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.handlers.base import BaseRouteHandler

from backend.errors import NotAllowed, NotFound, SignInNeeded
from backend.web.actor import Actor


class Policy(StrEnum):
    """Who may knock."""

    PUBLIC = "public"
    """Anyone, signed in or not."""
    SIGNED_IN = "signed_in"
    """Anyone signed in."""
    STAFF = "staff"
    """Anyone with a staff standing somewhere; parents are told it does not exist."""
    SIGNED_LINK = "signed_link"
    """Whoever holds a link the house signed for them."""


async def enforce(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Guard of the whole app: apply the handler's declared policy."""
    policy = handler.opt.get("policy")
    if policy in (Policy.PUBLIC, Policy.SIGNED_LINK):
        return
    actor = connection.scope.get("user")
    if not isinstance(actor, Actor):
        raise SignInNeeded
    if policy == Policy.SIGNED_IN:
        return
    if policy == Policy.STAFF:
        if not actor.is_staff:
            raise NotFound
        return
    raise NotAllowed


def undeclared(app: Litestar) -> list[str]:
    """Return ``METHOD path`` of every handler that declares no policy."""
    missing = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            if not isinstance(handler, HTTPRouteHandler | WebsocketRouteHandler):
                continue
            if not isinstance(handler.opt.get("policy"), Policy):
                methods = sorted(getattr(handler, "http_methods", {"WS"}))
                if methods == ["OPTIONS"]:
                    continue
                missing.append(f"{'/'.join(methods)} {route.path}")
    return missing
