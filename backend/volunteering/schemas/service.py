"""What a phone sends and sees of hours of service and certificates."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.volunteering.models import ServiceCertificate
from backend.volunteering.operations.service import verification_url
from backend.volunteering.rules import service as rules
from backend.web.structs import Count, In, Out, Reason


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


class CertifiedDutyOut(Out):
    """One kind of duty on a certificate."""

    name: str
    shifts: Count
    minutes: Count


class CertificateOut(Out):
    """A certificate of the caller's: a snapshot of the day it was issued.

    ``url`` is the public page that its QR code leads to.
    """

    id: UUID
    number: str
    school_id: UUID
    school_name: str
    holder: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    minutes: Count
    shifts: Count
    duties: list[CertifiedDutyOut]
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str
    url: str

    @classmethod
    def of(cls, row: ServiceCertificate, site: str) -> "CertificateOut":
        return cls(
            id=row.id,
            number=rules.grouped(row.code),
            school_id=row.school_id,
            school_name=row.school_name,
            holder=row.holder,
            first=row.first_day,
            last=row.last_day,
            minutes=row.minutes,
            shifts=row.shifts,
            duties=msgspec.convert(row.duties, list[CertifiedDutyOut]),
            issued_at=row.issued_at,
            revoked_at=row.revoked_at,
            revoked_reason=row.revoked_reason,
            url=verification_url(row.code, site),
        )


class MyCertificatesOut(Out):
    """The caller's certificates, newest first."""

    items: list[CertificateOut]


class IssuedItem(Out):
    """One certificate of the school, for whoever may revoke it."""

    id: UUID
    number: str
    person_id: UUID
    holder: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    minutes: Count
    shifts: Count
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str

    @classmethod
    def of(cls, row: ServiceCertificate) -> "IssuedItem":
        return cls(
            id=row.id,
            number=rules.grouped(row.code),
            person_id=row.person_id,
            holder=row.holder,
            first=row.first_day,
            last=row.last_day,
            minutes=row.minutes,
            shifts=row.shifts,
            issued_at=row.issued_at,
            revoked_at=row.revoked_at,
            revoked_reason=row.revoked_reason,
        )


class IssuedPage(Out):
    """A page of a school's certificates, newest first."""

    items: list[IssuedItem]
    next_cursor: str | None


class CertificateCheckOut(Out):
    """What anybody holding the paper may check. No child, no full name, no reason.

    ``holder`` is masked; ``rule`` says how the hours were counted.
    """

    number: str
    valid: bool
    school_name: str
    holder: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    minutes: Count
    shifts: Count
    issued_on: date
    revoked_on: date | None
    rule: str

    @classmethod
    def of(cls, row: ServiceCertificate) -> "CertificateCheckOut":
        return cls(
            number=rules.grouped(row.code),
            valid=row.revoked_at is None,
            school_name=row.school_name,
            holder=rules.masked(row.holder),
            first=row.first_day,
            last=row.last_day,
            minutes=row.minutes,
            shifts=row.shifts,
            issued_on=clock.local(row.issued_at).date(),
            revoked_on=clock.local(row.revoked_at).date() if row.revoked_at else None,
            rule=rules.RULE_ZH,
        )


class RevocationIn(In):
    """Why a certificate no longer holds; its holder reads it."""

    reason: Reason
