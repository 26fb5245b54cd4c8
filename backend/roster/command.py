"""The roster for the command line: one file, from the disk to the school."""

import asyncio
from pathlib import Path

import msgspec

from backend import clock
from backend.database import execute
from backend.errors import Refusal
from backend.roster import rules
from backend.roster.models import ImportMode, ImportState, RosterImport
from backend.roster.operations import imports, reading
from backend.roster.queries.reporting import Counts
from backend.roster.spreadsheet.rows import Fault
from backend.schools.models import School


class UnknownSchool(Refusal):
    status = 404
    code = "unknown_school"
    zh = "没有代码为{school_code}的学校。"
    en = "There is no school with the code {school_code}."


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file.

    ``state`` is ``applied``, ``ready`` (checked, not applied), ``faulty`` or ``failed``;
    ``failure`` is the Chinese sentence of the latter.
    """

    import_id: str
    school: str
    state: ImportState
    counts: Counts | None
    fault_count: int
    faults: list[Fault]
    warnings: list[Fault]
    failure: str


async def import_file(
    path: Path, school_code: str, apply: bool, *, mode: ImportMode = ImportMode.MERGE
) -> Imported:
    """Check a workbook for a school, and write it into the house when ``apply``.

    What has faults is never applied. Raises :class:`UnknownSchool` and the refusals of
    :func:`imports.upload` and :func:`imports.apply`.
    """
    school = await School.get_or_none(code=school_code)
    if school is None:
        raise UnknownSchool(school_code=school_code)
    data = await asyncio.to_thread(path.read_bytes)
    handed_in = await imports.upload(school.id, None, path.name, data, mode=mode)
    # Claimed here and now, so that no worker reads it a second time.
    await execute(
        "UPDATE roster_imports SET state = 'reading', attempts = 1, "
        "leased_until = now() + interval '5 minutes' WHERE id = $1 AND state = 'queued'",
        handed_in.id,
    )
    roster = await reading.read(handed_in.id)
    if apply and roster.state == ImportState.READY:
        roster = await imports.apply(roster.id, None, clock.now())
    return _outcome(roster, school.name)


def _outcome(roster: RosterImport, school: str) -> Imported:
    summary = imports.summary_of(roster)
    return Imported(
        import_id=str(roster.id),
        school=school,
        state=ImportState(roster.state),
        counts=summary.counts,
        fault_count=summary.faults,
        faults=msgspec.convert(roster.faults, list[Fault]),
        warnings=summary.warnings,
        failure=rules.FAILURES[roster.failure][0] if roster.failure else "",
    )
