"""Slots in the middle of their lives, and everything that may happen to them next.

A scene is built anew for every schedule: a slot with holders, somebody with an offer, and a
queue of unequal families. Its acts are the real operations, one of which may be stopped
half way while another runs into it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from backend.bookings.models import Booking, ScanKind
from backend.bookings.operations import attendance, places, slots
from backend.bookings.operations.places import Ask
from backend.database import fetch
from tests.bookings.verbs import NOON, ORGANISER, Verbs, a_slot

BEGINS = NOON + timedelta(days=10)
NEAR = BEGINS - timedelta(minutes=20)
"""When the door is open, and a free place goes to whoever taps first."""


class Scene:
    """One slot; its people go by letters and exist from when they are first spoken of."""

    def __init__(self, school: UUID, now: datetime) -> None:
        self.verbs = Verbs(school, now)
        self.school = school
        self.slot = uuid4()
        self.people: dict[str, UUID] = {}

    def __getitem__(self, letter: str) -> UUID:
        return self.people.setdefault(letter, uuid4())

    def ask(self, letter: str, party: int = 1) -> Ask:
        return Ask(slot=self.slot, person=self[letter], party=party, reach=[self.school])

    async def booking(self, letter: str) -> UUID:
        return await self.verbs.booking(self.slot, self[letter])


Build = Callable[[UUID], Awaitable[Scene]]
Act = Callable[[Scene], Awaitable[object]]


async def days_before(school: UUID) -> Scene:
    """H, C and B hold places, V has an offer; W (two people, passed once) and U wait."""
    scene = Scene(school, NOON)
    scene.slot = await a_slot(school, BEGINS, capacity=4, max_party=3, skip_limit=1)
    first = [scene.ask(letter) for letter in "HCBX"]
    await scene.verbs.take_all(*first, scene.ask("W", 2), scene.ask("V"), scene.ask("U"))
    await scene.verbs.cancel(scene.slot, scene["X"])
    return scene


async def with_approval(school: UUID) -> Scene:
    """C is confirmed, H asks for the other place; W and V wait."""
    scene = Scene(school, NOON)
    scene.slot = await a_slot(school, BEGINS, capacity=2, needs_approval=True)
    await scene.verbs.take_all(*(scene.ask(letter) for letter in "CHWV"))
    await scene.verbs.decide(scene.slot, scene["C"], yes=True)
    return scene


async def near_the_start(school: UUID) -> Scene:
    """C and B hold places, one is free for the first tap; W and V were told."""
    scene = Scene(school, NOON)
    scene.slot = await a_slot(school, BEGINS, capacity=3)
    await scene.verbs.take_all(*(scene.ask(letter) for letter in "HCBWV"))
    scene.verbs.now = NEAR
    await scene.verbs.cancel(scene.slot, scene["H"])
    return scene


def _take(letter: str) -> Act:
    return lambda scene: scene.verbs.take_all(scene.ask(letter))


def _cancel(letter: str) -> Act:
    return lambda scene: places.cancel(scene.slot, scene[letter], by=scene[letter])


def _accept(letter: str) -> Act:
    return lambda scene: places.accept(scene.slot, scene[letter])


def _coming(letter: str) -> Act:
    return lambda scene: places.answer_coming(scene.slot, scene[letter], coming=True)


def _sweep(later: timedelta) -> Act:
    async def act(scene: Scene) -> object:
        return await fetch("SELECT tidy_slot($1, $2)", scene.slot, scene.verbs.now + later)

    return act


def _resize(capacity: int) -> Act:
    return lambda scene: slots.set_capacity(scene.slot, capacity, by=ORGANISER)


def _decide(letter: str, *, yes: bool) -> Act:
    async def act(scene: Scene) -> object:
        booking = await scene.booking(letter)
        return await places.decide(booking, approved=yes, reason="", by=ORGANISER)

    return act


def _hand_over(giver: str, taker: str) -> Act:
    return lambda scene: scene.verbs.hand_over(scene.slot, scene[giver], scene[taker])


async def _prioritise(scene: Scene) -> object:
    return await places.prioritise(await scene.booking("U"), 1, "曾被误删", by=ORGANISER)


async def _place(scene: Scene) -> object:
    return await places.place_for_another(scene.slot, scene["P"], 1, by=ORGANISER)


async def _call_off(scene: Scene) -> object:
    return await slots.call_off(scene.slot, "台风", by=ORGANISER)


async def _move(scene: Scene) -> object:
    begins = BEGINS + timedelta(days=3)
    return await slots.move(scene.slot, begins, begins + timedelta(hours=1), "西门", by=ORGANISER)


async def _check_in(scene: Scene) -> object:
    booking = await Booking.get(id=await scene.booking("B"))
    return await attendance.by_hand(booking, ScanKind.IN, None, by=ORGANISER)


ALWAYS: dict[str, Act] = {
    "take": _take("N"),
    "cancel": _cancel("C"),
    "sweep": _sweep(timedelta(0)),
    "call off": _call_off,
    "move": _move,
}
SCENES: dict[str, tuple[Build, dict[str, Act]]] = {
    "days before": (
        days_before,
        ALWAYS
        | {
            "accept": _accept("V"),
            "decline": _cancel("V"),
            "expire": _sweep(timedelta(days=2)),
            "leave the queue": _cancel("W"),
            "grow": _resize(6),
            "shrink": _resize(3),
            "hand over": _hand_over("C", "Z"),
            "hand to one who waits": _hand_over("C", "U"),
            "prioritise": _prioritise,
            "place": _place,
            "reject": _decide("W", yes=False),
            "coming": _coming("C"),
        },
    ),
    "with approval": (
        with_approval,
        ALWAYS
        | {
            "give up": _cancel("H"),
            "approve": _decide("H", yes=True),
            "reject": _decide("H", yes=False),
            "approve one who waits": _decide("W", yes=True),
            "reject one who waits": _decide("W", yes=False),
            "grow": _resize(3),
        },
    ),
    "near the start": (
        near_the_start,
        ALWAYS
        | {
            "tap": _accept("W"),
            "tap too": _accept("V"),
            "check in": _check_in,
            "coming": _coming("B"),
            "not coming": _cancel("B"),
            "end": _sweep(timedelta(days=1)),
            "grow": _resize(4),
            "hand over": _hand_over("B", "Z"),
        },
    ),
}
