"""The live connection lets nobody in who could not ask over HTTP."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from backend.inbox.live import Hub
from backend.inbox.sockets import SIGN_IN_AGAIN
from tests.authz import expecting
from tests.authz.world import World

OUTSIDE = expecting.OUTSIDE
INSIDE = [name for name in expecting.read().principals if name not in OUTSIDE]


async def knock(
    transport: httpx.ASGITransport, headers: dict[str, str], words: Iterable[object]
) -> dict[str, Any]:
    """Open a connection, say ``words``, and return the first thing it answers after accepting."""
    inbound: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbound: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "http_version": "1.1",
        "path": "/v1/live", "raw_path": b"/v1/live", "query_string": b"", "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("house", 80), "subprotocols": [], "state": {},
    }  # fmt: skip
    await inbound.put({"type": "websocket.connect"})
    for word in words:
        await inbound.put({"type": "websocket.receive", "text": json.dumps(word)})
    app: Any = transport.app
    talk = asyncio.create_task(app(scope, inbound.get, outbound.put))
    try:
        accepted = await asyncio.wait_for(outbound.get(), 5)
        assert accepted["type"] == "websocket.accept"
        return await asyncio.wait_for(outbound.get(), 5)
    finally:
        await inbound.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(talk, 5)


def first_word(headers: dict[str, str]) -> dict[str, str]:
    return {"token": headers.get("Authorization", "Bearer x").removeprefix("Bearer ")}


@pytest.mark.parametrize("principal", OUTSIDE)
async def test_nobody_outside_is_told_anything(
    world: World, transport: httpx.ASGITransport, principal: str
) -> None:
    headers = world.headers[principal]
    for answer in (
        await knock(transport, headers, [first_word(headers)]),
        await knock(transport, {}, [first_word(headers)]),
        await knock(transport, {}, [{"token": "x", "personId": "y"}]),
    ):
        assert (answer["type"], answer.get("code")) == ("websocket.close", SIGN_IN_AGAIN)


async def test_whoever_is_signed_in_is_greeted(
    world: World, transport: httpx.ASGITransport
) -> None:
    for principal in INSIDE:
        headers = world.headers[principal]
        by_header = await knock(transport, headers, [])
        by_word = await knock(transport, {}, [first_word(headers)])
        for answer in (by_header, by_word):
            assert json.loads(answer["text"]) == {"type": "hello"}, principal


BOARDS = {
    "parent": {"own"},
    "parent_next_class": {"other_class"},
    "parent_other_school": {"other_school"},
    "parent_restricted": set(),
    "class_teacher": {"own"},
    "ex_teacher": set(),
}


@pytest.mark.parametrize("principal", sorted(BOARDS))
async def test_a_phone_hears_of_its_own_boards_only(world: World, dsn: str, principal: str) -> None:
    phone = world.phones[principal]
    assert phone.person_id is not None and phone.session_id is not None
    async with Hub(dsn).phone(phone.person_id, phone.session_id) as listening:
        nodes = {board.partition("/")[0] for board in listening.boards}
    heard = {
        name
        for name in ("own", "other_class", "other_school", "other_district")
        if str(world.places[name].class_id) in nodes
    }
    assert heard == BOARDS[principal]
