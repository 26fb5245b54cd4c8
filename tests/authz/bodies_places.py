"""What the operations on slots, bookings and stand-ins are sent."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from backend import clock
from backend.bookings.tickets import signer_for
from tests.authz.rows_places import FAR
from tests.authz.world import World

ROWS = {"slot_id": "slot", "booking_id": "booking"}
"""Parameters whose variant names the row, ``booked`` unless it says otherwise."""


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the slot or booking the variant names; ``None`` for another parameter."""
    if parameter not in ROWS:
        return None
    return str(getattr(place, f"{variant or 'booked'}_{ROWS[parameter]}"))


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _door_code(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """The code that hangs at this door now."""
    signer = signer_for(world.settings.secret_key)
    codes = signer.door_codes(UUID(str(getattr(place, f"{variant}_slot"))), clock.now())
    return _json(code=codes[0].code)


def _scans(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    seen = {
        "nonce": uuid4().hex,
        "kind": "in",
        "scannedAt": clock.now().isoformat(),
        "bookingId": row_of("booking_id", place, variant),
    }
    return _json(scans=[seen])


def _times(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    begins = clock.now() + timedelta(days=FAR - 10)
    ends = begins + timedelta(hours=1)
    return _json(startsAt=begins.isoformat(), endsAt=ends.isoformat(), place="西门")


def _source(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    expected = clock.now() + timedelta(days=FAR + 4)
    return _json(publicSource="当日福彩3D开奖号码", expectedAt=expected.isoformat(), valueLength=3)


BODIES = {
    "takePlace": lambda w, p, v: _json(party=1),
    "answerComing": lambda w, p, v: _json(coming=True),
    "checkMyselfIn": _door_code,
    "checkMyselfOut": _door_code,
    "askForStandIn": lambda w, p, v: _json(note="临时有事"),
    "pickStandIn": lambda w, p, v: _json(personId=str(w.people["chair"])),
    "vetoStandIn": lambda w, p, v: _json(reason="请另找一位"),
    "setCapacity": lambda w, p, v: _json(capacity=3),
    "moveSlot": _times,
    "callOffSlot": lambda w, p, v: _json(reason="台风"),
    "placeSomebody": lambda w, p, v: _json(personId=str(w.people.get(p.parent, p.parent))),
    "decideBooking": lambda w, p, v: _json(approved=True),
    "prioritiseBooking": lambda w, p, v: _json(priority=1, reason="上次被误删"),
    "checkIn": lambda w, p, v: _json(),
    "checkOut": lambda w, p, v: _json(),
    "mergeScans": _scans,
    "holdDraw": lambda w, p, v: _json(publicSource=str(p.draw_source), publicValue="ab" * 32),
    "announceDrawSource": _source,
}
