"""Districts, with what they keep for everyone in them: calendar, departments, rules, zones."""

from datetime import date
from typing import Any, Self
from uuid import UUID

import msgspec

from backend.schools.directory import Entry
from backend.schools.models import (
    Department,
    District,
    DistrictRule,
    Period,
    Stage,
    Zone,
)
from backend.web.structs import Count, Cursor, In, Out


class DistrictOut(Out):
    """一个区及其平台的地址；接口路径都接在 url 之后。"""

    code: str
    name: str
    name_en: str | None
    shard: str | None
    url: str
    is_here: bool

    @classmethod
    def listed(cls, entry: Entry, url: str, here: str) -> Self:
        return cls(
            code=entry.code,
            name=entry.name,
            name_en=entry.name_en,
            shard=entry.shard,
            url=url,
            is_here=entry.shard == here,
        )

    @classmethod
    def alone(cls, district: District, url: str) -> Self:
        return cls(
            code=district.code,
            name=district.name,
            name_en=None,
            shard=None,
            url=url,
            is_here=True,
        )


class DistrictPage(Out):
    """全部区县；nextCursor 始终为 null。"""

    items: list[DistrictOut]
    next_cursor: Cursor | None = None


class TermOut(Out):
    """一个学期；首尾两天都包含在内。"""

    name: str
    starts_on: date
    ends_on: date


class YearOut(Out):
    """一个学年及其学期。"""

    name: str
    starts_on: date
    ends_on: date
    terms: list[TermOut]


class DayOut(Out):
    """放假或调休上课的一天；未列出的日子，学期内周一至周五上课。"""

    day: date
    is_school_day: bool
    label: str


class CalendarOut(Out):
    """一个区的校历。"""

    years: list[YearOut]
    days: list[DayOut]

    @classmethod
    def of(cls, stored: dict[str, list[dict[str, Any]]]) -> Self:
        terms: dict[UUID, list[TermOut]] = {}
        for row in stored["terms"]:
            year_id = row.pop("year_id")
            terms.setdefault(year_id, []).append(TermOut(**row))
        return cls(
            years=[YearOut(terms=terms.get(row.pop("id"), []), **row) for row in stored["years"]],
            days=[DayOut(**row) for row in stored["days"]],
        )


class DepartmentOut(Out):
    """一个成员部门；aliases 是文件中出现过的其他名称。"""

    id: UUID
    name: str
    aliases: list[str]

    @classmethod
    def of(cls, department: Department) -> Self:
        return cls(id=department.id, name=department.name, aliases=department.aliases)


class DepartmentPage(Out):
    """一个区的成员部门，按文件署名顺序；nextCursor 始终为 null。"""

    items: list[DepartmentOut]
    next_cursor: Cursor | None = None


class RuleOut(Out):
    """一条政策数字：source 是出处，binding 表示本区必须做到，否则为参考。"""

    code: str
    pack: str
    source: str
    subject: str
    scope: str
    amount: Count
    unit: str
    period: Period
    due_on: date | None
    binding: bool

    @classmethod
    def of(cls, adopted: DistrictRule) -> Self:
        rule = adopted.rule
        return cls(
            code=rule.code,
            pack=rule.pack.name,
            source=rule.pack.source,
            subject=rule.subject,
            scope=rule.scope,
            amount=rule.amount,
            unit=rule.unit,
            period=Period(adopted.period or rule.period),
            due_on=rule.due_on,
            binding=adopted.binding,
        )


class RulePage(Out):
    """本区采用的政策数字，必须做到的在前；nextCursor 始终为 null。"""

    items: list[RuleOut]
    next_cursor: Cursor | None = None


class MemberSchoolOut(Out):
    """教联体实验区的一所成员校。"""

    id: UUID
    name: str
    stage: Stage
    since: date


class ZoneOut(Out):
    """一个教联体实验区；pupils 少于 5 人时为 null。"""

    id: UUID
    name: str
    lead_school_id: UUID | None
    lead_school_name: str | None
    members: list[MemberSchoolOut]
    pupils: Count | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            id=row["id"],
            name=row["name"],
            lead_school_id=row["lead_school_id"],
            lead_school_name=row["lead_school"],
            members=msgspec.json.decode(row["members"], type=list[MemberSchoolOut]),
            pupils=row["pupils"],
        )


class ZonePage(Out):
    """一个区的全部教联体实验区；nextCursor 始终为 null。"""

    items: list[ZoneOut]
    next_cursor: Cursor | None = None


class LeadIn(In):
    """龙头校；必须是成员校。"""

    school_id: UUID


class LeadOut(Out):
    """教联体实验区及其龙头校。"""

    zone_id: UUID
    lead_school_id: UUID | None

    @classmethod
    def of(cls, zone: Zone) -> Self:
        return cls(zone_id=zone.id, lead_school_id=zone.lead_school_id)
