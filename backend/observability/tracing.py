"""The seam for traces: what the house asks of a tracer, and the one it gets by setting."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from backend.settings import Settings


class Span(Protocol):
    """A request on its way."""

    @property
    def traceparent(self) -> str | None:
        """Its W3C name, by which later work refers to it; none when it is not sampled."""

    def answered(self, route: str, status: int) -> None:
        """Say by which route it was answered, and how."""


class Tracer(Protocol):
    """Makes spans and sends them off."""

    def request(self, method: str, parent: str | None) -> AbstractContextManager[Span]:
        """Trace one request, below the ``traceparent`` that a trusted proxy sent."""

    def work(
        self, kind: Literal["round", "job", "post"], name: str, causes: Iterable[str] = ()
    ) -> AbstractContextManager[None]:
        """Trace work done unasked; ``causes`` are the ``traceparent`` of what led to it."""

    async def watch_connection(self, connection: Any) -> None:
        """Trace what is asked of a database connection: statements, never their values."""

    def close(self) -> None:
        """Send what is left; takes a few seconds when nobody listens."""


def tracer_for(settings: Settings, process: str) -> Tracer | None:
    """Return the tracer that is set, or ``None``: then OpenTelemetry is not even imported."""
    if settings.otlp_endpoint is None:
        return None
    from backend.observability.otlp import OtlpTracer

    return OtlpTracer(settings.otlp_endpoint, settings.trace_share, f"tongxing-{process}")
