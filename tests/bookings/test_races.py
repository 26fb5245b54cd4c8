"""Sixty-four families, two API processes, one slot: round after round, and nobody is wronged.

``RACE_ROUNDS`` sets how many rounds are run (200 are the full race).
"""

import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.bookings.crowd import Houses, houses
from tests.bookings.racing import Plan, Race, Tally
from tests.bookings.sabotage import DAWDLING, NO_LOCK, sabotaged
from tests.conftest import Clone

AT_MOST = 8
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
            fewest = 64 if ROUNDS >= 100 else 8
            await Race(both, Plan.of(number, fewest)).run(tally)
            assert not tally.wrong, "\n".join([*tally.wrong, *both.accidents()])
    with capsys.disabled():
        sys.stdout.write(f"\n{tally}\n")
    assert both.accidents() == []
    assert tally.counts["repeated"] > 0
    assert tally.counts["processes killed"] > 0 or ROUNDS < 3


async def test_control_without_the_lock_the_same_race_oversells(both: Houses) -> None:
    """With and without the lock the engine dawdles between looking and writing."""
    locked, open_to_all = Tally(), Tally()
    async with sabotaged(both.watch, DAWDLING):
        with both.context:
            await Race(both, tight(0)).run(locked)
            async with sabotaged(both.watch, NO_LOCK):
                for number in range(AT_MOST):
                    await Race(both, tight(number)).run(open_to_all)
                    if oversold(open_to_all):
                        break
    assert not locked.wrong
    assert oversold(open_to_all), f"{open_to_all}: {open_to_all.wrong}"


def tight(number: int) -> Plan:
    return replace(Plan.of(number), clients=64, capacity=1, kills=False, near=False, resizes=False)


def oversold(tally: Tally) -> bool:
    return any(NO_LOCK.seen in sentence for sentence in tally.wrong)
