"""Certifying hours of service."""

from datetime import date
from uuid import UUID

from backend import clock
from backend.certificates import operations as certificates
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.rules import Issuer, Words, spelled, written_out
from backend.database import transaction
from backend.media.paper.certificate import Figure
from backend.schools.models import School
from backend.volunteering.queries import service as queries
from backend.volunteering.rules import service as rules
from backend.web.limits import Limit, spend

ISSUES = Limit(name="certificates_issued", most=20, seconds=86_400)


async def issue(person_id: UUID, school_id: UUID, first: date, last: date) -> Certificate:
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
        school = await School.get(id=school_id)
        await spend(ISSUES, str(person_id), now)
        return await certificates.issue(
            CertificateKind.SERVICE,
            person_id,
            Issuer(district_id=school.district_id, school_id=school.id, name=school.name),
            words(done, first, last),
            first=first,
            last=last,
        )


def words(done: queries.Service, first: date, last: date) -> Words:
    """Return what a certificate of this service says."""
    amount, unit = spelled(done.minutes)
    return Words(
        title="志愿服务证明",
        subtitle="成长合伙人 · 家长驻校日",
        body=[
            f"作为家长志愿者，于{written_out(first)}至{written_out(last)}期间，",
            "在本校参加家长驻校日志愿服务。",
        ],
        figures=[Figure(amount, unit, "服务时长"), Figure(str(done.shifts), "次", "服务次数")],
        details=[f"{duty['name']} {duty['shifts']} 次" for duty in done.duties],
        thanks="谨此证明，并致谢忱。",
        rule=rules.RULE_ZH,
        basis={"minutes": done.minutes, "shifts": done.shifts, "duties": done.duties},
    )
