"""What stands on an activity's poster: only what anybody who passes a wall may read.

An activity's own paragraphs were written to families, and where an online session is held
is for those with a place; neither is printed. Nothing here reads the database or the clock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend import clock
from backend.activities.models import Activity, ActivityState, Delivery
from backend.bookings.models import Mode
from backend.errors import Refusal
from backend.media.paper.poster import Poster

POSTABLE = frozenset(ActivityState) - {ActivityState.DRAFT, ActivityState.CANCELLED}
_WEEK = "一二三四五六日"
_MOST_ROOMS = 3
_MOST_LINES = 2
"""Sessions that find room below the facts; of more, the app shows all."""
_NOTE = "请用手机扫码，在“同行”应用中查看详情并报名。"


class NoPosterOfInvitation(Refusal):
    """Who is invited, and to what, is nobody else's to read."""

    code = "no_poster_of_invitation"
    zh = "仅限受邀参加的活动不能制作海报。"
    en = "There is no poster of what is by invitation only."


def check_open_to_all(activity: Activity) -> None:
    """Raises :class:`NoPosterOfInvitation`."""
    if activity.mode == Mode.INVITED:
        raise NoPosterOfInvitation


def address(activity: Activity, site: str) -> str:
    """Return where the code leads: the path that letters about the activity lead to as well,
    below the address of this installation. The app opens it; there is no page behind it.
    """
    return f"{site}/activities/{activity.id}"


def poster_of(
    activity: Activity,
    sessions: Sequence[Mapping[str, Any]],
    *,
    kind: str,
    host: str,
    audience: Sequence[str],
    site: str,
    zone: str,
) -> Poster:
    """Compose the poster; ``sessions`` are rows as they stand now, in order of time.

    ``kind`` and ``audience`` are in the words people read; ``zone`` is the district's.
    """
    coming = [row for row in sessions if not row["called_off"]]
    facts = [
        ("时间", when(coming, zone)),
        ("地点", where(coming)),
        ("主讲", speakers(coming)),
        ("对象", "、".join(audience)),
    ]
    return Poster(
        title=activity.title,
        kicker=kind,
        facts=[(label, value) for label, value in facts if value],
        lines=programme(coming, zone),
        host=host,
        note=_NOTE,
        url=address(activity, site),
        caption="扫码报名",
        seed=activity.id.hex,
    )


def when(sessions: Sequence[Mapping[str, Any]], zone: str) -> str:
    """Return one day with its hours, or from which day to which it goes."""
    if not sessions:
        return ""
    first = clock.local(min(row["starts_at"] for row in sessions), zone)
    last = clock.local(max(row["ends_at"] for row in sessions), zone)
    # What ends at midnight does not reach into the next day.
    if (last - timedelta(microseconds=1)).date() == first.date():
        return f"{first.year}年{_day(first)}{first:%H:%M}–{last:%H:%M}"
    end = last if last.year == first.year else None
    return f"{first.year}年{_day(first)}至{_day(last) if end else f'{last.year}年{_day(last)}'}"


def where(sessions: Sequence[Mapping[str, Any]]) -> str:
    """Return the rooms, and whether one can take part from home."""
    rooms = list(dict.fromkeys(row["room"] for row in sessions if row["room"]))
    shown = "、".join(rooms[:_MOST_ROOMS]) + ("等" if len(rooms) > _MOST_ROOMS else "")
    ways = {row["delivery"] for row in sessions}
    if ways == {Delivery.ONLINE}:
        return "线上参加"
    if ways <= {Delivery.ON_SITE}:
        return shown
    return f"{shown}（可线上参加）" if shown else "可线上参加"


def speakers(sessions: Sequence[Mapping[str, Any]]) -> str:
    """Return who speaks, each once, with the title families read."""
    named = [
        one["name"] + (f"（{one['title']}）" if one["title"] else "")
        for row in sessions
        for one in row["speakers"]
    ]
    return "、".join(dict.fromkeys(named))


def programme(sessions: Sequence[Mapping[str, Any]], zone: str) -> list[str]:
    """Return the sessions one by one, or how many there are; of a single one all is said."""
    if len(sessions) > _MOST_LINES:
        return [f"共{len(sessions)}场，各场的时间、内容与地点请扫码查看。"]
    return [_line(row, zone) for row in sessions] if len(sessions) > 1 else []


def _line(row: Mapping[str, Any], zone: str) -> str:
    begins = clock.local(row["starts_at"], zone)
    ends = clock.local(row["ends_at"], zone)
    hours = f"{begins.month}月{begins.day}日 {begins:%H:%M}–{ends:%H:%M}"
    return "　".join(part for part in (hours, row["title"], row["room"]) if part)


def _day(moment: datetime) -> str:
    return f"{moment.month}月{moment.day}日（周{_WEEK[moment.weekday()]}）"
