"""What somebody has watched: range sets, and the meters that bound them.

All times of media are in milliseconds, half open. Two meters fill at twice the speed of the
clock: a learner's own, whatever number of lessons or phones they play at once, and that of
the lesson, which only runs while it is being played. What is taken beyond the learner's
``live_ms``, the little that a good network can leave unsaid, was watched offline: it is
counted, remembered as such, and bounded by the course's allowance.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
CREATE TABLE learners (
    person_id uuid PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    metered_at timestamptz NOT NULL,
    live_ms int NOT NULL DEFAULT 10000 CHECK (live_ms >= 0),
    bank_ms int NOT NULL DEFAULT 10000 CHECK (bank_ms >= 0)
) WITH (fillfactor = 70);

CREATE TABLE watches (
    person_id uuid NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    lesson_id uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    basis int NOT NULL,
    round int NOT NULL DEFAULT 1,
    duration_ms int NOT NULL CHECK (duration_ms > 0),
    threshold int NOT NULL CHECK (threshold BETWEEN 1 AND 100),
    allowance_ms int NOT NULL CHECK (allowance_ms >= 0),
    rule_version int NOT NULL,
    watched int4multirange NOT NULL DEFAULT '{}',
    covered_ms int NOT NULL DEFAULT 0,
    offline_ms int NOT NULL DEFAULT 0,
    position_ms int NOT NULL DEFAULT 0,
    play_id uuid NOT NULL,
    seq int NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    metered_at timestamptz NOT NULL,
    bank_ms int NOT NULL,
    reached_at timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (person_id, lesson_id, basis, round),
    CONSTRAINT watched_within CHECK (watched <@ int4multirange(int4range(0, duration_ms))),
    CONSTRAINT covered_within CHECK (covered_ms BETWEEN 0 AND duration_ms
        AND offline_ms BETWEEN 0 AND covered_ms),
    CONSTRAINT position_within CHECK (position_ms BETWEEN 0 AND duration_ms)
) WITH (fillfactor = 60);
CREATE INDEX watches_of_lesson ON watches (lesson_id);
CREATE INDEX watches_to_settle ON watches (reached_at)
    WHERE reached_at IS NOT NULL AND settled_at IS NULL;

CREATE FUNCTION length_ms(m int4multirange) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(upper(r) - lower(r)), 0)::int FROM unnest(m) r $$;

-- `m` with every gap of at most `gap` ms closed: a player reports whole strides, not edges.
CREATE FUNCTION healed(m int4multirange, gap int) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(range_agg(int4range(lower(r), upper(r) - gap)), '{}') FROM unnest((
        SELECT range_agg(int4range(lower(x), upper(x) + gap)) FROM unnest(m) x)) r $$;

-- The first `most` ms of `m`.
CREATE FUNCTION first_of(m int4multirange, most int) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(range_agg(int4range(lo, least(hi, lo + most - before))), '{}') FROM (
        SELECT lower(r) lo, upper(r) hi,
               (sum(upper(r) - lower(r)) OVER (ORDER BY lower(r)) - (upper(r) - lower(r)))::int before
        FROM unnest(m) r) s
    WHERE before < most $$;

-- The stretches of `m` that fit whole into `most` ms, in order.
CREATE FUNCTION fitting(m int4multirange, most int) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(range_agg(r), '{}') FROM (
        SELECT r, sum(upper(r) - lower(r)) OVER (ORDER BY lower(r)) total FROM unnest(m) r) s
    WHERE total <= most $$;

-- A learner begins or goes on with a lesson on some phone: nothing is gained by it.
CREATE FUNCTION open_play(
    p_person uuid, p_lesson uuid, p_basis int, p_round int, p_play uuid, p_duration int,
    p_threshold int, p_allowance int, p_rule int, p_now timestamptz
) RETURNS watches LANGUAGE plpgsql AS $$
DECLARE w watches;
BEGIN
    INSERT INTO learners (person_id, metered_at) VALUES (p_person, p_now)
        ON CONFLICT DO NOTHING;
    INSERT INTO watches AS o (person_id, lesson_id, basis, round, duration_ms, threshold,
        allowance_ms, rule_version, play_id, opened_at, metered_at, bank_ms)
    VALUES (p_person, p_lesson, p_basis, p_round, p_duration, p_threshold, p_allowance, p_rule,
        p_play, p_now, p_now, 10000)
    ON CONFLICT (person_id, lesson_id, basis, round) DO UPDATE SET
        play_id = p_play,
        seq = CASE WHEN o.play_id = p_play THEN o.seq ELSE 0 END,
        opened_at = greatest(o.opened_at, p_now),
        -- The meter ran while the lesson was being played, at most four hours at a stretch.
        bank_ms = least(7200000, o.bank_ms + 2 * least(14400000, greatest(0,
            floor(extract(epoch FROM p_now - o.metered_at) * 1000)))::bigint)::int,
        metered_at = greatest(o.metered_at, p_now)
    RETURNING * INTO w;
    RETURN w;
END $$;

-- Count what some phones say they played. Each request is a set of stretches of one learner
-- and lesson; rows come back in the order of the requests, an unknown one without `watched`.
CREATE FUNCTION take_beats(
    p_persons uuid[], p_lessons uuid[], p_plays uuid[], p_seqs int[], p_positions int[],
    p_claims int4multirange[], p_now timestamptz
) RETURNS TABLE (n int, watched int4multirange, duration_ms int, covered_ms int,
    offline_ms int, position_ms int, taken_ms int, refused_ms int, reached boolean,
    completed boolean)
LANGUAGE plpgsql AS $$
DECLARE
    i int; w watches; m learners; elapsed bigint; room int; fresh int4multirange; want int;
    live int; take int; offline int; whole int4multirange;
BEGIN
    -- One order for everybody, so that two batches never wait for each other in a circle.
    FOR i IN SELECT k FROM generate_subscripts(p_persons, 1) k
             ORDER BY p_persons[k], p_lessons[k], p_seqs[k] LOOP
        n := i;
        -- The learner first: a second lesson of theirs waits here, holding nothing.
        SELECT * INTO m FROM learners l WHERE l.person_id = p_persons[i] FOR UPDATE;
        SELECT * INTO w FROM watches x WHERE x.person_id = p_persons[i]
            AND x.lesson_id = p_lessons[i] AND x.opened_at > p_now - interval '12 hours'
            ORDER BY x.round DESC, x.basis DESC LIMIT 1 FOR UPDATE;
        IF NOT FOUND THEN
            watched := NULL; RETURN NEXT; CONTINUE;
        END IF;
        elapsed := 2 * least(14400000, greatest(0,
            floor(extract(epoch FROM p_now - m.metered_at) * 1000)))::bigint;
        m.live_ms := least(180000, m.live_ms + elapsed);
        m.bank_ms := least(7200000, m.bank_ms + elapsed);
        m.metered_at := greatest(m.metered_at, p_now);
        elapsed := 2 * least(14400000, greatest(0,
            floor(extract(epoch FROM p_now - w.metered_at) * 1000)))::bigint;
        w.bank_ms := least(7200000, w.bank_ms + elapsed);
        w.metered_at := greatest(w.metered_at, p_now);

        fresh := healed(w.watched + p_claims[i] * int4multirange(int4range(0, w.duration_ms)), 500)
            - w.watched;
        want := length_ms(fresh);
        room := least(m.bank_ms, w.bank_ms);
        -- A stretch that nobody can have played since is refused whole: a jump gains nothing.
        fresh := fitting(fresh, room);
        take := length_ms(fresh);
        live := least(take, m.live_ms);
        offline := least(take - live, w.allowance_ms - w.offline_ms);
        IF live + offline < take THEN
            take := live + offline;
            fresh := first_of(fresh, take);
        END IF;
        whole := w.watched + fresh;
        IF (SELECT count(*) FROM unnest(whole)) > 500 THEN
            -- Nobody watches in five hundred pieces.
            take := 0; live := 0; offline := 0; whole := w.watched;
        END IF;

        w.watched := whole;
        w.covered_ms := w.covered_ms + take;
        w.offline_ms := w.offline_ms + offline;
        IF w.play_id = p_plays[i] AND p_seqs[i] > w.seq THEN
            w.seq := p_seqs[i];
            w.position_ms := least(greatest(0, p_positions[i]), w.duration_ms);
        END IF;
        reached := w.reached_at IS NULL
            AND w.covered_ms::bigint * 100 >= w.duration_ms::bigint * w.threshold;
        IF reached THEN
            w.reached_at := p_now;
        END IF;
        UPDATE watches x SET watched = w.watched, covered_ms = w.covered_ms,
            offline_ms = w.offline_ms, position_ms = w.position_ms, seq = w.seq,
            metered_at = w.metered_at, bank_ms = w.bank_ms - take, reached_at = w.reached_at
            WHERE x.person_id = w.person_id AND x.lesson_id = w.lesson_id
            AND x.basis = w.basis AND x.round = w.round;
        UPDATE learners l SET metered_at = m.metered_at, live_ms = m.live_ms - live,
            bank_ms = m.bank_ms - take WHERE l.person_id = w.person_id;

        watched := w.watched; duration_ms := w.duration_ms; covered_ms := w.covered_ms;
        offline_ms := w.offline_ms; position_ms := w.position_ms; taken_ms := take;
        refused_ms := want - take; completed := w.reached_at IS NOT NULL;
        RETURN NEXT;
    END LOOP;
END $$;
"""

UNDO = """
DROP FUNCTION take_beats, open_play, fitting, first_of, healed, length_ms;
DROP TABLE watches, learners;
"""


class Migration(migrations.Migration):
    """What was watched, beside the rows of 0009."""

    dependencies = [("school", "0013_parent_classes")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
