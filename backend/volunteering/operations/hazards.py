"""What a school does about a hazard, step by step, until it is closed."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.operations import attach
from backend.volunteering.models import Hazard, HazardMove, HazardState, Severity
from backend.volunteering.notify import hazards as notify
from backend.volunteering.queries import hazards as queries
from backend.volunteering.rules import hazards as rules


async def decide(
    hazard_id: UUID, *, confirmed: bool, severity: Severity | None, note: str, by: UUID
) -> Hazard:
    """Confirm what was reported, or reject it; ``severity`` is the school's own judgement.

    Raises :class:`rules.WrongHazardState`.
    """
    wanted = HazardState.CONFIRMED if confirmed else HazardState.REJECTED
    async with transaction():
        hazard = await _locked(hazard_id)
        if await _repeats(hazard, wanted, note, by):
            return hazard
        rules.check_step(hazard.state, wanted)
        was = hazard.severity
        hazard.severity = severity or hazard.severity
        step = await _step(hazard, wanted, note, by, severity=[was, hazard.severity])
        await notify.moved(hazard, step)
        return hazard


async def assign(hazard_id: UUID, owner_id: UUID, due_on: date, note: str, *, by: UUID) -> Hazard:
    """Say who puts it right and by when; both may change until the work is done.

    Raises :class:`rules.WrongHazardState`, :class:`rules.OwnerNotOnStaff` and
    :class:`rules.BadDueDate`.
    """
    async with transaction():
        hazard = await _locked(hazard_id)
        same = (hazard.owner_id, hazard.due_on) == (owner_id, due_on)
        if same and await _repeats(hazard, HazardState.ASSIGNED, note, by):
            return hazard
        rules.check_step(hazard.state, HazardState.ASSIGNED)
        rules.check_due(due_on, clock.local(clock.now()).date())
        if not await queries.is_on_staff(owner_id, hazard.school_id):
            raise rules.OwnerNotOnStaff
        first = hazard.owner_id is None
        hazard.owner_id, hazard.due_on = owner_id, due_on
        step = await _step(
            hazard, HazardState.ASSIGNED, note, by, owner=str(owner_id), due=str(due_on)
        )
        await notify.assigned(hazard, step)
        if first:
            await notify.moved(hazard, step)
        return hazard


async def work(
    hazard_id: UUID, *, done: bool, note: str, photo_ids: Sequence[UUID], by: UUID
) -> Hazard:
    """Note work on it; ``done`` hands it to the next volunteer for a recheck.

    Raises :class:`rules.WrongHazardState` and ``AttachmentMissing``.
    """
    wanted = HazardState.RECHECK if done else HazardState.FIXING
    async with transaction():
        hazard = await _locked(hazard_id)
        if await _repeats(hazard, wanted, note, by):
            return hazard
        was = hazard.state
        rules.check_step(was, wanted)
        step = await _step(hazard, wanted, note, by, photo_ids=photo_ids)
        if was != wanted:
            await notify.moved(hazard, step)
        return hazard


async def recheck(
    hazard_id: UUID, *, passed: bool, note: str, photo_ids: Sequence[UUID], by: UUID
) -> Hazard:
    """Close it, or send it back to its owner.

    Raises :class:`rules.OwnRecheck`, :class:`rules.WrongHazardState` and
    ``AttachmentMissing``.
    """
    wanted = HazardState.CLOSED if passed else HazardState.FIXING
    async with transaction():
        hazard = await _locked(hazard_id)
        if await _repeats(hazard, wanted, note, by):
            return hazard
        if hazard.state != HazardState.RECHECK:
            raise rules.WrongHazardState(state=hazard.state)
        rules.check_other_eyes(hazard.owner_id, by)
        hazard.closed_at = clock.now() if passed else None
        step = await _step(hazard, wanted, note, by, photo_ids=photo_ids)
        if not passed:
            await notify.failed(hazard, step)
        await notify.moved(hazard, step)
        return hazard


async def remind_overdue() -> int:
    """Remind each owner of what is past its date, at most once a day.

    Returns how many people were due a reminder.
    """
    today = clock.local(clock.now()).date()
    reminded, last = 0, UUID(int=0)
    while page := await queries.owners_late(today, last, 200):
        async with transaction():
            for row in page:
                await notify.overdue(row["owner_id"], row["late"], today)
        reminded += len(page)
        last = page[-1]["owner_id"]
    return reminded


async def _locked(hazard_id: UUID) -> Hazard:
    hazard = await Hazard.select_for_update().get_or_none(id=hazard_id)
    if hazard is None:
        raise NotFound
    return hazard


async def _repeats(hazard: Hazard, wanted: HazardState, note: str, by: UUID) -> bool:
    """Say whether the last step was this very one: a phone that lost the answer asks again."""
    if hazard.state != wanted:
        return False
    last = await HazardMove.filter(hazard_id=hazard.id).order_by("-at", "-id").first()
    return last is not None and (last.became, last.note, last.by) == (wanted, note, by)


async def _step(
    hazard: Hazard,
    wanted: HazardState,
    note: str,
    by: UUID,
    *,
    photo_ids: Sequence[UUID] = (),
    **facts: object,
) -> UUID:
    """Move the hazard, keep the step for ever, and return the step's id."""
    now, was = clock.now(), hazard.state
    hazard.state, hazard.updated_at = wanted, now
    await hazard.save()
    move = await HazardMove.create(
        id=uuid7(), hazard_id=hazard.id, was=was, became=wanted, by=by, note=note, facts=facts,
        at=now,
    )  # fmt: skip
    await attach(photo_ids, move.id, by)
    await record(
        "volunteering.hazard_moved", "hazard", hazard.id, by=by, school_id=hazard.school_id,
        was=was, became=wanted,
    )  # fmt: skip
    return move.id
