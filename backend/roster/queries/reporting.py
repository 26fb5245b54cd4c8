"""What an import changed, or would change, in numbers and in samples."""

from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one

SAMPLE = 10


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows an import touches. ``accounts_new`` are people the house did not know.

    ``guardians_kept_apart`` are ties in the file that were ended or restricted before and
    stay so; ``names_kept`` people this school knew before whose own name differs from the
    file's. Strangers are not counted: a file must not tell who has an account.
    """

    grades_new: int = 0
    classes_new: int = 0
    pupils_new: int = 0
    pupils_renamed: int = 0
    pupils_moved: int = 0
    pupils_returned: int = 0
    pupils_left: int = 0
    accounts_new: int = 0
    accounts_renamed: int = 0
    guardians_new: int = 0
    guardians_of_known_children: int = 0
    guardians_changed: int = 0
    guardians_kept_apart: int = 0
    names_kept: int = 0
    posts_new: int = 0
    posts_ended: int = 0

    @property
    def changes(self) -> int:
        """Rows that differ afterwards; 0 means the file says what the house knows."""
        told_apart = self.guardians_of_known_children + self.guardians_kept_apart + self.names_kept
        every: tuple[int, ...] = msgspec.structs.astuple(self)
        return sum(every) - told_apart


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One pupil as an example of a change; classes by grade and name."""

    number: str
    name: str
    from_class: str | None = None
    to_class: str | None = None


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """At most :data:`SAMPLE` examples of each change of pupils."""

    new: list[Sample] = []
    moved: list[Sample] = []
    left: list[Sample] = []


async def counts(import_id: UUID) -> Counts:
    """Count the changes written down for an import, while its ``incoming`` tables stand."""
    row = await fetch_one(_COUNTS, import_id)
    return msgspec.convert(row, Counts)


async def samples(import_id: UUID) -> Samples:
    """Return examples of the changes written down for an import."""
    return Samples(
        new=_samples(await fetch(_NEW, import_id, SAMPLE)),
        moved=_samples(await fetch(_MOVED, import_id, SAMPLE)),
        left=_samples(await fetch(_LEFT, import_id, SAMPLE)),
    )


async def guardians_of_known_children(import_id: UUID) -> list[dict[str, Any]]:
    """Return each known child with new guardians, and whom that concerns already.

    ``told`` are the guardians the child had before; ``class_id`` is the class now.
    """
    # In two steps: the second then knows how few children it is about.
    added = {row["student_id"]: set(row["newcomers"]) for row in await fetch(_NEWCOMERS, import_id)}
    children = await fetch(_KNOWN_CHILDREN, sorted(added)) if added else []
    for child in children:
        child["told"] = set(child["stand_by"] or ()) - added[child["student_id"]]
    return children


def _samples(rows: list[dict[str, Any]]) -> list[Sample]:
    return [msgspec.convert(row, Sample) for row in rows]


_COUNTS = """
WITH done AS MATERIALIZED (
    SELECT place, before IS NULL AS is_new, row_id, before, after
    FROM roster_changes WHERE roster_import_id = $1
), new_pupils AS MATERIALIZED (
    SELECT row_id FROM done WHERE place = 'students' AND is_new
)
SELECT
    count(*) FILTER (WHERE place = 'grades') AS grades_new,
    count(*) FILTER (WHERE place = 'classes') AS classes_new,
    count(*) FILTER (WHERE place = 'students' AND is_new) AS pupils_new,
    count(*) FILTER (WHERE place = 'students' AND before->>'name' <> after->>'name')
        AS pupils_renamed,
    count(*) FILTER (WHERE place = 'enrolments' AND is_new
        AND (after->>'student_id')::uuid NOT IN (SELECT row_id FROM new_pupils)) AS pupils_moved,
    count(*) FILTER (WHERE place = 'students'
        AND before->>'left_at' IS NOT NULL AND after->>'left_at' IS NULL) AS pupils_returned,
    count(*) FILTER (WHERE place = 'students' AND NOT is_new
        AND before->>'left_at' IS NULL AND after->>'left_at' IS NOT NULL) AS pupils_left,
    count(*) FILTER (WHERE place = 'persons' AND is_new) AS accounts_new,
    count(*) FILTER (WHERE place = 'persons' AND NOT is_new) AS accounts_renamed,
    count(*) FILTER (WHERE place = 'guardianships' AND is_new) AS guardians_new,
    count(*) FILTER (WHERE place = 'guardianships' AND is_new
        AND (after->>'student_id')::uuid NOT IN (SELECT row_id FROM new_pupils))
        AS guardians_of_known_children,
    count(*) FILTER (WHERE place = 'guardianships' AND NOT is_new) AS guardians_changed,
    count(*) FILTER (WHERE place = 'standings' AND is_new) AS posts_new,
    count(*) FILTER (WHERE place = 'standings' AND NOT is_new) AS posts_ended,
    (SELECT count(*) FROM incoming i
     JOIN incoming_ties t ON true
     JOIN students s ON s.school_id = i.school_id AND s.number = t.number
     JOIN incoming_people n ON n.phone = t.phone
     JOIN guardianships g ON g.student_id = s.id AND g.person_id = n.person_id
     WHERE g.restricted OR g.valid_until <= now()) AS guardians_kept_apart,
    (SELECT count(*) FROM incoming i, incoming_people n JOIN persons p ON p.id = n.person_id
     WHERE p.name <> n.name
       AND (EXISTS (SELECT FROM guardianships g JOIN students s ON s.id = g.student_id
                    WHERE g.person_id = p.id AND s.school_id = i.school_id
                      AND g.valid_from < now())
            OR EXISTS (SELECT FROM standings x
                       WHERE x.person_id = p.id AND x.school_id = i.school_id
                         AND x.valid_from < now()))) AS names_kept
FROM done
"""

_CLASS_NAME = (
    "(SELECT g.name || c.name FROM classes c JOIN grades g ON g.id = c.grade_id WHERE c.id = {id})"
)

_NEW = f"""
SELECT s.number, s.name, {_CLASS_NAME.format(id="e.class_id")} AS to_class
FROM roster_changes c
JOIN students s ON s.id = c.row_id
LEFT JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
WHERE c.roster_import_id = $1 AND c.place = 'students' AND c.before IS NULL
ORDER BY s.number LIMIT $2
"""

_MOVED = f"""
SELECT s.number, s.name,
    {_CLASS_NAME.format(id="(o.before->>'class_id')::uuid")} AS from_class,
    {_CLASS_NAME.format(id="e.class_id")} AS to_class
FROM roster_changes o
JOIN students s ON s.id = (o.before->>'student_id')::uuid AND s.left_at IS NULL
LEFT JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
WHERE o.roster_import_id = $1 AND o.place = 'enrolments' AND o.before IS NOT NULL
ORDER BY s.number LIMIT $2
"""

_LEFT = f"""
SELECT s.number, s.name,
    {_CLASS_NAME.format(id="(o.before->>'class_id')::uuid")} AS from_class
FROM roster_changes c
JOIN students s ON s.id = c.row_id AND s.left_at IS NOT NULL
LEFT JOIN roster_changes o ON o.roster_import_id = $1 AND o.place = 'enrolments'
    AND o.before IS NOT NULL AND (o.before->>'student_id')::uuid = s.id
WHERE c.roster_import_id = $1 AND c.place = 'students' AND c.before IS NOT NULL
ORDER BY s.number LIMIT $2
"""

_NEWCOMERS = """
WITH new_pupils AS MATERIALIZED (
    SELECT row_id FROM roster_changes
    WHERE roster_import_id = $1 AND place = 'students' AND before IS NULL
)
SELECT (after->>'student_id')::uuid AS student_id,
    array_agg((after->>'person_id')::uuid) AS newcomers
FROM roster_changes
WHERE roster_import_id = $1 AND place = 'guardianships' AND before IS NULL
  AND (after->>'student_id')::uuid NOT IN (SELECT row_id FROM new_pupils)
GROUP BY 1
"""

_KNOWN_CHILDREN = """
SELECT s.id AS student_id, s.name, e.class_id,
    (SELECT array_agg(f.person_id) FROM family_ties f WHERE f.student_id = s.id) AS stand_by
FROM students s JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
WHERE s.id = ANY($1::uuid[])
"""
