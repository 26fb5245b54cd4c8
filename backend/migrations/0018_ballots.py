"""Who may cast a ballot, what was cast, and the walls around a vote.

A *sealed* ballot belongs to a voting unit and says nothing without a key that no database
holds. A *counted* one says what was chosen and belongs to nobody: counted ballots of a vote
are written by one statement, in the order of their receipts, which the phones drew by lot.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

BOXES = """
CREATE TABLE voters (
    vote_id uuid NOT NULL REFERENCES votes (id) ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES persons (id) ON DELETE RESTRICT,
    unit_id uuid NOT NULL REFERENCES voting_units (id) ON DELETE RESTRICT,
    PRIMARY KEY (vote_id, person_id, unit_id)
);
CREATE INDEX voters_of_person ON voters (person_id);
CREATE INDEX voters_of_unit ON voters (unit_id);

CREATE TABLE sealed_ballots (
    vote_id uuid NOT NULL REFERENCES votes (id) ON DELETE RESTRICT,
    unit_id uuid NOT NULL REFERENCES voting_units (id) ON DELETE RESTRICT,
    box bytea NOT NULL CHECK (length(box) BETWEEN 49 AND 4096),
    attempt uuid NOT NULL,
    PRIMARY KEY (vote_id, unit_id)
);
-- Nobody casts a copy of another's box: once counted, the two would find each other by their
-- receipt, and whoever cast the copy would know what the other said.
CREATE UNIQUE INDEX one_box_once ON sealed_ballots (sha256(box));

CREATE TABLE open_ballots (
    vote_id uuid NOT NULL REFERENCES votes (id) ON DELETE RESTRICT,
    unit_id uuid NOT NULL REFERENCES voting_units (id) ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES persons (id) ON DELETE RESTRICT,
    choice text[] NOT NULL CHECK (cardinality(choice) BETWEEN 1 AND 30),
    attempt uuid NOT NULL,
    cast_at timestamptz NOT NULL,
    PRIMARY KEY (vote_id, unit_id)
);

-- `place` is the rank of the receipt, two phones that sent the same one standing side by side.
-- `choice` is null in a ballot that says nothing, `receipt` in one that nobody can read.
CREATE TABLE counted_ballots (
    vote_id uuid NOT NULL REFERENCES votes (id) ON DELETE RESTRICT,
    place int NOT NULL CHECK (place >= 1),
    receipt text CHECK (receipt ~ '^[0-9a-f]{32}$'),
    choice text[],
    PRIMARY KEY (vote_id, place)
);
"""

WALLS = """
ALTER TABLE votes
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD CONSTRAINT vote_state CHECK (state IN
        ('draft', 'open', 'closed', 'counted', 'certified', 'published', 'annulled')),
    ADD CONSTRAINT vote_mode CHECK (mode IN ('open', 'secret')),
    ADD CONSTRAINT vote_method CHECK (method IN ('motion', 'single', 'multiple', 'ranked')),
    ADD CONSTRAINT vote_unit CHECK (unit IN ('seat', 'person', 'household')),
    ADD CONSTRAINT vote_close_reason CHECK (
        close_reason IN ('', 'deadline', 'everybody', 'chair')),
    ADD CONSTRAINT vote_outcome CHECK (
        outcome IN ('', 'passed', 'failed', 'no_quorum', 'tied')),
    ADD CONSTRAINT vote_numbers CHECK (choose_most >= 1 AND winners >= 1 AND entitled >= 0
        AND recounts >= 0),
    ADD CONSTRAINT opened_has_an_electorate CHECK (state = 'draft' OR (opened_at IS NOT NULL
        AND entitled >= 1 AND length(electorate_digest) = 64 AND length(question_digest) = 64)),
    ADD CONSTRAINT secret_has_a_key CHECK (
        state = 'draft' OR (mode = 'secret') = (length(public_key) = 64)),
    ADD CONSTRAINT secret_has_enough CHECK (
        state = 'draft' OR mode <> 'secret' OR entitled >= 5),
    ADD CONSTRAINT closed_says_why CHECK (state IN ('draft', 'open', 'annulled')
        OR (closed_at IS NOT NULL AND close_reason <> '')),
    ADD CONSTRAINT counted_has_a_tally CHECK (state NOT IN ('counted', 'certified', 'published')
        OR (counted_at IS NOT NULL AND tally IS NOT NULL AND outcome <> '')),
    ADD CONSTRAINT certified_by_somebody CHECK (state NOT IN ('certified', 'published')
        OR (certified_at IS NOT NULL AND certified_by IS NOT NULL)),
    ADD CONSTRAINT published_has_a_bundle CHECK (
        state <> 'published' OR (published_at IS NOT NULL AND bundle IS NOT NULL)),
    ADD CONSTRAINT annulled_says_why CHECK (state <> 'annulled'
        OR (annulled_at IS NOT NULL AND annulled_reason <> ''));
CREATE INDEX votes_running_out ON votes (closes_at) WHERE state = 'open';
CREATE INDEX votes_to_count ON votes (closed_at) WHERE state = 'closed';
CREATE INDEX votes_with_a_key ON votes (id)
    WHERE public_key <> '' AND key_destroyed_at IS NULL;

ALTER TABLE voting_units ADD CONSTRAINT unit_digests CHECK (
    length(salt) = 32 AND length(commitment) = 64);
CREATE INDEX units_on_paper ON voting_units (vote_id) WHERE on_paper;
ALTER TABLE paper_ballots
    ADD CONSTRAINT paper_state CHECK (state IN ('entered', 'confirmed')),
    ADD CONSTRAINT paper_numbers CHECK (invalid >= 0),
    ADD CONSTRAINT paper_four_eyes CHECK ((state = 'confirmed') = (confirmed_by IS NOT NULL)
        AND (state = 'confirmed') = (confirmed_at IS NOT NULL) AND confirmed_by <> entered_by);
ALTER TABLE objections
    ADD CONSTRAINT objection_state CHECK (state IN ('raised', 'upheld', 'rejected')),
    ADD CONSTRAINT objection_offices CHECK (first_office IN ('', 'school', 'district')),
    ADD CONSTRAINT objection_two_people CHECK (state <> 'upheld'
        OR (first_by IS NOT NULL AND answered_by IS NOT NULL AND first_by <> answered_by));

-- What was put to the vote stays as it was put; what was published stays as it is. Only that
-- the key is gone may be noted later.
CREATE FUNCTION keep_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.state = 'draft'
        OR (NEW.subject_id, NEW.title, NEW.text, NEW.method, NEW.options, NEW.choose_most,
            NEW.winners, NEW.mode, NEW.unit, NEW.rules, NEW.opened_at, NEW.entitled,
            NEW.electorate_digest, NEW.question_digest, NEW.recused, NEW.public_key)
        IS DISTINCT FROM
           (OLD.subject_id, OLD.title, OLD.text, OLD.method, OLD.options, OLD.choose_most,
            OLD.winners, OLD.mode, OLD.unit, OLD.rules, OLD.opened_at, OLD.entitled,
            OLD.electorate_digest, OLD.question_digest, OLD.recused, OLD.public_key)) THEN
        RAISE EXCEPTION 'a vote that was opened keeps its question and its electorate';
    END IF;
    IF OLD.state IN ('published', 'annulled')
        AND to_jsonb(NEW) - 'key_destroyed_at' <> to_jsonb(OLD) - 'key_destroyed_at' THEN
        RAISE EXCEPTION 'what is published or annulled stays as it is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_vote BEFORE UPDATE ON votes FOR EACH ROW EXECUTE FUNCTION keep_vote();

CREATE FUNCTION keep_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a counted ballot stays as it was counted';
END $$;
CREATE TRIGGER keep_ballot BEFORE UPDATE OR DELETE ON counted_ballots
    FOR EACH ROW EXECUTE FUNCTION keep_ballot();
"""

CASTING = """
-- Cast some ballots, one a row, all in one commit. Each is sealed (`p_boxes`) or open
-- (`p_choices`, keys joined by commas), and says whose it is and, where they have several,
-- for which unit. `said` is 'ok', or why not. Whoever closes a vote locks its row against
-- this, so nothing is cast while it is being closed, and nothing after. Every row is reached by
-- an index: a plan made while the box was empty must still do when it holds thousands.
CREATE FUNCTION cast_ballots(
    p_votes uuid[], p_persons uuid[], p_units uuid[], p_boxes bytea[], p_choices text[],
    p_attempts uuid[], p_now timestamptz
) RETURNS TABLE (n int, said text, unit uuid, replaced boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    running uuid[];
    units uuid[];
    says text[];
    turns int[];
BEGIN
    -- In the order of their ids, so that two calls never wait for each other in a circle;
    -- and only those still open, so that nobody holds up the closing of one that is over.
    SELECT array_agg(o.id) INTO running FROM (
        SELECT v.id FROM votes v
        WHERE v.id = ANY (p_votes) AND v.state = 'open' AND v.closes_at > p_now
        ORDER BY v.id FOR SHARE) o;

    SELECT array_agg(r.unit ORDER BY r.k), array_agg(r.said ORDER BY r.k),
           array_agg(r.turn ORDER BY r.k)
    INTO units, says, turns
    FROM (
        SELECT a.k, mine.units[1] AS unit,
            CASE WHEN v.id IS NULL THEN 'not_open'
                WHEN mine.units IS NULL THEN 'not_entitled'
                WHEN cardinality(mine.units) > 1 THEN 'which_unit'
                WHEN mine.on_paper THEN 'on_paper'
                WHEN (v.mode = 'secret') <> (a.box IS NOT NULL) THEN 'wrong_kind'
                WHEN EXISTS (SELECT 1 FROM sealed_ballots b
                    WHERE sha256(b.box) = sha256(a.box)
                      AND b.unit_id <> mine.units[1]) THEN 'copied'
                ELSE 'ok' END AS said,
            (row_number() OVER (PARTITION BY a.vote, mine.units[1] ORDER BY a.k))::int AS turn
        FROM unnest(p_votes, p_persons, p_units, p_boxes) WITH ORDINALITY
            AS a (vote, person, unit, box, k)
        LEFT JOIN votes v ON v.id = a.vote AND v.id = ANY (running)
        CROSS JOIN LATERAL (
            SELECT array_agg(u.id) AS units, bool_or(u.on_paper) AS on_paper
            FROM voters o JOIN voting_units u ON u.id = o.unit_id
            WHERE o.vote_id = a.vote AND o.person_id = a.person
              AND (a.unit IS NULL OR o.unit_id = a.unit)) mine) r;

    RETURN QUERY SELECT k::int, s, NULL::uuid, false
        FROM unnest(says) WITH ORDINALITY AS t (s, k) WHERE s <> 'ok';

    -- One unit's second ballot of the moment comes in the next turn, after its first.
    FOR nth IN 1 .. coalesce((SELECT max(t) FROM unnest(turns) t), 0) LOOP
        RETURN QUERY
        WITH asked AS (
            SELECT t.k::int AS n, t.* FROM unnest(p_votes, units, p_persons, p_boxes, p_choices,
                p_attempts, says, turns) WITH ORDINALITY
                AS t (vote, unit, person, box, choice, attempt, said, turn, k)
            WHERE t.said = 'ok' AND t.turn = nth),
        sealed AS (
            INSERT INTO sealed_ballots AS b (vote_id, unit_id, box, attempt)
            SELECT s.vote, s.unit, s.box, s.attempt FROM asked s
            WHERE s.box IS NOT NULL ORDER BY s.vote, s.unit
            ON CONFLICT (vote_id, unit_id) DO UPDATE SET attempt = excluded.attempt,
                box = CASE WHEN b.attempt = excluded.attempt THEN b.box ELSE excluded.box END
            WHERE b.attempt = excluded.attempt OR (
                SELECT (v.rules ->> 'may_change')::boolean FROM votes v WHERE v.id = b.vote_id)
            RETURNING b.vote_id, b.unit_id, old.attempt <> new.attempt AS anew),
        open AS (
            INSERT INTO open_ballots AS b (vote_id, unit_id, person_id, choice, attempt, cast_at)
            SELECT s.vote, s.unit, s.person, string_to_array(s.choice, ','), s.attempt, p_now
            FROM asked s WHERE s.box IS NULL ORDER BY s.vote, s.unit
            ON CONFLICT (vote_id, unit_id) DO UPDATE SET attempt = excluded.attempt,
                person_id = CASE WHEN b.attempt = excluded.attempt
                    THEN b.person_id ELSE excluded.person_id END,
                choice = CASE WHEN b.attempt = excluded.attempt
                    THEN b.choice ELSE excluded.choice END,
                cast_at = CASE WHEN b.attempt = excluded.attempt
                    THEN b.cast_at ELSE excluded.cast_at END
            WHERE b.attempt = excluded.attempt OR (
                SELECT (v.rules ->> 'may_change')::boolean FROM votes v WHERE v.id = b.vote_id)
            RETURNING b.vote_id, b.unit_id, old.attempt <> new.attempt AS anew),
        put AS (SELECT * FROM sealed UNION ALL SELECT * FROM open)
        SELECT s.n, CASE WHEN p.unit_id IS NULL THEN 'already_voted' ELSE 'ok' END, s.unit,
            coalesce(p.anew, false)
        FROM asked s LEFT JOIN put p ON p.vote_id = s.vote AND p.unit_id = s.unit;
    END LOOP;
END $$;

-- How many ballots of a vote there are: on the phone, then on paper.
CREATE FUNCTION turnout_of(p_vote uuid, OUT by_phone int, OUT on_paper int)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT (SELECT count(*) FROM sealed_ballots b WHERE b.vote_id = p_vote)::int
         + (SELECT count(*) FROM open_ballots b WHERE b.vote_id = p_vote)::int,
        (SELECT count(*) FROM voting_units u WHERE u.vote_id = p_vote AND u.on_paper)::int
$$;
"""

UNDO = """
DROP FUNCTION turnout_of, cast_ballots;
DROP TRIGGER keep_vote ON votes;
DROP TABLE counted_ballots, open_ballots, sealed_ballots, voters;
DROP FUNCTION keep_vote, keep_ballot;
DROP INDEX votes_running_out, votes_to_count, votes_with_a_key, units_on_paper;
"""


class Migration(migrations.Migration):
    """Ballots, beside the rows of 0017."""

    dependencies = [("school", "0017_committees")]

    operations = [
        ops.RunSQL(BOXES, reverse_sql=UNDO),
        ops.RunSQL(WALLS, reverse_sql=""),
        ops.RunSQL(CASTING, reverse_sql=""),
    ]
