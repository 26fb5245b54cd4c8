"""Everything that may happen to a slot, run into everything else, in all orders.

One operation is stopped before its end with its locks held, another runs into it, then
both finish. Whatever comes of it, the invariants hold, nobody waits for good and the
database never has to break a ring. ``RACES=full`` stops at every statement.
"""

import itertools
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend import clock
from backend.database import fetch
from tests.bookings.invariants import broken
from tests.bookings.sabotage import NO_LOCK, sabotaged
from tests.bookings.scenes import NEAR, SCENES, Scene
from tests.bookings.schedules import Stage, stage
from tests.bookings.verbs import a_school

FULL = os.environ.get("RACES") == "full"
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRIPLES = ("take", "cancel", "accept", "expire", "grow")


@pytest.fixture
async def school(db: None) -> UUID:
    return await a_school()


@pytest.fixture
async def actors(db: None, dsn: str) -> AsyncIterator[Stage]:
    async with stage(dsn) as three:
        yield three


class Playbill:
    """Plays schedules, each on a scene of its own, and judges them together at the end."""

    def __init__(self, actors: Stage, school: UUID, kind: str) -> None:
        self.actors, self.school = actors, school
        self.build, self.acts = SCENES[kind]
        self.labels: dict[str, str] = {}
        self.failed: list[str] = []
        self.scenes: list[Scene] = []

    async def lengths(self) -> dict[str, int]:
        """Return how many statements each act is."""
        found = {}
        for name, act in self.acts.items():
            scene = await self.build(self.school)
            found[name] = await self.actors.length(lambda act=act, scene=scene: act(scene))  # type: ignore[misc]
        return found

    async def play(self, names: Sequence[str], after: int, *, doomed: bool = False) -> None:
        scene = await self.build(self.school)
        self.scenes.append(scene)
        fate = " and undone" if doomed else ""
        label = f"{names[0]}, stopped after {after}{fate}, met by {' and '.join(names[1:])}"
        self.labels[str(scene.slot)] = label
        first, *others = [self._bound(name, scene) for name in names]
        try:
            await self.actors.play(first, others, after, doomed=doomed)
        except Exception as error:  # noqa: BLE001 - every surprise belongs into the report
            self.failed.append(f"{label}: {error!r}")

    def _bound(self, name: str, scene: Scene) -> Callable[[], Any]:
        return lambda: self.acts[name](scene)

    async def verdict(self) -> list[str]:
        """Return everything that went wrong, by schedule."""
        for scene in self.scenes:
            await scene.verbs.tidy(scene.slot)
        sentences = await broken(fetch, self.scenes[0].verbs.now)
        if sentences:
            rows = await fetch("SELECT id, slot_id FROM bookings")
            slot_of = {str(row["id"]): str(row["slot_id"]) for row in rows}
            for sentence in sentences:
                ids = UUIDS.findall(sentence)
                slots = [slot_of.get(one, one) for one in ids]
                found = next((self.labels[s] for s in slots if s in self.labels), "?")
                self.failed.append(f"{found}: {sentence}")
        return self.failed


def stops(length: int) -> Sequence[int]:
    """Return after how many statements to stop an act of so many.

    It holds nothing before its first statement, which follows BEGIN or, where the operation
    has a transaction of its own, a savepoint; what it may ever hold, it holds before the end.
    """
    if FULL:
        return range(2, length)
    return [length - 1] if length <= 5 else [3, length - 1]


@pytest.mark.parametrize("kind", list(SCENES))
async def test_any_two_that_meet_leave_everything_in_order(
    actors: Stage, school: UUID, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    bill = Playbill(actors, school, kind)
    now: datetime = (await bill.build(school)).verbs.now
    monkeypatch.setattr(clock, "now", lambda: now)
    lengths = await bill.lengths()
    for first, other in itertools.product(bill.acts, repeat=2):
        for after in stops(lengths[first]):
            await bill.play((first, other), after)
        if FULL:
            await bill.play((first, other), lengths[first] - 1, doomed=True)
    wrong = await bill.verdict()
    assert not wrong, "\n".join(wrong)
    assert len(bill.scenes) >= len(bill.acts) ** 2


async def test_any_three_that_meet_leave_everything_in_order(
    actors: Stage, school: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = Playbill(actors, school, "days before")
    now: datetime = (await bill.build(school)).verbs.now
    monkeypatch.setattr(clock, "now", lambda: now)
    lengths = await bill.lengths()
    for names in itertools.permutations(TRIPLES, 3):
        for doomed in (False, True):
            await bill.play(names, lengths[names[0]] - 1, doomed=doomed)
    wrong = await bill.verdict()
    assert not wrong, "\n".join(wrong)


async def test_control_without_the_lock_whoever_taps_and_whoever_asks_get_the_same_place(
    actors: Stage, school: UUID, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = Playbill(actors, school, "near the start")
    monkeypatch.setattr(clock, "now", lambda: NEAR)
    connection = await asyncpg.connect(dsn)
    async with sabotaged(connection, NO_LOCK):
        lengths = await bill.lengths()
        await bill.play(("tap", "take"), lengths["tap"] - 1)
        wrong = await bill.verdict()
    await connection.close()
    assert any("4 of 3 places taken" in sentence for sentence in wrong)
