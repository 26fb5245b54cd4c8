"""Taking what was seen off people's other phones is one call, inside whatever caused it.

Who reads a notice and whose phones are cleared are settled by one statement so, and stand or
fall together.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Each person is looked up by themselves. In subselects the lists' lengths are unknown to the
# planner, so it does not plan anew each time. The silent push rides on the newest letter about
# the subject that has passed this person, so that reading leaves nothing behind once it is
# delivered. A payload holds some two hundred people.
CLEAR = """
CREATE FUNCTION clear_seen(people uuid[], subjects uuid[], sessions uuid[], requests text[],
    heard_on text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE queued int;
BEGIN
    DELETE FROM post_delivery WHERE id IN (
        SELECT d.id
        FROM unnest((SELECT people), (SELECT subjects)) AS seen (person_id, subject_id)
        CROSS JOIN LATERAL (
            SELECT delivery.id FROM post_delivery AS delivery
            JOIN post_letter AS letter ON letter.id = delivery.letter_id
            WHERE delivery.person_id = seen.person_id AND delivery.state = 'queued'
              AND letter.subject_id = seen.subject_id
            ORDER BY delivery.id FOR UPDATE OF delivery) AS d);
    INSERT INTO post_delivery (id, letter_id, person_id, device_id, channel, state, rank,
        due_at, attempts, silent, digest, request_id)
    SELECT uuidv7(), letter.id, seen.person_id, device.id, device.provider, 'queued', 1,
        now(), 0, true, false, seen.request_id
    FROM unnest((SELECT people), (SELECT subjects), (SELECT sessions), (SELECT requests))
        AS seen (person_id, subject_id, session_id, request_id)
    CROSS JOIN LATERAL (
        SELECT d.id, d.provider FROM post_device d
        WHERE d.person_id = seen.person_id AND d.retired_at IS NULL
          AND (seen.session_id IS NULL OR d.session_id IS DISTINCT FROM seen.session_id)
        OFFSET 0) AS device
    CROSS JOIN LATERAL (
        SELECT l.id FROM post_letter l
        WHERE l.subject_id = seen.subject_id
          AND (l.state = 'expanded' OR l.cursor >= seen.person_id)
        ORDER BY l.id DESC LIMIT 1) AS letter
    ON CONFLICT (letter_id, device_id) DO NOTHING;
    GET DIAGNOSTICS queued = ROW_COUNT;
    PERFORM pg_notify(heard_on, 'p:' || string_agg(x.id::text, ','))
    FROM (SELECT p.id, (row_number() OVER (ORDER BY p.id) - 1) / 180 AS payload
          FROM (SELECT DISTINCT u AS id FROM unnest((SELECT people)) u) p) x
    GROUP BY x.payload ORDER BY x.payload;
    RETURN queued;
END $$;
"""


class Migration(migrations.Migration):
    """One call clears phones."""

    dependencies = [("school", "0030_seeking_places")]

    operations = [
        ops.RunSQL(
            CLEAR, reverse_sql="DROP FUNCTION clear_seen(uuid[], uuid[], uuid[], text[], text)"
        )
    ]
