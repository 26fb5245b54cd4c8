"""A town of real processes: the post provider, the API, workers, and phones on sockets."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Town:
    """One installation made of processes, over one database and one folder."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/v1"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.phones: list[Phone] = []
        self.environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
            "PYTHONPATH": str(ROOT),
            "TONGXING_ENVIRONMENT": "test",
            "TONGXING_DATABASE_URL": dsn,
            "TONGXING_DATA_DIR": str(folder / "data"),
            "TONGXING_PORT": str(self.port),
            "TONGXING_LOG_FORMAT": "json",
            "TONGXING_WORKER_TICK": "0.2",
            "TONGXING_PUSH_LEASE": "4",
            "TONGXING_PUSH_PROVIDER": "fcm",
            "TONGXING_FCM_CREDENTIALS": str(folder / "account.json"),
        }

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process whose output goes to ``<name>.log``."""
        with (self.folder / f"{name}.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT, env=self.environment, stdout=output, stderr=output,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def run(self, *command: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_provider(self, message_delay: float = 0.0) -> None:
        """Start the push provider on loopback."""
        self.start(
            "provider", "tests.fakes.fcm",
            "--log", str(self.folder / "pushes.jsonl"),
            "--account", str(self.folder / "account.json"),
            "--message-delay", str(message_delay),
        )  # fmt: skip
        line = until(lambda: self.log("provider").strip())
        self.environment["TONGXING_FCM_ENDPOINT"] = json.loads(line.splitlines()[0])["endpoint"]

    def kill(self, name: str) -> None:
        """Kill a process of ours the hard way."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    async def hang_up(self) -> None:
        for phone in self.phones:
            await phone.http.aclose()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def pushes(self) -> list[dict[str, Any]]:
        path = self.folder / "pushes.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def shown(self, notice: str) -> Counter[str]:
        """Count the visible pushes about a notice, by device token."""
        return Counter(
            push["token"]
            for push in self.pushes()
            if notice in json.dumps(push["message"]) and "notification" in push["message"]
        )

    def codes(self) -> dict[str, list[str]]:
        """Return the sign-in codes the console gateway printed, by masked phone."""
        found: dict[str, list[str]] = {}
        for name in ("worker-1", "worker-2", "worker-3"):
            for line in self.log(name).splitlines():
                if '"event": "sms"' in line or '"sms"' in line:
                    event = json.loads(line)
                    if event.get("event") == "sms":
                        found.setdefault(event["phone"], []).append(event["code"])
        return found


@contextmanager
def town(dsn: str, folder: Path) -> Iterator[Town]:
    """Hold a town together and take it down afterwards."""
    built = Town(dsn, folder)
    try:
        yield built
    finally:
        built.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Any, *, patience: float = PATIENCE, every: float = 0.1) -> Any:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {patience} s in vain"
        time.sleep(every)
    return seen


async def until_async(look: Any, *, patience: float = PATIENCE) -> Any:
    """Look again and again without holding up the event loop."""
    deadline = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {patience} s in vain"
        await asyncio.sleep(0.1)
    return seen


def ready(built: Town) -> bool:
    """Say whether the API answers and finds its database migrated."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{built.port}/health/ready", timeout=2)
        return answer.status_code == 200
    except httpx.TransportError:
        return False


async def slow_provider(built: Town, delay: float) -> None:
    """Make the provider take messages one after the other, ``delay`` seconds each."""
    endpoint = built.environment["TONGXING_FCM_ENDPOINT"]
    base = endpoint.split("/v1/")[0]
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base}/delay", json={"message": delay})
        assert answer.status_code == 200, answer.text


class Phone:
    """One parent's or teacher's phone, signed in by a text message, with a push token."""

    def __init__(self, town: Town, number: str) -> None:
        self.town = town
        self.number = number
        self.device = secrets.token_hex(8)
        self.token = f"fcm-{number}-{self.device}"
        self.http = httpx.AsyncClient(base_url=town.base, timeout=20)
        town.phones.append(self)

    async def sign_in(self) -> None:
        masked = re.sub(r"^(\d{3})\d{4}(\d{4})$", r"\1****\2", self.number)
        before = len(self.town.codes().get(masked, []))
        asked = await self.post("/auth/codes", {"phone": self.number, "deviceId": self.device})
        assert asked.status_code == 202, asked.text
        codes = await until_async(lambda: self.town.codes().get(masked, [])[before:], patience=30)
        answer = await self.post(
            "/auth/sessions",
            {
                "requestId": asked.json()["requestId"], "code": codes[-1],
                "deviceId": self.device, "deviceName": "手机", "platform": "android",
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"

    async def register(self) -> None:
        body = {"token": self.token, "provider": "fcm", "platform": "android"}
        answer = await self.http.put("/me/push-device", json=body)
        assert answer.status_code == 200, answer.text

    async def consent(self) -> list[dict[str, Any]]:
        """Accept the privacy notice for every child; returns the children."""
        version = (await self.http.get("/privacy-notice")).json()["version"]
        children: list[dict[str, Any]] = (await self.http.get("/me/children")).json()["items"]
        for child in children:
            url = f"/me/children/{child['studentId']}/consent"
            answer = await self.http.put(url, json={"version": version})
            assert answer.status_code == 200, answer.text
        return children

    async def post(self, url: str, body: dict[str, Any]) -> httpx.Response:
        key = {"Idempotency-Key": secrets.token_hex(8)}
        return await self.http.post(url, json=body, headers=key)

    async def feed(self) -> dict[str, Any]:
        answer = await self.http.get("/feed")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page
