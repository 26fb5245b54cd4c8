"""Claims to be a child's guardian: made with a class's code, decided by the class teacher."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.audit.operations import record
from backend.database import fetch, fetch_one, transaction
from backend.errors import NotFound
from backend.people.models import Guardianship, Relation
from backend.people.operations import ties
from backend.roster import notify, rules
from backend.roster.models import ClaimState, ClassInvite, JoinClaim
from backend.roster.operations.invites import digest
from backend.schools.models import SchoolClass
from backend.web.limits import spend


async def spend_try(person_id: UUID, now: datetime) -> None:
    """Count one try at a code; it counts whatever becomes of it.

    Raises :class:`backend.errors.TooMany`.
    """
    await spend(rules.TRIES, str(person_id), now)


async def make_claim(
    person_id: UUID, code: str, child_name: str, relation: Relation, now: datetime
) -> JoinClaim:
    """Ask to be a child's guardian; asking twice is one claim.

    Raises :class:`rules.CodeUnknown`.
    """
    async with transaction():
        invite = await ClassInvite.get_or_none(
            digest=digest(code), revoked_at=None, expires_at__gt=now
        )
        if invite is None:
            raise rules.CodeUnknown
        of_class = await SchoolClass.get(id=invite.class_id)
        made = await fetch_one(
            """
            INSERT INTO join_claims (id, class_id, person_id, child_name, relation, created_at)
            VALUES (uuidv7(), $1, $2, $3, $4, $5)
            ON CONFLICT (class_id, person_id, child_name) WHERE state = 'pending' DO NOTHING
            RETURNING id
            """,
            of_class.id,
            person_id,
            child_name,
            str(relation),
            now,
        )
        if made is None:
            return await JoinClaim.get(
                class_id=of_class.id,
                person_id=person_id,
                child_name=child_name,
                state=ClaimState.PENDING,
            )
        await record(
            "roster.claimed", "join_claim", made["id"], by=person_id, school_id=of_class.school_id
        )
        await notify.claim_made(made["id"], of_class.id, await _deciders(of_class))
        return await JoinClaim.get(id=made["id"])


async def approve(claim_id: UUID, student_id: UUID, by: UUID, now: datetime) -> JoinClaim:
    """Make the claimant the child's guardian; twice is once.

    Raises :class:`rules.ClaimDecided`, :class:`rules.OwnClaim`, :class:`rules.NotInClass`
    and :class:`rules.TieBarred`.
    """
    async with transaction():
        claim = await _locked(claim_id)
        if claim.state == ClaimState.APPROVED and claim.student_id == student_id:
            return claim
        rules.check_can_decide(claim, by)
        child = await fetch_one(
            """
            SELECT s.name, s.school_id FROM enrolments e JOIN students s ON s.id = e.student_id
            WHERE e.student_id = $1 AND e.class_id = $2 AND e.until IS NULL
              AND s.left_at IS NULL
            """,
            student_id,
            claim.class_id,
        )
        if child is None:
            raise rules.NotInClass
        told = [tie["person_id"] for tie in await _standing_by(student_id)]
        tie = await ties.bind(claim.person_id, student_id, Relation(claim.relation), source="claim")
        if _is_barred(tie, now):
            raise rules.TieBarred
        await _decide(claim, ClaimState.APPROVED, by, now, student_id=student_id)
        await record(
            "roster.claim_approved",
            "join_claim",
            claim.id,
            by=by,
            school_id=child["school_id"],
            student_id=str(student_id),
        )
        await notify.guardian_added(
            student_id,
            [person for person in told if person != claim.person_id],
            occasion=claim.id,
        )
        await notify.claim_decided(claim.id, claim.person_id, approved=True, reason="")
        return claim


async def refuse(claim_id: UUID, reason: str, by: UUID, now: datetime) -> JoinClaim:
    """Refuse a claim with a reason the claimant reads; twice is once.

    Raises :class:`rules.ClaimDecided` and :class:`rules.OwnClaim`.
    """
    async with transaction():
        claim = await _locked(claim_id)
        if claim.state == ClaimState.REFUSED:
            return claim
        rules.check_can_decide(claim, by)
        await _decide(claim, ClaimState.REFUSED, by, now, reason=reason)
        of_class = await SchoolClass.get(id=claim.class_id)
        await record(
            "roster.claim_refused", "join_claim", claim.id, by=by, school_id=of_class.school_id
        )
        await notify.claim_decided(claim.id, claim.person_id, approved=False, reason=reason)
        return claim


async def _locked(claim_id: UUID) -> JoinClaim:
    claim = await JoinClaim.select_for_update().get_or_none(id=claim_id)
    if claim is None:
        raise NotFound
    return claim


async def _decide(
    claim: JoinClaim,
    state: ClaimState,
    by: UUID,
    now: datetime,
    *,
    student_id: UUID | None = None,
    reason: str = "",
) -> None:
    claim.state, claim.decided_by, claim.decided_at = state, by, now
    claim.student_id, claim.reason = student_id, reason
    await claim.save(update_fields=["state", "decided_by", "decided_at", "student_id", "reason"])


def _is_barred(tie: Guardianship, now: datetime) -> bool:
    return tie.restricted or (tie.valid_until is not None and tie.valid_until <= now)


async def _standing_by(student_id: UUID) -> list[dict[str, Any]]:
    return await fetch("SELECT person_id FROM family_ties WHERE student_id = $1", student_id)


async def _deciders(of_class: SchoolClass) -> list[UUID]:
    """Return the class teachers; a class without one is looked after by administrators."""
    rows = await fetch(
        """
        SELECT person_id, role FROM standings_in_force
        WHERE (role = 'class_teacher' AND class_id = $1)
           OR (role = 'school_admin' AND school_id = $2)
        """,
        of_class.id,
        of_class.school_id,
    )
    teachers = [row["person_id"] for row in rows if row["role"] == "class_teacher"]
    return teachers or [row["person_id"] for row in rows]
