"""Certificates of a person, a school or a district, newest first."""

from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from backend.certificates.models import Certificate, CertificateKind
from backend.replicas import from_replica
from backend.web.cursors import Position

MOST = 100
"""So many of their own a person is shown; nobody has more."""


async def held_by(person_id: UUID, kind: CertificateKind | None) -> list[Certificate]:
    """Return a person's last hundred certificates, of one kind or all."""
    return await _newest(Certificate.filter(person_id=person_id), kind).limit(MOST)


@from_replica
async def issued_by_school(
    school_id: UUID, kind: CertificateKind | None, after: Position | None, limit: int
) -> list[Certificate]:
    """Return a page of what a school has issued."""
    return await _page(Certificate.filter(school_id=school_id), kind, after, limit)


@from_replica
async def issued_by_district(
    district_id: UUID, kind: CertificateKind | None, after: Position | None, limit: int
) -> list[Certificate]:
    """Return a page of what a district has issued itself, not its schools."""
    own = Certificate.filter(district_id=district_id, school_id__isnull=True)
    return await _page(own, kind, after, limit)


async def _page(
    rows: QuerySet[Certificate], kind: CertificateKind | None, after: Position | None, limit: int
) -> list[Certificate]:
    if after is not None:
        older = Q(issued_at__lt=after.at) | Q(issued_at=after.at, id__lt=after.id)
        rows = rows.filter(older)
    return await _newest(rows, kind).limit(limit)


def _newest(rows: QuerySet[Certificate], kind: CertificateKind | None) -> QuerySet[Certificate]:
    if kind is not None:
        rows = rows.filter(kind=kind)
    return rows.order_by("-issued_at", "-id")
