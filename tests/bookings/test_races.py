"""Sixty-four families, two API processes, one slot: round after round, and nobody is wronged.

``RACE_ROUNDS`` sets how many rounds are run (200 are the full race).
"""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bookings.crowd import Houses, houses
from tests.bookings.racing import Plan, Race, Tally
from tests.conftest import Clone

ROUNDS = int(os.environ.get("RACE_ROUNDS", "14"))


@pytest.fixture(scope="module")
async def both(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Houses]:
    async with houses(await clone("races"), tmp_path_factory.mktemp("races")) as standing:
        yield standing


async def test_nobody_is_wronged_in_a_race_for_places(
    both: Houses, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally()
    with both.context:
        for number in range(ROUNDS):
            await Race(both, Plan.of(number)).run(tally)
            assert not tally.wrong, "\n".join(tally.wrong)
    with capsys.disabled():
        sys.stdout.write(f"\n{tally}\n")
    logs = "".join(both.town.log(f"api-{number}") for number in range(2))
    assert "deadlock" not in logs.lower()
    assert tally.counts["repeated"] > 0
