"""The plain requests of one moment are settled in three statements, however many they are.

``take_places`` looks at its requests one by one, because one may decide what the next one
meets. On a slot where nothing but its places limits anybody, they can be counted through at
once: whoever is within what is free has a place, the others have their turn. A slot is such
a slot for a moment if that is true of it and of every request for it; the others go one by
one as before. Answers are the same either way; a test holds both to that.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

FEWEST = 8
"""Requests from which on the three statements cost less than looking at each."""

# A slot is open to first comers, without shares, quotas, qualifications, approval, questions,
# named children or a draw, its first tap still far; and either nobody waits or it is full, so
# that nobody is passed by. A request is for one, by the person, who asks nothing else in this
# moment, belongs there, has no booking there yet and is nowhere else at that time.
TOGETHER = """
CREATE FUNCTION take_together(asks jsonb, moment timestamptz)
    RETURNS TABLE (n int, outcome text, facts jsonb, booking jsonb, ahead int, free int)
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
WITH asked AS MATERIALIZED (
    SELECT x.*, count(*) OVER (PARTITION BY x.person) AS times
    FROM jsonb_to_recordset(asks) AS x (n int, slot uuid, person uuid, party int, reach uuid[],
        closed text[], "atOnce" boolean, answers jsonb, organiser uuid, desk text)),
plain AS MATERIALIZED (
    SELECT s.id, s.school_id, s.kind, s.starts_at, s.ends_at, s.open_to, p.capacity, p.taken,
           p.waiting, p.tickets,
           CASE WHEN p.waiting = 0 THEN p.capacity - p.taken ELSE 0 END AS room
    FROM (SELECT DISTINCT slot FROM asked) a
    JOIN slots s ON s.id = a.slot JOIN slot_places p ON p.slot_id = s.id
    WHERE s.opened_at IS NOT NULL AND s.state = 'open' AND s.mode = 'first_come'
      AND moment >= s.opens_at AND moment < s.closes_at
      AND NOT s.has_shares AND NOT s.children_named AND NOT s.needs_approval
      AND s.quota_ids = '{}' AND s.requires = '{}' AND s.asks = '{}'
      AND NOT is_first_tap(s, moment) AND (p.waiting = 0 OR p.taken = p.capacity)),
fit AS MATERIALIZED (
    SELECT a.*, (row_number() OVER (PARTITION BY a.slot ORDER BY a.n))::int AS k,
           bool_and(coalesce(a.organiser IS NULL AND a.party = 1 AND a.times = 1 AND a.desk = s.kind
               AND (s.open_to = '{}' AND s.school_id = ANY (a.reach) OR s.open_to && a.reach)
               AND NOT (s.kind || ':' || s.school_id) = ANY (a.closed)
               AND NOT EXISTS (
                   SELECT 1 FROM bookings b WHERE b.slot_id = a.slot AND b.person_id = a.person
                     AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered',
                         'checked_in', 'completed', 'no_show'))
               AND NOT EXISTS (
                   SELECT 1 FROM bookings o WHERE o.person_id = a.person
                     AND o.state IN ('requested', 'confirmed', 'offered', 'checked_in')
                     AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at),
               false)) OVER (PARTITION BY a.slot) AS all_fit
    FROM asked a JOIN plain s ON s.id = a.slot),
booked AS (
    INSERT INTO bookings (id, slot_id, school_id, person_id, student_ids, party, state,
        queue_no, takes_at_once, line, answers, share_ids, share_id, starts_at, ends_at,
        may_overlap, created_at, updated_at)
    SELECT uuidv7(), s.id, s.school_id, a.person, '{}', 1,
        CASE WHEN a.k <= s.room THEN 'confirmed' ELSE 'waitlisted' END,
        s.tickets + a.k, coalesce(a."atOnce", false),
        CASE WHEN a.k <= s.room THEN '{"code": "free"}' ELSE '{"code": "full"}' END::jsonb,
        coalesce(a.answers, '{}'), '{}', NULL, s.starts_at, s.ends_at, false, moment, moment
    FROM fit a JOIN plain s ON s.id = a.slot WHERE a.all_fit ORDER BY s.id, a.k
    RETURNING *),
counted AS (
    UPDATE slot_places p SET tickets = p.tickets + x.many,
        taken = p.taken + least(x.many, x.room), waiting = p.waiting + greatest(x.many - x.room, 0)
    FROM (SELECT a.slot, s.room, count(*)::int AS many
          FROM fit a JOIN plain s ON s.id = a.slot WHERE a.all_fit GROUP BY 1, 2) x
    WHERE p.slot_id = x.slot),
moved AS (
    INSERT INTO booking_moves (booking_id, slot_id, school_id, person_id, was, became, cause,
        by, facts, at, told)
    SELECT b.id, b.slot_id, b.school_id, b.person_id, 'none', b.state, 'asked', b.person_id,
        '{}', moment, true
    FROM booked b ORDER BY b.slot_id, b.queue_no)
SELECT a.n, 'ok', jsonb_build_object('kind', s.kind, 'held', s.taken + least(a.k, s.room)),
    to_jsonb(b), CASE WHEN a.k > s.room THEN s.waiting + a.k - s.room - 1 END,
    s.capacity - s.taken - least(a.k, s.room)
FROM fit a JOIN plain s ON s.id = a.slot
JOIN booked b ON b.slot_id = a.slot AND b.person_id = a.person;
END $$;
"""

_PLACES = import_module("backend.migrations.0005_places").TAKING
_BEFORE = _PLACES[_PLACES.index("CREATE FUNCTION take_places(") :]
_BEFORE = _BEFORE[: _BEFORE.index("END $$;") + len("END $$;")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)
_AFTER = _BEFORE
for _old, _new in {
    """    in_draw boolean;
BEGIN""": """    in_draw boolean;
    done int[] := '{}';
BEGIN""",
    "    FOR r IN SELECT * FROM jsonb_to_recordset(asks)": f"""
    IF jsonb_array_length(asks) >= {FEWEST} THEN
        FOR n, outcome, facts, booking, ahead, free IN
            SELECT * FROM take_together(asks, moment) LOOP
            done := done || n;
            RETURN NEXT;
        END LOOP;
    END IF;
    FOR r IN SELECT * FROM jsonb_to_recordset(asks)""",
    "ORDER BY x.slot, x.n LOOP": "WHERE NOT x.n = ANY (done) ORDER BY x.slot, x.n LOOP",
}.items():
    assert _old in _AFTER
    _AFTER = _AFTER.replace(_old, _new, 1)

# As in 0005: what is planned while a table is empty must do on a morning's rush.
SEEKING = "SET enable_seqscan = off"
PLANS = f"ALTER FUNCTION take_together {SEEKING}; ALTER FUNCTION take_places {SEEKING};"


class Migration(migrations.Migration):
    """Plain requests of one moment are settled together."""

    dependencies = [("school", "0027_board_marks")]

    operations = [
        ops.RunSQL(TOGETHER, reverse_sql="DROP FUNCTION take_together(jsonb, timestamptz);"),
        # Replacing a function forgets its settings.
        ops.RunSQL(_AFTER, reverse_sql=f"{_BEFORE}; ALTER FUNCTION take_places {SEEKING};"),
        ops.RunSQL(PLANS, reverse_sql=""),
    ]
