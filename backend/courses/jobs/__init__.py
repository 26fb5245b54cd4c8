"""What the parent school does unasked, split by noun. Everything bears running twice."""

from backend.courses.jobs.learning import (
    finish_courses,
    settle_attended,
    settle_reached,
    unlock_elsewhere,
    warn_running_out,
)
from backend.courses.jobs.reminders import (
    nudge_quiet,
    remind_due,
    send_set_items,
    still_wanted,
)

__all__ = [
    "finish_courses",
    "nudge_quiet",
    "remind_due",
    "send_set_items",
    "settle_attended",
    "settle_reached",
    "still_wanted",
    "unlock_elsewhere",
    "warn_running_out",
]
