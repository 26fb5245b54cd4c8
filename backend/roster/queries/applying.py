"""A staged roster becomes rows of the house, and each row it touches is written down.

One statement for each kind of row, whatever their number. Every statement leaves what
it did in ``roster_changes``: the whole row before and after.
"""

from backend.database import execute


async def apply_staged() -> None:
    """Bring the house to what the ``incoming`` tables say.

    Repeating it changes nothing. Runs in the transaction that staged.
    """
    for place, statement in _STEPS:
        if place is None:
            await execute(statement)
        else:
            await execute(_RECORDED.format(statement=statement, place=place))


_RECORDED = """
WITH touched AS ({statement})
INSERT INTO roster_changes (roster_import_id, place, row_id, before, after)
SELECT i.import_id, '{place}', (t.after->>'id')::uuid, t.before, t.after
FROM touched t, incoming i
"""

_GRADES = """
INSERT INTO grades AS new_row (id, school_id, name, position)
SELECT uuidv7(), i.school_id, p.grade, min(p.rank)
FROM incoming i, incoming_places p
WHERE NOT EXISTS (SELECT FROM grades g WHERE g.school_id = i.school_id AND g.name = p.grade)
GROUP BY i.school_id, p.grade
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_FIND_GRADES = """
UPDATE incoming_places p SET grade_id = g.id
FROM incoming i, grades g WHERE g.school_id = i.school_id AND g.name = p.grade
"""

_CLASSES = """
INSERT INTO classes AS new_row (id, school_id, grade_id, name)
SELECT uuidv7(), i.school_id, p.grade_id, p.name
FROM incoming i, incoming_places p
WHERE NOT EXISTS (SELECT FROM classes c WHERE c.grade_id = p.grade_id AND c.name = p.name)
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_FIND_CLASSES = """
UPDATE incoming_places p SET class_id = c.id
FROM classes c WHERE c.grade_id = p.grade_id AND c.name = p.name
"""

# Ordered, so that two schools that bring the same people at once never deadlock.
_PEOPLE = """
INSERT INTO persons AS new_row (id, name, phone, created_at)
SELECT uuidv7(), n.name, n.phone, now() FROM incoming_people n
WHERE NOT EXISTS (SELECT FROM persons p WHERE p.phone = n.phone)
ORDER BY n.phone
ON CONFLICT (phone) DO NOTHING
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_FIND_PEOPLE = """
UPDATE incoming_people n SET person_id = p.id FROM persons p WHERE p.phone = n.phone
"""

# A name belongs to its owner once they have signed in, and no school may rename the
# people of another.
_RENAME_PEOPLE = """
UPDATE persons p SET name = n.name
FROM incoming_people n, incoming i
WHERE p.id = n.person_id AND p.name <> n.name
  AND p.activated_at IS NULL AND p.password_hash IS NULL
  AND NOT EXISTS (SELECT FROM guardianships g JOIN students s ON s.id = g.student_id
                  WHERE g.person_id = p.id AND s.school_id <> i.school_id)
  AND NOT EXISTS (SELECT FROM standings x
                  WHERE x.person_id = p.id AND x.school_id IS DISTINCT FROM i.school_id)
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_PUPILS = """
INSERT INTO students AS new_row (id, school_id, number, name)
SELECT uuidv7(), i.school_id, n.number, n.name FROM incoming i, incoming_pupils n
WHERE NOT EXISTS (SELECT FROM students s WHERE s.school_id = i.school_id AND s.number = n.number)
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_RENAME_PUPILS = """
UPDATE students s SET name = n.name, left_at = NULL
FROM incoming i, incoming_pupils n
WHERE s.school_id = i.school_id AND s.number = n.number
  AND (s.name <> n.name OR s.left_at IS NOT NULL)
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_FIND_PUPILS = """
UPDATE incoming_pupils n SET student_id = s.id, class_id = p.class_id
FROM incoming i, students s, incoming_places p
WHERE s.school_id = i.school_id AND s.number = n.number AND p.place = n.place
"""

_LEAVERS = """
UPDATE students s SET left_at = now()
FROM incoming i
WHERE i.all_pupils AND s.school_id = i.school_id AND s.left_at IS NULL
  AND NOT EXISTS (SELECT FROM incoming_pupils n WHERE n.number = s.number)
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_END_ENROLMENTS = """
UPDATE enrolments e SET until = now()
WHERE e.until IS NULL AND e.id IN (
    SELECT x.id FROM enrolments x JOIN incoming_pupils n ON n.student_id = x.student_id
    WHERE x.until IS NULL AND x.class_id <> n.class_id
    UNION ALL
    SELECT x.id FROM enrolments x JOIN students s ON s.id = x.student_id
    JOIN incoming i ON i.school_id = s.school_id
    WHERE i.all_pupils AND x.until IS NULL AND s.left_at = now())
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_ENROL = """
INSERT INTO enrolments AS new_row (id, student_id, class_id, since)
SELECT uuidv7(), n.student_id, n.class_id, now() FROM incoming_pupils n
WHERE NOT EXISTS (
    SELECT FROM enrolments e WHERE e.student_id = n.student_id AND e.until IS NULL)
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

# A guardianship that was ended or restricted stays so: an old spreadsheet must not undo
# what a court or the school decided.
_TIES = """
INSERT INTO guardianships AS new_row (id, student_id, person_id, relation, source, valid_from)
SELECT uuidv7(), s.id, n.person_id, t.relation, 'roster', now()
FROM incoming i
JOIN incoming_ties t ON true
JOIN students s ON s.school_id = i.school_id AND s.number = t.number
JOIN incoming_people n ON n.phone = t.phone
WHERE NOT EXISTS (
    SELECT FROM guardianships g WHERE g.student_id = s.id AND g.person_id = n.person_id)
ON CONFLICT (student_id, person_id) DO NOTHING
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_RELATIONS = """
UPDATE guardianships g SET relation = t.relation
FROM incoming i
JOIN incoming_ties t ON true
JOIN students s ON s.school_id = i.school_id AND s.number = t.number
JOIN incoming_people n ON n.phone = t.phone
WHERE g.student_id = s.id AND g.person_id = n.person_id AND g.relation <> t.relation
  AND NOT g.restricted AND (g.valid_until IS NULL OR g.valid_until > now())
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_WANTED_POSTS = """
SELECT n.person_id, o.role, o.subject, p.class_id,
       coalesce(p.grade_id, (SELECT g.id FROM grades g, incoming i
                             WHERE g.school_id = i.school_id AND g.name = o.grade)) AS grade_id
FROM incoming_posts o
JOIN incoming_people n ON n.phone = o.phone
LEFT JOIN incoming_places p ON p.place = o.place
"""

# Naming a class's teacher replaces the one before; the other posts only end when the
# file is the whole school. Administrators and principals are never ended by a file.
_END_POSTS = f"""
UPDATE standings s SET valid_until = now()
FROM incoming i
WHERE s.school_id = i.school_id AND s.valid_until IS NULL AND s.source = 'roster'
  AND (s.role = 'class_teacher' AND s.class_id IN (
            SELECT w.class_id FROM ({_WANTED_POSTS}) w WHERE w.role = 'class_teacher')
       OR i.all_posts AND s.role IN ('class_teacher', 'subject_teacher', 'grade_lead'))
  AND NOT EXISTS (
    SELECT FROM ({_WANTED_POSTS}) w
    WHERE w.person_id = s.person_id AND w.role = s.role AND w.subject = s.subject
      AND w.class_id IS NOT DISTINCT FROM s.class_id
      AND w.grade_id IS NOT DISTINCT FROM s.grade_id)
RETURNING to_jsonb(old) AS before, to_jsonb(new) AS after
"""

_APPOINT = f"""
INSERT INTO standings AS new_row
    (id, person_id, role, subject, district_id, school_id, grade_id, class_id, valid_from, source)
SELECT uuidv7(), w.person_id, w.role, w.subject, i.district_id, i.school_id, w.grade_id,
       w.class_id, now(), 'roster'
FROM incoming i, (SELECT DISTINCT * FROM ({_WANTED_POSTS}) o) w
WHERE NOT EXISTS (
    SELECT FROM standings s
    WHERE s.person_id = w.person_id AND s.role = w.role AND s.subject = w.subject
      AND s.school_id = i.school_id AND s.class_id IS NOT DISTINCT FROM w.class_id
      AND s.grade_id IS NOT DISTINCT FROM w.grade_id
      AND (s.valid_until IS NULL OR s.valid_until > now()))
ON CONFLICT DO NOTHING
RETURNING NULL::jsonb AS before, to_jsonb(new_row) AS after
"""

_STEPS: tuple[tuple[str | None, str], ...] = (
    ("grades", _GRADES),
    (None, _FIND_GRADES),
    ("classes", _CLASSES),
    (None, _FIND_CLASSES),
    ("persons", _PEOPLE),
    (None, _FIND_PEOPLE),
    ("persons", _RENAME_PEOPLE),
    ("students", _PUPILS),
    ("students", _RENAME_PUPILS),
    (None, _FIND_PUPILS),
    ("students", _LEAVERS),
    ("enrolments", _END_ENROLMENTS),
    ("enrolments", _ENROL),
    ("guardianships", _TIES),
    ("guardianships", _RELATIONS),
    ("standings", _END_POSTS),
    ("standings", _APPOINT),
)
