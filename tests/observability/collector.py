"""A collector of traces on this machine, which keeps what it is sent."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 60.0


class Span(NamedTuple):
    """A span as it came over the wire; ids are hexadecimal."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    links: tuple[str, ...]
    """The traces of what it refers to."""
    is_error: bool


class Collector:
    """Answers OTLP over HTTP on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v1/traces":
                    bodies.append(body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        """Return every span that has come in, in order."""
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _plain(resource.resource.attributes).get("service.name", "")
                for scope in resource.scope_spans:
                    found += [_span(service, span) for span in scope.spans]
        return found

    def until(self, wanted: Callable[[list[Span]], Any]) -> Any:
        """Wait for spans of which ``wanted`` returns something true, and return that."""
        deadline = time.monotonic() + PATIENCE
        while not (found := wanted(self.spans())):
            if time.monotonic() > deadline:
                raise AssertionError(f"not among {sorted({span.name for span in self.spans()})}")
            time.sleep(0.1)
        return found

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _span(service: str, span: Any) -> Span:
    return Span(
        service=service,
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes=_plain(span.attributes),
        links=tuple(link.trace_id.hex() for link in span.links),
        is_error=span.status.code == 2,
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
