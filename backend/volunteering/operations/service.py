"""Issuing, drawing, checking and revoking certificates of service."""

from datetime import date, datetime
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.database import transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.paper import certificate as paper
from backend.people.models import Person
from backend.schools.models import School
from backend.volunteering.models import ServiceCertificate
from backend.volunteering.queries import service as queries
from backend.volunteering.rules import service as rules
from backend.web.limits import Limit, spend

ISSUES = Limit(name="certificates_issued", most=20, seconds=86_400)
DRAWINGS = Limit(name="certificate_drawings", most=30, seconds=600)
CHECKS = Limit(name="certificate_checks", most=60, seconds=600)


async def issue(person_id: UUID, school_id: UUID, first: date, last: date) -> ServiceCertificate:
    """Certify what somebody did at a school from ``first`` to ``last``, both included.

    Raises :class:`rules.BadServicePeriod`, :class:`rules.NothingToCertify` at whatever school,
    there or not, the person has not served, and ``TooMany`` after twenty a day.
    """
    now = clock.now()
    rules.check_period(first, last, clock.local(now).date())
    async with transaction():
        done = await queries.done_by(person_id, school_id, first, last)
        if done.minutes == 0:
            raise rules.NothingToCertify
        school, person = await School.get(id=school_id), await Person.get(id=person_id)
        await spend(ISSUES, str(person_id), now)
        made = await ServiceCertificate.create(
            id=uuid7(),
            code=rules.new_code(),
            school_id=school_id,
            person_id=person_id,
            school_name=school.name,
            holder=person.name,
            first_day=first,
            last_day=last,
            minutes=done.minutes,
            shifts=done.shifts,
            duties=done.duties,
            issued_at=now,
        )
        await record(
            "volunteering.certificate_issued", "service_certificate", made.id,
            by=person_id, school_id=school_id, minutes=done.minutes, shifts=done.shifts,
        )  # fmt: skip
        return made


async def revoke(certificate_id: UUID, reason: str, *, by: UUID) -> ServiceCertificate:
    """Revoke for good; the verification page says so from now on. Twice is once."""
    async with transaction():
        found = await ServiceCertificate.select_for_update().get_or_none(id=certificate_id)
        if found is None:
            raise NotFound
        if found.revoked_at is None:
            found.revoked_at, found.revoked_by = clock.now(), by
            found.revoked_reason = reason
            await found.save()
            await record(
                "volunteering.certificate_revoked", "service_certificate", found.id,
                by=by, school_id=found.school_id, reason=reason,
            )  # fmt: skip
        return found


async def check(code: str, address: str, now: datetime) -> ServiceCertificate:
    """Return the certificate with this code, for anybody who holds the paper.

    Raises ``NotFound``, and ``TooMany`` for an address that asks too often.
    """
    await spend(CHECKS, address, now)
    known = rules.ungrouped(code)
    found = await ServiceCertificate.get_or_none(code=known) if known else None
    if found is None:
        raise NotFound
    return found


async def draw(certificate: ServiceCertificate, form: str, site: str, now: datetime) -> bytes:
    """Draw it as ``png`` or ``pdf``; the same certificate gives the same bytes.

    ``site`` is the address the QR code leads to. Raises
    :class:`rules.CertificateRevoked`, and ``TooMany`` for a hand that never rests.
    """
    if certificate.revoked_at is not None:
        raise rules.CertificateRevoked
    await spend(DRAWINGS, str(certificate.person_id), now)
    drawing = _drawing(certificate, site)
    return await (paper.pdf(drawing) if form == "pdf" else paper.png(drawing))


def verification_url(code: str, site: str) -> str:
    """Return the page anybody can check a certificate on."""
    return f"{site.rstrip('/')}/verify/{code}"


def _drawing(row: ServiceCertificate, site: str) -> paper.Certificate:
    amount, unit = rules.spelled(row.minutes)
    kinds = [f"{duty['name']} {duty['shifts']} 次" for duty in row.duties]
    return paper.Certificate(
        title="志愿服务证明",
        subtitle="成长合伙人 · 家长驻校日",
        issuer=row.school_name,
        holder=row.holder,
        body=[
            f"作为家长志愿者，于{_day(row.first_day)}至{_day(row.last_day)}期间，",
            "在本校参加家长驻校日志愿服务。",
        ],
        figures=[
            paper.Figure(amount, unit, "服务时长"),
            paper.Figure(str(row.shifts), "次", "服务次数"),
        ],
        details=kinds,
        thanks="谨此证明，并致谢忱。",
        note=rules.RULE_ZH,
        issued_on=clock.local(row.issued_at).date(),
        issued_at=row.issued_at,
        number=rules.grouped(row.code),
        url=verification_url(row.code, site),
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
