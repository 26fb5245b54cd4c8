"""When a person may be disturbed: pure arithmetic on wall-clock windows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_CHAINED_WINDOWS = 8


@dataclass(frozen=True, slots=True)
class Window:
    """A daily stretch of quiet, by the wall clock of ``zone``; it may cross midnight."""

    begins: time
    ends: time
    zone: str = "Asia/Shanghai"

    def end_if_inside(self, moment: datetime) -> datetime | None:
        """Return when the quiet around ``moment`` ends, or ``None`` outside it."""
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        if self.begins <= self.ends:
            inside, ends_tomorrow = self.begins <= clock < self.ends, False
        else:
            inside = clock >= self.begins or clock < self.ends
            ends_tomorrow = clock >= self.begins
        if not inside:
            return None
        day = local.date() + timedelta(days=ends_tomorrow)
        return datetime.combine(day, self.ends, zone).astimezone(moment.tzinfo)


def quiet_until(moment: datetime, windows: Iterable[Window]) -> datetime | None:
    """Return when the quiet at ``moment`` is over under all windows, or ``None``.

    The stricter rule wins: windows that overlap or touch count as one long one. Windows
    that leave no gap at all yield a moment some days later, at which to ask again.
    """
    rules = list(windows)
    until = moment
    for _ in range(_CHAINED_WINDOWS):
        ends = [end for rule in rules if (end := rule.end_if_inside(until)) is not None]
        if not ends:
            break
        until = max(ends)
    return until if until > moment else None


def next_digest(moment: datetime, at: time, zone: str) -> datetime:
    """Return the next moment after ``moment`` at which the wall clock shows ``at``."""
    local = moment.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), at, ZoneInfo(zone))
    chosen = today
    if today <= local:
        chosen = datetime.combine(local.date() + timedelta(days=1), at, ZoneInfo(zone))
    return chosen.astimezone(moment.tzinfo)
