"""Bodies on the wire."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.committees.models import BodyKind, BodyState, Constituency, Level, SeatRole
from backend.committees.operations.bodies import BodyContent, Place
from backend.committees.schemas.seats import BodySeatOut
from backend.web.structs import In, Moment, Out, Reason, Title

Remit = Annotated[str, Meta(max_length=2000)]


class BodyChangeIn(In, kw_only=True):
    """What a body is called and for. The term begins and ends with these days."""

    name: Title
    remit: Remit = ""
    term_from: date
    term_until: date

    def content(self) -> BodyContent:
        return BodyContent(
            name=self.name,
            remit=self.remit,
            term_from=self.term_from,
            term_until=self.term_until,
        )


class BodyIn(BodyChangeIn, kw_only=True):
    """``gradeId`` for a grade's, ``classId`` for a class's, neither for others."""

    kind: BodyKind
    level: Level
    grade_id: UUID | None = None
    class_id: UUID | None = None

    def place(self) -> Place:
        return Place(level=self.level, grade_id=self.grade_id, class_id=self.class_id)


class BodyEndIn(In):
    """Why it ends."""

    reason: Reason


class NextTermIn(In):
    """The days of the next term, both included."""

    term_from: date
    term_until: date


class BodyOut(Out):
    """A body; ``place`` is where it stands. ``seats`` are those in force, ``chair`` is by name.

    ``myRole`` is what the caller is in it; ``mayRun`` says that they found and end it.
    """

    id: UUID
    kind: BodyKind
    level: Level
    district_id: UUID
    school_id: UUID | None
    grade_id: UUID | None
    class_id: UUID | None
    place: str
    name: str
    remit: str
    state: BodyState
    term_from: date
    term_until: date
    activated_at: Moment | None
    ended_at: Moment | None
    ended_reason: str
    chair: str | None
    seats: int
    my_role: SeatRole | None
    may_run: bool

    @classmethod
    def of(cls, row: dict[str, Any], *, runs: bool) -> "BodyOut":
        """Show one row of :mod:`backend.committees.queries.bodies`."""
        return cls(**_members(row), may_run=runs)


class BodyDetailOut(BodyOut, kw_only=True):
    """A body with its seats, chair first. Only those inside see seats that do not serve yet.

    ``missing`` are the constituencies it needs and does not have (V07, V08).
    """

    members: list[BodySeatOut]
    missing: list[Constituency]

    @classmethod
    def seated(
        cls,
        row: dict[str, Any],
        seats: list[BodySeatOut],
        missing: list[Constituency],
        *,
        runs: bool,
    ) -> "BodyDetailOut":
        """Show one row of :mod:`backend.committees.queries.bodies` with its seats."""
        return cls(**_members(row), may_run=runs, members=seats, missing=missing)


class BodiesOut(Out):
    """From the district's or the school's down to the classes'."""

    items: list[BodyOut]


class CommitteeReachOut(Out):
    """Of ``places`` (grades or classes) so many have a parent committee."""

    places: int
    committees: int


class SchoolOrgansOut(Out):
    """Which organs a school has, and whether its parent committees reach all three levels.

    ``complete``: guidance committee, parent school and parent committee are all there
    (council-7). ``threeLevels``: the school, every grade and every class has a committee.
    """

    guidance_committee: bool
    parent_school: bool
    parent_committee: bool
    coeducation_committee: bool
    working_group: bool
    complete: bool
    grades: CommitteeReachOut
    classes: CommitteeReachOut
    three_levels: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "SchoolOrgansOut":
        """Show the row of :func:`backend.committees.queries.bodies.organs`."""
        grades = CommitteeReachOut(places=row["grades"], committees=row["grade_committees"])
        classes = CommitteeReachOut(places=row["classes"], committees=row["class_committees"])
        names = ("guidance_committee", "parent_school", "parent_committee")
        return cls(
            guidance_committee=row["guidance_committee"],
            parent_school=row["parent_school"],
            parent_committee=row["parent_committee"],
            coeducation_committee=row["coeducation_committee"],
            working_group=row["working_group"],
            complete=all(row[name] for name in names),
            grades=grades,
            classes=classes,
            three_levels=row["parent_committee"]
            and grades.committees == grades.places
            and classes.committees == classes.places,
        )


def _members(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "kind": BodyKind(row["kind"]),
        "level": Level(row["level"]),
        "state": BodyState(row["state"]),
        "my_role": SeatRole(row["my_role"]) if row["my_role"] else None,
    }
