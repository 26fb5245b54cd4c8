"""A school office at work: uploads a workbook, waits for the reader, applies, undoes."""

from typing import Any, NamedTuple
from uuid import UUID

import httpx

from backend.database import fetch
from backend.roster import jobs
from tests.house import Visitor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ADMIN = "许建安"
OTHER_ADMIN = "何清越"


class Office(NamedTuple):
    """The administrator of an empty school, signed in."""

    admin: Visitor
    school: UUID


async def hand_in(
    admin: Visitor, school_id: UUID, file: bytes, *, mode: str = "merge", **headers: str
) -> httpx.Response:
    """Upload a workbook."""
    return await admin.post(
        f"/schools/{school_id}/roster-imports",
        files={"file": ("名单.xlsx", file, XLSX)},
        data={"mode": mode},
        headers=headers,
    )


async def read(
    admin: Visitor, school_id: UUID, file: bytes, *, mode: str = "merge"
) -> dict[str, Any]:
    """Upload a workbook, let a worker read it, and return the import."""
    answer = await hand_in(admin, school_id, file, mode=mode)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "queued"
    assert await jobs.read_waiting() == 1
    shown = await admin.get(f"/roster-imports/{answer.json()['id']}")
    assert shown.status_code == 200, shown.text
    found: dict[str, Any] = shown.json()
    return found


async def apply(admin: Visitor, import_id: str) -> httpx.Response:
    return await admin.put(f"/roster-imports/{import_id}/application")


async def undo(admin: Visitor, import_id: str) -> httpx.Response:
    return await admin.delete(f"/roster-imports/{import_id}/application")


async def brought_in(
    admin: Visitor, school_id: UUID, file: bytes, *, mode: str = "merge"
) -> dict[str, Any]:
    """Upload, read and apply a workbook."""
    found = await read(admin, school_id, file, mode=mode)
    assert found["state"] == "ready", found["faults"]
    answer = await apply(admin, found["id"])
    assert answer.status_code == 200, answer.text
    applied: dict[str, Any] = answer.json()
    return applied


async def everything() -> dict[str, list[str]]:
    """Return all rows an import may touch, so that two moments can be compared."""
    tables = (
        "grades", "classes", "persons", "students", "enrolments", "guardianships", "standings",
    )  # fmt: skip
    return {
        table: [
            row["line"]
            for row in await fetch(f"SELECT to_jsonb(t)::text AS line FROM {table} t ORDER BY id")
        ]
        for table in tables
    }


async def pupils_at(school_id: UUID) -> dict[str, tuple[str, str]]:
    """Return the school's pupils by number, each with name and class."""
    rows = await fetch(
        """
        SELECT s.number, s.name, g.name || c.name AS class FROM students s
        JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
        JOIN classes c ON c.id = e.class_id JOIN grades g ON g.id = c.grade_id
        WHERE s.school_id = $1 AND s.left_at IS NULL
        """,
        school_id,
    )
    return {row["number"]: (row["name"], row["class"]) for row in rows}
