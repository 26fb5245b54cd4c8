"""After the day: held, feedback, and the summary."""

from collections.abc import Sequence
from uuid import UUID

from backend import clock
from backend.activities import notify, rules
from backend.activities.models import Activity, ActivityState
from backend.activities.queries import registrations
from backend.activities.rules.organising import OVER
from backend.audit.operations import record
from backend.database import execute, fetch_one, transaction
from backend.identifiers import uuid7
from backend.media.operations import attach, release
from backend.web.actor import Actor

# Half an hour after a slot's end its bookings are settled; then it can be said who came.
_STANDING = """
SELECT count(*) FILTER (WHERE s.state <> 'cancelled')::int AS kept,
       count(*) FILTER (WHERE s.state = 'open' AND s.closes_at > $2)::int AS bookable,
       coalesce(max(s.ends_at) FILTER (WHERE s.state <> 'cancelled')
           + interval '30 minutes' <= $2, true) AS over,
       coalesce(max(s.cancelled_reason), '') AS reason
FROM activity_sessions n JOIN slots s ON s.id = n.id WHERE n.activity_id = $1
"""


async def move_on(activity_id: UUID) -> str | None:
    """Let time act on an activity: closed when nothing can be booked any more, held when
    every session is over, cancelled when each was called off. Returns the new state.
    """
    async with transaction():
        activity = await Activity.select_for_update(skip_locked=True).get_or_none(id=activity_id)
        if activity is None or activity.state not in (ActivityState.OPEN, ActivityState.CLOSED):
            return None
        now = clock.now()
        found = await fetch_one(_STANDING, activity_id, now)
        assert found is not None
        if found["kept"] == 0:
            activity.state = ActivityState.CANCELLED
            activity.reason = found["reason"] or "全部场次已取消"
        elif found["over"]:
            activity.state, activity.held_at = ActivityState.HELD, now
        elif found["bookable"] == 0 and activity.state == ActivityState.OPEN:
            activity.state = ActivityState.CLOSED
        elif found["bookable"] and activity.state == ActivityState.CLOSED:
            # A session was added or moved: families may register again.
            activity.state = ActivityState.OPEN
        else:
            return None
        await activity.save(update_fields=["state", "held_at", "reason"])
        await record(
            f"activities.{activity.state}", "activity", activity.id,
            by=None, school_id=activity.school_id,
        )  # fmt: skip
        return activity.state


async def ask_for_feedback(activity_id: UUID) -> int:
    """Ask those who came, once; returns how many."""
    async with transaction():
        activity = await Activity.select_for_update(skip_locked=True).get_or_none(
            id=activity_id, feedback_asked_at=None, held_at__not_isnull=True
        )
        if activity is None:
            return 0
        visitors = await registrations.visitors(activity_id)
        activity.feedback_asked_at = clock.now()
        await activity.save(update_fields=["feedback_asked_at"])
        if visitors:
            await notify.feedback_asked(activity, visitors)
        return len(visitors)


async def give_feedback(actor: Actor, activity_id: UUID, rating: int, text: str) -> None:
    """Keep what somebody who came thought of it; a later answer takes the earlier's place.

    Raises :class:`rules.NotHeldYet` and :class:`rules.NotThere`.
    """
    async with transaction():
        activity = await Activity.get(id=activity_id)
        rules.check_feedback_time(activity, clock.now())
        if not await registrations.came(activity_id, actor.person_id):
            raise rules.NotThere
        await execute(
            """
            INSERT INTO activity_feedback (id, activity_id, person_id, rating, text, given_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (activity_id, person_id) DO UPDATE SET
                rating = excluded.rating, text = excluded.text, given_at = excluded.given_at
            """,
            uuid7(), activity_id, actor.person_id, rating, text, clock.now(),
        )  # fmt: skip


async def summarise(
    actor: Actor, activity_id: UUID, text: str, picture_ids: Sequence[UUID]
) -> Activity:
    """Write, or write anew, what came of it. Those who came are told of the first one.

    Raises :class:`rules.WrongActivityState` before it was held, and
    ``media.rules.AttachmentMissing``.
    """
    async with transaction():
        activity = await Activity.select_for_update().get(id=activity_id)
        rules.check_state(activity, OVER)
        await attach(picture_ids, activity.id, actor.person_id)
        await release(activity.id, keep=picture_ids)
        is_first = activity.state == ActivityState.HELD
        activity.state, activity.summary = ActivityState.SUMMARISED, text
        activity.picture_ids = list(picture_ids)
        activity.summarised_at = clock.now()
        await activity.save()
        if is_first:
            await notify.summarised(activity, await registrations.visitors(activity_id))
        await record(
            "activities.summarised", "activity", activity.id,
            by=actor.person_id, school_id=activity.school_id, pictures=len(picture_ids),
        )  # fmt: skip
        return activity
