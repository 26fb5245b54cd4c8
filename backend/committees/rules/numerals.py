"""How official Chinese counts and tells time."""

from datetime import datetime

from backend import clock

_DIGITS = "〇一二三四五六七八九"
_WEEKDAYS = "一二三四五六日"


def spelt(number: int) -> str:
    """Return a number from 1 to 9999 in characters: 三, 十二, 一百零五."""
    if number < 20:
        return ("十" if number >= 10 else "") + (_DIGITS[number % 10] if number % 10 else "")
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            out += ("零" if gap else "") + _DIGITS[digit] + name
            gap = False
        elif out:
            gap = True
    return out


def day(moment: datetime, zone: str) -> str:
    """Return 2026年9月3日（星期四）."""
    at = clock.local(moment, zone)
    return f"{at.year}年{at.month}月{at.day}日（星期{_WEEKDAYS[at.weekday()]}）"


def hours(start: datetime, end: datetime, zone: str) -> str:
    """Return 15:00—16:30, with the day of the end if it is another."""
    first, last = clock.local(start, zone), clock.local(end, zone)
    until = f"{last:%H:%M}"
    if first.date() != last.date():
        until = f"{last.month}月{last.day}日{until}"
    return f"{first:%H:%M}—{until}"
