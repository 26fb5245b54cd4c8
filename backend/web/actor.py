"""Who is asking: an immutable picture of the caller, loaded with their token.

It is passed as an argument and never ambient, so jobs and seeds call the same verbs.
"""

from enum import StrEnum
from uuid import UUID

import msgspec


class Role(StrEnum):
    """What a standing makes of a person at a node of the tree (requirements §3.4)."""

    CLASS_TEACHER = "class_teacher"
    SUBJECT_TEACHER = "subject_teacher"
    GRADE_LEAD = "grade_lead"
    SCHOOL_ADMIN = "school_admin"
    PRINCIPAL = "principal"
    ZONE_COORDINATOR = "zone_coordinator"
    DISTRICT_OFFICER = "district_officer"
    COMMITTEE_MEMBER = "committee_member"
    COMMITTEE_CHAIR = "committee_chair"


STAFF = frozenset(
    {
        Role.CLASS_TEACHER,
        Role.SUBJECT_TEACHER,
        Role.GRADE_LEAD,
        Role.SCHOOL_ADMIN,
        Role.PRINCIPAL,
        Role.ZONE_COORDINATOR,
        Role.DISTRICT_OFFICER,
    }
)
"""Roles that make their holder staff; committee seats are held by parents."""


class Seat(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One standing in force: a role and the path of the node it is held at."""

    role: Role
    district_id: UUID
    zone_id: UUID | None = None
    school_id: UUID | None = None
    grade_id: UUID | None = None
    class_id: UUID | None = None
    off: tuple[str, ...] = ()
    """Platform functions the school has switched off (org-19)."""


class Tie(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One guardianship in force that lets the caller see a child.

    ``consented`` says whether the caller accepts the privacy notice now in force for
    this child; without it no child data is shown (Q37).
    """

    student_id: UUID
    school_id: UUID
    class_id: UUID | None
    grade_id: UUID | None
    consented: bool
    off: tuple[str, ...] = ()


class Actor(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The caller of one request."""

    person_id: UUID
    session_id: UUID
    name: str
    seats: tuple[Seat, ...] = ()
    ties: tuple[Tie, ...] = ()
    picture: int = 0
    """Which reading of the caller this is, in this process: what else was read about them
    and their family holds as long as the number stays. Zero is never kept."""

    @property
    def is_staff(self) -> bool:
        return any(seat.role in STAFF for seat in self.seats)

    @property
    def student_ids(self) -> list[UUID]:
        """Children whose data may be shown to the caller now."""
        return [tie.student_id for tie in self.ties if tie.consented]

    @property
    def school_ids(self) -> set[UUID]:
        """Schools the caller belongs to, as staff, committee or guardian."""
        at_work = {seat.school_id for seat in self.seats if seat.school_id}
        return at_work | {tie.school_id for tie in self.ties}

    @property
    def district_ids(self) -> set[UUID]:
        """Districts the caller works for above school level."""
        return {
            seat.district_id
            for seat in self.seats
            if seat.school_id is None and seat.zone_id is None
        }

    def closed(self, function: str) -> list[UUID]:
        """Return the caller's schools that have switched a platform function off."""
        places: list[Seat | Tie] = [*self.seats, *self.ties]
        return sorted({p.school_id for p in places if p.school_id and function in p.off})

    def holds(
        self,
        *roles: Role,
        district: UUID | None = None,
        school: UUID | None = None,
        grade: UUID | None = None,
        class_: UUID | None = None,
    ) -> bool:
        """Say whether the caller holds one of ``roles`` at exactly the given node path."""
        return any(
            seat.role in roles
            and (district is None or (seat.district_id == district and seat.school_id is None))
            and (school is None or seat.school_id == school)
            and (grade is None or seat.grade_id == grade)
            and (class_ is None or seat.class_id == class_)
            for seat in self.seats
        )

    def works_at(self, school_id: UUID | None) -> bool:
        """Say whether the caller is on the school's staff; a committee seat is not that."""
        return school_id is not None and any(
            seat.school_id == school_id and seat.role in STAFF for seat in self.seats
        )

    def runs_school(self, school_id: UUID) -> bool:
        """Say whether the caller administers or heads the school."""
        return self.holds(Role.SCHOOL_ADMIN, Role.PRINCIPAL, school=school_id)
