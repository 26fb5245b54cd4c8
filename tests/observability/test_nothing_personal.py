"""A whole story at school leaves no personal data in metrics, request lines or traces."""

import re
from collections.abc import AsyncIterator

import pytest
from tortoise.connection import get_connection

from backend.database import fetch
from backend.observability import figures, metrics
from backend.observability.otlp import OtlpTracer
from backend.settings import Settings
from seed.cast import Cast
from tests.canary.story import Told, days_at_school, logging_everything
from tests.canary.words import CANARIES, found_in
from tests.house import SignIn, Visitor
from tests.observability.collector import Collector, Span
from tests.observability.conftest import told

UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


@pytest.fixture
async def traced_pool(db: None, tracer: OtlpTracer) -> AsyncIterator[None]:
    await fetch("SELECT 1")
    pool = get_connection("default")._pool  # type: ignore[attr-defined]
    lines = [holder._con for holder in pool._holders if holder._con is not None]
    for line in lines:
        await tracer.watch_connection(line)
    yield
    for line in lines:
        line.remove_query_logger(tracer._asked)


async def test_nothing_personal_stands_in_metrics_lines_or_traces(
    as_: SignIn,
    anyone: Visitor,
    cast: Cast,
    settings: Settings,
    collector: Collector,
    traced_pool: None,
) -> None:
    with logging_everything("json") as log:
        story = Told(log)
        async with days_at_school(story, as_, anyone, cast, settings):
            metrics.tell(await figures.gather())
            exposed = told()
            lines = [line for line in log.getvalue().splitlines() if '"event":"request"' in line]
    await anyone.get("http://house/v1/the-end")

    assert len(lines) > 100
    assert found_in("\n".join(lines)) == set()
    assert UUID.findall("\n".join(lines)) == []
    assert story.calendar and story.calendar not in "\n".join(lines)

    assert exposed.count("tongxing_requests_total{") > 50
    assert found_in(exposed) == set()
    assert UUID.findall(exposed) == []
    assert story.calendar not in exposed

    last = collector.until(lambda spans: [span for span in spans if span.attributes.get(
        "http.route") == "(none)" and spans] and spans)  # fmt: skip
    requests = [span for span in last if "http.route" in span.attributes]
    statements = [span for span in last if "db.query.text" in span.attributes]
    assert len(requests) > 100 and len(statements) > 100
    assert found_in(_values(last)) == set()
    assert UUID.findall(_values(last)) == []
    assert story.calendar not in _values(last)


def _values(spans: list[Span]) -> str:
    """Return all that is said of spans but their own ids, which are random."""
    return "\n".join(repr((span.name, span.attributes, span.service)) for span in spans)


async def test_the_scan_sees_a_path_used_for_a_label() -> None:
    """Negative control: what a label from the path asked for would have told."""
    path = f"/v1/people/{CANARIES['guardian']}/019ab3c4-445c-7cdb-b380-a00b7ba4bcd5"
    metrics.route_of("GET", path).answered("2xx")
    try:
        assert found_in(told()) == {"guardian"}
        assert len(set(UUID.findall(told()))) == 1
    finally:
        metrics._requests.remove("GET", path, "2xx")
        metrics._request_seconds.remove("GET", path)
        metrics._routes.clear()
    assert found_in(told()) == set()
