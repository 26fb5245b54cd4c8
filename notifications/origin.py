"""Which request a letter comes from: an id that joins log lines and traces, nothing more.

Whoever runs requests opens a *slip* for each one, and rows written meanwhile carry what
stands on it. A slip does not say who asked, nothing is decided by it, and what is left
outside of any request has none.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import MappingProxyType

REQUEST, TRACE = "request_id", "traceparent"
LONGEST = 64
"""Characters an id may have."""

Slip = Mapping[str, object]

_NONE: Slip = MappingProxyType({})
_slip: ContextVar[Slip] = ContextVar("slip", default=_NONE)


def put(slip: Slip) -> Token[Slip]:
    """Open a slip for what this task does until :func:`take_back`.

    ``slip`` is looked at when something is written, so what is put on it later counts.
    """
    return _slip.set(slip)


def take_back(token: Token[Slip]) -> None:
    """Close the slip again."""
    _slip.reset(token)


@contextmanager
def slip_of(request_id: str | None, trace: str | None = None) -> Iterator[None]:
    """Work on in the name of the request that left something behind."""
    token = put({REQUEST: request_id, TRACE: trace})
    try:
        yield
    finally:
        take_back(token)


def request_id() -> str | None:
    """Return the id of the request this is done for."""
    return _text(REQUEST)


def trace() -> str | None:
    """Return the W3C ``traceparent`` of the request this is done for, when it is traced."""
    return _text(TRACE)


def _text(field: str) -> str | None:
    value = _slip.get().get(field)
    return str(value)[:LONGEST] if value else None
