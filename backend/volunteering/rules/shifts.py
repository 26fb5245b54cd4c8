"""What a shift and a station day may look like.

Nothing here reads the database or the clock: callers bring the facts.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.errors import BadInput, Refusal
from backend.people.names import surname
from backend.volunteering.models import DayState, DutyKind, Side

GUARD = "guard"
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=12)
FARTHEST = timedelta(days=800)
"""Nothing is planned further ahead: two school years."""


class UnknownKind(Refusal):
    """A shift's duty is built in or one of the school's own (requirements V13)."""

    status = 422
    code = "unknown_duty"
    zh = "没有这种岗位：{duty}。"
    en = "There is no such duty: {duty}."


class KindOff(Refusal):
    code = "duty_off"
    zh = "学校未开设“{name}”岗位。"
    en = "The school does not offer “{name}”."


class KindFixed(Refusal):
    """A built-in duty keeps its name and what protects the people in it."""

    code = "duty_fixed"
    zh = "内置岗位“{name}”的名称和必需的审核不能更改。"
    en = "“{name}” is built in: its name and its safeguards stay."


class TeacherNeeded(Refusal):
    """After-school service has a teacher of record; no volunteer is the only adult (duty-4)."""

    status = 422
    code = "teacher_needed"
    zh = "“{name}”必须指定在场的责任教师。"
    en = "“{name}” needs a teacher of record."


class NotOnStaff(Refusal):
    status = 422
    code = "not_on_staff"
    zh = "{field}不是本校在职教师。"
    en = "{field} is not on the school's staff."


class DiscreetText(Refusal):
    """Mediation says nothing about the case: its words come from the kind alone (duty-6)."""

    status = 422
    code = "discreet_duty"
    zh = "“{name}”不能填写说明，以免泄露学生信息。"
    en = "“{name}” takes no text of its own, so that no pupil is named."


class BadShiftHours(BadInput):
    code = "bad_shift_hours"
    zh = "班次时间有误：须在将来，长15分钟至12小时，且不跨日。"
    en = "A shift lies ahead, lasts 15 minutes to 12 hours and ends the day it began."


class BadShiftNumbers(BadInput):
    code = "bad_shift_numbers"
    zh = "人数有误：最少人数不得超过名额。"
    en = "The minimum cannot exceed the capacity."


class UnknownClass(BadInput):
    code = "unknown_class"
    zh = "所选年级或班级不属于本校。"
    en = "A class or grade named here is not of this school."


class PastDay(BadInput):
    code = "past_day"
    zh = "驻校日须在今天或以后，且不超过800天。"
    en = "A station day lies ahead, by at most 800 days."


class WrongDayState(Refusal):
    code = "wrong_day_state"
    zh = "驻校日当前状态（{state}）不允许此操作。"
    en = "The station day is {state}; that is not possible now."


class OtherDay(Refusal):
    status = 422
    code = "other_day"
    zh = "班次日期与驻校日不一致。"
    en = "The shift is not on the station day's date."


class NoShifts(Refusal):
    code = "no_shifts"
    zh = "请先为驻校日添加班次。"
    en = "A station day needs a shift before it is published."


class WrongShiftState(Refusal):
    code = "wrong_shift_state"
    zh = "该班次已开始、结束或取消。"
    en = "The shift has begun, ended or been called off."


class NoGuardPost(Refusal):
    code = "no_guard_post"
    zh = "只有护学岗登记学校和民警的值守人员。"
    en = "Only guard posts name holders of the school and the police."


class NoTeacherOfRecord(Refusal):
    code = "no_teacher_of_record"
    zh = "该班次没有指定带班老师。"
    en = "This shift has no teacher of record."


class NotBegun(Refusal):
    code = "not_begun"
    zh = "班次尚未开始。"
    en = "The shift has not begun."


TEACHER_EARLY = timedelta(minutes=30)
"""How long before the start a teacher may be noted as there."""


def check_teacher_note(teacher_id: UUID | None, starts_at: datetime, now: datetime) -> None:
    """Raises :class:`NoTeacherOfRecord` and :class:`NotBegun`."""
    if teacher_id is None:
        raise NoTeacherOfRecord
    if now < starts_at - TEACHER_EARLY:
        raise NotBegun


def check_start(starts_at: datetime, now: datetime) -> None:
    """Raises :class:`BadShiftHours`. A difference has no end of time to run into."""
    if not timedelta() < starts_at - now <= FARTHEST:
        raise BadShiftHours(field="startsAt")


def check_hours(starts_at: datetime, ends_at: datetime, zone: str, now: datetime) -> None:
    """Raises :class:`BadShiftHours`."""
    check_start(starts_at, now)
    if not SHORTEST <= ends_at - starts_at <= LONGEST:
        raise BadShiftHours(field="endsAt")
    local = ZoneInfo(zone)
    if starts_at.astimezone(local).date() != ends_at.astimezone(local).date():
        raise BadShiftHours(field="endsAt")


def check_day(day: date, today: date) -> None:
    """Raises :class:`PastDay`."""
    if not timedelta() <= day - today <= FARTHEST:
        raise PastDay(field="day")


def check_words(kind: DutyKind, briefing: str, teacher: object) -> None:
    """Raises :class:`DiscreetText` and :class:`TeacherNeeded`."""
    if kind.is_discreet and briefing:
        raise DiscreetText(name=kind.name)
    if kind.needs_teacher and teacher is None:
        raise TeacherNeeded(name=kind.name)


_KEY = re.compile(r"[a-z][a-z0-9_]{1,19}")


def check_key(key: str) -> None:
    """Raises :class:`UnknownKind` for what cannot be the key of a duty."""
    if not _KEY.fullmatch(key):
        raise UnknownKind(duty=key[:20])


def check_edition(
    built_in: DutyKind | None, name: str, approval: bool, skill: bool, teacher: bool
) -> None:
    """Check a school's edition of a kind. Raises :class:`KindFixed`."""
    if built_in is None:
        return
    loosened = (
        (built_in.needs_approval and not approval)
        or (built_in.needs_skill and not skill)
        or (built_in.needs_teacher and not teacher)
    )
    if name != built_in.name or loosened:
        raise KindFixed(name=built_in.name)


def requirements(kind: DutyKind) -> list[str]:
    """Return the qualifications a shift of the kind asks for."""
    skill = [f"duty:{kind.key}"] if kind.needs_skill else []
    return ["volunteer", *skill, *sorted(kind.courses)]


class Gap(NamedTuple):
    """A side of a guard post that is short (requirements V14): a warning, never a refusal."""

    side: str
    needed: int
    have: int


def gaps(
    duty: str, families: int, minimum: int, needed: Mapping[Side, int], have: Mapping[Side, int]
) -> list[Gap]:
    """Return the sides a guard post still lacks; each of the three needs somebody."""
    if duty != GUARD:
        return []
    found = [Gap("family", max(minimum, 1), families)]
    found += [Gap(side.value, max(needed.get(side, 0), 1), have.get(side, 0)) for side in Side]
    return [gap for gap in found if gap.have < gap.needed]


def day_state(state: DayState, hours: tuple[datetime, datetime], now: datetime) -> DayState:
    """Return what time makes of a published day with shifts from the first to the last hour."""
    if state not in (DayState.PUBLISHED, DayState.RUNNING):
        return state
    begins, ends = hours
    if now >= ends:
        return DayState.CLOSED
    return DayState.RUNNING if now >= begins else state


def called(name: str, relation: str | None) -> str:
    """Return how volunteers of one shift see each other: a surname and a form of address."""
    address = {"mother": "女士", "father": "先生"}.get(relation or "", "家长")
    return f"{surname(name)}{address}"


def unknown(wanted: Iterable[str], known: Collection[str]) -> str | None:
    """Return the first of ``wanted`` that is not known."""
    return next((key for key in wanted if key not in known), None)
