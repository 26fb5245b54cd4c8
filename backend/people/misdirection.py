"""Tokens of another district's installation: they are sent home, not declared dead.

Where every district has a database of its own, each issues tokens that name it. A phone
that brings one to the wrong address is told the right one (421). A 401 would make it throw
its session away, which nobody here knows anything about.
"""

from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.people.tokens import shard_of
from backend.schools.directory import Directory, directory_of
from backend.settings import Settings
from backend.web.policy import Policy
from backend.web.problems import Misdirected

ASK_ELSEWHERE = 4421
"""What a live connection closes with; the reason is the address to go to."""
_OPEN = (Policy.PUBLIC, Policy.SIGNED_LINK)
_LONGEST_REASON = 123


class _Hello(msgspec.Struct):
    token: str


def check(token: str, settings: Settings) -> None:
    """Raise :class:`Misdirected` for a token that another shard has issued."""
    directory = directory_of(settings)
    named = _elsewhere(token, settings.shard)
    if directory is not None and named is not None:
        raise Misdirected(shard=named, url=directory.url_of(named))


def middleware(settings: Settings) -> list[ASGIMiddleware]:
    """Return what stands before sign-in; nothing, for an installation that stands alone.

    Raises ``SettingsError`` when the directory contradicts this installation's settings.
    """
    directory = directory_of(settings)
    return [] if directory is None else [Misdirection(directory, settings.shard)]


class Misdirection(ASGIMiddleware):
    """Refuses other shards' tokens before anything is looked up.

    Open routes take no notice of a token, so that somebody with a session here can still
    sign in there.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, directory: Directory, shard: str) -> None:
        self._directory = directory
        self._shard = shard

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2]
        named = _elsewhere(token.strip(), self._shard)
        if scope["type"] == ScopeType.WEBSOCKET:
            if named is None:
                await next_app(scope, self._listening(receive, send), send)
                return
            await receive()
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
            await self._send_home(named, send)
            return
        if named is not None and scope["route_handler"].opt.get("policy") not in _OPEN:
            raise Misdirected(shard=named, url=self._directory.url_of(named))
        await next_app(scope, receive, send)

    def _listening(self, receive: Receive, send: Send) -> Receive:
        """Listen for a token in the first word of a live connection."""
        is_first = True

        async def listened() -> Any:
            nonlocal is_first
            message = await receive()
            if message["type"] != "websocket.receive" or not is_first:
                return message
            is_first = False
            named = _elsewhere(_spoken(message.get("text")), self._shard)
            if named is None:
                return message
            await self._send_home(named, send)
            return {"type": "websocket.disconnect", "code": ASK_ELSEWHERE, "reason": ""}

        return listened

    async def _send_home(self, named: str, send: Send) -> None:
        url = self._directory.url_of(named) or ""
        reason = url if len(url) <= _LONGEST_REASON else ""
        await send({"type": "websocket.close", "code": ASK_ELSEWHERE, "reason": reason})


def _elsewhere(token: str, here: str) -> str | None:
    """Return the shard that issued ``token``, unless it is this one or says nothing of it."""
    named = shard_of(token)
    return None if named == here else named


def _spoken(text: str | None) -> str:
    try:
        return msgspec.json.decode(text or "", type=_Hello).token
    except msgspec.MsgspecError:
        return ""
