"""Accepting the privacy notice for a child, and taking that back."""

from datetime import datetime
from uuid import UUID

from backend.audit.operations import record
from backend.database import execute, fetch_one, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7
from backend.people import rules
from backend.people.models import PrivacyNotice


async def notice_in_force(now: datetime) -> PrivacyNotice:
    """Return the privacy notice in force. Raises :class:`NotFound` when there is none."""
    notice = await PrivacyNotice.filter(in_force_from__lte=now).order_by("-version").first()
    if notice is None:
        raise NotFound
    return notice


async def accept(
    person_id: UUID, student_id: UUID, school_id: UUID, version: int, now: datetime
) -> datetime:
    """Record that the guardian accepts the notice for the child; twice is once.

    Returns when it was accepted. Raises :class:`rules.PrivacyNoticeOutdated` for any
    version but the one in force.
    """
    async with transaction():
        notice = await notice_in_force(now)
        if version != notice.version:
            raise rules.PrivacyNoticeOutdated(version=notice.version)
        consent = await fetch_one(_ACCEPT, uuid7(), person_id, student_id, version, now)
        assert consent is not None
        if consent["is_new"]:
            await record(
                "people.consent_given",
                "student",
                student_id,
                by=person_id,
                school_id=school_id,
                version=version,
            )
    accepted_at: datetime = consent["accepted_at"]
    return accepted_at


async def withdraw(person_id: UUID, student_id: UUID, school_id: UUID, now: datetime) -> None:
    """Take consent for the child back; every view of the child closes with the commit."""
    async with transaction():
        if await execute(_WITHDRAW, person_id, student_id, now):
            await record(
                "people.consent_withdrawn",
                "student",
                student_id,
                by=person_id,
                school_id=school_id,
            )


_ACCEPT = """
INSERT INTO consents AS c (id, person_id, student_id, version, accepted_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id, student_id, version) WHERE withdrawn_at IS NULL
    DO UPDATE SET version = c.version
RETURNING accepted_at, old.id IS NULL AS is_new
"""

_WITHDRAW = """
UPDATE consents SET withdrawn_at = $3
WHERE person_id = $1 AND student_id = $2 AND withdrawn_at IS NULL
"""
