"""A roster laid out in temporary tables, where single statements can take it up."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tortoise.connection import get_connection

from backend.database import execute
from backend.roster.spreadsheet.rows import Roster

_TABLES = {
    "incoming": "import_id uuid, school_id uuid, district_id uuid, "
    "all_pupils boolean, all_posts boolean",
    "incoming_places": "place int PRIMARY KEY, grade text, name text, rank int, "
    "grade_id uuid, class_id uuid",
    "incoming_people": "phone text PRIMARY KEY, name text, person_id uuid",
    "incoming_pupils": "number text PRIMARY KEY, name text, place int, "
    "student_id uuid, class_id uuid",
    "incoming_ties": "number text, phone text, relation text, PRIMARY KEY (number, phone)",
    "incoming_posts": "phone text, role text, subject text, place int, grade text",
}


async def stage(
    roster: Roster, import_id: UUID, school_id: UUID, district_id: UUID, *, whole_school: bool
) -> None:
    """Fill the ``incoming`` tables of the open transaction; they vanish with it.

    ``whole_school`` says that who is absent from the file has left.
    """
    for table, columns in _TABLES.items():
        await execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        await execute(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")
    await _copy(
        "incoming",
        ("import_id", "school_id", "district_id", "all_pupils", "all_posts"),
        [
            (
                import_id,
                school_id,
                district_id,
                whole_school and roster.has_pupils,
                whole_school and roster.has_posts,
            )
        ],
    )
    await _copy(
        "incoming_places",
        ("place", "grade", "name", "rank"),
        [(n, place.grade, place.name, place.rank) for n, place in enumerate(roster.places)],
    )
    people = {tie.phone: tie.name for tie in roster.ties}
    people |= {post.phone: post.name for post in roster.posts}
    await _copy("incoming_people", ("phone", "name"), people.items())
    await _copy(
        "incoming_pupils",
        ("number", "name", "place"),
        [(pupil.number, pupil.name, pupil.place) for pupil in roster.pupils],
    )
    await _copy(
        "incoming_ties",
        ("number", "phone", "relation"),
        [(tie.number, tie.phone, tie.relation) for tie in roster.ties],
    )
    await _copy(
        "incoming_posts",
        ("phone", "role", "subject", "place", "grade"),
        [(post.phone, post.role, post.subject, post.place, post.grade) for post in roster.posts],
    )
    await execute(f"ANALYZE {', '.join(_TABLES)}")


async def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    # Tortoise has no COPY. Inside a transaction its wrapper holds the one asyncpg
    # connection that the statements around this one use, so they see the rows.
    connection: Any = get_connection("default")
    await connection._connection.copy_records_to_table(table, records=rows, columns=columns)
