"""Firebase Cloud Messaging on loopback: its token endpoint and its HTTP v1 API.

In a test: ``with FakeFcm() as fake``. As a process::

    python -m tests.fakes.fcm --port 0 --log pushes.jsonl --account account.json

which writes the service account's key file, then one line of JSON with the addresses to
stdout. ``POST /script`` with ``{"token": ..., "answers": [...]}`` scripts it from outside.
"""

import argparse
import asyncio
import json
import secrets
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "tongxing-fake"
_TOKEN_LIFE = 3_600
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_HANG_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer: an HTTP status, Google's status word, FCM's error code."""

    status: int
    word: str = ""
    code: str = ""
    retry_after: int | None = None


ANSWERS = {
    "ok": Answer(200),
    "unregistered": Answer(404, "NOT_FOUND", "UNREGISTERED"),
    "sender_mismatch": Answer(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "wrong_project": Answer(404, "NOT_FOUND"),
    "invalid": Answer(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    "quota": Answer(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", retry_after=120),
    "unavailable": Answer(503, "UNAVAILABLE", "UNAVAILABLE", retry_after=300),
    "internal": Answer(500, "INTERNAL", "INTERNAL"),
    "third_party_auth": Answer(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    "unauthenticated": Answer(401, "UNAUTHENTICATED"),
}
"""Besides these: ``garbage`` (200 that is no JSON), ``drop`` (the connection is cut) and
``hang`` (no answer); with ``ok_drop`` and ``ok_hang`` the phone shows the message first."""
SHOWN = ("ok", "ok_drop", "ok_hang")
"""Answers after which a phone has shown the message."""


class Cut(Exception):
    """The connection is to be cut instead of answered."""


class FakeFcm:
    """The server, in a thread and an event loop of its own."""

    def __init__(self, *, port: int = 0, log: Path | None = None) -> None:
        self.port = port
        self.pushes: list[dict[str, Any]] = []
        """Every message that was posted, in order: ``token``, ``answer``, ``message``, ``at``."""
        self.assertions: list[dict[str, Any]] = []
        """The claims of every verified JWT that asked for an access token."""
        self.token_delay = 0.0
        self.token_failures = 0
        self.message_delay = 0.0
        self.queue_delay = 0.0
        self.outage = ""
        """The answer to every message for which nothing else is scripted, instead of ``ok``."""
        self._queue = asyncio.Lock()
        self._scripts: dict[str, deque[str]] = defaultdict(deque)
        self._tokens: set[str] = set()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._log = log.open("a", encoding="utf-8") if log else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hush(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        if self._log:
            self._log.close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        """What the channel's ``endpoint`` setting takes; ``{0}`` is the project id."""
        return f"{self.base}/v1/projects/{{0}}/messages:send"

    @property
    def service_account(self) -> dict[str, str]:
        """The content of a service account's key file that belongs to this server."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "k1",
            "private_key": pem.decode(),
            "client_email": f"push@{PROJECT}.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.base}/token",
        }

    def script(self, token: str, *answers: str) -> None:
        """Answer the next messages to ``token`` so; afterwards it is ``ok`` again."""
        self._scripts[token].extend(answers)

    def forget_scripts(self) -> None:
        """Answer every message with ``ok`` again."""
        self._scripts.clear()

    def revoke_tokens(self) -> None:
        """Make every access token issued so far worthless."""
        self._tokens.clear()

    def accepted(self, token: str) -> list[dict[str, Any]]:
        """Return the messages to ``token`` that were answered with ``ok``."""
        return [
            push["message"]
            for push in self.pushes
            if push["token"] == token and push["answer"] == "ok"
        ]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hush(self) -> None:
        self._server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, extra, answer = await self._answer(method, path, headers, body)
                lines = [
                    f"HTTP/1.1 {status} X",
                    "content-type: application/json",
                    f"content-length: {len(answer)}",
                    *(f"{name}: {value}" for name, value in extra.items()),
                ]
                writer.write("\r\n".join([*lines, "", ""]).encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, Cut, asyncio.CancelledError):
            # The client has gone, or a script or the end of the test cuts it off.
            pass
        finally:
            writer.close()

    async def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if (method, path) == ("POST", "/token"):
            return await self._issue_token(body)
        if (method, path) == ("POST", f"/v1/projects/{PROJECT}/messages:send"):
            return await self._take(headers, json.loads(body))
        if (method, path) == ("POST", "/script"):
            wanted = json.loads(body)
            self.script(wanted["token"], *wanted["answers"])
            return 200, {}, b"{}"
        if (method, path) == ("POST", "/delay"):
            self.queue_delay = float(json.loads(body)["message"])
            return 200, {}, b"{}"
        return _error(ANSWERS["wrong_project"])

    async def _issue_token(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.token_delay:
            await asyncio.sleep(self.token_delay)
        if self.token_failures:
            self.token_failures -= 1
            return 400, {}, b'{"error": "invalid_grant"}'
        form = parse_qs(body.decode())
        try:
            claims = jwt.decode(
                form["assertion"][0],
                self._key.public_key(),
                ["RS256"],
                audience="https://oauth2.googleapis.com/token",
                issuer=self.service_account["client_email"],
            )
        except jwt.PyJWTError:
            return 400, {}, b'{"error": "invalid_grant"}'
        self.assertions.append(claims)
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        answer = {"access_token": token, "expires_in": _TOKEN_LIFE, "token_type": "Bearer"}
        return 200, {}, json.dumps(answer).encode()

    async def _take(
        self, headers: dict[str, str], posted: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return _error(ANSWERS["unauthenticated"])
        if self.message_delay:
            await asyncio.sleep(self.message_delay)
        if self.queue_delay:
            # A provider on a bad day: one message after the other.
            async with self._queue:
                await asyncio.sleep(self.queue_delay)
        message = posted["message"]
        script = self._scripts[message["token"]]
        chosen = script.popleft() if script else self.outage or "ok"
        push = {
            "at": time.time(),
            "token": message["token"],
            "answer": chosen,
            "message": message,
        }
        self.pushes.append(push)
        if self._log:
            self._log.write(json.dumps(push, ensure_ascii=False) + "\n")
            self._log.flush()
        if chosen in ("hang", "ok_hang"):
            await asyncio.sleep(_HANG_SECONDS)
        if chosen in ("drop", "ok_drop"):
            raise Cut
        if chosen == "garbage":
            return 200, {}, b"<html>"
        if chosen != "ok":
            return _error(ANSWERS[chosen])
        name = f"projects/{PROJECT}/messages/{len(self.pushes)}"
        return 200, {}, json.dumps({"name": name}).encode()


def _error(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    error: dict[str, Any] = {
        "code": answer.status,
        "status": answer.word,
        "message": answer.word.lower(),
    }
    if answer.code:
        error["details"] = [{"@type": _FCM_ERROR, "errorCode": answer.code}]
    extra = {} if answer.retry_after is None else {"retry-after": str(answer.retry_after)}
    return answer.status, extra, json.dumps({"error": error}).encode()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log", type=Path)
    options.add_argument("--account", type=Path)
    options.add_argument("--token-delay", type=float, default=0.0)
    options.add_argument("--message-delay", type=float, default=0.0)
    given = options.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with FakeFcm(port=given.port, log=given.log) as fake:
        fake.token_delay = given.token_delay
        fake.message_delay = given.message_delay
        if given.account:
            given.account.write_text(json.dumps(fake.service_account), encoding="utf-8")
        sys.stdout.write(json.dumps({"base": fake.base, "endpoint": fake.endpoint}) + "\n")
        sys.stdout.flush()
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
