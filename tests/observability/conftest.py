"""The house as it is seen from outside: counted, logged, traced."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client import generate_latest

from backend.observability import metrics
from backend.observability.otlp import OtlpTracer
from backend.settings import Settings
from backend.web.measuring import measure
from tests.observability.collector import Collector


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where traces are sent."""
    with Collector() as one:
        yield one


@pytest.fixture(scope="session")
def tracer(collector: Collector) -> Iterator[OtlpTracer]:
    one = OtlpTracer(collector.endpoint, 1.0, "tongxing-tests")
    yield one
    one.close()


@pytest.fixture(scope="session")
def seen(settings: Settings) -> Settings:
    """The settings of an installation that looks at itself."""
    return msgspec.structs.replace(settings, metrics_port=9100, access_log="on", log_format="json")


@pytest.fixture(scope="session")
def transport(
    transport: httpx.ASGITransport, seen: Settings, tracer: OtlpTracer
) -> httpx.ASGITransport:
    """The house of all tests, with the wrap that ``create_app`` puts around it."""
    app: Any = transport.app
    return httpx.ASGITransport(app=measure(app, seen, tracer))  # type: ignore[arg-type]


def told() -> str:
    """Return what Prometheus would be told now."""
    return generate_latest(metrics.REGISTRY).decode()


def value(sample: str) -> float:
    """Return the value of one sample, 0 when there is none yet."""
    for line in told().splitlines():
        if line.startswith(f"{sample} "):
            return float(line.rpartition(" ")[2])
    return 0.0
