"""Requests are counted by the template of their route, and counting costs next to nothing."""

import asyncio
import gc
import sys
import time
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar.types import Receive, Scope, Send

from backend.observability import metrics
from backend.settings import Settings
from backend.web import measuring
from backend.web.admission import FEW, Admission
from backend.web.measuring import measure
from tests.house import SignIn, Visitor
from tests.observability.conftest import told, value
from tests.setup.processes import free_ports

NOTICE = 'method="GET",route="/v1/notices/{notice_id}"'


async def test_a_request_is_counted_by_its_template(as_: SignIn) -> None:
    parent = await as_("李建国")
    before = value(f'tongxing_requests_total{{{NOTICE},status="4xx"}}')
    asked = [str(uuid4()) for _ in range(20)]
    for one in asked:
        assert (await parent.get(f"/notices/{one}")).status_code == 404
    assert value(f'tongxing_requests_total{{{NOTICE},status="4xx"}}') == before + 20
    assert value(f"tongxing_request_seconds_count{{{NOTICE}}}") >= 20
    assert not [one for one in asked if one in told()]
    assert value("tongxing_requests_in_flight") == 0


async def test_strangers_cannot_make_up_series(anyone: Visitor) -> None:
    """Whoever asks for ten thousand addresses, or by ten thousand methods, adds a few lines."""
    await anyone.request("BREW", "http://house/v1/pot", headers={"x": "y"})
    await anyone.get("http://house/v1/nothing")
    known = len(told().splitlines())
    for number in range(100):
        await anyone.get(f"http://house/v1/nothing/{number}")
        await anyone.get(f"http://house/{number}/.env")
        await anyone.request(f"BREW{number}", "http://house/v1/pot")
    assert len(told().splitlines()) == known
    assert 'method="OTHER",route="(none)"' in told() and "BREW" not in told()


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def break_down(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("out of order")


async def dawdle(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(60)


def asked_for(path: str) -> Any:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "path_template": path,
        "headers": [(b"host", b"house"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 1),
        "query_string": b"",
    }


async def nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def away(_: Any) -> None:
    return None


async def test_what_breaks_and_what_is_abandoned_is_counted_too(seen: Settings) -> None:
    broken = 'tongxing_requests_total{method="GET",route="/breaks",status="5xx"}'
    before = value(broken) or 0
    with pytest.raises(RuntimeError, match="out of order"):
        await measure(break_down, seen)(asked_for("/breaks"), nothing, away)
    assert value(broken) == before + 1
    task = asyncio.create_task(measure(dawdle, seen)(asked_for("/dawdles"), nothing, away))  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    assert value("tongxing_requests_in_flight") == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert value('tongxing_requests_total{method="GET",route="/dawdles",status="4xx"}') == 1
    assert value("tongxing_requests_in_flight") == 0


async def test_open_live_connections_are_counted_while_they_are_open(seen: Settings) -> None:
    hung_up = asyncio.Event()

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        await hung_up.wait()

    app = measure(listen, seen)
    phones = [
        asyncio.create_task(app({"type": "websocket"}, nothing, away))  # type: ignore[arg-type, typeddict-item]
        for _ in range(3)
    ]
    await asyncio.sleep(0.01)
    assert value("tongxing_sockets_open") == 3
    hung_up.set()
    await asyncio.gather(*phones)
    assert value("tongxing_sockets_open") == 0


async def cost(app: Any, rounds: int = 40, each: int = 500) -> float:
    """Return the microseconds of a request, in the quietest of some rounds."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(rounds):
            begun = time.perf_counter()
            for _ in range(each):
                await app(asked_for("/cheap"), nothing, away)
            best = min(best, (time.perf_counter() - begun) / each)
    finally:
        gc.enable()
    return best * 1e6


async def test_counting_a_request_costs_at_most_ten_microseconds(
    seen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured against the bare application, in the quietest moment of a busy machine."""
    counting = msgspec.structs.replace(seen, access_log="off")
    nothing_on = msgspec.structs.replace(counting, metrics_port=None)
    bare, off = await cost(answer), await cost(measure(answer, nothing_on))
    on = await cost(measure(answer, counting))
    seen_costs = f"bare {bare:.1f} µs, ids {off - bare:.1f} µs, counted {on - bare:.1f} µs\n"
    sys.stdout.write(seen_costs)
    assert on - bare <= 10 * 3, "a machine three times slower than ours is allowed for"

    # Negative control: labels looked up afresh are seen to cost more.
    monkeypatch.setattr(metrics, "route_of", lambda *key: metrics.Route(*key))
    assert await cost(measure(answer, counting), rounds=5) > on


@pytest.mark.parametrize(
    ("lane", "path", "most"), [("read", "/v1/feed", FEW), ("file", "/v1/attachments/1/x", 2_000)]
)
async def test_who_is_turned_away_is_counted_by_lane_and_at_once(
    lane: str, path: str, most: int
) -> None:
    """A lane that is limited by its time, and one by number; nobody had to look at a clock."""
    door = Admission(dawdle)  # type: ignore[arg-type]
    of_lane = getattr(door, lane)
    sample = f'tongxing_requests_turned_away_total{{lane="{lane}"}}'
    assert sample in told(), "a lane that never refused anybody begins with 0"
    before = value(sample)
    of_lane.price = 1.0 if lane == "read" else 0.0
    asked = [asyncio.ensure_future(door(asked_for(path), nothing, away)) for _ in range(most + 5)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    let_in = sum(not one.done() for one in asked)
    assert let_in == most and value(sample) == before + 5
    door._reckon()
    assert value(sample) == before + 5, "counted once"
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_templates_are_told_as_the_contract_writes_them() -> None:
    assert measuring._plain("/v1/shifts/{shift_id:uuid}/signup") == "/v1/shifts/{shift_id}/signup"


@pytest.mark.parametrize("kind", ["round", "job"])
async def test_work_is_timed_and_its_failures_counted(kind: Any) -> None:
    async def fail() -> None:
        raise RuntimeError("out of order")

    name = f'kind="{kind}",name="canning"'
    with pytest.raises(RuntimeError):
        await metrics.timed(kind, "canning", fail)()
    assert value(f"tongxing_work_failures_total{{{name}}}") == 1
    assert value(f"tongxing_work_seconds_count{{{name}}}") == 1


async def test_a_port_that_is_taken_leads_to_the_next(settings: Settings) -> None:
    free = free_ports(1)[0]
    first = msgspec.structs.replace(settings, metrics_port=free)
    async with metrics.served(first) as one, metrics.served(first) as two:
        assert one is not None and two is not None and two > one >= free
        async with httpx.AsyncClient() as prometheus:
            for port in (one, two):
                answered = await prometheus.get(f"http://127.0.0.1:{port}/metrics")
                assert "tongxing_requests_in_flight" in answered.text
    async with metrics.served(settings) as none:
        assert none is None


async def test_a_machine_without_a_free_port_loses_the_metrics_and_not_the_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = free_ports(1)[0]
    first = msgspec.structs.replace(settings, metrics_port=free)
    monkeypatch.setattr(metrics, "PORTS", 1)
    async with metrics.served(first) as taken, metrics.served(first) as port:
        assert taken == free
        assert port is None
