"""Settling many requests together gives what settling them one by one gives."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tortoise.exceptions import IntegrityError

from backend.bookings.operations.places import Ask
from backend.database import execute, fetch, transaction
from tests.bookings.verbs import NOON, a_school, a_slot, asks, families

BEGINS = NOON + timedelta(days=10)
TAKE = "SELECT * FROM take_places($1::text::jsonb, $2)"
BOOKINGS = """
SELECT slot_id, person_id, state, queue_no, party, takes_at_once, line::text, answers::text,
       share_id IS NULL AS shareless, starts_at, may_overlap FROM bookings ORDER BY 1, 4
"""
PLACES = "SELECT * FROM slot_places ORDER BY slot_id"
MOVES = """
SELECT slot_id, person_id, was, became, cause, by, facts::text, at, told FROM booking_moves
ORDER BY slot_id, id
"""


SETTLED: list[int] = []
"""Of each story, how many requests went together."""


async def settled_together(wanted: list[Ask]) -> int:
    """Return how many of these requests are plain."""
    rows: list[Any] = []
    try:
        async with transaction():
            encoded = msgspec.json.encode(wanted).decode()
            rows = await fetch(TAKE.replace("take_places", "take_together"), encoded, NOON)
            raise _Undone
    except _Undone:
        return len(rows)


class _Undone(Exception):
    """Takes back what was tried."""


async def outcome(calls: list[list[Ask]]) -> dict[str, Any]:
    """Return the answers and what is stored afterwards, and take it all back."""
    found: dict[str, Any] = {"answers": {}}
    try:
        async with transaction():
            for call in calls:
                encoded = msgspec.json.encode(call).decode()
                for row in await fetch(TAKE, encoded, NOON):
                    found["answers"][row["n"]] = told(row)
            for name, sql in (("bookings", BOOKINGS), ("places", PLACES), ("moves", MOVES)):
                found[name] = await fetch(sql)
            raise _Undone
    except _Undone:
        return found


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    booking = msgspec.json.decode(row["booking"]) if row["booking"] else {}
    booking.pop("id", None)
    facts = msgspec.json.decode(row["facts"]) if row["facts"] else None
    return row["outcome"], facts, booking, row["ahead"], row["free"]


async def scene(school: UUID, dice: random.Random) -> tuple[list[UUID], list[UUID]]:
    """Make slots of all kinds, some of them with people on them, and a crowd."""
    kinds: list[dict[str, Any]] = [
        {},
        {},
        {"max_party": 3},
        {"needs_approval": True},
        {"mode": "draw"},
        {"asks": ["size"]},
        {"cancel_until": NOON + timedelta(minutes=5)},
        {"opens_at": NOON + timedelta(hours=1)},
    ]
    slots, crowd = [], families(30)
    for more in [*dice.sample(kinds, 3), {}]:
        begins = BEGINS + timedelta(hours=dice.choice((0, 0, 1, 5)))
        slots.append(await a_slot(school, begins, capacity=dice.choice((0, 1, 2, 5, 9)), **more))
    earlier = crowd if dice.random() < 0.3 else families(20)
    before = [
        Ask(slot=dice.choice(slots), person=who, reach=[school])
        for who in dice.sample(earlier, dice.choice((0, 3, 12)))
    ]
    for one in before:
        await fetch(TAKE, asks(one), NOON)
    if dice.random() < 0.5:
        await execute(
            "UPDATE slot_places SET capacity = capacity + 1 WHERE slot_id = $1", slots[-1]
        )
    return slots, crowd


def wishes(slots: list[UUID], crowd: list[UUID], school: UUID, dice: random.Random) -> list[Ask]:
    """Return requests: mostly plain, some odd."""
    odd = dice.choice((0.0, 0.0, 0.0, 0.05, 0.3))
    desk = dice.choice(("shift",) * 5 + (None,))
    people = dice.sample(crowd, 24) if dice.random() < 0.8 else dice.choices(crowd, k=24)
    made = []
    for n, who in enumerate(people):
        ask = Ask(slot=dice.choice(slots), person=who, n=n, reach=[school])
        ask.at_once = dice.random() < 0.3
        ask.desk = desk  # type: ignore[assignment]
        if dice.random() < odd:
            change: dict[str, Any] = dice.choice(
                (
                    {"party": 2}, {"reach": []}, {"closed": [f"shift:{school}"]},
                    {"organiser": UUID(int=1)}, {"desk": "session"}, {"answers": {"size": "M"}},
                    {"slot": UUID(int=9)},
                )
            )  # fmt: skip
            for name, value in change.items():
                setattr(ask, name, value)
        made.append(ask)
    return made


async def story(seed: int) -> tuple[dict[str, Any], dict[str, Any], list[Ask]]:
    """Return what becomes of the same requests together and one by one."""
    dice, school = random.Random(seed), await a_school()
    slots, crowd = await scene(school, dice)
    wanted = wishes(slots, crowd, school, dice)
    in_turn = sorted(wanted, key=lambda ask: (ask.slot, ask.n))
    return await outcome([wanted]), await outcome([[ask] for ask in in_turn]), wanted


@pytest.mark.parametrize("seed", range(40))
async def test_together_and_one_by_one_are_the_same(db: None, seed: int) -> None:
    together, alone, wanted = await story(seed)
    # A person's second wish meets the first in the order in which the slots are settled.
    assert together == alone
    SETTLED.append(await settled_together(wanted))


def test_the_stories_above_tried_both_ways() -> None:
    assert len(SETTLED) == 0 or sum(SETTLED) > 3 * len(SETTLED)
    assert len(SETTLED) == 0 or SETTLED.count(0) < len(SETTLED) * 3 // 4


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("s.tickets + a.k,", "s.tickets + 1 + a.k,"),
        ("AND a.times = 1", ""),
        ("(p.waiting = 0 OR p.taken = p.capacity)", "true"),
        ("a.k - s.room - 1", "a.k - s.room"),
        ("AND a.desk = s.kind", ""),
    ],
)
async def test_control_a_rule_left_out_is_noticed(db: None, right: str, wrong: str) -> None:
    (row,) = await fetch("SELECT pg_get_functiondef('take_together'::regproc) AS text")
    assert right in row["text"]
    await execute(row["text"].replace(right, wrong))
    noticed = False
    try:
        for seed in range(200):
            try:
                together, alone, _ = await story(seed)
            except IntegrityError:
                noticed = True
            else:
                noticed = noticed or together != alone
            if noticed:
                break
    finally:
        await execute(row["text"])
    assert noticed


async def test_a_rush_is_settled_together_and_a_few_are_not(db: None) -> None:
    school = await a_school()
    slot, crowd = await a_slot(school, BEGINS, capacity=3), families(30)
    for many, calls in ((2, 0), (3, 1), (30, 1)):
        wanted = [
            Ask(slot=slot, person=who, n=n, reach=[school], desk="shift")  # type: ignore[arg-type]
            for n, who in enumerate(crowd[:many])
        ]
        async with transaction():
            await execute("SET LOCAL track_functions = 'all'")
            before = await _calls()
            answers = await fetch(TAKE, msgspec.json.encode(wanted).decode(), NOON)
            assert len(answers) == many
            assert await _calls() - before == calls
        await execute("DELETE FROM bookings")
        await execute("UPDATE slot_places SET taken = 0, waiting = 0, tickets = 0")


async def _calls() -> int:
    rows = await fetch("SELECT pg_stat_get_xact_function_calls('take_together'::regproc) AS n")
    return int(rows[0]["n"] or 0)
