"""Parent schools on the wire."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.courses.models import HostKind
from backend.courses.operations.hosts import HostContent
from backend.web.structs import In, Out, Title

Head = Annotated[str, Meta(max_length=40)]


class ParentSchoolIn(In):
    """What a school says about its own parent school; ``head`` may be empty."""

    name: Title
    opened_on: date
    head: Head = ""

    def content(self) -> HostContent:
        return HostContent(name=self.name, head=self.head, opened_on=self.opened_on)


class DistrictHostIn(In):
    """A community's parent school, or the district's own; ``townId`` places a community's."""

    kind: HostKind
    name: Title
    opened_on: date
    head: Head = ""
    town_id: UUID | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind is HostKind.SCHOOL:
            raise ValueError("a school's own parent school is set at the school")

    def content(self) -> HostContent:
        return HostContent(
            name=self.name, head=self.head, opened_on=self.opened_on, town_id=self.town_id
        )


class HostChangeIn(In):
    """What is said about a community's or the district's parent school."""

    name: Title
    opened_on: date
    head: Head = ""
    town_id: UUID | None = None

    def content(self) -> HostContent:
        return HostContent(
            name=self.name, head=self.head, opened_on=self.opened_on, town_id=self.town_id
        )


class HostClosingIn(In):
    """The last day, or ``null`` to open it again."""

    closed_on: date | None


class ParentSchoolOut(Out):
    """Who hosts courses. ``courses`` are those published now."""

    id: UUID
    district_id: UUID
    school_id: UUID | None
    town_id: UUID | None
    town: str | None
    kind: HostKind
    name: str
    head: str
    opened_on: date
    closed_on: date | None
    courses: int

    @classmethod
    def of(cls, row: dict[str, Any]) -> "ParentSchoolOut":
        """Show one row of ``queries.authoring.hosts_of``."""
        return cls(**{**row, "kind": HostKind(row["kind"])})


class HostCoverageOut(Out):
    """How many schools and communities have at least one published course.

    Communities count once their parent school is registered. ``percent`` is of both
    together, ``null`` without any. ``target`` is the rule the district follows, in percent,
    with its document in ``source``; ``null`` where it follows none.
    """

    schools: int
    schools_active: int
    communities: int
    communities_active: int
    percent: float | None
    target: int | None
    binding: bool | None
    source: str | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "HostCoverageOut":
        whole = row["schools"] + row["communities"]
        active = row["schools_active"] + row["communities_active"]
        return cls(**row, percent=round(100 * active / whole, 1) if whole else None)


class ParentSchoolsOut(Out):
    """The district's parent schools, the district's own first."""

    items: list[ParentSchoolOut]
    coverage: HostCoverageOut
