"""Doing the same with many rows, each on its own: one that cannot be done holds up no other."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from uuid import UUID

import structlog

from backend.errors import Refusal

T = TypeVar("T")
log = structlog.get_logger("rounds")


async def each(ids: Iterable[UUID], act: Callable[[UUID], Awaitable[T]], *, what: str) -> list[T]:
    """Do ``act`` with every row and return the answers of those with which it could be done.

    ``what`` names the kind of row in the log. ``act`` opens its own transaction.
    """
    done = []
    for row in ids:
        try:
            done.append(await act(row))
        except Refusal as refusal:
            # Somebody else acted on it meanwhile.
            log.info("passed_over", what=what, row=str(row), code=refusal.code)
        except Exception:
            # The edge of the process: this row comes up again, the others go on.
            log.exception("row_failed", what=what, row=str(row))
    return done
