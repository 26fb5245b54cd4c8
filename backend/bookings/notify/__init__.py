"""Whom bookings tell, and in which words.

Titles leave the house through push providers and say only that something happened; what
and when is in the body, which stays in the app. No title may be read as a promise that
the booking's state does not make.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import notifications
from backend.bookings.rules import wall_clock
from notifications import Message, Priority

OFFERED = "bookings.offered"
CONFIRMED = "bookings.confirmed"
ASKED_SCHOOL = "bookings.requested"
FIRST_TAP = "bookings.first_tap"
LAPSED = "bookings.lapsed"
DRAWN = "bookings.drawn"
REJECTED = "bookings.rejected"
CALLED_OFF = "bookings.called_off"
MOVED = "bookings.moved"
GIVEN_BACK = "bookings.given_back"
HANDED_OVER = "bookings.handed_over"
STANDS_IN = "bookings.stands_in"
LATE = "bookings.late_cancelled"
TOMORROW = "bookings.tomorrow"
TODAY = "bookings.today"
SOON = "bookings.soon"
OFFER_ENDS = "bookings.offer_ends"

# Title and body: {what}, {place}, {when}; {until} for offers, {reason} where one was given.
_WORDS: dict[str, tuple[str, str, str, str]] = {
    OFFERED: (
        "有一个名额为您保留，请尽快确认",
        "A place is being held for you, please answer",
        "{what}（{when}，{place}）轮到您递补。请在{until}前确认，过时将给下一位；尚未确认不算报上名。",
        "{what} ({when}, {place}): it is your turn. Answer by {until}; until then it is not yours.",
    ),
    CONFIRMED: (
        "您有一个名额已确认",
        "A place of yours is confirmed",
        "{what}（{when}，{place}）：您的名额已确认。",
        "{what} ({when}, {place}): your place is confirmed.",
    ),
    ASKED_SCHOOL: (
        "您的报名正在等学校同意",
        "Your request waits for the school",
        "{what}（{when}，{place}）：已轮到您，等待学校同意，尚未确认。",
        "{what} ({when}, {place}): it is your turn; the school has yet to agree.",
    ),
    FIRST_TAP: (
        "有一个空余名额，先点先得",
        "A place is free: the first tap wins",
        "{what}（{when}，{place}）有空余名额，候补家庭先确认者得。",
        "{what} ({when}, {place}) has a free place; the first who waits and taps gets it.",
    ),
    LAPSED: (
        "为您保留的名额已过时",
        "A place held for you has run out",
        "{what}（{when}）：未在时限内确认，名额已给下一位。仍想参加可重新候补。",
        "{what} ({when}): no answer in time, so it went to the next. You may queue again.",
    ),
    DRAWN: (
        "您登记的抽签已有结果",
        "A draw you entered has been held",
        "{what}（{when}，{place}）已抽签，这次没有抽中；您已按抽签顺序排入候补。结果人人可以验算。",
        "{what} ({when}, {place}): your lot was not among the first; you wait in drawn order.",
    ),
    REJECTED: (
        "您的报名有新的结果",
        "There is an answer to your request",
        "{what}（{when}）：学校未同意。{reason}",
        "{what} ({when}): the school has declined. {reason}",
    ),
    CALLED_OFF: (
        "您报名的一项安排已取消",
        "Something you signed up for is called off",
        "{what}（{when}，{place}）已由学校取消。{reason}",
        "{what} ({when}, {place}) is called off by the school. {reason}",
    ),
    MOVED: (
        "您报名的一项安排有变动",
        "Something you signed up for has changed",
        "{what}改为{when}，{place}（原{was}）。{clash}",
        "{what} is now {when}, {place} (was {was}). {clash_en}",
    ),
    GIVEN_BACK: (
        "您的一个报名已取消",
        "A booking of yours was cancelled",
        "{what}（{when}，{place}）的报名已被取消。{reason}",
        "Your booking for {what} ({when}, {place}) was cancelled. {reason}",
    ),
    HANDED_OVER: (
        "您的值班已由替班家长接手",
        "A stand-in has taken over for you",
        "{what}（{when}，{place}）已由替班家长接手，您不必到场。",
        "{what} ({when}, {place}): a stand-in has taken over; you need not come.",
    ),
    STANDS_IN: (
        "您已成为替班",
        "You are now standing in",
        "{what}（{when}，{place}）由您替班，名额已确认。",
        "{what} ({when}, {place}): you stand in; the place is yours.",
    ),
    LATE: (
        "有家长临近开始取消",
        "A late cancellation",
        "{what}（{when}，{place}）有一位家长在截止后取消，请留意人手。",
        "{what} ({when}, {place}): somebody cancelled after the cut-off.",
    ),
    TOMORROW: (
        "明天有您的一项安排，请确认能否到场",
        "You have something tomorrow; please say whether you can come",
        "{what}：{when}，{place}。请点“来”或“来不了”，来不了会立即让给其他家庭。",
        "{what}: {when}, {place}. Say coming or not; a no goes to another family at once.",
    ),
    TODAY: (
        "今天有您的一项安排，请确认能否到场",
        "You have something today; please say whether you can come",
        "{what}：{when}，{place}。请点“来”或“来不了”，来不了会立即让给其他家庭。",
        "{what}: {when}, {place}. Say coming or not; a no goes to another family at once.",
    ),
    SOON: (
        "您有一项安排即将开始",
        "Something of yours begins soon",
        "{what}：{when}，{place}。",
        "{what}: {when}, {place}.",
    ),
    OFFER_ENDS: (
        "为您保留的名额即将过时",
        "A place held for you runs out soon",
        "{what}（{when}）：请在{until}前确认。",
        "{what} ({when}): please answer by {until}.",
    ),
}


async def told_of(occasion: str, person_id: UUID, row: dict[str, Any], *, once: str) -> None:
    """Leave one person a letter about one slot, worded from the facts of now.

    ``row`` holds the slot's ``slot_id``, ``title``, ``place`` and ``starts_at``, where it
    applies ``offer_expires_at``, and ``facts`` of the move.
    """
    zh, en, body_zh, body_en = _WORDS[occasion]
    facts: dict[str, Any] = row.get("facts") or {}
    was, was_at = facts.get("wasFrom"), facts.get("wasAt") or "学校"
    told = {
        "what": row["title"],
        "place": row["place"] or "学校",
        "when": wall_clock(row["starts_at"]),
        "until": wall_clock(row["offer_expires_at"]) if row.get("offer_expires_at") else "",
        "reason": facts.get("reason", ""),
        "was": f"{wall_clock(datetime.fromisoformat(was))}，{was_at}" if was else "",
        "clash": "您在这段时间另有安排，请留意。" if facts.get("clashes") else "",
        "clash_en": "You are committed elsewhere then." if facts.get("clashes") else "",
    }
    message = Message(
        occasion=occasion,
        category="booking",
        title_zh=zh,
        title_en=en,
        link=f"/slots/{row['slot_id']}",
        subject_id=row["slot_id"],
        priority=Priority.NORMAL,
        body_zh=body_zh.format(**told),
        body_en=body_en.format(**told),
    )
    await notifications.tell([person_id], message, once=once)
