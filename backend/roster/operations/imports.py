"""A spreadsheet on its way into the house: handed in, read, applied, undone."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from backend.audit.operations import record
from backend.database import fetch, fetch_one, transaction
from backend.deadline import WORK, allow
from backend.errors import NotFound
from backend.roster import notify, rules
from backend.roster.models import WITHOUT_CONTENT, ImportMode, ImportState, RosterImport
from backend.roster.queries import applying, reporting, staging, undoing
from backend.roster.queries.reporting import Counts, Samples
from backend.roster.spreadsheet.rows import Fault, Reading, Roster
from backend.schools.models import School

FAULTS_KEPT = 500
"""Faults shown in the app; the error workbook has them all."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the preview says of an import, kept with it.

    ``faults`` counts them all, also those not kept.
    """

    faults: int = 0
    warnings: list[Fault] = []
    counts: Counts | None = None
    samples: Samples | None = None


class _Rehearsed(Exception):
    """Carries the outcome of a rehearsal out of the transaction that is rolled back."""

    def __init__(self, counts: Counts, samples: Samples) -> None:
        super().__init__()
        self.counts = counts
        self.samples = samples


async def upload(
    school_id: UUID,
    uploader_id: UUID | None,
    filename: str,
    data: bytes,
    *,
    mode: ImportMode = ImportMode.MERGE,
) -> RosterImport:
    """Take a workbook in; a worker reads it next.

    The same file again is a new import, whose preview then shows no changes. Raises
    :class:`rules.FileEmpty` and :class:`rules.FileTooLarge`.
    """
    if not data:
        raise rules.FileEmpty
    if len(data) > rules.LARGEST_FILE:
        raise rules.FileTooLarge
    async with transaction():
        roster = await RosterImport.create(
            school_id=school_id,
            uploader_id=uploader_id,
            filename=filename[-120:],
            sha256=hashlib.sha256(data).hexdigest(),
            state=ImportState.QUEUED,
            mode=mode,
            file=data,
        )
        await record(
            "roster.uploaded", "roster_import", roster.id, by=uploader_id, school_id=school_id
        )
        return roster


async def settle_reading(import_id: UUID, reading: Reading) -> RosterImport:
    """Keep what the child read: faults, or the rows with a preview of what they change."""
    if reading.faults:
        return await _settle(
            import_id,
            ImportState.FAULTY,
            faults=reading.faults,
            summary=Summary(faults=len(reading.faults)),
        )
    roster = await RosterImport.all().only(*WITHOUT_CONTENT).get(id=import_id)
    counts, samples = await _rehearse(roster, reading.roster)
    summary = Summary(warnings=reading.warnings[:FAULTS_KEPT], counts=counts, samples=samples)
    rows = msgspec.msgpack.encode(reading.roster)
    return await _settle(import_id, ImportState.READY, rows=rows, summary=summary)


async def settle_failure(import_id: UUID, failure: str) -> RosterImport:
    """Keep why the file could not be read; ``failure`` is a key of ``rules.FAILURES``."""
    code = failure if failure in rules.FAILURES else "unreadable"
    return await _settle(import_id, ImportState.FAILED, failure=code, summary=Summary())


async def apply(import_id: UUID, by: UUID | None, now: datetime) -> RosterImport:
    """Write a read import into the house, whole or not at all; twice is once.

    Raises what :func:`rules.check_can_apply` raises, and :class:`rules.Outdated` when it
    would no longer do what the preview showed; the preview is then renewed.
    """
    allow(WORK)
    try:
        async with transaction():
            roster = await _locked(import_id)
            rules.check_can_apply(roster)
            if roster.state == ImportState.APPLIED:
                return roster
            counts = await _perform(roster, await _rows(roster.id))
            if counts != summary_of(roster).counts:
                raise _Rehearsed(counts, await reporting.samples(roster.id))
            await _tell(roster.id)
            roster.state, roster.applied_at, roster.applied_by = ImportState.APPLIED, now, by
            await roster.save(update_fields=["state", "applied_at", "applied_by"])
            await record(
                "roster.applied",
                "roster_import",
                roster.id,
                by=by,
                school_id=roster.school_id,
                counts=msgspec.to_builtins(counts),
            )
            return roster
    except _Rehearsed as changed:
        summary = msgspec.structs.replace(
            summary_of(roster), counts=changed.counts, samples=changed.samples
        )
        await RosterImport.filter(id=import_id, state=ImportState.READY).update(
            summary=msgspec.to_builtins(summary)
        )
        raise rules.Outdated from None


async def undo(import_id: UUID, by: UUID | None, now: datetime) -> RosterImport:
    """Put back every row the import touched, exactly; twice is once.

    Raises :class:`rules.NotApplied`, :class:`rules.UndoTooLate` and
    :class:`rules.BuiltUpon`.
    """
    allow(WORK)
    async with transaction():
        roster = await _locked(import_id)
        if roster.state == ImportState.UNDONE:
            return roster
        rules.check_can_undo(roster, now)
        await School.select_for_update(no_key=True).get(id=roster.school_id)
        await undoing.lock_touched(roster.id)
        changed = await undoing.changed_since(roster.id)
        built = sum(changed.values()) + await undoing.built_upon(roster.id)
        if built:
            raise rules.BuiltUpon(rows=built)
        await undoing.take_back(roster.id)
        roster.state, roster.undone_at, roster.undone_by = ImportState.UNDONE, now, by
        await roster.save(update_fields=["state", "undone_at", "undone_by"])
        await record("roster.undone", "roster_import", roster.id, by=by, school_id=roster.school_id)
        return roster


async def _rehearse(roster: RosterImport, rows: Roster) -> tuple[Counts, Samples]:
    """Do everything and take it back: the preview is what would happen, not a guess."""
    try:
        async with transaction():
            counts = await _perform(roster, rows)
            raise _Rehearsed(counts, await reporting.samples(roster.id))
    except _Rehearsed as outcome:
        return outcome.counts, outcome.samples


async def _perform(roster: RosterImport, rows: Roster) -> Counts:
    # The school is the gate: two imports of one school go one after the other.
    school = await School.select_for_update(no_key=True).get(id=roster.school_id)
    await staging.stage(
        rows,
        roster.id,
        school.id,
        school.district_id,
        whole_school=rules.whole_school(roster),
    )
    await applying.apply_staged()
    return await reporting.counts(roster.id)


async def _rows(import_id: UUID) -> Roster:
    row = await fetch_one("SELECT rows FROM roster_imports WHERE id = $1", import_id)
    if row is None or row["rows"] is None:
        raise rules.FileForgotten
    return msgspec.msgpack.decode(row["rows"], type=Roster)


async def _tell(import_id: UUID) -> None:
    children: dict[UUID, int] = {}
    for child in await reporting.guardians_of_known_children(import_id):
        children[child["class_id"]] = children.get(child["class_id"], 0) + 1
        if child["told"]:
            await notify.guardian_added(child["student_id"], child["told"], occasion=import_id)
    rows = await fetch(
        """
        SELECT class_id, array_agg(person_id) AS teachers FROM standings_in_force
        WHERE role = 'class_teacher' AND class_id = ANY($1::uuid[]) GROUP BY class_id
        """,
        sorted(children),
    )
    for row in rows:
        await notify.guardians_added_in_class(
            row["class_id"], children[row["class_id"]], row["teachers"], occasion=import_id
        )


async def _locked(import_id: UUID) -> RosterImport:
    roster = await RosterImport.select_for_update().only(*WITHOUT_CONTENT).get_or_none(id=import_id)
    if roster is None:
        raise NotFound
    return roster


def summary_of(roster: RosterImport) -> Summary:
    """Return what is kept of an import's preview."""
    return msgspec.convert(roster.summary, Summary)


async def _settle(
    import_id: UUID,
    state: ImportState,
    *,
    summary: Summary,
    rows: bytes | None = None,
    faults: list[Fault] | None = None,
    failure: str = "",
) -> RosterImport:
    async with transaction():
        roster = await _locked(import_id)
        # Another worker may have settled it after this one's lease ran out.
        if roster.state != ImportState.READING:
            return roster
        roster.state, roster.progress, roster.failure = state, 100, failure
        roster.rows, roster.leased_until = rows, None
        roster.faults = msgspec.to_builtins((faults or [])[:FAULTS_KEPT])
        roster.summary = msgspec.to_builtins(summary)
        await roster.save(
            update_fields=[
                "state", "progress", "failure", "rows", "leased_until", "faults", "summary",
            ]
        )  # fmt: skip
        return roster
