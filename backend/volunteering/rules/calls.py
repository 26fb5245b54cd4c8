"""When people are asked for help, how many are needed, and how many will come."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from backend.errors import Refusal

ASKING_HOURS = (time(8), time(20))
"""Nobody is asked for help before or after these, by the school's wall clock."""
LEAST_KNOWN = 10
"""Below so many past places nothing is said about how many come."""


class NobodyNeeded(Refusal):
    code = "nobody_needed"
    zh = "该班次人手已足。"
    en = "The shift has enough helpers."


def missing(minimum: int, taken: int) -> int:
    """Return how many helpers a shift still needs; one is always needed."""
    return max(max(minimum, 1) - taken, 0)


def may_ask(now: datetime, zone: str) -> bool:
    """Say whether people may be asked for help now."""
    opens, ends = ASKING_HOURS
    return opens <= now.astimezone(ZoneInfo(zone)).time() < ends


def expected(confirmed: int, asked: int, came: tuple[int, int], agreed: tuple[int, int]) -> int:
    """Estimate how many will come.

    ``came`` is how many of past places like these were kept, of how many; ``agreed`` how
    many of past asks were, of how many. What is too little known counts in full for
    promises and not at all for asks.
    """
    kept, promised = came
    likely = confirmed * (kept / promised if promised >= LEAST_KNOWN else 1.0)
    willing, all_asked = agreed
    if all_asked >= LEAST_KNOWN:
        likely += asked * willing / all_asked
    return round(likely)


def batch(need: int, most: int) -> int:
    """Return how many to ask in one round: three for each place, never more than ``most``."""
    return min(3 * need, most)
