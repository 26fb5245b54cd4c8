"""The quiet hours schools set for their families and staff."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.database import fetch
from notifications.quiet import Window

SCHOOL_WINDOWS = """
WITH belongs AS (
    SELECT person_id, school_id FROM family_ties WHERE person_id = ANY($1::uuid[])
    UNION
    SELECT person_id, school_id FROM standings_in_force
    WHERE person_id = ANY($1::uuid[]) AND school_id IS NOT NULL)
SELECT b.person_id, s.quiet_from, s.quiet_until, d.timezone
FROM belongs b JOIN schools s ON s.id = b.school_id JOIN districts d ON d.id = s.district_id
WHERE s.quiet_from IS NOT NULL AND s.quiet_until IS NOT NULL
"""


async def hours_of(people: Sequence[UUID]) -> Mapping[UUID, Sequence[Window]]:
    """Return each person's quiet windows, one for each of their schools that sets one."""
    windows: dict[UUID, list[Window]] = {}
    for row in await fetch(SCHOOL_WINDOWS, list(people)):
        window = Window(row["quiet_from"], row["quiet_until"], row["timezone"])
        windows.setdefault(row["person_id"], []).append(window)
    return windows
