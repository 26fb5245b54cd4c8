"""What time it is.

Everything inside is UTC; a district's own zone appears only where people read
or set a wall-clock time (quiet hours, digests, school days).
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the current moment, aware and in UTC."""
    return datetime.now(UTC)


def local(moment: datetime, zone: str = "Asia/Shanghai") -> datetime:
    """Return the same moment as the wall clock of ``zone`` shows it."""
    return moment.astimezone(ZoneInfo(zone))
