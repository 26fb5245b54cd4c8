"""Writing a duty log, and a school's own checklists."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.database import transaction
from backend.identifiers import uuid7
from backend.volunteering.models import ChecklistItem, DutyLog
from backend.volunteering.operations import findings
from backend.volunteering.operations.kinds import check_known
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules import logs as rules


async def checklist_of(school_id: UUID, duty: str) -> list[rules.Item]:
    """Return the school's list for a duty, or the built-in one."""
    rows = await ChecklistItem.filter(school_id=school_id, duty=duty).order_by("position", "id")
    return [rules.Item(row.id, row.text) for row in rows] or rules.built_in(duty)


async def set_checklist(
    school_id: UUID, duty: str, texts: Sequence[str], *, by: UUID
) -> list[rules.Item]:
    """Replace the school's list for a duty; an empty one brings the built-in list back.

    Logs already begun keep the list they began with. Raises ``UnknownKind`` and
    :class:`rules.MediationHasNoLog`.
    """
    rules.check_has_log(duty)
    async with transaction():
        await check_known(school_id, [duty])
        await (
            ChecklistItem.filter(school_id=school_id, duty=duty)
            .exclude(text__in=list(texts))
            .delete()
        )
        for position, text in enumerate(dict.fromkeys(texts), 1):
            await ChecklistItem.update_or_create(
                school_id=school_id, duty=duty, text=text, defaults={"position": position}
            )
        await record(
            "volunteering.checklist_set", "school", school_id, by=by, school_id=school_id,
            duty=duty, items=len(texts),
        )  # fmt: skip
        return await checklist_of(school_id, duty)


async def write(shift: DutyShift, by: UUID, said: rules.LogText) -> DutyLog:
    """Keep the whole log as its author sends it; the same log sent again changes nothing.

    Raises the refusals of :mod:`rules.logs` and ``AttachmentMissing``.
    """
    now = clock.now()
    rules.check_has_log(shift.duty)
    rules.check_writable(shift.booking, shift.starts_at, shift.ends_at, now)
    rules.check_rating(shift.duty, said.rating)
    async with transaction():
        log = await _locked_or_new(shift, by, now)
        known = await findings.of_log(log.id)
        fresh = log.version == 0
        begun = await checklist_of(shift.school_id, shift.duty) if fresh else None
        items = rules.tick(
            begun if begun is not None else rules.restored(log.checklist),
            said.ticks, shift.starts_at, shift.ends_at, now,
        )  # fmt: skip
        same = (
            not fresh
            and (log.rating, log.remarks) == (said.rating, said.remarks)
            and rules.restored(log.checklist) == items
            and findings.same(known, said.findings)
        )
        if same:
            return log
        if said.version != log.version:
            raise rules.LogChanged(version=log.version)
        log.checklist = rules.stored(items)
        log.rating, log.remarks, log.updated_at = said.rating, said.remarks, now
        log.version += 1
        await log.save()
        await findings.settle(shift, log, known, said.findings, now)
        await record(
            "volunteering.log_written", "duty_log", log.id, by=by, school_id=shift.school_id,
            version=log.version, findings=len(said.findings),
        )  # fmt: skip
        return log


async def _locked_or_new(shift: DutyShift, by: UUID, now: datetime) -> DutyLog:
    """Two first saves in flight wait for each other on the row that one of them makes."""
    await DutyLog.bulk_create(
        [
            DutyLog(
                id=uuid7(),
                shift_id=shift.id,
                school_id=shift.school_id,
                person_id=by,
                duty=shift.duty,
                created_at=now,
                updated_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return await DutyLog.select_for_update().get(shift_id=shift.id, person_id=by)
