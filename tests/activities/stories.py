"""Telling stories about activities: what an organiser does, in one call each."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from backend import clock
from backend.activities import jobs
from backend.bookings.models import BookingState
from backend.database import execute, fetch
from seed.cast import Cast
from tests.house import Visitor

SOON = timedelta(days=5)


def session(title: str, start: int = 0, length: int = 40, **more: Any) -> dict[str, Any]:
    """Return a session that begins so many minutes after nine o'clock in five days."""
    day = clock.local(clock.now() + SOON).replace(hour=9, minute=0, second=0, microsecond=0)
    begins = day + timedelta(minutes=start)
    return {
        "title": title,
        "room": f"{title}的教室",
        "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(minutes=length)).isoformat(),
        "capacity": 3,
        **more,
    }


def open_day(cast: Cast, *sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an open day of 海湾实验小学 with one session, unless others are given."""
    return {
        "kind": "open_day",
        "title": "秋季家长开放日",
        "paragraphs": ["欢迎家长走进课堂。"],
        "nodeIds": [str(cast.schools["海湾"].id)],
        "sessions": list(sessions) or [session("数学公开课")],
        **more,
    }


async def written(
    organiser: Visitor, cast: Cast, body: dict[str, Any], school: str = "海湾"
) -> dict[str, Any]:
    answer = await write(organiser, cast, body, school)
    assert answer.status_code == 201, answer.text
    activity: dict[str, Any] = answer.json()
    return activity


async def write(
    organiser: Visitor, cast: Cast, body: dict[str, Any], school: str = "海湾"
) -> httpx.Response:
    return await organiser.post(f"/schools/{cast.schools[school].id}/activities", json=body)


async def opened(organiser: Visitor, cast: Cast, body: dict[str, Any]) -> dict[str, Any]:
    """Write and open; returns the activity as its organiser sees it."""
    draft = await written(organiser, cast, body)
    answer = await organiser.put(f"/activities/{draft['id']}/opening")
    assert answer.status_code == 200, answer.text
    activity: dict[str, Any] = answer.json()
    return activity


def named(activity: dict[str, Any], title: str) -> str:
    """Return the id of the session called ``title``."""
    return str(next(one["id"] for one in activity["sessions"] if one["title"] == title))


async def register(
    guardian: Visitor, cast: Cast, session_id: str, *children: str, **more: Any
) -> httpx.Response:
    students = [str(cast.children[child].id) for child in children]
    return await guardian.put(
        f"/sessions/{session_id}/registration", json={"studentIds": students, **more}
    )


async def seen(visitor: Visitor, activity: dict[str, Any]) -> dict[str, Any]:
    answer = await visitor.get(f"/activities/{activity['id']}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def listed(visitor: Visitor, cast: Cast, school: str = "海湾", **query: Any) -> list[Any]:
    answer = await visitor.get(f"/schools/{cast.schools[school].id}/activities", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def go_by(activity: dict[str, Any], passed: timedelta = SOON + timedelta(days=1)) -> None:
    """Let time go by for one activity: everything of it lies so much further back."""
    ids = [UUID(one["id"]) for one in activity["sessions"]]
    moved = ["starts_at", "ends_at", "opens_at", "closes_at", "cancel_until"]
    for table, key, columns in (("slots", "id", moved), ("bookings", "slot_id", moved[:2])):
        earlier = ", ".join(f"{column} = {column} - $2::interval" for column in columns)
        await execute(f"UPDATE {table} SET {earlier} WHERE {key} = ANY($1::uuid[])", ids, passed)


async def came(cast: Cast, session_id: str, *names: str) -> None:
    """Somebody at the door has checked these guardians in."""
    touched = await execute(
        "UPDATE bookings SET state = $3, checked_in_at = starts_at "
        "WHERE slot_id = $1 AND person_id = ANY($2::uuid[]) AND state = 'confirmed'",
        UUID(session_id),
        [cast.id(name) for name in names],
        BookingState.CHECKED_IN,
    )
    assert touched == len(names)


async def held(activity: dict[str, Any]) -> None:
    """The day is over, and the job has passed by."""
    await go_by(activity)
    await jobs.move_on()


async def letters(occasion: str) -> list[dict[str, Any]]:
    """Return the letters of an occasion."""
    return await fetch("SELECT * FROM post_letter WHERE occasion = $1 ORDER BY id", occasion)


async def inbox_of(cast: Cast, name: str, occasion: str) -> int:
    """Return how many letters of an occasion lie in somebody's inbox."""
    rows = await fetch(
        "SELECT 1 FROM post_inbox_item i JOIN post_letter l ON l.id = i.letter_id "
        "WHERE i.person_id = $1 AND l.occasion = $2",
        cast.id(name),
        occasion,
    )
    return len(rows)
