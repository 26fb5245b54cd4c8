"""Feature switches at the door: a function that a school has switched off does not exist.

A function without a switch is on. Rooms put :func:`require` on their routers and, where
a row's school is only known later, call :func:`check`.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from backend.errors import NotFound
from backend.schools.models import FeatureSwitch, Function
from backend.web.actor import Actor

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def require(function: Function) -> Guard:
    """Return a guard for every route of the room that is ``function``.

    A route with a ``school_id`` in its path asks for that school; any other is closed to
    callers all of whose schools have switched the function off. Raises :class:`NotFound`.
    """

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        named = connection.path_params.get("school_id")
        if isinstance(named, UUID):
            await check(function, named)
            return
        actor = connection.scope.get("user")
        if not isinstance(actor, Actor):
            return
        schools = actor.school_ids
        if schools and not actor.district_ids and set(actor.closed(function)) == schools:
            raise NotFound

    return guard


async def check(function: Function, school_id: UUID) -> None:
    """Raises :class:`NotFound` when the school has switched the function off."""
    if await off_at(function, [school_id]):
        raise NotFound


async def off_at(function: Function, school_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the schools where the function is off."""
    if not school_ids:
        return set()
    switched = await FeatureSwitch.filter(
        function=function, is_on=False, school_id__in=list(school_ids)
    )
    return {switch.school_id for switch in switched}
