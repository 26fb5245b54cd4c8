"""The life of a meeting, and when it has a quorum."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backend.ballots.rules.charter import Share
from backend.committees.models import AttendanceMode, MeetingState
from backend.committees.rules.steps import Step
from backend.errors import Refusal

ARRIVAL = timedelta(minutes=30)
"""So long before a meeting it may be started, and people are recorded as there."""
LONGEST = timedelta(hours=12)
REMIND_BEFORE = timedelta(hours=24)


class WrongMeetingState(Refusal):
    code = "wrong_meeting_state"
    zh = "会议目前的状态不允许此操作。"
    en = "The meeting's state does not allow this now."


class BadMeetingHours(Refusal):
    status = 422
    code = "bad_meeting_hours"
    zh = "会议时间须在将来，结束晚于开始，且不超过12小时。"
    en = "A meeting lies ahead, ends after it starts, and lasts at most twelve hours."


class EmptyAgenda(Refusal):
    code = "empty_agenda"
    zh = "请先列入至少一个议题。"
    en = "Put at least one item on the agenda first."


class TooEarly(Refusal):
    code = "too_early"
    zh = "会议开始前30分钟起才可以进行此操作。"
    en = "That can be done from thirty minutes before the meeting begins."


class ItemUnderDiscussion(Refusal):
    code = "item_under_discussion"
    zh = "还有议题正在讨论，请先记录结论、交付表决或延期。"
    en = "An item is under discussion: note it, put it to the vote or defer it first."


class SeatUnknown(Refusal):
    status = 422
    code = "seat_unknown"
    zh = "该席位不在本组织履职。"
    en = "That seat does not serve in this body."


class RecordedByAnother(Refusal):
    status = 403
    code = "recorded_by_another"
    zh = "本人申请的回避由本人撤销，主任记录的由主任撤销。"
    en = "Whoever stood aside takes that back; what the chair recorded, the chair."


_M = MeetingState


def _step(target: MeetingState, *sources: MeetingState) -> Step:
    return Step(sources=frozenset(sources), target=target, refusal=WrongMeetingState)


STEPS: Mapping[str, Step] = {
    "rewrite": _step(_M.PLANNED, _M.PLANNED, _M.CONVENED),
    "schedule": _step(_M.PLANNED, _M.PLANNED, _M.CONVENED),
    "convene": _step(_M.CONVENED, _M.PLANNED),
    "cancel": _step(_M.CANCELLED, _M.PLANNED, _M.CONVENED),
    "reply": _step(_M.CONVENED, _M.CONVENED),
    "attend": _step(_M.RUNNING, _M.CONVENED, _M.RUNNING),
    "start": _step(_M.RUNNING, _M.CONVENED),
    "discuss": _step(_M.RUNNING, _M.RUNNING),
    "end": _step(_M.ENDED, _M.RUNNING),
    "close": _step(_M.CLOSED, _M.ENDED),
}
"""Every act on a meeting; ``rewrite``, ``schedule``, ``reply``, ``attend`` and ``discuss``
leave it in its state.
"""
TO_OTHERS = frozenset({_M.CONVENED, _M.RUNNING, _M.ENDED, _M.CLOSED})
"""Who is not inside the body sees that these take place."""


def check_hours(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raise :class:`BadMeetingHours`."""
    if not now < starts_at < ends_at <= starts_at + LONGEST:
        raise BadMeetingHours


def check_arrived(starts_at: datetime, now: datetime) -> None:
    """Raise :class:`TooEarly`."""
    if now < starts_at - ARRIVAL:
        raise TooEarly


class Quorum(msgspec.Struct, frozen=True, kw_only=True):
    """Whether enough are there. ``may_come`` counts those there and those not there who have
    not said that they will stay away; ``reachable`` says whether that would be enough.
    """

    entitled: int
    in_person: int
    online: int
    needed: int
    has_quorum: bool
    may_come: int
    reachable: bool

    @property
    def present(self) -> int:
        return self.in_person + self.online


def quorum(
    share: Share,
    entitled: Collection[UUID],
    there: Mapping[UUID, AttendanceMode],
    staying_away: Collection[UUID],
) -> Quorum:
    """Count. Whoever is not entitled (recused, or a seat that has ended) counts nowhere;
    whoever is there counts, whatever they said before.
    """
    present = {seat: there[seat] for seat in entitled if seat in there}
    online = sum(mode == AttendanceMode.ONLINE for mode in present.values())
    may_come = sum(seat in present or seat not in staying_away for seat in entitled)
    return Quorum(
        entitled=len(entitled),
        in_person=len(present) - online,
        online=online,
        needed=share.needed(len(entitled)),
        has_quorum=share.is_reached(len(present), len(entitled)),
        may_come=may_come,
        reachable=share.is_reached(may_come, len(entitled)),
    )
