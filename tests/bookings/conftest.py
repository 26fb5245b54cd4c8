"""What stories about places share: a clock that can be set."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from backend import clock
from backend.database import fetch

At = Callable[[datetime], Awaitable[None]]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a way to set the house's clock; everybody stays signed in."""

    async def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        for table in ("access_tokens", "sessions"):
            await fetch(
                f"UPDATE {table} SET expires_at = $1 RETURNING 1", moment + timedelta(hours=1)
            )

    return set_clock
