"""The live connection of an open phone."""

import asyncio

import msgspec
from litestar import WebSocket, websocket
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect

from backend.inbox.live import ENDED, Hub, Phone
from backend.people.authentication import actor_from
from backend.web.actor import Actor
from backend.web.policy import Policy

FIRST_WORD = 10.0
"""Seconds a connection has to say who it is."""
RECHECK = 60.0
"""Seconds after which the token and the boards are looked up again."""
SIGN_IN_AGAIN = 4401


class Hello(msgspec.Struct, forbid_unknown_fields=True):
    """What a phone says first when it could not send an ``Authorization`` header."""

    token: str


@websocket("/live", opt={"policy": Policy.PUBLIC}, name="live")
async def live(socket: WebSocket[Actor | None, None, State], hub: NamedDependency[Hub]) -> None:
    """Tell an open phone that its inbox or feed changed; it then asks for what is new.

    The phone sends ``{"token": …}`` first, or an ``Authorization`` header. It is told
    ``{"type": "hello"}`` and then ``{"type": "changed", "what": [...]}``. The connection
    closes with 4401 when the token ends; the phone comes back with a fresh one.
    """
    await socket.accept()
    try:
        header = socket.headers.get("authorization") or await _first_word(socket)
        gone = asyncio.create_task(_until_gone(socket))
        try:
            while not gone.done() and (actor := await actor_from(header)) is not None:
                async with hub.phone(actor.person_id, actor.session_id) as phone:
                    await socket.send_json({"type": "hello"})
                    await _pass_on(socket, phone, gone)
        finally:
            gone.cancel()
        if not gone.done():
            await socket.close(code=SIGN_IN_AGAIN)
    except WebSocketDisconnect:
        return


async def _first_word(socket: WebSocket[Actor | None, None, State]) -> str:
    try:
        raw = await asyncio.wait_for(socket.receive_text(), FIRST_WORD)
        return f"Bearer {msgspec.json.decode(raw, type=Hello).token}"
    except (TimeoutError, msgspec.MsgspecError):
        return ""


async def _until_gone(socket: WebSocket[Actor | None, None, State]) -> None:
    """Swallow what the phone sends (pings of its own) until it hangs up."""
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        return


async def _pass_on(
    socket: WebSocket[Actor | None, None, State], phone: Phone, gone: "asyncio.Task[None]"
) -> None:
    """Pass changes on until the phone hangs up or its token is due for another look."""
    until = asyncio.get_running_loop().time() + RECHECK
    while (left := until - asyncio.get_running_loop().time()) > 0:
        change = asyncio.create_task(phone.changes())
        try:
            await asyncio.wait({change, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return
            if change.done() and ENDED in change.result():
                return
            if change.done():
                await socket.send_json({"type": "changed", "what": change.result()})
        finally:
            change.cancel()
