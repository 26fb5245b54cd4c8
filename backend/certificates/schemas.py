"""What a phone, an office and a stranger see of certificates."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.operations import verification_url
from backend.certificates.rules import Words, grouped, masked, words_of
from backend.web.structs import In, Out, Reason


class CertificateFigureOut(Out):
    """One large number as it is printed: ``18.5``, ``小时``, ``服务时长``."""

    value: str
    unit: str
    label: str


class CertificateLineOut(Out):
    """One line of what was certified: ``课程``, ``好习惯从家庭开始``."""

    label: str
    value: str


class CertificateOut(Out):
    """A certificate of the caller's: a snapshot of the day it was issued.

    ``url`` is the public page that its QR code leads to; ``subjectId`` is what was completed,
    for a course this completion of it. Without ``schoolId`` the district issued it.
    """

    id: UUID
    number: str
    kind: CertificateKind
    title: str
    school_id: UUID | None
    issuer: str
    holder: str
    subject_id: UUID | None
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    figures: list[CertificateFigureOut]
    lines: list[CertificateLineOut]
    details: list[str]
    rule: str
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str
    url: str

    @classmethod
    def of(cls, row: Certificate, site: str) -> "CertificateOut":
        words = words_of(row)
        return cls(
            id=row.id,
            number=grouped(row.code),
            kind=CertificateKind(row.kind),
            title=words.title,
            school_id=row.school_id,
            issuer=row.issuer_name,
            holder=row.holder,
            subject_id=row.subject_id,
            first=row.first_day,
            last=row.last_day,
            figures=_figures(words),
            lines=_lines(words),
            details=words.details,
            rule=words.rule,
            issued_at=row.issued_at,
            revoked_at=row.revoked_at,
            revoked_reason=row.revoked_reason,
            url=verification_url(row.code, site),
        )


class MyCertificatesOut(Out):
    """The caller's certificates, newest first."""

    items: list[CertificateOut]


class IssuedItem(Out):
    """One certificate of the school or the district, for whoever may revoke it."""

    id: UUID
    number: str
    kind: CertificateKind
    title: str
    person_id: UUID
    holder: str
    subject_id: UUID | None
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    figures: list[CertificateFigureOut]
    lines: list[CertificateLineOut]
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str

    @classmethod
    def of(cls, row: Certificate) -> "IssuedItem":
        words = words_of(row)
        return cls(
            id=row.id,
            number=grouped(row.code),
            kind=CertificateKind(row.kind),
            title=words.title,
            person_id=row.person_id,
            holder=row.holder,
            subject_id=row.subject_id,
            first=row.first_day,
            last=row.last_day,
            figures=_figures(words),
            lines=_lines(words),
            issued_at=row.issued_at,
            revoked_at=row.revoked_at,
            revoked_reason=row.revoked_reason,
        )


class IssuedPage(Out):
    """A page of what a school or a district has certified, newest first."""

    items: list[IssuedItem]
    next_cursor: str | None


class CertificateCheckOut(Out):
    """What anybody holding the paper may check. No child, no full name, no reason.

    ``holder`` is masked; ``rule`` says how it was earned.
    """

    number: str
    valid: bool
    kind: CertificateKind
    title: str
    issuer: str
    holder: str
    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="until")
    figures: list[CertificateFigureOut]
    lines: list[CertificateLineOut]
    issued_on: date
    revoked_on: date | None
    rule: str

    @classmethod
    def of(cls, row: Certificate) -> "CertificateCheckOut":
        words = words_of(row)
        return cls(
            number=grouped(row.code),
            valid=row.revoked_at is None,
            kind=CertificateKind(row.kind),
            title=words.title,
            issuer=row.issuer_name,
            holder=masked(row.holder),
            first=row.first_day,
            last=row.last_day,
            figures=_figures(words),
            lines=_lines(words),
            issued_on=clock.local(row.issued_at).date(),
            revoked_on=clock.local(row.revoked_at).date() if row.revoked_at else None,
            rule=words.rule,
        )


class RevocationIn(In):
    """Why a certificate no longer holds; its holder reads it."""

    reason: Reason


def _figures(words: Words) -> list[CertificateFigureOut]:
    return [
        CertificateFigureOut(value=figure.value, unit=figure.unit, label=figure.label)
        for figure in words.figures
    ]


def _lines(words: Words) -> list[CertificateLineOut]:
    return [CertificateLineOut(label=line.label, value=line.value) for line in words.lines]
