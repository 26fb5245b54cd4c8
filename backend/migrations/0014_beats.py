"""What somebody has watched: range sets, and the meters that bound them.

All times of media are in milliseconds, half open. A lesson's meter (``bank_ms``) fills from
its opening on at twice the speed of the clock, and pays for whatever its learner watches
meanwhile, in any lesson and on any phone: what was opened at some moment or later never
counts for more than twice the time since. So a claim needs room in the meters of all lessons
that were opened before its own, too: whoever opens ten and waits has waited once. What is
taken beyond the learner's ``live_ms``, the little that a good network can leave unsaid, was
watched offline: it is counted, remembered as such, and bounded by the course's allowance.

A stretch counts only for a play that was opened, for the medium and the round it was opened
for; ``plays`` are the last eight of them, the newest first, which alone moves the position.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
CREATE TABLE learners (
    person_id uuid PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    metered_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    live_ms int NOT NULL DEFAULT 10000 CHECK (live_ms >= 0),
    taken_ms bigint NOT NULL DEFAULT 0
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
    since timestamptz NOT NULL,
    plays uuid[] NOT NULL,
    watched int4multirange NOT NULL DEFAULT '{}',
    covered_ms int NOT NULL DEFAULT 0,
    offline_ms int NOT NULL DEFAULT 0,
    position_ms int NOT NULL DEFAULT 0,
    seq int NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    metered_at timestamptz NOT NULL,
    bank_ms int NOT NULL,
    paid_ms bigint NOT NULL,
    reached_at timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (person_id, lesson_id, basis, round),
    CONSTRAINT watched_within CHECK (watched <@ int4multirange(int4range(0, duration_ms))),
    CONSTRAINT covered_within CHECK (covered_ms BETWEEN 0 AND duration_ms
        AND offline_ms BETWEEN 0 AND covered_ms),
    CONSTRAINT position_within CHECK (position_ms BETWEEN 0 AND duration_ms)
) WITH (fillfactor = 60);
CREATE INDEX watches_of_lesson ON watches (lesson_id);
CREATE INDEX watches_of_learner ON watches (person_id, since);
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
               (sum(upper(r) - lower(r)) OVER (ORDER BY lower(r))
                   - (upper(r) - lower(r)))::int before
        FROM unnest(m) r) s
    WHERE before < most $$;

-- The stretches of `m` that fit whole into `most` ms, the shortest first.
CREATE FUNCTION fitting(m int4multirange, most int) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(range_agg(r), '{}') FROM (
        SELECT r, sum(upper(r) - lower(r)) OVER (ORDER BY upper(r) - lower(r), lower(r)) total
        FROM unnest(m) r) s
    WHERE total <= most $$;

CREATE FUNCTION is_one(m int4multirange) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN isempty(m) OR m = int4multirange(range_merge(m));

-- How far a meter ran since `since`, at twice the clock's speed.
CREATE FUNCTION metered(since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (2000 * greatest(0, extract(epoch FROM until - since)::float8))::bigint;

-- A learner begins or goes on with a lesson on some phone: nothing is gained by it. No row for
-- a play that was opened for an earlier medium or round.
CREATE FUNCTION open_play(
    p_person uuid, p_lesson uuid, p_basis int, p_round int, p_play uuid, p_duration int,
    p_threshold int, p_allowance int, p_rule int, p_now timestamptz
) RETURNS SETOF watches LANGUAGE plpgsql AS $$
DECLARE l learners;
BEGIN
    INSERT INTO learners (person_id, metered_at, opened_at)
        VALUES (p_person, p_now, p_now - interval '1 minute') ON CONFLICT DO NOTHING;
    SELECT * INTO l FROM learners x WHERE x.person_id = p_person FOR UPDATE;
    IF EXISTS (SELECT 1 FROM watches x WHERE x.person_id = p_person AND x.lesson_id = p_lesson
               AND x.plays @> ARRAY[p_play] AND (x.basis, x.round) <> (p_basis, p_round)) THEN
        RETURN;
    END IF;
    RETURN QUERY UPDATE watches o SET
        plays = (p_play || array_remove(o.plays, p_play))[1:8],
        seq = CASE WHEN o.plays[1] = p_play THEN o.seq ELSE 0 END,
        opened_at = greatest(o.opened_at, p_now),
        bank_ms = least(86400000,
            o.bank_ms + metered(o.metered_at, p_now) - (l.taken_ms - o.paid_ms)),
        paid_ms = l.taken_ms, metered_at = greatest(o.metered_at, p_now)
        WHERE o.person_id = p_person AND o.lesson_id = p_lesson AND o.basis = p_basis
            AND o.round = p_round RETURNING o.*;
    IF FOUND THEN
        RETURN;
    END IF;
    -- A phone plays a little before it says so; many lessons opened at once share that little.
    RETURN QUERY INSERT INTO watches AS o (person_id, lesson_id, basis, round, duration_ms,
        threshold, allowance_ms, rule_version, since, plays, opened_at, metered_at, bank_ms,
        paid_ms)
    VALUES (p_person, p_lesson, p_basis, p_round, p_duration, p_threshold, p_allowance, p_rule,
        p_now, ARRAY[p_play], p_now, p_now, least(10000, metered(l.opened_at, p_now)),
        l.taken_ms) RETURNING o.*;
    UPDATE learners x SET opened_at = greatest(x.opened_at, p_now) WHERE x.person_id = p_person;
END $$;

-- Count what some phones say they played: each request is a set of stretches of one learner
-- and lesson, and no learner may be in `p_persons` twice. No row for what was not opened within
-- twelve hours, or for another medium than the lesson has now.
CREATE FUNCTION take_beats(
    p_persons uuid[], p_lessons uuid[], p_plays uuid[], p_seqs int[], p_positions int[],
    p_claims int4multirange[], p_now timestamptz
) RETURNS TABLE (n int, watched int4multirange, duration_ms int, covered_ms int,
    offline_ms int, position_ms int, taken_ms int, refused_ms int, reached boolean,
    completed boolean)
LANGUAGE sql SET plan_cache_mode = force_generic_plan AS $$
    WITH asked AS MATERIALIZED (
        SELECT k::int n, person, lesson, play, said, position, claim
        FROM unnest(p_persons, p_lessons, p_plays, p_seqs, p_positions, p_claims)
            WITH ORDINALITY AS t (person, lesson, play, said, position, claim, k)),
    -- Learners are locked first and in one order: a second lesson of theirs waits here, and
    -- two batches never wait for each other in a circle.
    w AS MATERIALIZED (
        SELECT a.*, x.*, l.live_ms, l.taken_ms, l.metered_at learner_metered_at
        FROM (SELECT * FROM asked ORDER BY person) a
        CROSS JOIN LATERAL (
            SELECT * FROM learners y WHERE y.person_id = a.person LIMIT 1 FOR UPDATE) l
        CROSS JOIN LATERAL (
            SELECT y.* FROM watches y JOIN lessons z ON z.id = y.lesson_id AND z.basis = y.basis
            WHERE y.person_id = l.person_id AND y.lesson_id = a.lesson
                AND y.plays @> ARRAY[a.play] AND y.opened_at > p_now - interval '12 hours'
            LIMIT 1 FOR UPDATE OF y) x),
    metered AS MATERIALIZED (
        SELECT w.*,
            least(180000, live_ms + metered(learner_metered_at, p_now))::int live,
            least(86400000, bank_ms + metered(metered_at, p_now) - (taken_ms - paid_ms))::int bank,
            (SELECT min(e.bank_ms + metered(e.metered_at, p_now) - (w.taken_ms - e.paid_ms))
             FROM watches e WHERE e.person_id = w.person_id AND e.since < w.since
                AND e.since > p_now - interval '24 hours') before,
            w.watched + claim * int4multirange(int4range(0, w.duration_ms)) said_so
        FROM w),
    -- A player's first and last words come a little late and early.
    edged AS MATERIALIZED (
        SELECT m.*, said_so
            + CASE WHEN lower(said_so) BETWEEN 1 AND 500
                   THEN int4multirange(int4range(0, lower(said_so))) ELSE '{}' END
            + CASE WHEN upper(said_so) BETWEEN m.duration_ms - 500 AND m.duration_ms - 1
                   THEN int4multirange(int4range(upper(said_so), m.duration_ms)) ELSE '{}' END u
        FROM metered m),
    joined AS MATERIALIZED (
        SELECT m.*, greatest(0, least(7200000, bank, before))::int room, is_one(u) whole,
            CASE WHEN is_one(u) THEN u ELSE healed(u, 500) END un
        FROM edged m),
    wanted AS MATERIALIZED (
        SELECT j.*, un - j.watched fresh,
            CASE WHEN whole THEN coalesce(upper(un) - lower(un), 0) ELSE length_ms(un) END
                - j.covered_ms want
        FROM joined j),
    -- A stretch that nobody can have played since is refused whole: a jump gains nothing.
    fit AS MATERIALIZED (
        SELECT x.*, CASE WHEN want <= room THEN fresh ELSE fitting(fresh, room) END fits,
            CASE WHEN want <= room THEN want ELSE length_ms(fitting(fresh, room)) END long
        FROM wanted x),
    split AS MATERIALIZED (
        SELECT f.*, least(long, live) part,
            least(long - least(long, live), f.allowance_ms - f.offline_ms) away
        FROM fit f),
    taken AS MATERIALIZED (
        SELECT s.*, part + away take,
            s.watched + CASE WHEN part + away < long THEN first_of(fits, part + away)
                             ELSE fits END fuller
        FROM split s),
    -- Nobody watches in five hundred pieces.
    kept AS MATERIALIZED (
        SELECT t.*, is_one(fuller) OR (SELECT count(*) FROM unnest(fuller)) <= 500 sane
        FROM taken t),
    now_so AS MATERIALIZED (
        SELECT n, person_id, lesson_id, basis, round, metered_at, learner_metered_at,
            k.duration_ms, live, bank, taken_ms, since, k.want, k.reached_at was_reached_at,
            CASE WHEN sane THEN fuller ELSE k.watched END seen,
            CASE WHEN sane THEN take ELSE 0 END take,
            CASE WHEN sane THEN part ELSE 0 END part,
            CASE WHEN sane THEN away ELSE 0 END away,
            k.covered_ms + CASE WHEN sane THEN take ELSE 0 END covered,
            k.offline_ms + CASE WHEN sane THEN away ELSE 0 END apart,
            CASE WHEN plays[1] = play THEN greatest(seq, said) ELSE seq END seq,
            CASE WHEN plays[1] = play AND said > seq
                 THEN least(greatest(0, position), k.duration_ms) ELSE k.position_ms END place,
            k.reached_at IS NULL AND (k.covered_ms + CASE WHEN sane THEN take ELSE 0 END)::bigint
                * 100 >= k.duration_ms::bigint * threshold reaches
        FROM kept k),
    of_lessons AS (
        UPDATE watches x SET watched = s.seen, covered_ms = s.covered, offline_ms = s.apart,
            position_ms = s.place, seq = s.seq, metered_at = greatest(s.metered_at, p_now),
            bank_ms = s.bank - s.take, paid_ms = s.taken_ms + s.take,
            reached_at = CASE WHEN s.reaches THEN p_now ELSE s.was_reached_at END
        FROM now_so s WHERE x.person_id = s.person_id AND x.lesson_id = s.lesson_id
            AND x.basis = s.basis AND x.round = s.round),
    of_learners AS (
        UPDATE learners x SET metered_at = greatest(s.learner_metered_at, p_now),
            live_ms = s.live - s.part, taken_ms = s.taken_ms + s.take
        FROM now_so s WHERE x.person_id = s.person_id),
    -- What was watched offline may be older than lessons opened since; they do not pay for it.
    of_later AS (
        UPDATE watches x SET paid_ms = x.paid_ms + s.away
        FROM now_so s WHERE s.away > 0 AND x.person_id = s.person_id AND x.since > s.since)
    SELECT s.n, s.seen, s.duration_ms, s.covered, s.apart, s.place, s.take, s.want - s.take,
        s.reaches, s.reaches OR s.was_reached_at IS NOT NULL
    FROM now_so s
$$;
"""

UNDO = """
DROP FUNCTION take_beats, open_play, metered, is_one, fitting, first_of, healed, length_ms;
DROP TABLE watches, learners;
"""


class Migration(migrations.Migration):
    """What was watched, beside the rows of 0009."""

    dependencies = [("school", "0013_parent_classes")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
