"""Counting 家长课堂 and 实践活动 for rule N01: how many were held, and whether time runs out.

Both kinds count together, as the policy names them with one verb and one number (Q8).
「次」 is an occasion: the sessions of one activity that begin together, in several rooms
perhaps, are one; sessions on two dates are two. An occasion was *held* when a session of it
is over and was not called off, whatever becomes of the activity's other dates (lessons-3).
That somebody was checked in is told beside, as *attended*, and decides nothing: a school
may have kept its list on paper. Lessons watched alone never count.

The number itself stands in the rule packs and never here.
"""

from datetime import date

import msgspec

from backend.activities.models import ActivityKind
from backend.schools.models import Period

RULE = "N01"
COUNTED = (ActivityKind.PARENT_CLASS, ActivityKind.PRACTICE)


class CountedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """The days counted, both ends included, by the district's wall clock."""

    kind: Period
    starts_on: date
    ends_on: date


def calendar_year(year: int) -> CountedPeriod:
    """Return the days of a calendar year."""
    return CountedPeriod(
        kind=Period.CALENDAR_YEAR, starts_on=date(year, 1, 1), ends_on=date(year, 12, 31)
    )


def remaining(required: int, held: int) -> int:
    """Return how many are still to be held; more than enough is none."""
    return max(required - held, 0)


def time_runs_out(period: CountedPeriod, today: date) -> bool:
    """Say whether three quarters of the period's days are over, and the period is not."""
    days = (period.ends_on - period.starts_on).days + 1
    return today <= period.ends_on and 4 * (today - period.starts_on).days >= 3 * days
