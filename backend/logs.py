"""One line for every event, from our own code and from the libraries alike."""

import asyncio
import io
import logging
import re
import sys
from contextlib import suppress
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from backend.clock import local, now
from notifications import origin

_DIM, _BOLD, _OFF = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_LEVELS = {
    "debug": _DIM,
    "info": "\x1b[32m",
    "warning": "\x1b[33m",
    "error": "\x1b[31m",
    "critical": "\x1b[31;1m",
}
_PROCESSES = {"api": "\x1b[36m", "worker": "\x1b[35m"}

FLUSH_SECONDS = 0.1
"""For how long the lines of requests may wait for each other before they are written."""

# Libraries that write a line for every request or statement, values included.
_QUIET = ("tortoise", "tortoise.db_client", "apscheduler", "httpx", "httpcore", "hpack", "asyncio")

# The values of local variables are personal data too.
_TRACEBACKS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

# The database names the values that broke a constraint, under DETAIL.
_DETAIL = re.compile(r"\n\s*DETAIL: [^\n]*")


def _traceback(output: TextIO, exc_info: ExcInfo) -> None:
    whole = io.StringIO()
    structlog.dev.plain_traceback(whole, exc_info)
    output.write(_DETAIL.sub("", whole.getvalue()))


def _without_values(exc_info: ExcInfo) -> list[dict[str, Any]]:
    stacks = _TRACEBACKS(exc_info)
    for stack in stacks:
        stack["exc_value"] = _DETAIL.sub("", stack["exc_value"])
    return stacks


def configure(
    form: Literal["console", "json"], *, process: str, output: TextIO | None = None
) -> None:
    """Send all log events of this process to ``output`` (standard output when omitted).

    ``process`` names it on each line. Bound values of SQL statements are never logged:
    they are personal data.
    """
    output = output or sys.stdout
    _here.output, _here.process = output, process
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        _stamp(form, process),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    tail: list[Processor]
    if form == "json":
        tail = [
            structlog.processors.ExceptionRenderer(_without_values),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        tail = [_renderer(colours=output.isatty(), process=process)]
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


class _Here:
    """Where this process logs, and as whom."""

    output: TextIO = sys.stdout
    process: str = ""


_here = _Here()


class RequestLines:
    """One line for each request, by hand: through the whole chain it would cost ten times more."""

    def __init__(self, form: Literal["console", "json"]) -> None:
        self._form = form
        self._encode = msgspec.json.Encoder().encode
        self._is_due = False

    def write(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        """Write the line. ``route`` is the route's template and not the path asked for."""
        if self._form == "console":
            structlog.get_logger("request").info(
                f"{method} {route}", status=status, ms=round(seconds * 1000, 1)
            )
            return
        line = self._encode(
            {
                "event": "request",
                "level": "info",
                "logger": "request",
                "timestamp": now().isoformat(timespec="milliseconds"),
                "process": _here.process,
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "request_id": request_id,
            }
        )
        # A full disk must not turn an answer into an accident.
        with suppress(OSError, ValueError):
            _here.output.write(line.decode() + "\n")
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        """Have several lines written at once; any other line takes them along as well."""
        self._is_due = False
        with suppress(OSError, ValueError):
            _here.output.flush()


def _request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say for which request this is done, be it by a worker long after its answer."""
    request_id = origin.request_id()
    return event if request_id is None else {"request_id": request_id, **event}


def _stamp(form: str, process: str) -> Processor:
    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        moment = now()
        wall = f"{local(moment):%H:%M:%S}"
        return {
            **event,
            "timestamp": moment.isoformat(timespec="milliseconds") if form == "json" else wall,
            "process": process,
        }

    return stamp


def _renderer(*, colours: bool, process: str) -> ConsoleRenderer:
    def paint(code: str) -> str:
        return code if colours else ""

    def column(style: str, width: int = 0) -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(
            key_style=None,
            value_style=paint(style),
            reset_style=paint(_OFF),
            value_repr=str,
            width=width,
        )

    class _Level:
        def __call__(self, key: str, value: object) -> str:
            return column(_LEVELS.get(str(value), ""), 7)(key, value)

    return ConsoleRenderer(
        columns=[
            Column("timestamp", column(_DIM)),
            Column("process", column(_PROCESSES.get(process, ""), 6)),
            Column("level", _Level()),
            Column("logger", column(_DIM, 8)),
            Column("event", column(_BOLD)),
            Column(
                "",
                KeyValueColumnFormatter(
                    key_style=paint(_DIM),
                    value_style="",
                    reset_style=paint(_OFF),
                    value_repr=str,
                ),
            ),
        ],
        exception_formatter=_traceback,
    )
