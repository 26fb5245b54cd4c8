"""The life of minutes: drafted, confirmed, objected to, submitted, filed or returned."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from backend.ballots.rules.digests import canonical
from backend.committees.models import MinutesState
from backend.committees.rules.record import Record
from backend.committees.rules.steps import Step
from backend.committees.rules.wording import Wording
from backend.errors import Refusal
from backend.web.limits import Limit

OBJECTION_WINDOW = timedelta(days=3)
DUE_AFTER = timedelta(days=7)
REMIND_EVERY = timedelta(hours=20)
"""A little less than a day, so that a reminder at the same hour tomorrow is not passed over."""
DOCUMENTS = Limit(name="minutes_documents", most=30, seconds=600)
OBJECTING = Limit(name="minutes_objections", most=10, seconds=86_400)


class WrongMinutesState(Refusal):
    code = "wrong_minutes_state"
    zh = "会议纪要目前的状态不允许此操作。"
    en = "The state of the minutes does not allow this now."


class MeetingNotEnded(Refusal):
    code = "meeting_not_ended"
    zh = "会议结束后才能形成纪要。"
    en = "Minutes are drawn up once the meeting has ended."


class ItemsUnsettled(Refusal):
    """``items`` are the titles of what is still being voted on, or counted but not certified."""

    code = "items_unsettled"
    zh = "以下议题的表决尚未结束或结果尚未确认：{items}。"
    en = "These items are still being voted on, or their results are not certified: {items}."


class MinutesChanged(Refusal):
    code = "minutes_changed"
    zh = "纪要内容已有变化，请刷新后重新核对再确认。"
    en = "The minutes have changed meanwhile: refresh, read them again, then confirm."


class ObjectionsOpen(Refusal):
    """``until``: objections may be raised until then; ``open``: so many await an answer."""

    code = "objections_open"
    zh = "异议期尚未结束，或还有{open}条异议未答复。"
    en = "Objections may still be raised, or {open} of them await an answer."


class TooLateToObject(Refusal):
    code = "too_late_to_object"
    zh = "异议期已过。"
    en = "The time for objections is over."


class ObjectionAnswered(Refusal):
    code = "objection_answered"
    zh = "该异议已经答复。"
    en = "That objection has been answered."


class FilingPrefixTaken(Refusal):
    code = "filing_prefix_taken"
    zh = "今年的备案字号前缀已被另一个区使用，请在纪要模板中另设。"
    en = "Another district files under that prefix this year; set one of your own."


_S = MinutesState


def _step(target: MinutesState, *sources: MinutesState) -> Step:
    return Step(sources=frozenset(sources), target=target, refusal=WrongMinutesState)


STEPS: Mapping[str, Step] = {
    "rewrite": _step(_S.DRAFT, _S.DRAFT),
    "confirm": _step(_S.CONFIRMED, _S.DRAFT),
    "object": _step(_S.CONFIRMED, _S.CONFIRMED),
    "reject": _step(_S.CONFIRMED, _S.CONFIRMED),
    "uphold": _step(_S.DRAFT, _S.CONFIRMED),
    "correct": _step(_S.DRAFT, _S.RETURNED),
    "submit": _step(_S.SUBMITTED, _S.CONFIRMED, _S.RETURNED),
    "file": _step(_S.FILED, _S.SUBMITTED),
    "return": _step(_S.RETURNED, _S.SUBMITTED),
}
"""Every act on minutes. ``rewrite``, ``object`` and ``reject`` leave them in their state."""


def digest_of(record: Record, remarks: str, wording: Wording) -> str:
    """Return SHA-256, hexadecimal, over the canonical JSON of all that minutes say."""
    said = {"record": record, "remarks": remarks, "wording": wording}
    return hashlib.sha256(canonical(said)).hexdigest()


def check_unopposed(until: datetime | None, unanswered: int, now: datetime) -> None:
    """Raise :class:`ObjectionsOpen` while minutes may still be objected to."""
    if unanswered or (until is not None and now < until):
        raise ObjectionsOpen(open=unanswered, until=until.isoformat() if until else None)


def check_in_time(until: datetime | None, now: datetime) -> None:
    """Raise :class:`TooLateToObject`."""
    if until is None or now >= until:
        raise TooLateToObject


def prefix_of(district: str, chosen: str) -> str:
    """Return what stands before the year in a district's filing numbers."""
    if chosen:
        return chosen
    short = district if len(district) < 3 else district.rstrip("区县市旗")
    return f"{(short or district)[:10]}教联备"


def filing_number(prefix: str, year: int, number: int) -> str:
    """Return a number as official papers have it: 翔安教联备〔2026〕1号."""
    return f"{prefix}〔{year}〕{number}号"
