"""Reading a workbook: the child's work, and what is kept of it."""

import asyncio
from contextlib import suppress
from uuid import UUID

import msgspec
import structlog

from backend import sandbox
from backend.database import fetch, fetch_one
from backend.roster import rules
from backend.roster.models import RosterImport
from backend.roster.operations import imports
from backend.roster.spreadsheet import corrections, parsing
from backend.roster.spreadsheet.rows import House, Reading, Workbook

log = structlog.get_logger("roster")

_PROGRESS_EVERY = 0.3


async def read(import_id: UUID) -> RosterImport:
    """Have a claimed import read by a child and keep the outcome, whatever it is."""
    workbook = await workbook_of(import_id)
    try:
        answer = await _in_child(import_id, workbook)
    except sandbox.SandboxRefused as refused:
        log.info("roster_refused", roster_import=str(import_id), code=refused.code)
        return await imports.settle_failure(import_id, refused.code)
    except sandbox.SandboxKilled as killed:
        log.warning("roster_reader_killed", roster_import=str(import_id), reason=killed.reason)
        code = "unreadable" if killed.reason == "crash" else "too_heavy"
        return await imports.settle_failure(import_id, code)
    return await imports.settle_reading(import_id, msgspec.msgpack.decode(answer, type=Reading))


async def workbook_of(import_id: UUID) -> Workbook:
    """Return the import's file with what its school has now.

    Raises :class:`backend.roster.rules.FileForgotten`.
    """
    row = await fetch_one(
        "SELECT school_id, file FROM roster_imports WHERE id = $1 AND file IS NOT NULL", import_id
    )
    if row is None:
        raise rules.FileForgotten
    classes = await fetch(
        """
        SELECT g.name AS grade, c.name FROM classes c JOIN grades g ON g.id = c.grade_id
        WHERE c.school_id = $1 ORDER BY g.position, c.name
        """,
        row["school_id"],
    )
    numbers = await fetch(
        "SELECT number FROM students WHERE school_id = $1 AND left_at IS NULL", row["school_id"]
    )
    house = House(
        [(line["grade"], line["name"]) for line in classes], [line["number"] for line in numbers]
    )
    return Workbook(row["file"], house)


async def write_corrections(import_id: UUID) -> bytes:
    """Return the error workbook of an import, written by a child.

    Raises what :func:`workbook_of` and :func:`backend.sandbox.run` raise.
    """
    return await sandbox.run(
        corrections.TARGET,
        msgspec.msgpack.encode(await workbook_of(import_id)),
        memory=parsing.MEMORY,
        cpu_seconds=parsing.CPU_SECONDS,
        wall_seconds=parsing.WALL_SECONDS,
    )


async def _in_child(import_id: UUID, workbook: Workbook) -> bytes:
    percent = 0

    def note(facts: sandbox.Facts) -> None:
        nonlocal percent
        if isinstance(reported := facts.get("percent"), int):
            percent = max(percent, min(reported, 90))

    async def report() -> None:
        shown = 0
        while True:
            await asyncio.sleep(_PROGRESS_EVERY)
            if percent != shown:
                shown = percent
                await RosterImport.filter(id=import_id).update(progress=shown)

    reporting = asyncio.ensure_future(report())
    try:
        return await sandbox.run(
            parsing.TARGET,
            msgspec.msgpack.encode(workbook),
            memory=parsing.MEMORY,
            cpu_seconds=parsing.CPU_SECONDS,
            wall_seconds=parsing.WALL_SECONDS,
            on_progress=note,
        )
    finally:
        reporting.cancel()
        with suppress(asyncio.CancelledError):
            await reporting
