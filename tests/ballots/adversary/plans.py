"""Who will vote what, drawn by lot from a seed: known to the judge, never to the adversary."""

import random
from uuid import UUID

import msgspec

from backend.ballots.models import Method
from backend.ballots.rules.counting import Choice

VOTERS, SILENT = 60, 3
"""So many cast a ballot in each election, and so many more are entitled and do not."""
SPOILT: Choice = ("nobody-on-the-list",)
UNREADABLE: Choice = ("?",)
"""Stands for a box that no key opens."""
_CHANGES, _RETRIES, _SPOILT, _BY_HOUSE, _WAVES = 0.2, 0.15, 0.02, 0.35, 0.1
_WAVE = 6


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """One ballot on its way: ``voter`` is a place in the electorate; ``by_house`` lets the
    server seal it; ``repeats`` says that its answer got lost and it is sent again.
    """

    voter: int
    choice: Choice
    receipt: str
    attempt: UUID
    by_house: bool
    repeats: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One election; ``casts`` in the order in which they come."""

    name: str
    over_http: bool
    method: Method
    keys: tuple[str, ...]
    may_change: bool
    casts: list[Cast]


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What a voter really chose: ``choice`` is joined by commas, ``None`` when it is invalid;
    ``ballot`` is the receipt, or the id a naive design gave the ballot, or ``None``.
    """

    unit_id: str
    choice: str | None
    ballot: str | None
    changed: bool = False
    repeated: bool = False
    by_house: bool = False


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An election that was held, for the judge. ``design`` is empty for the product's own."""

    vote_id: str
    design: str
    over_http: bool
    truth: list[Truth]
    entitled: int
    replaced: list[str] = []
    """Receipts of ballots that another took the place of."""


def draw(seed: int, elections: int) -> list[Plan]:
    """Draw up the elections; three of ten are held over HTTP."""
    return [_plan(random.Random(f"{seed}/{n}"), n) for n in range(elections)]


def _plan(lots: random.Random, number: int) -> Plan:
    motion = lots.random() < 0.6
    keys = ("for", "against") if motion else ("yes", "rather-not", "bus-by-the-coast")
    options = [*keys, "abstain"]
    weights = [lots.uniform(0.15, 1) for _ in options]
    may_change = lots.random() < 0.8

    def cast(voter: int) -> Cast:
        [key] = lots.choices(options, weights)
        spoils = lots.random() < _SPOILT
        choice = lots.choice([SPOILT, UNREADABLE]) if spoils else (key,)
        return Cast(
            voter=voter,
            choice=choice,
            receipt=f"{lots.getrandbits(128):032x}",
            attempt=UUID(int=lots.getrandbits(128), version=4),
            by_house=not spoils and lots.random() < _BY_HOUSE,
            repeats=lots.random() < _RETRIES,
        )

    casts = [cast(voter) for voter in lots.sample(range(VOTERS + SILENT), VOTERS)]
    if may_change:
        for again in [cast(one.voter) for one in casts if lots.random() < _CHANGES]:
            before = next(n for n, one in enumerate(casts) if one.voter == again.voter)
            casts.insert(lots.randint(before + 1, len(casts)), again)
    return Plan(
        name=f"election {number}",
        over_http=number % 10 in (2, 5, 8),
        method=Method.MOTION if motion else Method.SINGLE,
        keys=keys,
        may_change=may_change,
        casts=casts,
    )


def interleave(lots: random.Random, plans: list[Plan]) -> list[list[tuple[int, Cast]]]:
    """Mix elections: waves of one ballot, now and then of several that arrive together.

    Each ballot comes with the place of its election; no wave has two of one voter.
    """
    turns = [n for n, plan in enumerate(plans) for _ in plan.casts]
    lots.shuffle(turns)
    coming = [iter(plan.casts) for plan in plans]
    waves: list[list[tuple[int, Cast]]] = []
    open_for = 0
    for n in turns:
        cast = next(coming[n])
        seen = {(at, one.voter) for at, one in waves[-1]} if waves else set()
        if open_for > 0 and (n, cast.voter) not in seen:
            waves[-1].append((n, cast))
        else:
            waves.append([(n, cast)])
            open_for = _WAVE if lots.random() < _WAVES else 0
        open_for -= 1
    return waves


def truth_of(plan: Plan, units: list[UUID]) -> tuple[list[Truth], list[str]]:
    """Return what each voter chose in the end, and the receipts of what was replaced."""
    last = {cast.voter: cast for cast in plan.casts}
    counts: dict[int, int] = {}
    for cast in plan.casts:
        counts[cast.voter] = counts.get(cast.voter, 0) + 1
    found = [
        Truth(
            unit_id=str(units[voter]),
            choice=None if cast.choice in (SPOILT, UNREADABLE) else ",".join(cast.choice),
            ballot=None if cast.choice == UNREADABLE else cast.receipt,
            changed=counts[voter] > 1,
            repeated=any(one.repeats for one in plan.casts if one.voter == voter),
            by_house=cast.by_house,
        )
        for voter, cast in last.items()
    ]
    counted = {cast.receipt for cast in last.values()}
    return found, [cast.receipt for cast in plan.casts if cast.receipt not in counted]
