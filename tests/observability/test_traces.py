"""Traces reach a collector: requests, their statements, the worker's rounds, and no values."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from tortoise.connection import get_connection

from backend import clock
from backend.database import fetch, fetch_one
from backend.notices import jobs as notices
from backend.observability import otlp
from backend.observability.otlp import OtlpTracer, statement
from backend.roster import audiences
from backend.schools import quiet
from backend.web.measuring import measure
from notifications.channels.console import ConsoleChannel
from notifications.dispatcher import Office
from seed.cast import Cast
from tests.house import SignIn
from tests.notices import stories
from tests.observability.collector import Collector, Span
from tests.observability.test_metrics import answer, asked_for, away, break_down, nothing
from tests.setup.processes import ROOT

NOTICE = "GET /v1/notices/{notice_id}"


@pytest.fixture
async def listening(db: None, tracer: OtlpTracer) -> Any:
    """The pool of the tests, traced; its connections are made once, so they are told here."""
    await fetch("SELECT 1")
    pool: Any = get_connection("default")._pool
    lines = [holder._con for holder in pool._holders if holder._con is not None]
    for line in lines:
        await tracer.watch_connection(line)
    yield pool
    for line in lines:
        line.remove_query_logger(tracer._asked)


async def test_a_request_is_a_span_and_its_statements_are_below_it(
    as_: SignIn, cast: Cast, collector: Collector, listening: Any
) -> None:
    teacher = await as_("林晓岚")
    notice = await stories.written(teacher, stories.draft(cast, title="不可外传的题目"))
    assert (await teacher.get(f"/notices/{notice}")).status_code == 200

    def both(spans: list[Span]) -> Any:
        requests = [span for span in spans if span.name == NOTICE]
        below = [span for span in spans if requests and span.parent_id == requests[-1].span_id]
        return requests and below and (requests[-1], below)

    request, below = collector.until(both)
    assert request.service == "tongxing-tests"
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/notices/{notice_id}",
        "http.response.status_code": 200,
    }
    for span in below:
        assert span.trace_id == request.trace_id
        assert set(span.attributes) == {"db.system.name", "db.operation.name", "db.query.text"}
    everything = repr(collector.spans())
    assert notice not in everything and "不可外传" not in everything


async def test_carrying_a_letter_refers_to_the_request_that_left_it(
    as_: SignIn, cast: Cast, collector: Collector, tracer: OtlpTracer
) -> None:
    teacher, parent = await as_("林晓岚"), await as_("李建国")
    device = {"token": "push-token-3", "provider": "console", "platform": "android"}
    assert (await parent.put("/me/push-device", json=device)).status_code == 200
    await stories.published(teacher, stories.draft(cast))
    letter = await fetch_one("SELECT trace FROM post_letter")
    assert letter is not None
    trace = str(letter["trace"]).split("-")[1]
    office = Office(
        channels={"console": ConsoleChannel()},
        page_audience=audiences.page,
        still_wanted=notices.still_wanted,
        quiet_hours=quiet.hours_of,
        trace=lambda causes: tracer.work("post", "carry", causes),
    )
    while await office.expand(clock.now()) + await office.dispatch(clock.now()):
        pass
    published = collector.until(
        lambda spans: [
            span
            for span in spans
            if span.trace_id == trace and span.name == "PUT /v1/notices/{notice_id}/publication"
        ]
    )
    assert len(published) == 1
    carried = collector.until(
        lambda spans: [span for span in spans if trace in span.links and span.name == "post carry"]
    )
    assert len(carried) == 2, "one for paging the audience, one for the pushes"


async def test_a_trace_begun_by_our_own_proxy_is_taken_up(
    seen: Any, collector: Collector, tracer: OtlpTracer
) -> None:
    behind = msgspec.structs.replace(seen, trusted_proxies=("10.0.0.0/8",))
    for last, peer in (("1", "10.1.2.3"), ("2", "203.0.113.9")):
        scope = asked_for("/begun")
        scope["client"] = (peer, 1)
        scope["headers"] = [(b"traceparent", f"00-{'a' * 31}{last}-{'b' * 16}-01".encode())]
        await measure(answer, behind, tracer)(scope, nothing, away)
    begun = collector.until(
        lambda spans: len(them := [s for s in spans if s.name == "GET /begun"]) == 2 and them
    )
    assert [
        span.trace_id == f"{'a' * 31}{last}" for span, last in zip(begun, "12", strict=True)
    ] == [
        True,
        False,
    ]


async def test_what_goes_wrong_is_known_by_its_class(
    seen: Any, collector: Collector, tracer: OtlpTracer
) -> None:
    with pytest.raises(RuntimeError):
        await measure(break_down, seen, tracer)(asked_for("/breaks"), nothing, away)
    with pytest.raises(RuntimeError), tracer.work("round", "canning"):
        raise RuntimeError("DETAIL: phone 19987650001")
    spans = collector.until(
        lambda spans: (
            len(them := [span for span in spans if span.name in ("GET /breaks", "round canning")])
            == 2
            and them
        )
    )
    assert all(span.is_error for span in spans)
    assert {span.attributes.get("error.type") for span in spans} == {None, "RuntimeError"}
    assert b"19987650001" not in b"".join(collector.bodies)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT  1", "SELECT ?"),
        ("SELECT 1 WHERE n = 'O''Hara' AND a > 12 -- 张三", "SELECT ? WHERE n = ? AND a > ?"),
        ("UPDATE t2 SET a1 = $1 WHERE b = $12 /* 李四 */;", "UPDATE t2 SET a1 = $1 WHERE b = $12"),
        ("NOTIFY live, 'p:0190'", "NOTIFY live, ?"),
    ],
)  # fmt: skip
def test_a_statement_is_told_without_values(query: str, shown: str) -> None:
    assert statement(query) == shown


async def test_the_scan_would_see_a_value(
    collector: Collector, tracer: OtlpTracer, listening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: statements as they were sent."""
    with tracer.work("round", "plain"):
        await fetch("SELECT '金丝雀甲' AS word")
    monkeypatch.setattr(otlp, "statement", lambda query: query)
    with tracer.work("round", "plain"):
        await fetch("SELECT '金丝雀乙' AS word")
    collector.until(lambda spans: [span for span in spans if "金丝雀乙" in repr(span)])
    assert "金丝雀甲" not in repr(collector.spans())


@pytest.mark.parametrize("module", ["backend.app", "backend.worker"])
def test_what_is_switched_off_is_not_even_imported(module: str) -> None:
    code = (
        f"import {module}, sys; from backend.observability.tracing import tracer_for;"
        "from backend.settings import Settings; assert tracer_for(Settings(), 'x') is None;"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
