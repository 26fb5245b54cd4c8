"""Telling stories about committees: founded, seated and activated over HTTP."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

from backend import clock
from seed.cast import Cast
from tests.house import SignIn, Visitor

ADMIN = "许建安"
CLASS = "海湾/三年级/1班"


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the answer's body; the answer is the one expected."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json() if answer.content else {}
    return body


def refused(answer: httpx.Response, code: str, status: int = 409) -> dict[str, Any]:
    """Return the problem; the refusal is the one expected."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    body: dict[str, Any] = answer.json()
    return body


def term(*, begins: int = -30, days: int = 365) -> dict[str, str]:
    """Return a term of ``days`` that begins ``begins`` days from today."""
    first = today() + timedelta(days=begins)
    return {"termFrom": first.isoformat(), "termUntil": (first + timedelta(days=days)).isoformat()}


def today() -> date:
    return clock.local(clock.now()).date()


async def found(
    as_: SignIn,
    admin: str,
    school_id: UUID | str,
    *,
    level: str = "class",
    kind: str = "parent_committee",
    grade_id: UUID | str | None = None,
    class_id: UUID | str | None = None,
    name: str = "家长委员会",
    **more: Any,
) -> dict[str, Any]:
    """Found a draft body of a school; returns it as the administrator reads it."""
    body = {
        "kind": kind,
        "level": level,
        "gradeId": str(grade_id) if grade_id else None,
        "classId": str(class_id) if class_id else None,
        "name": name,
        **term(),
        **more,
    }
    client = await as_(admin)
    return ok(await client.post(f"/schools/{school_id}/bodies", json=body), 201)


async def seat(
    as_: SignIn,
    admin: str,
    body_id: UUID | str,
    person_id: UUID | str,
    *,
    role: str = "member",
    constituency: str = "parent",
    until: str = "serving",
    **more: Any,
) -> dict[str, Any]:
    """Give somebody a seat, by default one that serves at once."""
    body = {
        "personId": str(person_id),
        "role": role,
        "constituency": constituency,
        "until": until,
        **more,
    }
    client = await as_(admin)
    return ok(await client.post(f"/bodies/{body_id}/seats", json=body), 201)


async def activate(as_: SignIn, admin: str, body_id: UUID | str) -> dict[str, Any]:
    """Let a body begin."""
    return ok(await (await as_(admin)).put(f"/bodies/{body_id}/activation"))


async def active_committee(
    as_: SignIn,
    cast: Cast,
    chair: str = "周婷",
    *members: str,
    admin: str = ADMIN,
    school: str = "海湾",
    level: str = "class",
    grade: str | None = None,
    class_: str | None = CLASS,
    secretary: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an active parent committee, by default of class 三年级1班, as the admin reads it.

    ``chair``, ``members`` and ``secretary`` are people of the cast with a child there. For
    ``level="grade"`` name ``grade`` ("海湾/三年级"), for ``level="school"`` nothing.
    """
    body = await found(
        as_,
        admin,
        cast.schools[school].id,
        level=level,
        grade_id=cast.grades[grade].id if level == "grade" and grade else None,
        class_id=cast.classes[class_].id if level == "class" and class_ else None,
        **more,
    )
    await seat(as_, admin, body["id"], cast.id(chair), role="chair")
    if secretary is not None:
        await seat(as_, admin, body["id"], cast.id(secretary), role="secretary")
    for name in members:
        await seat(as_, admin, body["id"], cast.id(name))
    return await activate(as_, admin, body["id"])


def seat_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a person's seat in a body as read with its members."""
    named: list[dict[str, Any]] = [one for one in body["members"] if one["name"] == name]
    assert len(named) == 1, body["members"]
    return named[0]


async def get(visitor: Visitor, body: dict[str, Any]) -> dict[str, Any]:
    """Read a body again."""
    return ok(await visitor.get(f"/bodies/{body['id']}"))
