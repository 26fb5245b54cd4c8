"""Schools with their grades and classes, and what each decides for itself."""

from collections.abc import Collection
from datetime import date, time
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta

from backend.schools.models import (
    Approval,
    Function,
    School,
    Stage,
)
from backend.web.structs import Cursor, In, Out

Clock = Annotated[time, Meta(tz=False, examples=["21:30:00"])]


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
