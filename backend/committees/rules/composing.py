"""From what was found and how it is worded to the blocks of a document."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from backend.committees.rules import sentences
from backend.committees.rules.numerals import day, hours, spelt
from backend.committees.rules.record import ItemFound, ObjectionFound, Record
from backend.committees.rules.wording import MinutesSection, Wording, filled
from backend.media.writing.blocks import (
    Block,
    Column,
    Heading,
    Paper,
    Paragraph,
    Signatures,
    Table,
)

DRAFT_MARK = "草稿"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a paper says about itself. ``objections`` are those answered since confirming."""

    written_at: datetime
    is_draft: bool
    filing_number: str = ""
    confirmed_at: datetime | None = None
    confirmed_by: str = ""
    digest: str = ""
    objections: tuple[ObjectionFound, ...] = ()


def paper(record: Record, remarks: str, wording: Wording, standing: Standing) -> Paper:
    """Return the minutes as a document."""
    values = values_of(record)
    heading = filled(wording.heading, values)
    return Paper(
        title=heading,
        author=record.body,
        written_at=standing.written_at,
        mark=DRAFT_MARK if standing.is_draft else "",
        blocks=tuple(_blocks(record, remarks, wording, standing, values)),
    )


def values_of(record: Record) -> dict[str, str]:
    """Return what takes the place of every placeholder."""
    return {
        "body": record.body,
        "meeting": record.meeting,
        "school": record.school,
        "district": record.district,
        "year": day(record.started_at, record.zone)[:4],
        "date": day(record.started_at, record.zone),
        "time": hours(record.started_at, record.ended_at, record.zone),
        "place": record.place or "线上",
        "chair": record.chair or "（未记录）",
        "secretary": record.secretary or "（未记录）",
        "entitled": str(record.entitled),
        "present": str(record.present),
    }


def _blocks(
    record: Record, remarks: str, wording: Wording, standing: Standing, values: dict[str, str]
) -> Iterator[Block]:
    if standing.filing_number:
        yield Paragraph(text=standing.filing_number, align="right")
    yield Heading(text=filled(wording.heading, values), level=0)
    if wording.opening:
        yield Paragraph(text=filled(wording.opening, values))
    number = 0
    for part in wording.sections:
        content = list(_section(part.section, record, remarks, standing))
        if not content:
            continue
        number += 1
        yield Heading(text=f"{spelt(number)}、{filled(part.title, values)}")
        yield from content
    if wording.closing:
        yield Paragraph(text=filled(wording.closing, values))
    if wording.signatures:
        yield Signatures(lines=tuple(filled(line, values) for line in wording.signatures))
    yield from _notes(record, standing)


def _section(
    section: MinutesSection, record: Record, remarks: str, standing: Standing
) -> Iterator[Block]:
    match section:
        case MinutesSection.ATTENDANCE:
            yield from _attendance(record)
        case MinutesSection.AGENDA:
            yield from _agenda(record)
        case MinutesSection.PROCEEDINGS:
            yield from _proceedings(record)
        case MinutesSection.DECISIONS:
            yield from _decisions(record)
        case MinutesSection.TASKS:
            yield from _tasks(record)
        case MinutesSection.REMARKS:
            if remarks.strip():
                yield Paragraph(text=remarks)
        case MinutesSection.OBJECTIONS:
            for one in (*record.objections, *standing.objections):
                yield Paragraph(lead=f"{one.name}：", text=one.text)
                verdict = "采纳" if one.upheld else "不采纳"
                yield Paragraph(lead=f"答复（{verdict}）：", text=one.answer)


def _attendance(record: Record) -> Iterator[Block]:
    yield Paragraph(lead="会议时间：", text=f"{day(record.started_at, record.zone)}"
                    f"{hours(record.started_at, record.ended_at, record.zone)}")  # fmt: skip
    places = [place for place in (record.place, "线上" if record.online else "") if place]
    yield Paragraph(lead="会议地点：", text="、".join(places) or "线上")
    yield Paragraph(lead="应到与实到：", text=sentences.turnout(record))
    if record.attendees:
        yield Table(
            columns=(
                Column(heading="序号", share=1, align="centre"),
                Column(heading="姓名", share=2.2, align="centre"),
                Column(heading="职务", share=2.6, align="centre"),
                Column(heading="代表方", share=2, align="centre"),
                Column(heading="出席情况", share=3, align="centre"),
            ),
            rows=tuple(
                (
                    str(at),
                    one.name,
                    sentences.office(one),
                    sentences.constituency(one),
                    sentences.presence(one, record.zone),
                )
                for at, one in enumerate(record.attendees, 1)
            ),
        )


def _agenda(record: Record) -> Iterator[Block]:
    if not record.items:
        yield Paragraph(text="本次会议未列议题。")
        return
    yield Table(
        columns=(
            Column(heading="序号", share=1, align="centre"),
            Column(heading="议题", share=5.6),
            Column(heading="到会", share=1.2, align="centre"),
            Column(heading="法定人数", share=1.9, align="centre"),
            Column(heading="结果", share=2.3, align="centre"),
        ),
        rows=tuple(
            (
                item.number,
                item.title,
                "" if item.present is None else str(item.present),
                sentences.quorum_word(item),
                sentences.result_word(item),
            )
            for item in record.items
        ),
    )


def _proceedings(record: Record) -> Iterator[Block]:
    top = 0
    for item in record.items:
        if "." in item.number:
            yield Heading(text=f"{item.number} {item.title}", level=3)
        else:
            top += 1
            yield Heading(text=f"（{spelt(top)}）{item.title}", level=2)
        yield from _item(item, record)


def _item(item: ItemFound, record: Record) -> Iterator[Block]:
    if item.text.strip():
        yield Paragraph(lead="议题内容：", text=item.text)
    if item.recused:
        aside = "；".join(f"{one.name}（{one.reason}）" for one in item.recused)
        yield Paragraph(lead="回避：", text=f"{aside}。")
    if quorum := sentences.quorum(item):
        yield Paragraph(lead="到会：", text=quorum)
    if item.vote is not None:
        yield Paragraph(lead="表决：", text=sentences.vote(item.vote))
    if item.conclusion.strip():
        yield Paragraph(lead="会议意见：", text=item.conclusion)
    yield Paragraph(lead="结果：", text=sentences.result(item))
    for one in record.decisions:
        if one.item == item.number:
            yield Paragraph(lead=f"决定第{one.number}号：", text=one.text)


def _decisions(record: Record) -> Iterator[Block]:
    if not record.decisions:
        yield Paragraph(text="本次会议未形成决定。")
    for one in record.decisions:
        about = f"（议题{one.item}）" if one.item else ""
        yield Paragraph(lead=f"第{one.number}号{about}：", text=one.text)


def _tasks(record: Record) -> Iterator[Block]:
    owned = [one for one in record.decisions if one.owner]
    if not owned:
        return
    yield Table(
        columns=(
            Column(heading="决定", share=1.3, align="centre"),
            Column(heading="任务", share=5.6),
            Column(heading="责任人", share=2, align="centre"),
            Column(heading="完成期限", share=2.7, align="centre"),
        ),
        rows=tuple(
            (
                f"第{one.number}号",
                one.text,
                one.owner,
                f"{one.due_on.year}年{one.due_on.month}月{one.due_on.day}日" if one.due_on else "",
            )
            for one in owned
        ),
    )


def _notes(record: Record, standing: Standing) -> Iterator[Block]:
    if standing.is_draft:
        yield Paragraph(text="本稿为草稿，未经会议主持人确认，仅供组织内部核对。", small=True)
        return
    if standing.confirmed_at is not None:
        at = day(standing.confirmed_at, record.zone)
        yield Paragraph(text=f"本纪要由{standing.confirmed_by}于{at}确认。", small=True)
    if standing.digest:
        yield Paragraph(text=f"内容校验码（SHA-256）：\n{standing.digest}", small=True)
