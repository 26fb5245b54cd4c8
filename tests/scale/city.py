"""A city of two districts, each with a whole installation of its own, and phones in it."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import msgspec
import psutil

from backend.people.tokens import keys_for
from tests import contract
from tests.scale.planting import Plot
from tests.setup.processes import ROOT, end, is_ready, tongxing, wait_until

PATIENCE = 180.0
NAMES = {"xa": ("350213", "翔安"), "ta": ("350212", "同安")}
"""Each shard with the code of its district and the mark of all that belongs there."""


@dataclass
class Shard:
    """One installation: its own database, secret, files and process."""

    name: str
    dsn: str
    port: int
    url: str
    folder: Path
    directory: Path
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    class_id: str = ""
    process: subprocess.Popen[str] | None = None

    @property
    def code(self) -> str:
        return NAMES[self.name][0]

    @property
    def mark(self) -> str:
        return NAMES[self.name][1]

    @property
    def environ(self) -> dict[str, str]:
        return {
            "TONGXING_ENVIRONMENT": "test",
            "TONGXING_DATABASE_URL": self.dsn,
            "TONGXING_SECRET_KEY": self.secret,
            "TONGXING_DATA_DIR": str(self.folder),
            "TONGXING_PORT": str(self.port),
            "TONGXING_POOL_SIZE": "3",
            "TONGXING_PUBLIC_URL": self.url,
            "TONGXING_SHARD": self.name,
            "TONGXING_DISTRICTS_FILE": str(self.directory),
            "TONGXING_TRUSTED_PROXIES": "127.0.0.1",
            "PYTHONUTF8": "1",
        }

    def start(self) -> None:
        self.process = tongxing("serve", cwd=ROOT, **self.environ)

    def wait(self) -> None:
        assert self.process is not None
        wait_until(lambda: is_ready(self.port), self.process, PATIENCE)

    def kill(self) -> None:
        """Pull the plug."""
        if self.process is not None:
            # The serving processes are children, and would outlive it.
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            end(self.process)
            self.process = None


@dataclass
class City:
    """Both shards and what is in front of them. ``door`` is the gateway's port, if there is one."""

    shards: dict[str, Shard]
    directory: Path
    door: int

    def phone(self, shard: str, number: str, *, through_gateway: bool = False) -> "Phone":
        return Phone(self.shards[shard], number, self.door if through_gateway else None)

    def start(self) -> None:
        for shard in self.shards.values():
            shard.start()
        for shard in self.shards.values():
            shard.wait()


def found(folder: Path, dsns: dict[str, str], ports: list[int]) -> City:
    """Write the city's directory and plant a class in each district."""
    door = ports[2]
    urls = {"xa": f"http://xa.localhost:{door}", "ta": f"http://city.localhost:{door}/s/ta"}
    directory = folder / "districts.toml"
    directory.write_text(
        "".join(
            f'[shards.{name}]\nurl = "{urls[name]}"\nupstream = ["127.0.0.1:{port}"]\n'
            for name, port in zip(NAMES, ports, strict=False)
        )
        + "".join(
            f'[[districts]]\ncode = "{code}"\nname = "{mark}区"\nshard = "{name}"\n'
            for name, (code, mark) in NAMES.items()
        ),
        encoding="utf-8",
    )
    shards = {
        name: Shard(name, dsns[name], port, urls[name], folder / name, directory)
        for name, port in zip(NAMES, ports, strict=False)
    }
    plots = [Plot(dsn=one.dsn, code=one.code, mark=one.mark) for one in shards.values()]
    (folder / "plots.json").write_bytes(msgspec.json.encode(plots))
    done = subprocess.run(
        [sys.executable, "-m", "tests.scale.planting", str(folder / "plots.json")],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for shard, class_id in zip(shards.values(), done.stdout.split(), strict=True):
        shard.class_id = class_id
    return City(shards, directory, door)


class Phone:
    """A device with the app on it, which keeps one session with one district."""

    def __init__(self, shard: Shard, number: str, door: int | None) -> None:
        self.shard = shard
        self.number = number
        self.device = secrets.token_hex(8)
        self.tokens: dict[str, Any] = {}
        url = urlsplit(shard.url)
        # Names of hosts are not looked up here; the gateway goes by the header alone.
        self.base = (
            f"http://127.0.0.1:{door}{url.path}" if door else f"http://127.0.0.1:{shard.port}"
        )
        self.host = str(url.hostname)

    async def sign_in(self) -> None:
        """Ask for a code, read it where the SMS waits to be sent, and give it back."""
        asked = await self.ask(
            "POST", "/v1/auth/codes", json={"phone": self.number[3:], "deviceId": self.device}
        )
        assert asked.status_code == 202, asked.text
        connection = await asyncpg.connect(self.shard.dsn)
        sms = await connection.fetchrow(
            "DELETE FROM sms_outbox WHERE phone = $1 RETURNING id, payload", self.number
        )
        await connection.execute("DELETE FROM limits")
        await connection.close()
        code = keys_for(self.shard.secret).unseal(sms["id"], sms["payload"])
        answer = await self.ask(
            "POST",
            "/v1/auth/sessions",
            json={
                "requestId": asked.json()["requestId"], "code": code, "deviceId": self.device,
                "deviceName": "phone", "platform": "android",
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.tokens = answer.json()

    async def refresh(self) -> httpx.Response:
        body = {"refreshToken": self.tokens["refreshToken"], "deviceId": self.device}
        return await self.ask("POST", "/v1/auth/refresh", json=body)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask where this phone's session lives; hold the answer to the published contract."""
        return await ask(self.base, self.host, self.token, method, path, **more)

    @property
    def token(self) -> str | None:
        return self.tokens.get("accessToken")


async def ask(
    base: str, host: str, token: str | None, method: str, path: str, **more: Any
) -> httpx.Response:
    """Send one request to ``base`` in the name of ``host``, and hold its answer to the contract.

    ``plain`` leaves out the last: the gateway's own answers are not the API's.
    """
    plain = more.pop("plain", False)
    headers = {"Host": host, **more.pop("headers", {})}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if method == "POST":
        headers.setdefault("Idempotency-Key", secrets.token_hex(8))
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.request(method, base + path, headers=headers, **more)
    if not plain:
        contract.hold(httpx.Request(method, f"http://house{path}"), answer)
    return answer


@contextmanager
def running(city: City) -> Iterator[City]:
    """Start both installations; leave nothing of them behind."""
    try:
        city.start()
        yield city
    finally:
        for shard in city.shards.values():
            shard.kill()
