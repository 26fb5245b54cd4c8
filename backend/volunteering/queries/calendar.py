"""What a school's calendar and staff say, asked once however many days are meant."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from backend.database import fetch, fetch_one
from backend.schools.queries import calendar_of
from backend.volunteering.rules.templates import Calendar


async def zone_of(school_id: UUID) -> str:
    """Return the name of the school's time zone."""
    row = await fetch_one(_DISTRICT, school_id)
    assert row is not None
    return str(row["timezone"])


async def calendar_between(school_id: UUID, first: date, last: date) -> Calendar:
    """Return the holidays, make-up days and terms that touch ``first`` to ``last``."""
    row = await fetch_one(_DISTRICT, school_id)
    assert row is not None
    found = await calendar_of(row["id"], first, last)
    terms: dict[UUID, list[tuple[date, date]]] = {}
    for term in found["terms"]:
        terms.setdefault(term["year_id"], []).append((term["starts_on"], term["ends_on"]))
    return Calendar(
        special={day["day"]: (day["is_school_day"], day["label"]) for day in found["days"]},
        years=[
            (year["starts_on"], year["ends_on"], terms.get(year["id"], []))
            for year in found["years"]
        ],
    )


async def on_staff(school_id: UUID, people: Collection[UUID]) -> bool:
    """Say whether all of these people work at the school now."""
    rows = await fetch(
        "SELECT DISTINCT person_id FROM standings_in_force "
        "WHERE school_id = $1 AND is_staff AND person_id = ANY($2::uuid[])",
        school_id,
        list(people),
    )
    return {row["person_id"] for row in rows} == set(people)


async def of_school(school_id: UUID, nodes: Collection[UUID]) -> bool:
    """Say whether all of these are grades or classes of the school."""
    rows = await fetch(
        "SELECT id FROM classes WHERE school_id = $1 AND id = ANY($2::uuid[]) "
        "UNION SELECT id FROM grades WHERE school_id = $1 AND id = ANY($2::uuid[])",
        school_id,
        list(nodes),
    )
    return {row["id"] for row in rows} == set(nodes)


_DISTRICT = """
SELECT d.id, d.timezone FROM schools s JOIN districts d ON d.id = s.district_id WHERE s.id = $1
"""
