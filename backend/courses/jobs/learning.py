"""What learning does unasked. Everything bears running twice."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from backend import clock
from backend.courses.operations import completing, crediting
from backend.courses.queries import learning as queries
from backend.courses.rules.learning import TOLD
from backend.rounds import each


async def settle_reached() -> int:
    """Settle lessons whose threshold was reached by a report that did not live to settle it.

    Every minute; returns how many.
    """
    return await _each(
        await queries.unsettled(clock.now()), completing.settle_lesson, what="lesson"
    )


async def settle_attended() -> int:
    """Complete live lessons for those who were let in. Every five minutes; returns how many."""
    return await _each(await queries.present(), completing.settle_lesson, what="lesson")


async def finish_courses() -> int:
    """Complete courses whose last missing lesson is required no more. Every hour."""
    return await _each(await queries.all_done(), completing.settle_course, what="course")


async def unlock_elsewhere() -> int:
    """Let finished courses count at schools joined, or adopting them, later.

    Every hour; returns how many courses.
    """
    return await _each(
        await queries.unlocked_nowhere(clock.now()), completing.unlock, what="course"
    )


async def warn_running_out() -> int:
    """Tell, once, those whose completion lapses within thirty days. Every morning."""
    now = clock.now()
    due = await queries.running_out(now, now + TOLD)
    return sum(await each(due, crediting.warn_running_out, what="completion"))


async def _each(
    due: dict[UUID, list[UUID]], act: Callable[[UUID, UUID], Awaitable[object]], *, what: str
) -> int:
    async def of(person_id: UUID) -> int:
        async def one(row_id: UUID) -> object:
            return await act(person_id, row_id)

        return len(await each(due[person_id], one, what=what))

    return sum(await each(due, of, what="learner"))
