"""How minutes are worded: what a school may change in them, and what stands there otherwise."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.errors import Refusal

_FIELD = re.compile(r"\{([^{}]*)\}")

PLACEHOLDERS = {
    "body": "组织名称",
    "meeting": "会议名称",
    "school": "学校名称",
    "district": "区名称",
    "year": "会议年份",
    "date": "会议日期",
    "time": "起止时间",
    "place": "会议地点",
    "chair": "主持人",
    "secretary": "记录人",
    "entitled": "应到人数",
    "present": "实到人数",
}
"""What may stand in braces, and what takes its place."""


class MinutesSection(StrEnum):
    """The parts of minutes; each comes exactly once."""

    ATTENDANCE = "attendance"
    AGENDA = "agenda"
    PROCEEDINGS = "proceedings"
    DECISIONS = "decisions"
    TASKS = "tasks"
    REMARKS = "remarks"
    OBJECTIONS = "objections"


class UnknownPlaceholder(Refusal):
    """``placeholder`` is none of :data:`PLACEHOLDERS`, or a brace without its partner."""

    status = 422
    code = "unknown_placeholder"
    zh = "模板中的占位符无法识别：{placeholder}。"
    en = "The wording has a placeholder that is not known: {placeholder}."


class SectionsIncomplete(Refusal):
    status = 422
    code = "sections_incomplete"
    zh = "纪要的每个部分须出现且只出现一次。"
    en = "Every part of the minutes comes exactly once."


class SectionTitle(msgspec.Struct, frozen=True, kw_only=True):
    """A part and what it is called."""

    section: MinutesSection
    title: Annotated[str, Meta(min_length=1, max_length=30)]


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """The words around what was found. ``{body}`` and the like are filled in.

    ``filing_prefix`` stands before the year in filing numbers; a district's wording alone
    has one.
    """

    heading: Annotated[str, Meta(min_length=1, max_length=120)] = "{body}会议纪要"
    opening: Annotated[str, Meta(max_length=1000)] = (
        "{date}，{body}在{place}召开{meeting}。会议由{chair}主持，{secretary}记录。"
        "会议应到{entitled}人，实到{present}人。现将会议情况纪要如下："
    )
    sections: tuple[SectionTitle, ...] = (
        SectionTitle(section=MinutesSection.ATTENDANCE, title="出席情况"),
        SectionTitle(section=MinutesSection.AGENDA, title="会议议题"),
        SectionTitle(section=MinutesSection.PROCEEDINGS, title="审议情况"),
        SectionTitle(section=MinutesSection.DECISIONS, title="会议决定"),
        SectionTitle(section=MinutesSection.TASKS, title="任务分工"),
        SectionTitle(section=MinutesSection.REMARKS, title="其他事项"),
        SectionTitle(section=MinutesSection.OBJECTIONS, title="对纪要的异议及答复"),
    )
    closing: Annotated[str, Meta(max_length=1000)] = (
        "本纪要根据会议记录整理，经会议主持人确认。委员对纪要有异议的，"
        "可自确认之日起三日内提出，由主持人予以答复。"
    )
    signatures: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=30)], ...], Meta(max_length=6)
    ] = ("主持人（签字）", "记录人（签字）", "日期")
    filing_prefix: Annotated[str, Meta(max_length=15)] = ""


STANDARD = Wording()


def check(wording: Wording) -> None:
    """Raises :class:`UnknownPlaceholder` and :class:`SectionsIncomplete`."""
    for text in _texts(wording):
        for found in _FIELD.finditer(text):
            if found.group(1) not in PLACEHOLDERS:
                raise UnknownPlaceholder(placeholder=found.group(0))
        left = _FIELD.sub("", text)
        for brace in "{}":
            if brace in left:
                raise UnknownPlaceholder(placeholder=brace)
    if sorted(part.section for part in wording.sections) != sorted(MinutesSection):
        raise SectionsIncomplete


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its placeholders filled; what is filled in is not read again."""
    return _FIELD.sub(lambda found: values.get(found.group(1), found.group(0)), text)


def read(stored: Mapping[str, object] | None) -> Wording:
    """Return a stored wording; what it does not say is the standard's."""
    return msgspec.convert(dict(stored), Wording) if stored else STANDARD


def _texts(wording: Wording) -> Iterator[str]:
    yield from (wording.heading, wording.opening, wording.closing)
    yield from wording.signatures
    yield from (part.title for part in wording.sections)
    yield wording.filing_prefix
