"""Quiet hours as schools set them, for the post office."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.database import fetch
from notifications.quiet import Window


async def hours_of(people: Sequence[UUID]) -> Mapping[UUID, list[Window]]:
    """Return the quiet windows of each person's schools, as guardian, staff or committee.

    People without any are left out. Times are by the wall clock of the school's district.
    """
    rows = await fetch(
        """
        SELECT DISTINCT b.person_id, s.quiet_from::time AS begins, s.quiet_until::time AS ends,
            d.timezone
        FROM (SELECT person_id, school_id FROM family_ties WHERE person_id = ANY($1::uuid[])
              UNION
              SELECT person_id, school_id FROM standings_in_force
              WHERE person_id = ANY($1::uuid[])) b
        JOIN schools s ON s.id = b.school_id
        JOIN districts d ON d.id = s.district_id
        WHERE s.quiet_from IS NOT NULL AND s.quiet_until IS NOT NULL
        """,
        list(people),
    )
    windows: dict[UUID, list[Window]] = {}
    for row in rows:
        window = Window(row["begins"], row["ends"], row["timezone"])
        windows.setdefault(row["person_id"], []).append(window)
    return windows
