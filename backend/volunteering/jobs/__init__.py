"""What volunteering does unasked, split by noun. Everything bears running twice."""

from backend.volunteering.jobs.hazards import ask_to_recheck, remind_overdue_hazards
from backend.volunteering.jobs.shifts import (
    activate_trained,
    advance_days,
    continue_calls,
    end_without_child,
    still_wanted,
    warn_short,
)

__all__ = [
    "activate_trained",
    "advance_days",
    "ask_to_recheck",
    "continue_calls",
    "end_without_child",
    "remind_overdue_hazards",
    "still_wanted",
    "warn_short",
]
