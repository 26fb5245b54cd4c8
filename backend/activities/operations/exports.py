"""Exports: asking for a list, and making it in the background."""

import asyncio
import secrets
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.activities.models import Activity, ActivityExport, ExportState
from backend.activities.queries import registrations
from backend.audit.operations import record
from backend.bookings.models import BookingState
from backend.database import execute, transaction
from backend.media.storage import Files
from backend.media.workbook import Sheet
from backend.web.actor import Actor
from backend.web.cursors import Position

LEASE = timedelta(seconds=90)
MOST_ROWS = 5_000
KEPT = timedelta(days=1)
"""How long a finished workbook can be downloaded."""
_PAGE = 500
_STATES = {
    BookingState.REQUESTED: "待审核",
    BookingState.CONFIRMED: "已报名",
    BookingState.WAITLISTED: "候补",
    BookingState.OFFERED: "待确认递补",
    BookingState.CHECKED_IN: "已签到",
    BookingState.COMPLETED: "已参加",
    BookingState.NO_SHOW: "未到",
}
_YES_NO = {"yes": "是", "no": "否"}


async def ask_for(actor: Actor, activity: Activity, reason: str) -> ActivityExport:
    """Queue a list of the activity's registrations; the reason stays on record.

    Telephone numbers are for the organiser alone.
    """
    async with transaction():
        export = await ActivityExport.create(
            activity_id=activity.id,
            person_id=actor.person_id,
            reason=reason,
            with_phones=activity.organiser_id == actor.person_id,
            created_at=clock.now(),
        )
        await record(
            "activities.export_asked", "activity", activity.id,
            by=actor.person_id, school_id=activity.school_id, reason=reason,
            export=str(export.id), phones=export.with_phones,
        )  # fmt: skip
        return export


class LeaseLost(Exception):
    """Another worker has taken the export up meanwhile."""


async def make(export_id: UUID, attempt: int, files: Files) -> None:
    """Write the workbook of one export this worker holds on a lease, and keep its file.

    Raises :class:`LeaseLost` when the lease was too short and somebody else goes on.
    """
    export = await ActivityExport.get(id=export_id)
    activity = await Activity.get(id=export.activity_id)
    if export.file_key is not None:
        await forget_file(export.file_key, files)
    with tempfile.TemporaryDirectory(prefix="tongxing-export-") as folder:
        path = Path(folder) / "list.xlsx"
        sheet = Sheet(path, "报名名单", _columns(activity, export))
        try:
            truncated = await _fill(sheet, activity, export, attempt)
        finally:
            # Compressing thousands of rows would hold the other rounds of this process up.
            await asyncio.to_thread(sheet.close)
        data = await asyncio.to_thread(path.read_bytes)
    key = _new_key()
    # The row knows the file before the file exists: whatever happens, the sweep finds it.
    await _progress(export_id, attempt, percent=99, file_key=key)
    await files.put(key, data)
    done = await execute(
        """
        UPDATE activity_exports SET state = 'done', percent = 100, row_count = $3,
            truncated = $4, byte_size = $5, finished_at = $6, leased_until = NULL
        WHERE id = $1 AND attempts = $2 AND state = 'running'
        """,
        export_id, attempt, sheet.rows, truncated, len(data), clock.now(),
    )  # fmt: skip
    if not done:
        await forget_file(key, files)
        raise LeaseLost


async def settle_failure(export_id: UUID) -> None:
    """Give an export up; whoever asked for it sees so."""
    await execute(
        "UPDATE activity_exports SET state = 'failed', finished_at = $2, leased_until = NULL "
        "WHERE id = $1 AND state = 'running'",
        export_id,
        clock.now(),
    )


async def forget_file(key: str, files: Files) -> None:
    """Delete a file that may be gone already."""
    try:
        await files.delete(key)
    except FileNotFoundError:
        return


async def sweep(files: Files, *, most: int = 200) -> int:
    """Delete workbooks a day old; what was asked for and why stays. Returns how many went."""
    old = await ActivityExport.filter(
        file_key__not_isnull=True,
        created_at__lt=clock.now() - KEPT,
        state__in=[ExportState.DONE, ExportState.FAILED],
    ).limit(most)
    for export in old:
        assert export.file_key is not None
        await forget_file(export.file_key, files)
        await execute(
            "UPDATE activity_exports SET file_key = NULL WHERE id = $1 AND file_key = $2",
            export.id,
            export.file_key,
        )
    return len(old)


def _new_key() -> str:
    """Return a key nobody can guess, in the folders the other files are spread over."""
    chance = secrets.token_hex(24)
    return f"{chance[:2]}/{chance}.xlsx"


def _columns(activity: Activity, export: ActivityExport) -> list[tuple[str, int]]:
    return [
        ("场次", 24), ("时间", 24), ("地点", 16), ("状态", 12), ("家长", 12),
        *([("手机号", 16)] if export.with_phones else []),
        ("孩子", 16), ("班级", 16), ("人数", 6),
        *((question["label"], 20) for question in activity.questions),
        ("报名时间", 18), ("签到时间", 18),
    ]  # fmt: skip


async def _fill(sheet: Sheet, activity: Activity, export: ActivityExport, attempt: int) -> bool:
    """Write page after page, renewing the lease; returns whether rows had to be left out."""
    whole = max(await registrations.count(activity.id), 1)
    after: Position | None = None
    while True:
        rows = await registrations.page(
            activity.id,
            session_id=None,
            class_ids=None,
            with_phones=export.with_phones,
            after=after,
            limit=_PAGE + 1,
        )
        for row in rows[:_PAGE]:
            sheet.append(_line(row, activity, export))
        percent = min(98, sheet.rows * 98 // min(whole, MOST_ROWS))
        await _progress(export.id, attempt, percent=percent, file_key=None)
        if len(rows) <= _PAGE:
            return False
        if sheet.rows >= MOST_ROWS:
            return True
        after = Position(rows[_PAGE - 1]["starts_at"], rows[_PAGE - 1]["id"])


def _line(row: dict[str, Any], activity: Activity, export: ActivityExport) -> list[str | int]:
    children = msgspec.json.decode(row["children"])
    answers = msgspec.json.decode(row["answers"])
    return [
        row["session"],
        f"{_wall(row['starts_at'])} 至 {clock.local(row['ends_at']):%H:%M}",
        row["room"],
        _STATES[BookingState(row["state"])],
        row["adult"],
        *([row["phone"]] if export.with_phones else []),
        "、".join(child["name"] for child in children),
        "、".join(dict.fromkeys(child["class_name"] for child in children)),
        row["party"],
        *(_answer(question, answers) for question in activity.questions),
        _wall(row["created_at"]),
        _wall(row["checked_in_at"]) if row["checked_in_at"] else "",
    ]


def _answer(question: dict[str, Any], answers: dict[str, Any]) -> str:
    text = str(answers.get(question["key"], ""))
    return _YES_NO.get(text, text) if question["kind"] == "yes_no" else text


def _wall(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


async def _progress(export_id: UUID, attempt: int, *, percent: int, file_key: str | None) -> None:
    """Say how far it is and renew the lease. Raises :class:`LeaseLost`."""
    held = await execute(
        "UPDATE activity_exports SET percent = $3, leased_until = $4, "
        "file_key = coalesce($5, file_key) WHERE id = $1 AND attempts = $2 AND state = 'running'",
        export_id, attempt, percent, clock.now() + LEASE, file_key,
    )  # fmt: skip
    if not held:
        raise LeaseLost
