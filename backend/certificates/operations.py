"""Issuing, drawing, checking and revoking certificates, whatever they certify."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.certificates import rules
from backend.certificates.models import Certificate, CertificateKind
from backend.database import fetch_one, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.media.paper import certificate as paper
from backend.people.models import Person
from backend.web.limits import Limit, spend

DRAWINGS = Limit(name="certificate_drawings", most=30, seconds=600)
CHECKS = Limit(name="certificate_checks", most=60, seconds=600)


async def issue(
    kind: CertificateKind,
    person_id: UUID,
    issuer: rules.Issuer,
    words: rules.Words,
    *,
    first: date,
    last: date,
    subject_id: UUID | None = None,
) -> Certificate:
    """Certify, in the caller's transaction, what somebody did from ``first`` to ``last``.

    The name printed is the person's of today. For one subject a person holds one certificate
    at a time: issued again, the one in force is returned with the words it has.
    """
    person = await Person.get(id=person_id)
    number = uuid7()
    row = await fetch_one(
        """
        INSERT INTO certificates AS c (id, code, kind, district_id, school_id, issuer_name,
            person_id, holder, subject_id, first_day, last_day, facts, issued_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13)
        ON CONFLICT (kind, person_id, subject_id)
            WHERE subject_id IS NOT NULL AND revoked_at IS NULL
            DO UPDATE SET code = c.code
        RETURNING id
        """,
        number,
        rules.new_code(),
        kind,
        issuer.district_id,
        issuer.school_id,
        issuer.name,
        person_id,
        person.name,
        subject_id,
        first,
        last,
        msgspec.json.encode(words).decode(),
        clock.now(),
    )
    assert row is not None
    if row["id"] == number:
        await record(
            "certificates.issued", "certificate", number,
            by=person_id, school_id=issuer.school_id, kind=kind,
        )  # fmt: skip
    return await Certificate.get(id=row["id"])


async def revoke(certificate_id: UUID, reason: str, *, by: UUID) -> Certificate:
    """Revoke for good; the verification page says so from now on. Twice is once."""
    async with transaction():
        found = await Certificate.select_for_update().get_or_none(id=certificate_id)
        if found is None:
            raise NotFound
        if found.revoked_at is None:
            found.revoked_at, found.revoked_by = clock.now(), by
            found.revoked_reason = reason
            await found.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
            await record(
                "certificates.revoked", "certificate", found.id,
                by=by, school_id=found.school_id, kind=found.kind, reason=reason,
            )  # fmt: skip
        return found


async def check(code: str, address: str, now: datetime) -> Certificate:
    """Return the certificate with this code, for anybody who holds the paper.

    Raises ``NotFound``, and ``TooMany`` for an address that asks too often.
    """
    await spend(CHECKS, address, now)
    known = rules.ungrouped(code)
    found = await Certificate.get_or_none(code=known) if known else None
    if found is None:
        raise NotFound
    return found


async def draw(certificate: Certificate, form: str, site: str, now: datetime) -> bytes:
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


def _drawing(row: Certificate, site: str) -> paper.Certificate:
    words = rules.words_of(row)
    return paper.Certificate(
        title=words.title,
        subtitle=words.subtitle,
        issuer=row.issuer_name,
        holder=row.holder,
        body=words.body,
        figures=words.figures,
        details=words.details,
        thanks=words.thanks,
        note=words.rule,
        issued_on=clock.local(row.issued_at).date(),
        issued_at=row.issued_at,
        number=rules.grouped(row.code),
        url=verification_url(row.code, site),
    )
