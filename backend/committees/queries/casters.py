"""Who may cast a ballot now: the statements that find it out, and one that casts upon it."""

# A tie stands when it is in force and not restricted. In a household it must be to a child
# whose other voting guardians vote for that household too, for somebody may belong to two.
STANDS = """
CASE v.unit WHEN 'seat' THEN EXISTS (
    SELECT 1 FROM seats s WHERE s.id = u.ref_id AND (s.student_id IS NULL OR EXISTS (
        SELECT 1 FROM guardianships g JOIN students p ON p.id = g.student_id
        WHERE g.student_id = s.student_id AND g.person_id = o.person_id
          AND (g.valid_until IS NULL OR g.valid_until > now())
          AND NOT g.restricted AND p.left_at IS NULL)))
ELSE EXISTS (
    SELECT 1 FROM guardianships g JOIN students p ON p.id = g.student_id
    WHERE g.person_id = o.person_id AND p.school_id = v.school_id AND p.left_at IS NULL
      AND g.can_vote AND (g.valid_until IS NULL OR g.valid_until > now()) AND NOT g.restricted
      AND (v.unit = 'person' OR NOT EXISTS (
        SELECT 1 FROM guardianships h JOIN voters w
            ON w.person_id = h.person_id AND w.vote_id = v.id
        WHERE h.student_id = g.student_id AND h.valid_from <= v.opened_at
          AND h.can_vote AND (h.valid_until IS NULL OR h.valid_until > now())
          AND NOT h.restricted
          AND NOT EXISTS (SELECT 1 FROM voters x WHERE x.vote_id = v.id
                          AND x.unit_id = u.id AND x.person_id = h.person_id))))
END
"""
IS_ON = """
NOT EXISTS (SELECT 1 FROM feature_switches f WHERE f.school_id = v.school_id
            AND f.function = 'committees' AND NOT f.is_on)
"""
# In subselects the lists' lengths are unknown to the planner, so it does not plan anew each time.
_ENTITLED = f"""
FROM voters o JOIN voting_units u ON u.id = o.unit_id JOIN votes v ON v.id = o.vote_id
WHERE o.vote_id = a.vote_id AND o.person_id = a.person_id AND {STANDS} AND {IS_ON}
"""
TO_CAST = f"""
SELECT a.n::int AS n, x.id, x.mode
FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[])) WITH ORDINALITY a (vote_id, person_id, n)
CROSS JOIN LATERAL (SELECT u.id, v.mode {_ENTITLED} OFFSET 0) x
ORDER BY a.n, x.id
"""
# The ballots of those who may cast one for exactly one unit, or for the unit they name; no
# row for anybody else's, which are not cast.
CAST = f"""
WITH entitled AS (
    SELECT a.*, x.unit
    FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::uuid[]),
        (SELECT $4::bytea[]), (SELECT $5::text[]), (SELECT $6::uuid[])) WITH ORDINALITY
        a (vote_id, person_id, unit_id, box, choice, attempt, n)
    CROSS JOIN LATERAL (
        SELECT (array_agg(u.id))[1] AS unit {_ENTITLED}
            AND (a.unit_id IS NULL OR u.id = a.unit_id)
        HAVING count(*) = 1) x),
listed AS (
    SELECT array_agg(n::int) AS places, array_agg(vote_id) AS votes,
        array_agg(person_id) AS persons, array_agg(unit) AS units, array_agg(box) AS boxes,
        array_agg(choice) AS choices, array_agg(attempt) AS attempts
    FROM (SELECT * FROM entitled ORDER BY n) e)
SELECT l.places[c.n] AS n, c.said, c.unit, c.replaced
FROM listed l CROSS JOIN LATERAL
    cast_ballots(l.votes, l.persons, l.units, l.boxes, l.choices, l.attempts, $7) c
"""
