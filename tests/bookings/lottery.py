"""Draws for the stories: a slot with a draw, the passing of time, and the public script."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.bookings.models import Mode
from backend.database import execute
from seed.cast import Cast
from tests.bookings.slots import a_slot
from tests.house import SignIn

SCRIPT = Path(__file__).parents[2] / "openapi" / "draw" / "verify_draw.py"
FAMILIES = ("王立强", "刘敏", "李建国", "周婷", "赵德胜", "高远", "马静")
SOURCE = "福彩3D第2026315期开奖号码，三位连写"
Travel = Callable[[timedelta], Awaitable[datetime]]


@pytest.fixture
async def travel(db: None, monkeypatch: pytest.MonkeyPatch) -> Travel:
    """Stop the clock; go to so long after its stopping. Those signed in stay so."""
    begun = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begun)

    async def go(later: timedelta) -> datetime:
        moment = begun + later
        monkeypatch.setattr(clock, "now", lambda: moment)
        for table in ("access_tokens", "sessions"):
            await execute(f"UPDATE {table} SET expires_at = $1", moment + timedelta(days=30))
        return moment

    return go


async def a_draw(cast: Cast, *, closes_in: timedelta = timedelta(days=2), **more: Any) -> UUID:
    """Make a slot of three places that closes in two days and is given by lot."""
    more = {"capacity": 3, "max_party": 4} | more
    return await a_slot(cast, mode=Mode.DRAW, closes_at=clock.now() + closes_in, **more)


async def enter(as_: SignIn, slot: UUID, *names: str, **wish: Any) -> dict[str, str]:
    """Let families enter; returns the code of each one's entry."""
    codes = {}
    for name in names:
        answer = await (await as_(name)).put(f"/slots/{slot}/booking", json=wish)
        assert answer.json()["line"]["code"] == "in_draw", answer.text
        codes[name] = answer.json()["id"]
    return codes


async def announce(as_: SignIn, slot: UUID, expected_at: datetime) -> None:
    """Let the organiser say that three digits of that evening will count."""
    answer = await (await as_("许建安")).put(
        f"/slots/{slot}/draw/source",
        json={"publicSource": SOURCE, "expectedAt": expected_at.isoformat(), "valueLength": 3},
    )
    assert answer.status_code == 200, answer.text


def verify(tmp_path: Path, *records: dict[str, Any]) -> tuple[int, str]:
    """Run the public script on downloaded records; returns its exit code and what it said."""
    files = []
    for number, record in enumerate(records):
        files.append(tmp_path / f"draw-{number}.json")
        files[-1].write_text(json.dumps(record), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, *files], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout
