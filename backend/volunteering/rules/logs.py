"""What a duty log may hold, who may still write it, and the built-in checklists.

Nothing here reads the database or the clock: callers bring the facts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from backend.errors import BadInput, Refusal
from backend.volunteering.models import Severity

CANTEEN, GUIDANCE, MEDIATION = "canteen", "guidance", "mediation"
EARLY = timedelta(minutes=30)
"""How long before its shift a log may be begun, and a tick may lie."""
LATE = timedelta(hours=24)
"""How long after its shift a log may still be written."""
SLACK = timedelta(minutes=5)
"""How far a phone's clock may be ahead of ours."""

BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "canteen": (
        "食材验收和索证记录齐全",
        "冷藏、冷冻温度正常",
        "留样齐全并注明时间",
        "餐具已清洗消毒",
        "工作人员着装规范、持健康证",
        "陪餐记录已填写",
        "就餐秩序和餐后清理",
    ),
    "patrol": (
        "校门和门卫室",
        "教学楼楼道、楼梯",
        "操场和体育器材",
        "围墙和护栏",
        "消防通道和灭火器",
        "饮水点和卫生间",
        "专用教室用电",
    ),
    "after_school": (
        "责任教师在场",
        "与教师核对到班人数",
        "活动场地安全",
        "学生按时交接离校",
    ),
    "guard": (
        "反光背心和指挥旗齐备",
        "校门口车辆有序、无占道",
        "斑马线有人值守",
        "异常情况已告知值班老师",
    ),
    "guidance": (
        "按预约时间到场",
        "已说明谈话内容保密",
        "超出经验范围的已建议联系学校",
    ),
}
"""Lists of the built-in duties; a patrol's are its checkpoints."""


class MediationHasNoLog(Refusal):
    """What is said in a mediation belongs in the school's sealed records (duty-6)."""

    code = "mediation_has_no_log"
    zh = "学生矛盾调解不写值班记录，相关情况由学校德育老师另行保存。"
    en = "Mediation has no duty log: the school keeps those records apart."


class NotOnDuty(Refusal):
    code = "not_on_duty"
    zh = "签到后，或在班次时间内，才能填写值班记录。"
    en = "The log opens once you are checked in or the shift has begun."


class LogClosed(Refusal):
    code = "log_closed"
    zh = "班次结束已超过24小时，值班记录不能再修改。"
    en = "The shift ended more than 24 hours ago; its log is closed."


class LogChanged(Refusal):
    """``version`` is the one now kept; read it again before writing."""

    code = "log_changed"
    zh = "值班记录已在别处修改，请刷新后再保存。"
    en = "The log was changed elsewhere; read it again before saving."


class OnlyCanteensAreRated(Refusal):
    status = 422
    code = "only_canteens_are_rated"
    zh = "只有食堂管理需要评分。"
    en = "Only canteen duty takes a rating."


class UnknownItem(BadInput):
    code = "unknown_item"
    zh = "检查项不在本次清单中：{field}。"
    en = "That is not on this shift's list: {field}."


class TickOutsideShift(BadInput):
    code = "tick_outside_shift"
    zh = "打卡时间不在班次时间内：{field}。"
    en = "A tick lies outside the shift: {field}."


class FindingInHand(Refusal):
    """A finding may be reworded or withdrawn only until the school has taken it up."""

    code = "finding_in_hand"
    zh = "学校已在处理该问题，不能再修改或撤回。"
    en = "The school has taken this finding up; it can no longer be changed."


class Item(msgspec.Struct, frozen=True):
    """One line of a checklist; ``at`` is when it was ticked."""

    id: UUID
    text: str
    at: datetime | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something found; ``key`` is the phone's own name for it, so that a repeated log
    does not report it twice."""

    key: UUID
    text: str
    severity: Severity
    place: str
    photo_ids: tuple[UUID, ...] = ()


class LogText(msgspec.Struct, frozen=True, kw_only=True):
    """A whole log as its author sends it; ``version`` is the one they had on the screen."""

    version: int
    ticks: Mapping[UUID, datetime]
    rating: int | None
    remarks: str
    findings: tuple[Finding, ...]


def built_in(duty: str) -> list[Item]:
    """Return the built-in checklist of a duty; empty for kinds a school made itself."""
    return [
        Item(uuid5(NAMESPACE_URL, f"urn:tongxing:checklist:{duty}:{text}"), text)
        for text in BUILT_IN.get(duty, ())
    ]


def check_has_log(duty: str) -> None:
    """Raises :class:`MediationHasNoLog`."""
    if duty == MEDIATION:
        raise MediationHasNoLog


def check_writable(
    booking: str | None, starts_at: datetime, ends_at: datetime, now: datetime
) -> None:
    """Say whether the holder of a booking in that state may write now.

    Raises :class:`NotOnDuty` and :class:`LogClosed`.
    """
    if now > ends_at + LATE:
        raise LogClosed
    there = booking in ("checked_in", "completed")
    if not there and not (booking == "confirmed" and now >= starts_at - EARLY):
        raise NotOnDuty


def is_on_duty(booking: str | None, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Say whether the holder of a booking in that state is there, or has only just been."""
    return booking is not None and starts_at - EARLY <= now <= ends_at + LATE


def tick(
    checklist: Iterable[Item],
    ticks: Mapping[UUID, datetime],
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> list[Item]:
    """Return the checklist with its ticks. Raises :class:`UnknownItem`,
    :class:`TickOutsideShift`."""
    items = list(checklist)
    if stranger := set(ticks) - {item.id for item in items}:
        raise UnknownItem(field=str(min(stranger)))
    for item_id, at in ticks.items():
        if not starts_at - EARLY <= at <= min(now + SLACK, ends_at + LATE):
            raise TickOutsideShift(field=str(item_id))
    return [Item(item.id, item.text, ticks.get(item.id)) for item in items]


def check_rating(duty: str, rating: int | None) -> None:
    """Raises :class:`OnlyCanteensAreRated`."""
    if rating is not None and duty != CANTEEN:
        raise OnlyCanteensAreRated


def may_read_remarks(duty: str, reader: UUID, author: UUID, organiser: UUID) -> bool:
    """Guidance notes are between the volunteer and the organiser; others' are the school's."""
    return duty != GUIDANCE or reader in (author, organiser)


def stored(items: Iterable[Item]) -> list[Any]:
    """Return items as the row keeps them."""
    kept: list[Any] = msgspec.to_builtins(list(items))
    return kept


def restored(kept: list[Any]) -> list[Item]:
    """Return the items a row keeps."""
    return msgspec.convert(kept, list[Item])
