"""One person and several slots at the same instant: never in two places, never in a ring."""

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend import clock
from backend.bookings.operations import places, slots
from backend.bookings.operations.places import Ask
from backend.bookings.rules import Collides
from backend.database import fetch
from tests.bookings.invariants import broken
from tests.bookings.schedules import Act, Stage, stage
from tests.bookings.verbs import NOON, ORGANISER, Verbs, a_school, a_slot, families

BEGINS = NOON + timedelta(days=10)


@pytest.fixture
async def verbs(db: None, monkeypatch: pytest.MonkeyPatch) -> Verbs:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return Verbs(await a_school())


@pytest.fixture
async def actors(db: None, dsn: str) -> AsyncIterator[Stage]:
    async with stage(dsn) as three:
        yield three


def taking(verbs: Verbs, who: UUID, *wanted: UUID) -> Act:
    """A plan: all of these slots, or none."""
    asks = [Ask(slot=slot, person=who, reach=[verbs.school]) for slot in wanted]
    return lambda: places.take_all(asks)


async def engagements(who: UUID) -> int:
    rows = await fetch(
        "SELECT 1 FROM bookings WHERE person_id = $1 "
        "AND state IN ('requested', 'confirmed', 'offered', 'checked_in')",
        who,
    )
    return len(rows)


async def test_two_places_taken_while_a_third_is_offered_are_one_engagement(
    verbs: Verbs, actors: Stage
) -> None:
    for order in itertools.permutations(range(3)):
        for doomed in (False, True):
            one, other, third = [await a_slot(verbs.school, BEGINS) for _ in range(3)]
            holder, parent = families(2)
            await verbs.take(third, holder)
            await verbs.take(third, parent)
            acts: list[Act] = [
                taking(verbs, parent, one),
                taking(verbs, parent, other),
                lambda third=third, who=holder: places.cancel(third, who, by=who),  # type: ignore[misc]
            ]
            first, *others = [acts[n] for n in order]
            length = await actors.length(first)
            await actors.play(first, others, length - 1, doomed=doomed)
            assert await engagements(parent) == 1
            for slot in (one, other, third):
                await verbs.tidy(slot)
            assert await broken(fetch, NOON) == []


async def test_plans_that_name_the_same_slots_in_opposite_orders_do_not_meet_in_a_ring(
    verbs: Verbs, actors: Stage
) -> None:
    one = await a_slot(verbs.school, BEGINS, capacity=20)
    other = await a_slot(verbs.school, BEGINS + timedelta(days=1), capacity=20)
    for after in range(1, 5):
        first, second, third = families(3)
        await actors.play(
            taking(verbs, first, one, other),
            [taking(verbs, second, other, one), taking(verbs, third, one, other)],
            after,
        )
        for who in (first, second, third):
            assert await engagements(who) == 2
    assert await broken(fetch, NOON) == []


async def test_a_slot_moved_onto_a_place_just_taken_keeps_both_and_fails_nobody(
    verbs: Verbs, actors: Stage
) -> None:
    for turn, doomed in itertools.product((0, 1), (False, True)):
        moved = await a_slot(verbs.school, BEGINS)
        wished = await a_slot(verbs.school, BEGINS + timedelta(days=1))
        (parent,) = families(1)
        await verbs.take(moved, parent)
        begins = BEGINS + timedelta(days=1)
        acts: list[Act] = [
            taking(verbs, parent, wished),
            lambda moved=moved, begins=begins: slots.move(  # type: ignore[misc]
                moved, begins, begins + timedelta(hours=2), "西门", by=ORGANISER
            ),
        ]
        first, other = acts[turn], acts[1 - turn]
        length = await actors.length(first)
        outcomes = await actors.play(first, [other], length - 1, doomed=doomed)
        if turn == 1 and not doomed:
            assert isinstance(outcomes[1], Collides)
        assert await broken(fetch, NOON) == []


async def test_two_slots_moved_onto_each_other_at_once_fail_nobody(
    verbs: Verbs, actors: Stage
) -> None:
    pair = [await a_slot(verbs.school, BEGINS + timedelta(days=n), capacity=9) for n in (0, 1)]
    for who in families(6):
        for slot in pair:
            await verbs.take(slot, who)
    begins = BEGINS + timedelta(days=5)

    def moving(slot: UUID) -> Act:
        return lambda: slots.move(slot, begins, begins + timedelta(hours=2), "", by=ORGANISER)

    length = await actors.length(moving(pair[0]))
    await actors.play(moving(pair[0]), [moving(pair[1])], length - 1)
    assert await broken(fetch, NOON) == []
    rows = await fetch("SELECT count(*) FILTER (WHERE may_overlap) AS both FROM bookings")
    assert rows[0]["both"] == 6


async def giving_back(verbs: Verbs, who: UUID, wanted: list[UUID], *, held: bool) -> None:
    if held:
        await slots.hold(wanted)
    for slot in wanted:
        await places.cancel(slot, who, by=ORGANISER)


async def leaving(verbs: Verbs, actors: Stage, *, held: bool) -> None:
    """Somebody's two places are given back; the next on the first is just taking the second."""
    pair = sorted([uuid4(), uuid4()])
    for n, slot in enumerate(pair):
        await a_slot(verbs.school, BEGINS + timedelta(days=n), id=slot, capacity=2)
    leaver, other, waiting = families(3)
    for slot in pair:
        await verbs.take(slot, leaver)
    await verbs.take(pair[0], other)
    await verbs.take(pair[0], waiting)
    # BEGIN, with the slots held or a savepoint, and the first place given back.
    await actors.play(
        lambda: giving_back(verbs, leaver, pair, held=held), [taking(verbs, waiting, pair[1])], 3
    )
    assert await engagements(waiting) == 2
    assert await broken(fetch, NOON) == []


async def test_giving_back_several_places_meets_nobody_in_a_ring(
    verbs: Verbs, actors: Stage
) -> None:
    await leaving(verbs, actors, held=True)


async def test_control_several_verbs_without_holding_their_slots_first_meet_in_a_ring(
    verbs: Verbs, actors: Stage
) -> None:
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await leaving(verbs, actors, held=False)


async def test_calling_off_all_that_shares_a_limit_meets_nobody_in_a_ring(
    verbs: Verbs, actors: Stage
) -> None:
    room = await slots.create_quota(verbs.school, "报告厅", 9)
    pair = sorted([uuid4(), uuid4()])
    for n, slot in enumerate(pair):
        begins = BEGINS + timedelta(days=n)
        await a_slot(verbs.school, begins, id=slot, capacity=9, quota_ids=[room.id])
    early, late = families(2)
    await verbs.take(pair[0], early)

    async def call_off() -> None:
        await slots.hold(pair)
        for slot in pair:
            await slots.call_off(slot, "台风", by=ORGANISER)

    length = await actors.length(call_off)
    for after in range(2, length):
        await actors.play(call_off, [taking(verbs, late, pair[1])], after, doomed=True)
        await verbs.cancel(pair[1], late)
    assert await broken(fetch, NOON) == []
