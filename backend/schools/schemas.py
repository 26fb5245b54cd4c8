"""What the phone sees of the tree, the calendar and the switches, and what it may send."""

from collections.abc import Collection
from datetime import date, time
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.schools.directory import Entry
from backend.schools.models import (
    Approval,
    Department,
    District,
    DistrictRule,
    Function,
    Period,
    School,
    Stage,
    Zone,
)
from backend.web.structs import Count, Cursor, In, Out

Clock = Annotated[time, Meta(tz=False, examples=["21:30:00"])]


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


class SchoolOut(Out):
    """一所学校及其所在的区、镇街和教联体实验区。"""

    id: UUID
    code: str
    name: str
    stage: Stage
    district_id: UUID
    district_name: str
    town_name: str | None
    zone_id: UUID | None
    zone_name: str | None
    notice_approval: Approval
    quiet_from: Clock | None
    quiet_until: Clock | None
    pilot_from: date | None
    pilot_until: date | None

    @classmethod
    def of(cls, school: School, place: dict[str, Any]) -> Self:
        begins, ends = school.quiet_hours or (None, None)
        return cls(
            id=school.id,
            code=school.code,
            name=school.name,
            stage=Stage(school.stage),
            district_id=school.district_id,
            district_name=place["district"],
            town_name=place["town"],
            zone_id=place["zone_id"],
            zone_name=place["zone"],
            notice_approval=Approval(school.notice_approval),
            quiet_from=begins,
            quiet_until=ends,
            pilot_from=school.pilot_from,
            pilot_until=school.pilot_until,
        )


class SchoolPage(Out):
    """一页学校。"""

    items: list[SchoolOut]
    next_cursor: Cursor | None


class ClassOut(Out):
    """一个班级。"""

    id: UUID
    name: str


class GradeOut(Out):
    """一个年级及其班级。"""

    id: UUID
    name: str
    classes: list[ClassOut]


class GradePage(Out):
    """一所学校的全部年级，按从低到高排列；nextCursor 始终为 null。"""

    items: list[GradeOut]
    next_cursor: Cursor | None = None

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> Self:
        grades: dict[UUID, GradeOut] = {}
        for row in rows:
            grade = grades.setdefault(
                row["grade_id"], GradeOut(id=row["grade_id"], name=row["grade"], classes=[])
            )
            if row["class_id"] is not None:
                grade.classes.append(ClassOut(id=row["class_id"], name=row["class"]))
        return cls(items=list(grades.values()))


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


class FeaturesIn(In):
    """要开关的平台功能；没有写出的保持不变。"""

    functions: Annotated[dict[Function, bool], Meta(min_length=1, max_length=len(Function))]


class FeaturesOut(Out):
    """学校各项平台功能是否开通；没有设置过的功能是开通的。"""

    functions: dict[Function, bool]

    @classmethod
    def of(cls, off: Collection[Function]) -> Self:
        return cls(functions={function: function not in off for function in Function})


class SchoolSettingsIn(In):
    """学校的审核方式和免打扰时段；两个时间须同时填写或同时为 null，可以跨越午夜。"""

    notice_approval: Approval
    quiet_from: Clock | None
    quiet_until: Clock | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quietFrom and quietUntil go together")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quietFrom and quietUntil must differ")

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """Both ends of the window, or ``None``."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return self.quiet_from, self.quiet_until
