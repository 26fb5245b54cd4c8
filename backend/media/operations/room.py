"""Where a file belongs, and whether there is room for it."""

from uuid import UUID

from backend import clock
from backend.database import fetch_one
from backend.errors import NotFound
from backend.media import rules
from backend.schools.models import School


async def district_of(school_id: UUID | None, district_id: UUID | None) -> UUID:
    """Return the district of a file. Raises :class:`NotFound` for a school that is not."""
    if school_id is not None:
        school = await School.get_or_none(id=school_id)
        if school is None or district_id not in (None, school.district_id):
            raise NotFound
        return school.district_id
    if district_id is None:
        raise NotFound
    return district_id


async def make_room(school_id: UUID | None, more: int, quota: int) -> None:
    """Let a school take ``more`` bytes, of a ``quota`` in bytes; in the caller's transaction.

    What is on its way counts like what has arrived. Raises :class:`rules.SchoolQuotaFull`.
    """
    if school_id is None:
        return
    # One file of a school at a time: two that are last to fit must not both be let in.
    await fetch_one("SELECT id FROM schools WHERE id = $1 FOR NO KEY UPDATE", school_id)
    row = await fetch_one(
        """
        SELECT (SELECT coalesce(sum(byte_size), 0) FROM attachments WHERE school_id = $1)
            + (SELECT coalesce(sum(byte_size), 0) FROM uploads
               WHERE school_id = $1 AND attachment_id IS NULL AND expires_at > $2) AS filled
        """,
        school_id,
        clock.now(),
    )
    assert row is not None
    rules.check_quota(int(row["filled"]), more, quota)
