"""When a place may be had, kept or given back; and how likely a turn is to come.

The engine's functions decide under their locks and answer with a code; here each code is
the refusal people read. Nothing here reads the database or the clock.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from math import comb
from typing import Any

from backend import clock
from backend.errors import NotFound, Refusal


class NotOpenYet(Refusal):
    code = "not_open_yet"
    zh = "报名{when}开始。"
    en = "Booking opens at {when}."


class BookingEnded(Refusal):
    code = "ended"
    zh = "报名已经结束。"
    en = "Booking has ended."


class CalledOff(Refusal):
    code = "called_off"
    zh = "学校已取消：{reason}"
    en = "The school has called this off: {reason}"


class NotEligible(Refusal):
    code = "not_eligible"
    zh = "此次不面向您孩子所在的班级。"
    en = "This is not meant for your children's classes."


class NotInvited(Refusal):
    code = "not_invited"
    zh = "此次仅限受邀家长参加。"
    en = "This is by invitation only."


class Unprepared(Refusal):
    """Qualifications are lacking; ``keys`` name them (a profile, a skill, a course)."""

    code = "needs"
    zh = "参加前还需要：{lacking}。"
    en = "Something is needed first: {lackingEn}."


class Collides(Refusal):
    code = "collides"
    zh = "您{when}已有其他安排，时间冲突。"
    en = "You are already committed at {when}."


class PartyTooLarge(Refusal):
    code = "party_too_large"
    zh = "每个家庭最多{most}人。"
    en = "At most {most} people for each family."


class ChildNeeded(Refusal):
    code = "child_needed"
    zh = "请选择为哪个孩子报名。"
    en = "Say which child this is for."


class AnswersNeeded(Refusal):
    code = "answers_needed"
    zh = "请先回答报名问题。"
    en = "Some questions must be answered first."


class FamilyHasIt(Refusal):
    code = "family_has_it"
    zh = "孩子的另一位监护人已经报名。"
    en = "Another guardian of this child has booked already."


class Full(Refusal):
    code = "full"
    zh = "名额已满。"
    en = "Every place is taken."


class NoOffer(Refusal):
    code = "no_offer"
    zh = "当前没有留给您的名额，可能已过确认时间。"
    en = "No place is being held for you now; the offer may have run out."


class AlreadyStarted(Refusal):
    code = "started"
    zh = "活动已经开始，请直接联系组织老师。"
    en = "It has already begun; please talk to the organiser."


class AlreadyIn(Refusal):
    code = "already_in"
    zh = "您已签到。"
    en = "You are already checked in."


class WrongBookingState(Refusal):
    code = "wrong_booking_state"
    zh = "该报名当前的状态不允许此操作。"
    en = "The booking is not in a state for that."


class BelowTaken(Refusal):
    code = "below_taken"
    zh = "已有{taken}人占用名额，不能减少到{wanted}。"
    en = "{taken} places are promised already; {wanted} is too few."


class WrongSlotState(Refusal):
    code = "wrong_slot_state"
    zh = "当前状态不允许此操作。"
    en = "It is not in a state for that."


class BadHours(Refusal):
    code = "bad_hours"
    zh = "时间有误：开始须早于结束，截止不得晚于开始，且不能是过去。"
    en = "Times are wrong: it must begin before it ends, close by then, and lie ahead."


class HasOne(Refusal):
    code = "has_one"
    zh = "该家长已在此时段报名。"
    en = "They already have a place on this."


class NotBooked(Refusal):
    code = "not_booked"
    zh = "您在此时段没有已确认的名额。"
    en = "You hold no confirmed place here."


class DoorCodeStale(Refusal):
    code = "door_code_stale"
    zh = "签到码已更新，请重新扫描现场的二维码。"
    en = "The code at the door has changed; please scan it again."


class DoorClosed(Refusal):
    """Before half an hour ahead of the start, or after half an hour past the end."""

    code = "door_closed"
    zh = "签到时间为{opens}至{closes}。"
    en = "The door is open from {opens} to {closes}."


class StandInEnded(Refusal):
    code = "stand_in_ended"
    zh = "该替班请求已经结束。"
    en = "This request for a stand-in has ended."


class NoStandInsHere(Refusal):
    code = "no_stand_ins_here"
    zh = "此名额与孩子绑定，不能由其他家长替代。"
    en = "This place belongs to a child; nobody else can step in."


class OrganiserPicks(Refusal):
    code = "organiser_picks"
    zh = "此岗位须经学校同意，由组织老师确定替班人选。"
    en = "This duty needs the school's approval; the organiser picks the stand-in."


class CannotTakeOver(Refusal):
    """Says no more, for another family's commitments are nobody else's business."""

    code = "cannot_take_over"
    zh = "这位家长已有其他安排或不再符合条件，无法接手。"
    en = "They are committed elsewhere or no longer eligible, and cannot take over."


class OtherDesk(Refusal):
    """Its room checks more than the engine does, so it is booked at the room's own address."""

    code = "other_desk"
    zh = "请在活动页面报名。"
    en = "Please register on the activity's own page."


TAKING = (
    NotFound,
    NotOpenYet,
    BookingEnded,
    CalledOff,
    NotEligible,
    NotInvited,
    Unprepared,
    Collides,
    PartyTooLarge,
    ChildNeeded,
    AnswersNeeded,
    FamilyHasIt,
)
"""What may be answered to somebody who asks for a place."""

_BY_CODE: dict[str, type[Refusal]] = {
    refusal.code: refusal
    for refusal in (
        *TAKING[1:], OtherDesk, Full, NoOffer, AlreadyStarted, AlreadyIn, WrongBookingState, HasOne
    )
} | {"absent": NotFound, "wrong_state": WrongBookingState}  # fmt: skip


_NEEDED = {
    "volunteer": ("学校通过您的家长志愿者申请", "the school's yes to you as a volunteer"),
    "duty": ("学校对该岗位的认可", "the school's word for this duty"),
    "course": ("先学完指定的微课", "finishing a short course"),
}
"""What the first part of a qualification's key means to people."""


def refusal(code: str, facts: Mapping[str, Any] | None) -> Refusal:
    """Return the refusal for the engine's ``code``, worded with its ``facts``."""
    told = {key: value for key, value in (facts or {}).items() if key != "code"}
    moment = told.get("opensAt") or told.get("startsAt")
    if moment is not None:
        told["when"] = wall_clock(datetime.fromisoformat(str(moment)))
    if "keys" in told:
        words = list(
            dict.fromkeys(_NEEDED.get(key.partition(":")[0], (key, key)) for key in told["keys"])
        )
        told["lacking"] = "、".join(zh for zh, _ in words)
        told["lackingEn"] = ", ".join(en for _, en in words)
    if code == CalledOff.code:
        told.setdefault("reason", "")
    return _BY_CODE[code](**told)


def wall_clock(moment: datetime) -> str:
    """Return a moment as people say it in China: ``11月24日 08:00``."""
    local = clock.local(moment)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


LEAST_KNOWN = 20
"""Below so many past places nothing is said about a chance."""


@lru_cache(maxsize=4_096)
def chance(ahead: int, held: int, freed: int, promised: int) -> float | None:
    """Estimate the chance that a family with ``ahead`` others before it still gets a place.

    ``held`` places are taken now; of ``promised`` places like them in the last half year
    ``freed`` were given back. Each is taken to come free on its own, with that share;
    the answer is the chance that more than ``ahead`` do, rounded to 5 %, or ``None`` when
    too little is known.
    """
    if promised < LEAST_KNOWN or held == 0:
        return None
    share = min(freed / promised, 1.0)
    few = sum(
        comb(held, n) * share**n * (1 - share) ** (held - n) for n in range(min(ahead, held) + 1)
    )
    return round(max(0.0, 1.0 - few) * 20) / 20
