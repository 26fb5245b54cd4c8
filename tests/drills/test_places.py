"""Two hundred rounds of families racing for places: everything that a round can be.

A short race is part of the bookings' own tests on every run; this is the long lane's.
"""

import time
from collections.abc import AsyncIterator

import pytest

from tests.bookings.crowd import Houses, houses
from tests.bookings.racing import Plan, Race, Tally
from tests.bookings.sabotage import DAWDLING, NO_LOCK, sabotaged
from tests.bookings.test_races import oversold, tight
from tests.conftest import Clone
from tests.drills import LONG, dice, seen

ROUNDS, CLIENTS, AT_MOST = 200, 64, 8
pytestmark = pytest.mark.skipif(not LONG, reason="the short race is tests/bookings/test_races.py")


@pytest.fixture(scope="module")
async def both(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Houses]:
    async with houses(await clone("places"), tmp_path_factory.mktemp("places")) as standing:
        yield standing


async def test_nobody_is_wronged_in_two_hundred_races_for_places(both: Houses) -> None:
    # A round's number says what it is like; the kinds of rounds repeat every 120.
    first, tally, begun = 120 * dice("places").randrange(10_000), Tally(), time.monotonic()
    with both.context:
        for number in range(first, first + ROUNDS):
            await Race(both, Plan.of(number, fewest=CLIENTS)).run(tally)
            assert not tally.wrong, "\n".join([*tally.wrong, *both.accidents()])
    counts = tally.counts
    seen(
        "places",
        rounds=tally.rounds,
        clients=counts["families"],
        requests=counts["requests"],
        asked_again=counts["repeated"],
        processes_killed=counts["processes killed"],
        promoted=counts["moves: promoted"],
        wrong=len(tally.wrong),
        seconds=round(time.monotonic() - begun),
    )
    assert counts["families"] == ROUNDS * CLIENTS
    for what in ("processes killed", "repeated", "moves: promoted", "moves: cancelled"):
        assert counts[what] > 0, what
    assert both.accidents() == []


async def test_control_without_the_lock_the_same_race_oversells(both: Houses) -> None:
    locked, open_to_all = Tally(), Tally()
    async with sabotaged(both.watch, DAWDLING):
        with both.context:
            await Race(both, tight(0)).run(locked)
            async with sabotaged(both.watch, NO_LOCK):
                for number in range(AT_MOST):
                    await Race(both, tight(number)).run(open_to_all)
                    if oversold(open_to_all):
                        break
    seen("places", control="no lock", rounds_until_oversold=open_to_all.rounds)
    assert not locked.wrong
    assert oversold(open_to_all)
