"""Telling a school in time that it has held too few 家长课堂 and 实践活动 (rule N01)."""

from uuid import UUID

from backend import clock
from backend.activities import notify
from backend.activities.queries import counts, places
from backend.activities.rules.counting import time_runs_out
from backend.database import transaction
from backend.schools.models import School


async def warn_if_short(school_id: UUID) -> bool:
    """Tell who runs the school when time runs out and the count is short; once a period.

    Returns whether somebody was told now.
    """
    school = await School.get(id=school_id).select_related("district")
    now = clock.now()
    rule = await counts.rule(school.district_id)
    within = await counts.period(school.district, rule, None, now)
    if rule is None or within is None:
        return False
    if not time_runs_out(within, counts.today_in(school.district, now)):
        return False
    held, _ = (await counts.held_at([school_id], within, now)).get(school_id, (0, 0))
    if held >= rule["amount"]:
        return False
    people = await places.who_runs(school_id)
    async with transaction():
        return await notify.parent_classes_short(school_id, people, rule, within, held)
