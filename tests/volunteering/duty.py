"""Standing on duty: shifts that run now, logs and findings, hours that were served."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from backend import clock
from backend.database import execute
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.media.phones import PHOTO
from tests.volunteering.stories import a_shift, booked, volunteers

HOUR = timedelta(hours=1)


async def run_from(shift_id: str, starts_at: datetime, state: str = "checked_in") -> None:
    """Let a shift of two hours begin at ``starts_at``, with its volunteers in that state."""
    slot, ends_at = UUID(shift_id), starts_at + 2 * HOUR
    await execute(
        "UPDATE slots SET starts_at = $2, ends_at = $3, opens_at = $2, closes_at = $2, "
        "cancel_until = $2 WHERE id = $1",
        slot,
        starts_at,
        ends_at,
    )
    await execute(
        "UPDATE bookings SET state = $4, starts_at = $2, ends_at = $3, may_overlap = true, "
        "checked_in_at = $5 "
        "WHERE slot_id = $1 AND state IN ('confirmed', 'checked_in', 'completed', 'no_show')",
        slot,
        starts_at,
        ends_at,
        state,
        None if state == "confirmed" else starts_at,
    )


async def on_duty(
    as_: SignIn, cast: Cast, *names: str, duty: str = "patrol", place: str = "东门"
) -> str:
    """Let volunteers stand on duty now, begun half an hour ago; returns the shift's id."""
    admin = await as_("许建安")
    if duty in ("guidance", "mediation"):
        shift = await a_shift(admin, cast, duty, place=place)
        for name in names:
            await volunteers(as_, cast, name, duties=[duty])
        await booked(as_, shift, *names)
        await execute(
            "UPDATE bookings SET state = 'confirmed' WHERE slot_id = $1", UUID(shift["slot"]["id"])
        )
    else:
        shift = await a_shift(admin, cast, duty, place=place)
        for name in names:
            await volunteers(as_, cast, name)
        await booked(as_, shift, *names)
    shift_id: str = shift["slot"]["id"]
    await run_from(shift_id, clock.now() - HOUR / 2)
    return shift_id


def finding(text: str = "三楼楼梯扶手松动", **more: Any) -> dict[str, Any]:
    """Return something found, with a key of its own."""
    return {"key": str(uuid4()), "text": text, "severity": "medium", "place": "三号楼", **more}


async def photo_of(phone: Visitor, shift_id: str) -> str:
    """Hand in a photo on duty; returns its id."""
    answer = await phone.post(
        f"/shifts/{shift_id}/photos", files={"file": ("扶手.jpg", PHOTO, "image/jpeg")}
    )
    assert answer.status_code == 201, answer.text
    photo_id: str = answer.json()["id"]
    return photo_id


async def report(phone: Visitor, shift_id: str, *findings: dict[str, Any]) -> list[dict[str, Any]]:
    """Write a first log with these findings; returns them as the log shows them."""
    answer = await phone.put(
        f"/shifts/{shift_id}/duty-log", json={"version": 0, "findings": list(findings)}
    )
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["findings"]
    return shown


async def served_minutes(
    as_: SignIn, cast: Cast, name: str, minutes: int, begun: datetime, duty: str = "patrol"
) -> None:
    """Let somebody have served so long on a shift that began then."""
    admin = await as_("许建安")
    await volunteers(as_, cast, name)
    shift = await a_shift(admin, cast, duty)
    await booked(as_, shift, name)
    await run_from(shift["slot"]["id"], begun, "completed")
    await execute(
        "UPDATE bookings SET minutes = $2 WHERE slot_id = $1", UUID(shift["slot"]["id"]), minutes
    )
    await execute("UPDATE slots SET state = 'closed' WHERE id = $1", UUID(shift["slot"]["id"]))
