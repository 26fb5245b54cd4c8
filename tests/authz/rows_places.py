"""What each class of the world can book: slots in every state, and what became of bookings.

A slot's texts bear the school's canary, for the school's families may all see them; a
draft's bears ``D``, and what is by invitation ``I``.
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from backend import clock
from backend.bookings import lots
from backend.bookings.models import Booking, Mode, ScanKind, SlotKind, StandIn
from backend.bookings.operations import attendance, slots
from backend.bookings.operations.places import Ask
from backend.bookings.operations.slots import SlotPlan
from backend.database import fetch
from tests.authz.world import World, mark
from tests.bookings.verbs import asks

FAR = 80
"""So many days ahead begins the first of them: nothing else in the world is so late."""
AHEAD = ("booked", "free", "draft", "requested", "offered", "waiting", "draw", "invited")
"""Slots to come, a day apart. ``booked`` has a search for a stand-in."""


async def fill(world: World) -> None:
    """Let each class have its slots; its parent books them."""
    for place in list(world.places.values()):
        for number, name in enumerate(AHEAD):
            await _slot(world, place, name, clock.now() + timedelta(days=FAR + number))
        for name in ("booked", "offered", "waiting", "requested", "draw"):
            await _book(world, place, name)
        await slots.set_capacity(place.offered_slot, 1, by=world.people[place.teacher])
        await _drawing(world, place)
        await _now(world, place)
        await _stand_in(world, place)
        phone = world.phones[place.parent]
        feed = await _done(phone.put("/me/calendar-feed"))
        place.calendar_file = feed["url"].rpartition("/")[2]


def _more(world: World, place: SimpleNamespace, name: str, begins: datetime) -> dict[str, Any]:
    """Return what is special about a slot."""
    return {
        "free": {"capacity": 3},
        "draft": {"title": mark(f"{place.realm}D", "岗"), "is_open": False},
        "requested": {"needs_approval": True},
        "offered": {"capacity": 0},
        "waiting": {"capacity": 0},
        "draw": {"mode": Mode.DRAW, "closes_at": begins - timedelta(days=5)},
        "drawing": {
            "mode": Mode.DRAW,
            "opens_at": clock.now() - timedelta(days=3),
            "closes_at": clock.now() - timedelta(minutes=15),
        },
        "invited": {
            "kind": SlotKind.SESSION,
            "title": mark(f"{place.realm}I", "邀"),
            "mode": Mode.INVITED,
            "invited": [world.people[place.parent]],
        },
    }.get(name, {})


async def _slot(world: World, place: SimpleNamespace, name: str, begins: datetime) -> None:
    """Make a slot for the families of a class, which its class teacher organises."""
    school = place.realm[:2]
    plan = {
        "id": uuid4(),
        "school_id": place.school_id,
        "kind": SlotKind.SHIFT,
        "title": mark(school, "岗"),
        "place": mark(school, "门"),
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=1),
        "capacity": 1,
        "open_to": [place.class_id],
        "organiser_id": world.people[place.teacher],
        # A teacher of the class who does not answer for it keeps the door.
        "host_ids": [world.people["subject_teacher"]] if place.realm == "A1X" else [],
        "is_open": True,
    } | _more(world, place, name, begins)
    made = await slots.create(SlotPlan(**plan))
    setattr(place, f"{name}_slot", made.id)


async def _book(world: World, place: SimpleNamespace, name: str) -> None:
    slot_id = getattr(place, f"{name}_slot")
    booked = await _done(world.phones[place.parent].put(f"/slots/{slot_id}/booking", json={}))
    setattr(place, f"{name}_booking", booked["id"])


async def _drawing(world: World, place: SimpleNamespace) -> None:
    """A draw that has closed a quarter of an hour ago, entered by the parent yesterday."""
    await _slot(world, place, "drawing", clock.now() + timedelta(days=FAR + 10))
    ask = Ask(slot=place.drawing_slot, person=world.people[place.parent], reach=[place.class_id])
    yesterday = clock.now() - timedelta(days=1)
    await fetch("SELECT * FROM take_places($1::text::jsonb, $2)", asks(ask), yesterday)
    closed = (await _slot_row(place.drawing_slot))["closes_at"]
    place.draw_source = lots.beacon(closed + lots.BEACON_AFTER).text


async def _slot_row(slot_id: UUID) -> dict[str, Any]:
    return (await fetch("SELECT * FROM slots WHERE id = $1", slot_id))[0]


async def _now(world: World, place: SimpleNamespace) -> None:
    """Two doors that are open now: at one the parent is expected, at the other checked in."""
    parent, teacher = world.people[place.parent], world.people[place.teacher]
    for name, begins in (("door", 20), ("inside", -55)):
        await _slot(world, place, name, clock.now() + timedelta(minutes=begins))
        slot_id = getattr(place, f"{name}_slot")
        # Whatever else they do at this hour: the organiser has put them there.
        booked = await _placed(slot_id, parent, teacher)
        setattr(place, f"{name}_booking", booked)
    booking = await Booking.get(id=place.inside_booking)
    await attendance.by_hand(booking, ScanKind.IN, None, by=teacher)


async def _placed(slot_id: UUID, person: UUID, by: UUID) -> UUID:
    ask = Ask(slot=slot_id, person=person, organiser=by)
    yesterday = clock.now() - timedelta(days=1)
    rows = await fetch("SELECT * FROM take_places($1::text::jsonb, $2)", asks(ask), yesterday)
    assert rows[0]["outcome"] == "ok"
    return (await Booking.get(slot_id=slot_id, person_id=person)).id


async def _stand_in(world: World, place: SimpleNamespace) -> None:
    """The parent looks for somebody; of the own class the chair has offered."""
    note = {"note": mark(place.realm, "替")}
    url = f"/slots/{place.booked_slot}/booking/stand-in"
    await _done(world.phones[place.parent].put(url, json=note))
    place.stand_in_id = (await StandIn.get(slot_id=place.booked_slot)).id
    if place.realm == "A1X":
        await _done(world.phones["chair"].put(f"/stand-ins/{place.stand_in_id}/offer"))


async def _done(sent: Any) -> Any:
    """Await an answer that must be a success; returns its body."""
    answer = await sent
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
