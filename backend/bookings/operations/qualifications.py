"""What a person is able or allowed to do at a school; rooms grant it, slots require it."""

from datetime import datetime
from uuid import UUID

from backend.bookings.models import Qualification
from backend.database import execute, transaction


async def grant(
    person_id: UUID,
    school_id: UUID,
    key: str,
    *,
    by: UUID | None,
    valid_until: datetime | None = None,
) -> None:
    """Let the person book slots that require ``key``; twice is once, the later end counts."""
    async with transaction():
        await Qualification.update_or_create(
            person_id=person_id,
            school_id=school_id,
            key=key,
            defaults={"granted_by": by, "valid_until": valid_until},
        )


async def revoke(person_id: UUID, school_id: UUID, *, prefix: str) -> int:
    """Take back every qualification whose key begins with ``prefix``; returns how many."""
    return await execute(
        "DELETE FROM qualifications WHERE person_id = $1 AND school_id = $2 "
        "AND starts_with(key, $3)",
        person_id,
        school_id,
        prefix,
    )
