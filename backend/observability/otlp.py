"""Traces over OTLP: the only module that knows OpenTelemetry, imported only by setting.

The instrumentation OpenTelemetry offers would note addresses as they were asked for, with
ids, queries and who asked; spans here carry the method, the route's template and the
status. An exception is known by its class, for its message may quote a row.
"""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LONGEST_STATEMENT = 2_000
SEND_SECONDS = 5.0
"""How long a collector may take for one batch."""

# Statements name their values by $1; whatever was written into the text itself is cut out.
_LITERALS = re.compile(r"'(?:[^']|'')*'|(?<![\w$])\d+(?:\.\d+)?\b")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_NAMES = TraceContextTextMapPropagator()


class _RequestSpan:
    def __init__(self, span: trace.Span, method: str) -> None:
        self._span = span
        self._method = method

    @property
    def traceparent(self) -> str | None:
        context = self._span.get_span_context()
        if not context.trace_flags.sampled:
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def answered(self, route: str, status: int) -> None:
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))


class OtlpTracer:
    """Sends spans to a collector, in batches, from a thread of its own."""

    def __init__(self, endpoint: str, share: float, service: str) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource({"service.name": service}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tongxing")

    @contextmanager
    def request(self, method: str, parent: str | None) -> Iterator[_RequestSpan]:
        context = _NAMES.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            method,
            context=context,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _RequestSpan(span, method)

    @contextmanager
    def work(
        self, kind: Literal["round", "job", "post"], name: str, causes: Iterable[str] = ()
    ) -> Iterator[None]:
        links = [Link(cause) for cause in map(_context, causes) if cause is not None]
        with self._tracer.start_as_current_span(
            f"{kind} {name}",
            kind=SpanKind.CONSUMER if kind == "post" else SpanKind.INTERNAL,
            attributes={"tongxing.work.kind": kind, "tongxing.work.name": name},
            links=links,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    async def watch_connection(self, connection: Any) -> None:
        connection.add_query_logger(self._asked)

    def close(self) -> None:
        self._provider.shutdown()

    def _asked(self, record: Any) -> None:
        """Make a span of a statement that has just been answered; its values stay unread."""
        if not trace.get_current_span().get_span_context().trace_flags.sampled:
            return
        ended = time.time_ns()
        text = statement(record.query)
        verb = text.partition(" ")[0].upper()
        span = self._tracer.start_span(
            verb,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": verb,
                "db.query.text": text,
            },
            start_time=ended - int(record.elapsed * 1e9),
        )
        if record.exception is not None:
            span.set_attribute("error.type", type(record.exception).__name__)
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)


def statement(query: str) -> str:
    """Return a statement in one line, without comments and whatever values stand in it."""
    bare = _LITERALS.sub("?", _COMMENTS.sub(" ", query))
    return _SPACE.sub(" ", bare).strip().rstrip("; ")[:LONGEST_STATEMENT]


def _context(traceparent: str) -> SpanContext | None:
    match = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", traceparent)
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
