"""Teacher and parent together (双师): a session counts only when both were there (V16)."""

from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.bookings.models import Slot
from backend.database import transaction
from backend.volunteering.models import Shift
from backend.volunteering.rules import shifts as rules


async def note_teacher(shift_id: UUID, *, came: bool, by: UUID) -> None:
    """Note that the teacher of record was there, or take the note back; twice is once.

    Raises :class:`rules.NoTeacherOfRecord` and :class:`rules.NotBegun`.
    """
    async with transaction():
        shift = await Shift.select_for_update(no_key=True).get(id=shift_id)
        slot = await Slot.get(id=shift_id)
        now = clock.now()
        rules.check_teacher_note(shift.teacher_id, slot.starts_at, now)
        if came == (shift.teacher_came_at is not None):
            return
        shift.teacher_came_at = now if came else None
        await shift.save(update_fields=["teacher_came_at"])
        await record(
            "volunteering.teacher_noted", "shift", shift.id,
            by=by, school_id=shift.school_id, came=came,
        )  # fmt: skip
