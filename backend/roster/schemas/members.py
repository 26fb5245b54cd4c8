"""Pupils of a class, and groups."""

from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.people.models import Relation
from backend.people.phones import mask
from backend.web.actor import Role
from backend.web.structs import Count, Cursor, In, Name, Out

Students = Annotated[list[UUID], Meta(max_length=1000)]
Staff = Annotated[list[UUID], Meta(max_length=300)]


class GuardianOut(Out):
    """一位家长；手机号已打码，hasAccount 表示是否登录过。"""

    person_id: UUID
    name: str
    relation: Relation
    phone: str | None
    has_account: bool


class StudentOut(Out):
    """一名学生及其家长。"""

    id: UUID
    number: str
    name: str
    guardians: list[GuardianOut]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        guardians = msgspec.json.decode(row["guardians"])
        return cls(
            id=row["id"],
            number=row["number"],
            name=row["name"],
            guardians=[
                GuardianOut(
                    person_id=UUID(guardian["id"]),
                    name=guardian["name"],
                    relation=Relation(guardian["relation"]),
                    phone=mask(guardian["phone"]) if guardian["phone"] else None,
                    has_account=guardian["has_account"],
                )
                for guardian in guardians
            ],
        )


class StudentPage(Out):
    """一个班的学生，按学号排列。"""

    items: list[StudentOut]
    next_cursor: Cursor | None


class GroupIn(In):
    """一个分组：名称，以及学生和教职工。班主任的分组只能有自己班的学生。"""

    name: Name
    student_ids: Students
    person_ids: Staff

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name.strip() != self.name:
            raise ValueError("name must not begin or end with a blank")


class GroupItem(Out):
    """分组列表中的一行。"""

    id: UUID
    name: str
    students: Count
    staff: Count

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(**row)


class GroupPage(Out):
    """一页分组，按名称排列。"""

    items: list[GroupItem]
    next_cursor: Cursor | None


class GroupStudentOut(Out):
    """分组中的一名学生。"""

    id: UUID
    name: str
    class_name: str


class GroupPersonOut(Out):
    """分组中的一名教职工。"""

    id: UUID
    name: str


class GroupOut(Out):
    """一个分组及其成员。"""

    id: UUID
    school_id: UUID
    name: str
    students: list[GroupStudentOut]
    staff: list[GroupPersonOut]


class PostOut(Out):
    """What somebody is at the school; the place is empty for the whole school."""

    role: Role
    subject: str
    place: str


class StaffOut(Out):
    """Somebody who works at the school; ``personId`` is how other calls name them."""

    person_id: UUID
    name: str
    posts: list[PostOut]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """Build from a row of ``lists.staff_of``."""
        posts = [
            PostOut(
                role=Role(post["role"]),
                subject=post["subject"],
                place=(post["grade"] or "") + (post["class"] or ""),
            )
            for post in msgspec.json.decode(row["posts"])
        ]
        return cls(person_id=row["id"], name=row["name"], posts=posts)


class StaffListOut(Out):
    """Everybody who works at a school, by name."""

    items: list[StaffOut]
