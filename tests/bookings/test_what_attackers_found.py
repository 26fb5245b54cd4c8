"""What reading the engine for its weak spots has brought to light, each as it would be met."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend.bookings.operations import slots
from backend.bookings.operations.slots import Share
from backend.database import execute, fetch
from tests.bookings.verbs import NOON, Verbs, a_school, a_slot, families

SOON = NOON + timedelta(days=10)


@pytest.fixture
async def verbs(db: None) -> Verbs:
    return Verbs(await a_school())


async def full_slot(verbs: Verbs, capacity: int, **more: object) -> tuple[UUID, list[UUID]]:
    """Return a slot with every place taken, each by somebody of their own."""
    slot = await a_slot(verbs.school, SOON, capacity=capacity, max_party=5, **more)
    holders = families(capacity)
    for holder in holders:
        await verbs.take(slot, holder)
    return slot, holders


async def waiting(verbs: Verbs, slot: UUID, *parties: int) -> list[UUID]:
    people = families(len(parties))
    for who, party in zip(people, parties, strict=True):
        await verbs.take(slot, who, party)
        assert await verbs.state(slot, who) == "waitlisted"
    return people


async def test_a_large_family_is_not_passed_twice_in_one_go_when_once_is_the_limit(
    verbs: Verbs,
) -> None:
    slot, _ = await full_slot(verbs, 6, skip_limit=1)
    large, second, third = await waiting(verbs, slot, 3, 1, 1)
    await verbs.resize(slot, 8)
    assert await verbs.state(slot, large) == "waitlisted"
    assert await verbs.state(slot, second) == "offered"
    assert await verbs.state(slot, third) == "waitlisted"
    assert (await verbs.row(slot, large))["skipped"] == 1


async def test_a_family_larger_than_the_slot_has_become_does_not_hold_up_the_others(
    verbs: Verbs,
) -> None:
    slot, holders = await full_slot(verbs, 3)
    large, single = await waiting(verbs, slot, 3, 1)
    for holder in holders[:2]:
        await verbs.cancel(slot, holder)
    assert await verbs.state(slot, single) == "waitlisted"
    await verbs.resize(slot, 2)
    assert await verbs.state(slot, single) == "offered"
    assert await verbs.state(slot, large) == "waitlisted"


async def test_a_family_larger_than_a_shared_limit_does_not_hold_up_the_others(
    verbs: Verbs,
) -> None:
    room = await slots.create_quota(verbs.school, "接待室", 3)
    slot, holders = await full_slot(verbs, 3, quota_ids=[room.id])
    await verbs.resize(slot, 9)
    large, single = await waiting(verbs, slot, 3, 1)
    assert await verbs.take(slot, *families(1), 4) == "party_too_large"
    for holder in holders[:2]:
        await verbs.cancel(slot, holder)
    assert await verbs.state(slot, single) == "waitlisted"
    await execute("UPDATE shared_quotas SET capacity = 2 WHERE id = $1", room.id)
    await verbs.tidy(slot)
    assert await verbs.state(slot, single) == "offered"
    assert await verbs.state(slot, large) == "waitlisted"


async def test_whoever_held_up_the_queue_and_leaves_it_lets_the_next_in_at_once(
    verbs: Verbs,
) -> None:
    slot, holders = await full_slot(verbs, 3)
    large, single = await waiting(verbs, slot, 2, 1)
    await verbs.cancel(slot, holders[0])
    assert await verbs.state(slot, single) == "waitlisted"
    await verbs.cancel(slot, large)
    assert await verbs.state(slot, single) == "offered"


async def test_whoever_held_up_the_queue_and_stands_in_lets_the_next_in_at_once(
    verbs: Verbs,
) -> None:
    slot, holders = await full_slot(verbs, 3)
    large, single = await waiting(verbs, slot, 2, 1)
    await verbs.cancel(slot, holders[0])
    assert await verbs.hand_over(slot, holders[1], large) == "ok"
    assert await verbs.state(slot, single) == "offered"


async def test_a_place_given_by_the_organiser_is_a_commitment_like_any_other(
    verbs: Verbs,
) -> None:
    given, wished, third = [await a_slot(verbs.school, SOON) for _ in range(3)]
    (parent, holder) = families(2)
    await verbs.take(third, holder)
    await verbs.take(third, parent)
    assert await verbs.place(given, parent) == "ok"
    assert await verbs.take(wished, parent) == "collides"
    await verbs.cancel(third, holder)
    assert await verbs.state(third, parent) == "waitlisted"
    assert (await verbs.row(third, parent))["line"]["code"] == "collides"


async def test_moving_a_slot_lets_nobody_be_promoted_into_two_places(verbs: Verbs) -> None:
    moved = await a_slot(verbs.school, SOON)
    kept = await a_slot(verbs.school, SOON + timedelta(days=1))
    holder, parent = families(2)
    await verbs.take(moved, holder)
    await verbs.take(moved, parent)
    await verbs.take(kept, parent)
    await verbs.move(moved, SOON + timedelta(days=1))
    await verbs.cancel(moved, holder)
    assert await verbs.state(moved, parent) == "waitlisted"
    assert await verbs.state(kept, parent) == "confirmed"


async def test_a_slot_may_be_moved_before_its_booking_would_have_opened(verbs: Verbs) -> None:
    slot = await a_slot(
        verbs.school, SOON, opens_at=SOON - timedelta(days=2), closes_at=SOON - timedelta(days=1)
    )
    await verbs.move(slot, NOON + timedelta(days=2))
    row = (await fetch("SELECT * FROM slots WHERE id = $1", slot))[0]
    assert row["opens_at"] == row["closes_at"] == NOON + timedelta(days=1)


async def test_a_slot_that_is_shortened_closes_by_its_new_end(verbs: Verbs) -> None:
    slot = await a_slot(verbs.school, SOON, hours=4, closes_at=SOON + timedelta(hours=4))
    await verbs.move(slot, SOON, hours=1)
    row = (await fetch("SELECT * FROM slots WHERE id = $1", slot))[0]
    assert row["closes_at"] == row["ends_at"] == SOON + timedelta(hours=1)


async def test_a_slot_without_places_yet_has_a_queue(verbs: Verbs) -> None:
    slot = await a_slot(verbs.school, SOON, capacity=0)
    (parent,) = families(1)
    assert await verbs.take(slot, parent) == "ok"
    await verbs.resize(slot, 1)
    assert await verbs.state(slot, parent) == "offered"


async def test_a_yes_that_is_repeated_after_the_place_was_offered_is_still_a_yes(
    verbs: Verbs,
) -> None:
    slot = await a_slot(verbs.school, SOON, needs_approval=True)
    holder, parent = families(2)
    await verbs.take(slot, holder)
    await verbs.take(slot, parent)
    assert await verbs.decide(slot, parent, yes=True) == "ok"
    await verbs.cancel(slot, holder)
    assert await verbs.state(slot, parent) == "offered"
    assert await verbs.decide(slot, parent, yes=True) == "ok"
    assert await verbs.state(slot, parent) == "offered"


async def test_handing_over_a_booking_that_does_not_exist_is_refused(verbs: Verbs) -> None:
    rows = await fetch(
        "SELECT outcome FROM hand_over($1, $2, $3, $2, $4)", uuid4(), uuid4(), [verbs.school], NOON
    )
    assert rows[0]["outcome"] == "wrong_state"


async def test_the_worker_may_give_back_a_place_in_nobodys_name(verbs: Verbs) -> None:
    slot, holders = await full_slot(verbs, 1)
    await execute("SELECT cancel_place($1, $2, NULL, 'tie_ended', $3)", slot, holders[0], verbs.now)
    moves = await fetch("SELECT told FROM booking_moves WHERE slot_id = $1 ORDER BY id", slot)
    assert [move["told"] for move in moves] == [True, False]


async def test_a_share_that_could_not_be_told_from_free_room_is_used_before_it(
    verbs: Verbs,
) -> None:
    kept = Share(
        label="试验", node_ids=[verbs.school], places=1, release_at=SOON - timedelta(days=2)
    )
    slot = await a_slot(verbs.school, SOON, capacity=2, shares=[kept])
    insiders = families(3)
    for who in insiders:
        await verbs.take(slot, who)
    assert [await verbs.state(slot, who) for who in insiders] == [
        "confirmed", "confirmed", "waitlisted",
    ]  # fmt: skip
    used = await fetch("SELECT used FROM slot_shares WHERE slot_id = $1", slot)
    assert used[0]["used"] == 1


async def test_a_family_that_is_engaged_elsewhere_does_not_hold_up_the_others(
    verbs: Verbs,
) -> None:
    slot, holders = await full_slot(verbs, 3)
    large, single = await waiting(verbs, slot, 2, 1)
    await verbs.take(await a_slot(verbs.school, SOON), large)
    await verbs.cancel(slot, holders[0])
    assert await verbs.state(slot, large) == "waitlisted"
    assert (await verbs.row(slot, large))["line"]["code"] == "collides"
    assert await verbs.state(slot, single) == "offered"
