"""What a phone sends and sees of hours of service and certificates."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.web.structs import Count, In, Out


class TermServiceOut(Out):
    """What was done at one school in one term; minutes from check-in to check-out."""

    school_id: UUID
    school_name: str
    year: str | None
    term: str | None
    shifts: Count
    minutes: Count
    missed: Count


class ServedShiftOut(Out):
    """One completed shift."""

    shift_id: UUID
    school_id: UUID
    duty: str
    duty_name: str
    place: str
    starts_at: datetime
    minutes: Count


class ServiceOut(Out):
    """Somebody's hours of service: sums by term, newest first, and the last shifts."""

    shifts: Count
    minutes: Count
    terms: list[TermServiceOut]
    latest: list[ServedShiftOut]


class PersonServiceOut(Out):
    """One volunteer's record, for the school's administrator."""

    person_id: UUID
    name: str
    service: ServiceOut


class DutyServiceOut(Out):
    """What was done for one kind of duty; ``turns`` counts each volunteer on each shift."""

    duty: str
    duty_name: str
    shifts: Count
    turns: Count
    minutes: Count


class DualSessionsOut(Out):
    """Sessions of a teacher and a parent (双师): held with the parent there, counted with both."""

    held: Count
    counted: Count


class SchoolServiceOut(Out):
    """A school's totals for a period, in the order of the kinds of duty. No names, no ranks."""

    first: date
    last: date
    shifts: Count
    turns: Count
    minutes: Count
    duties: list[DutyServiceOut]
    dual_sessions: DualSessionsOut


class CertificateIn(In):
    """Which period at which school; both days count. The days are the school's own."""

    school_id: UUID
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
