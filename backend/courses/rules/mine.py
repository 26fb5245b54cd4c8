"""How somebody stands with a course they took up, and when its validity runs out."""

from datetime import datetime, timedelta
from enum import StrEnum

SOON = timedelta(days=30)
"""How long before its end validity is said to run out soon."""


class MyStanding(StrEnum):
    """``enrolled``: not begun. ``expired``: it was completed, and has to be taken anew."""

    ENROLLED = "enrolled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"


def runs_out(valid_until: datetime | None, now: datetime) -> bool:
    """Say whether validity ends within :data:`SOON`."""
    return valid_until is not None and now < valid_until <= now + SOON


def percent_of(done: int, total: int, standing: MyStanding) -> int:
    """Return how much of a course is done in whole per cent, rounded down.

    What is completed stays so, even when lessons were added since.
    """
    if standing is MyStanding.COMPLETED:
        return 100
    return min(100 * done // total, 100) if total else 0
