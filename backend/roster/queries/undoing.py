"""Taking an import back, exactly, as long as nobody has built on it."""

from uuid import UUID

from backend.database import execute, fetch

_RESTORED: dict[str, tuple[str, ...]] = {
    "standings": ("valid_until",),
    "guardianships": ("relation",),
    "enrolments": ("until",),
    "students": ("name", "left_at"),
    "persons": ("name",),
    "classes": (),
    "grades": (),
}
"""Tables in the order in which their new rows can go, and the columns an import changes."""


async def lock_touched(import_id: UUID) -> None:
    """Lock every row the import touched, so that the checks below stay true."""
    for table in _RESTORED:
        await fetch(
            f"""
            SELECT t.id FROM {table} t
            WHERE t.id IN (SELECT row_id FROM roster_changes
                           WHERE roster_import_id = $1 AND place = $2)
            ORDER BY t.id FOR UPDATE
            """,
            import_id,
            table,
        )


async def changed_since(import_id: UUID) -> dict[str, int]:
    """Return, by table, how many touched rows are no longer as the import left them."""
    counts: dict[str, int] = {}
    for table in _RESTORED:
        rows = await fetch(
            f"""
            SELECT count(*) AS n FROM roster_changes c
            LEFT JOIN {table} t ON t.id = c.row_id
            WHERE c.roster_import_id = $1 AND c.place = $2
              AND to_jsonb(t) IS DISTINCT FROM c.after
            """,
            import_id,
            table,
        )
        if rows[0]["n"]:
            counts[table] = rows[0]["n"]
    return counts


async def built_upon(import_id: UUID) -> int:
    """Return how many rows of others lean on rows that the import created."""
    rows = await fetch(_BUILT_UPON, import_id)
    return int(rows[0]["n"])


async def take_back(import_id: UUID) -> None:
    """Delete what the import created, then restore what it changed."""
    for table in _RESTORED:
        await execute(
            f"""
            DELETE FROM {table} WHERE id IN (
                SELECT row_id FROM roster_changes
                WHERE roster_import_id = $1 AND place = $2 AND before IS NULL)
            """,
            import_id,
            table,
        )
    for table, columns in _RESTORED.items():
        if not columns:
            continue
        restored = ", ".join(f"{column} = was.{column}" for column in columns)
        await execute(
            f"""
            UPDATE {table} t SET {restored}
            FROM roster_changes c, jsonb_populate_record(NULL::{table}, c.before) was
            WHERE c.roster_import_id = $1 AND c.place = $2 AND c.before IS NOT NULL
              AND t.id = c.row_id
            """,
            import_id,
            table,
        )


# Rows outside the import that would vanish with its rows, or be left pointing at nothing.
_BUILT_UPON = """
WITH made AS MATERIALIZED (
    SELECT place, row_id FROM roster_changes WHERE roster_import_id = $1 AND before IS NULL
), touched AS MATERIALIZED (
    SELECT place, row_id FROM roster_changes WHERE roster_import_id = $1
), pupils AS (SELECT row_id AS id FROM made WHERE place = 'students'
), people AS (SELECT row_id AS id FROM made WHERE place = 'persons'
), nodes AS (SELECT row_id AS id FROM made WHERE place IN ('classes', 'grades'))
SELECT
    (SELECT count(*) FROM consents
     WHERE student_id IN (TABLE pupils) OR person_id IN (TABLE people))
  + (SELECT count(*) FROM sessions WHERE person_id IN (TABLE people))
  + (SELECT count(*) FROM group_members
     WHERE student_id IN (TABLE pupils) OR person_id IN (TABLE people))
  + (SELECT count(*) FROM join_claims WHERE student_id IN (TABLE pupils)
     OR person_id IN (TABLE people) OR class_id IN (TABLE nodes))
  + (SELECT count(*) FROM class_invites WHERE class_id IN (TABLE nodes))
  + (SELECT count(*) FROM classes WHERE grade_id IN (TABLE nodes)
     AND id NOT IN (SELECT row_id FROM made WHERE place = 'classes'))
  + (SELECT count(*) FROM audience_counters WHERE node_id IN (TABLE nodes))
  + (SELECT count(*) FROM guardianships
     WHERE (student_id IN (TABLE pupils) OR person_id IN (TABLE people))
       AND id NOT IN (SELECT row_id FROM touched WHERE place = 'guardianships'))
  + (SELECT count(*) FROM enrolments
     WHERE (student_id IN (TABLE pupils) OR class_id IN (TABLE nodes))
       AND id NOT IN (SELECT row_id FROM touched WHERE place = 'enrolments'))
  + (SELECT count(*) FROM standings
     WHERE (person_id IN (TABLE people) OR class_id IN (TABLE nodes) OR grade_id IN (TABLE nodes))
       AND id NOT IN (SELECT row_id FROM touched WHERE place = 'standings')) AS n
"""
