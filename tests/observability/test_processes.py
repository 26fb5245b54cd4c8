"""The processes of an installation, each seen from outside; and one of them killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.conftest import Clone
from tests.observability.collector import Collector
from tests.setup.processes import PATIENCE, ROOT, end, free_ports

DISTRICTS = 'tongxing_requests_total{method="GET",route="/v1/districts",status="2xx"}'


class House:
    """An API of two processes and a worker, which write their logs to files."""

    def __init__(self, home: Path, dsn: str, endpoint: str) -> None:
        self.home, self.port = home, free_ports(1)[0]
        # Below the ports the system gives away, so that nobody takes the following ones.
        self.first = 20_000 + os.getpid() % 150 * 64
        self._given = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TONGXING_DATABASE_URL": dsn,
            "TONGXING_DATA_DIR": str(home),
            "TONGXING_LOG_FORMAT": "json",
            "TONGXING_METRICS_PORT": str(self.first),
            "TONGXING_OTLP_ENDPOINT": endpoint,
        }
        self.api = self._start("serve", "--port", str(self.port), "--processes", "2")
        self.worker = self._start("worker")
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / f"{arguments[0]}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "backend.cli", *arguments],
                cwd=self.home,
                env=self._given,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def lines(self, process: str) -> list[dict[str, Any]]:
        """Return what a process has logged, but for a line it is still writing."""
        text = (self.home / f"{process}.log").read_text("utf-8")
        whole = text.rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in whole if line.startswith("{")]

    def told(self) -> dict[int, str]:
        """Return what is told, by the process that tells it."""
        found = {}
        for port in range(self.first, self.first + 6):
            try:
                text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
            except httpx.TransportError:
                continue
            found[self._listener(port)] = text
        return found

    def apis(self) -> dict[int, str]:
        """Return what the processes of the API tell."""
        return {pid: text for pid, text in self.told().items() if pid != self.worker.pid}

    def counted(self, sample: str) -> float:
        """Return the sum of a sample over the processes of the API."""
        pattern = re.compile(rf"^{re.escape(sample)} (\S+)$", re.MULTILINE)
        return sum(float(n) for text in self.apis().values() for n in pattern.findall(text))

    def until(self, happened: Callable[[], Any]) -> Any:
        """Wait for something true and return it; fail with the logs."""
        deadline = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < deadline and self.api.poll() is self.worker.poll() is None:
            if answer := happened():
                return answer
            time.sleep(0.2)
        logs = [
            (self.home / f"{one}.log").read_text("utf-8")[-3000:] for one in ("serve", "worker")
        ]
        raise AssertionError("it did not happen; the logs say:\n" + "\n".join(logs))

    def is_ready(self) -> bool:
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.client.close()
        for process in (self.api, self.worker):
            if process.poll() is None:
                for child in psutil.Process(process.pid).children():
                    child.kill()
            end(process)  # type: ignore[arg-type]

    def _listener(self, port: int) -> int:
        for process in (self.worker.pid, *(c.pid for c in psutil.Process(self.api.pid).children())):
            try:
                connections = psutil.Process(process).net_connections("tcp")
            except psutil.Error:
                continue
            for one in connections:
                if one.status == psutil.CONN_LISTEN and one.laddr.port == port:
                    return process
        raise AssertionError(f"none of ours listens at {port}")


@pytest.fixture(scope="module")
async def house(
    clone: Clone, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    one = House(tmp_path_factory.mktemp("seen"), await clone("seen"), collector.endpoint)
    try:
        one.until(lambda: one.is_ready() and len(one.told()) == 3)
        yield one
    finally:
        one.close()


def test_what_the_processes_tell_adds_up(house: House) -> None:
    before = house.counted(DISTRICTS)
    for _ in range(40):
        # A new connection each time, so that both processes get some.
        assert httpx.get(f"http://127.0.0.1:{house.port}/v1/districts").status_code == 200
    assert house.counted(DISTRICTS) == before + 40
    assert house.counted("tongxing_requests_in_flight") == 0
    assert house.counted("tongxing_pool_wait_seconds_count") > 0
    by_process = [f"{DISTRICTS} " in text for text in house.apis().values()]
    assert len(by_process) == 2

    def worker_tells() -> bool:
        text = house.told()[house.worker.pid]
        return "tongxing_database_up 1.0" in text and (
            'tongxing_work_seconds_count{kind="round",name="post"}' in text
        )

    house.until(worker_tells)
    assert not any("tongxing_database_up" in text for text in house.apis().values())


def test_a_request_is_followed_from_its_answer_to_the_worker(
    house: House, collector: Collector
) -> None:
    asked = house.client.post(
        "/v1/auth/codes",
        json={"phone": "13900000008", "deviceId": "a-device-of-mine"},
        headers={"Idempotency-Key": "one-and-only-0001"},
    )
    assert asked.status_code == 202, asked.text
    request_id = asked.headers["x-request-id"]

    def with_id(process: str, event: str) -> Any:
        return [
            line
            for line in house.lines(process)
            if line["event"] == event and line.get("request_id") == request_id
        ]

    (line,) = house.until(lambda: with_id("serve", "request"))
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/auth/codes", 202)
    house.until(lambda: with_id("worker", "sms"))

    def traced(spans: Any) -> Any:
        requests = [span for span in spans if span.name == "POST /v1/auth/codes"]
        texts = [
            span.attributes["db.query.text"]
            for span in spans
            if requests and span.parent_id == requests[-1].span_id
        ]
        rounds = [
            span for span in spans if span.name == "round sms" and span.service == "tongxing-worker"
        ]
        return requests and rounds and any("sms_outbox" in text for text in texts) and requests

    assert collector.until(traced)[-1].service == "tongxing-api"
    assert b"13900000008" not in b"".join(collector.bodies)


def test_a_killed_process_leaves_no_figure_behind(house: House) -> None:
    with connect(f"ws://127.0.0.1:{house.port}/v1/live") as phone:
        assert house.until(lambda: house.counted("tongxing_sockets_open") == 1)
        (holder,) = [
            pid for pid, text in house.apis().items() if "tongxing_sockets_open 1.0" in text
        ]
        os.kill(holder, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(holder)] if psutil.pid_exists(holder) else [], 20)
        house.until(lambda: holder not in house.apis() and len(house.apis()) == 2)
        assert house.counted("tongxing_sockets_open") == 0
        assert house.counted("tongxing_requests_in_flight") == 0
        phone.close_socket()
    house.until(house.is_ready)


def test_who_is_asked_to_leave_leaves_no_port_taken(house: House) -> None:
    for process in (house.api, house.worker):
        process.send_signal(signal.SIGTERM)
    for process, name in ((house.api, "serve"), (house.worker, "worker")):
        assert process.wait(60) == 0, (house.home / f"{name}.log").read_text("utf-8")[-3000:]
    for port in range(house.first, house.first + 6):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=2)
    assert "Traceback" not in (house.home / "worker.log").read_text("utf-8")
