"""Telling stories about volunteering: what a school and its parents do, in one call each."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock
from backend.database import execute
from seed.cast import Cast
from tests.house import SignIn, Visitor


def next_weekday(days_ahead: int = 3, hour: int = 10) -> datetime:
    """Return a moment so many days ahead when the school's clock shows ``hour``."""
    local = clock.local(clock.now()) + timedelta(days=days_ahead)
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def shift_body(duty: str = "patrol", **more: Any) -> dict[str, Any]:
    """Return a shift of two hours, three days ahead."""
    starts_at = more.pop("starts_at", None) or next_weekday()
    return {"duty": duty, "startsAt": starts_at.isoformat(), "place": "东门", **more}


async def a_shift(admin: Visitor, cast: Cast, duty: str = "patrol", **more: Any) -> dict[str, Any]:
    """Make a shift at 海湾实验小学 and return it as its maker sees it."""
    answer = await admin.post(
        f"/schools/{cast.schools['海湾'].id}/shifts", json=shift_body(duty, **more)
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def volunteers(as_: SignIn, cast: Cast, *names: str, **profile: Any) -> dict[str, str]:
    """Let parents apply and the school approve them with every duty they wished for.

    Returns the id of each one's profile.
    """
    admin, school = await as_("许建安"), cast.schools["海湾"].id
    ids = {}
    for name in names:
        made = await (await as_(name)).put(f"/schools/{school}/volunteer", json=profile)
        assert made.status_code == 200, made.text
        ids[name] = made.json()["id"]
        yes = {"approved": True, "duties": profile.get("duties", [])}
        decided = await admin.put(f"/volunteers/{ids[name]}/decision", json=yes)
        assert decided.json()["state"] == "active", decided.text
    return ids


async def booked(as_: SignIn, shift: dict[str, Any], *names: str) -> None:
    """Let volunteers take a place each."""
    for name in names:
        answer = await (await as_(name)).put(f"/slots/{shift['slot']['id']}/booking", json={})
        assert answer.status_code == 200, answer.text


async def served(shift: dict[str, Any], ago: timedelta = timedelta(days=20)) -> None:
    """Put a shift into the past, with everybody who had a place having served on it."""
    slot = UUID(shift["slot"]["id"])
    begun = clock.now() - ago
    await execute(
        "UPDATE slots SET state = 'closed', starts_at = $2, "
        "ends_at = $2::timestamptz + interval '2 hours', "
        "opens_at = $2, closes_at = $2, cancel_until = $2 WHERE id = $1",
        slot,
        begun,
    )
    await execute(
        "UPDATE bookings SET state = 'completed', starts_at = $2, "
        "ends_at = $2::timestamptz + interval '2 hours', minutes = 120 WHERE slot_id = $1",
        slot,
        begun,
    )
