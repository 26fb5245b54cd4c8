"""After the day: feedback and what may be shown of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from backend.activities.models import Activity
from backend.activities.rules.organising import OVER
from backend.errors import NotAllowed, Refusal
from backend.schools.queries import SMALLEST_SHOWN

FEEDBACK_WINDOW = timedelta(days=30)
"""How long after an activity was held those who came may say what they thought."""


class NotThere(NotAllowed):
    code = "not_there"
    zh = "仅限签到参加的家长填写反馈。"
    en = "Only those who came are asked for feedback."


class NotHeldYet(Refusal):
    code = "feedback_closed"
    zh = "活动结束后30天内可以填写反馈。"
    en = "Feedback is open for 30 days after the activity was held."


def check_feedback_time(activity: Activity, now: datetime) -> None:
    """Raises :class:`NotHeldYet` before the end and after :data:`FEEDBACK_WINDOW`."""
    if activity.state not in OVER or activity.held_at is None:
        raise NotHeldYet
    if now > activity.held_at + FEEDBACK_WINDOW:
        raise NotHeldYet


def ratings_shown(
    ratings: Mapping[int, int], *, one_class: bool
) -> tuple[int | None, list[int] | None]:
    """Return how many answered and how often each rating 1 to 5 was given, as may be shown.

    Above class level fewer than five answers are ``None``; and when some rating was given by
    one to four people no rating's count is shown, for one hidden number alone could be told
    from the rest.
    """
    each = [ratings.get(rating, 0) for rating in range(1, 6)]
    total = sum(each)
    if one_class:
        return total, each
    if total < SMALLEST_SHOWN:
        return None, None
    return total, None if any(0 < n < SMALLEST_SHOWN for n in each) else each
