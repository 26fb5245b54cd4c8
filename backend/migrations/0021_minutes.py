"""Walls around minutes and decisions: what is confirmed or decided is never rewritten."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE minutes_templates
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (written_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT template_version CHECK (version >= 1),
    ADD CONSTRAINT one_template_a_version
        UNIQUE NULLS NOT DISTINCT (district_id, school_id, version);

ALTER TABLE minutes
    ADD FOREIGN KEY (body_id) REFERENCES bodies (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (confirmed_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (submitted_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (filed_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT minutes_state CHECK (
        state IN ('draft', 'confirmed', 'submitted', 'filed', 'returned')),
    ADD CONSTRAINT confirmed_minutes_are_fixed CHECK ((state = 'draft') = (digest = '')
        AND (state = 'draft') = (confirmed_at IS NULL) AND (state = 'draft') = (wording IS NULL)
        AND (state = 'draft') = (confirmed_by IS NULL)
        AND (state = 'draft') = (objections_until IS NULL)),
    ADD CONSTRAINT minutes_digest CHECK (digest = '' OR digest ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT submitted_minutes_say_when CHECK (
        state NOT IN ('submitted', 'filed', 'returned')
        OR (submitted_at IS NOT NULL AND submitted_by IS NOT NULL)),
    ADD CONSTRAINT submitted_after_objections CHECK (
        state NOT IN ('submitted', 'filed', 'returned') OR submitted_at >= objections_until),
    ADD CONSTRAINT filed_minutes_have_a_number CHECK ((state = 'filed')
        = (filing_number IS NOT NULL AND filed_at IS NOT NULL AND filed_by IS NOT NULL)),
    ADD CONSTRAINT returned_minutes_say_why CHECK (state <> 'returned' OR returned_reason <> '');
CREATE INDEX minutes_of_a_district ON minutes (state, submitted_at DESC, id DESC)
    WHERE submitted_at IS NOT NULL;
CREATE INDEX minutes_waiting ON minutes (meeting_id) WHERE state = 'draft';

ALTER TABLE minutes_objections
    ADD FOREIGN KEY (raised_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (answered_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT minutes_objection_answered CHECK (
        (upheld IS NULL) = (answered_at IS NULL) AND (upheld IS NULL) = (answered_by IS NULL)
        AND (upheld IS NULL) = (answer = ''));

ALTER TABLE decisions
    ADD FOREIGN KEY (item_id) REFERENCES agenda_items (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (meeting_id) REFERENCES meetings (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (vote_id) REFERENCES votes (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (owner_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (entered_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (done_by) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT decision_number CHECK (number >= 1),
    ADD CONSTRAINT decision_digests CHECK (
        digest ~ '^[0-9a-f]{64}$' AND previous ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT an_owner_has_a_date CHECK ((owner_id IS NULL) = (due_on IS NULL)),
    ADD CONSTRAINT done_by_somebody CHECK ((done_at IS NULL) = (done_by IS NULL)
        AND (done_at IS NULL OR owner_id IS NOT NULL));
CREATE UNIQUE INDEX one_decision_follows_another ON decisions (body_id, previous);
CREATE INDEX decisions_under_way ON decisions (due_on)
    WHERE done_at IS NULL AND owner_id IS NOT NULL;
CREATE INDEX decisions_of_a_meeting ON decisions (meeting_id);

CREATE TABLE minutes_filings (
    district_id uuid NOT NULL REFERENCES districts (id) ON DELETE RESTRICT,
    year integer NOT NULL,
    prefix varchar(20) NOT NULL CHECK (prefix <> ''),
    last integer NOT NULL CHECK (last >= 1),
    PRIMARY KEY (district_id, year),
    UNIQUE (prefix, year)
);
COMMENT ON TABLE minutes_filings IS
    'Under which prefix a district files minutes in a year, and the last number given.';

CREATE FUNCTION keep_minutes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'confirmed minutes are not removed' USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.id, OLD.meeting_id, OLD.body_id) IS DISTINCT FROM
       (NEW.id, NEW.meeting_id, NEW.body_id) THEN
        RAISE EXCEPTION 'minutes stay with their meeting' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'confirmed'), ('confirmed', 'draft'), ('confirmed', 'submitted'),
        ('submitted', 'filed'), ('submitted', 'returned'), ('returned', 'submitted'),
        ('returned', 'draft')) THEN
        RAISE EXCEPTION 'minutes do not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'draft' AND NEW.state <> 'draft' AND (
        OLD.record, OLD.remarks, OLD.wording, OLD.digest, OLD.confirmed_at, OLD.confirmed_by,
        OLD.objections_until) IS DISTINCT FROM (
        NEW.record, NEW.remarks, NEW.wording, NEW.digest, NEW.confirmed_at, NEW.confirmed_by,
        NEW.objections_until) THEN
        RAISE EXCEPTION 'what confirmed minutes say does not change'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'filed' AND (OLD.filing_number, OLD.filed_at, OLD.filed_by)
        IS DISTINCT FROM (NEW.filing_number, NEW.filed_at, NEW.filed_by) THEN
        RAISE EXCEPTION 'a filing number stays' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_minutes BEFORE UPDATE OR DELETE ON minutes
    FOR EACH ROW EXECUTE FUNCTION keep_minutes();

CREATE FUNCTION keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a decision is not removed' USING ERRCODE = 'check_violation';
    END IF;
    IF to_jsonb(OLD) - ARRAY['done_at', 'done_by', 'done_note', 'reminded_at']
        <> to_jsonb(NEW) - ARRAY['done_at', 'done_by', 'done_note', 'reminded_at'] THEN
        RAISE EXCEPTION 'what a decision says does not change' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.done_at IS NOT NULL AND (OLD.done_at, OLD.done_by, OLD.done_note)
        IS DISTINCT FROM (NEW.done_at, NEW.done_by, NEW.done_note) THEN
        RAISE EXCEPTION 'what is done stays done' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_decision BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION keep_decision();

CREATE FUNCTION keep_minutes_objection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.upheld IS NOT NULL
        OR (OLD.id, OLD.minutes_id, OLD.raised_by, OLD.raised_at, OLD.text)
        IS DISTINCT FROM (NEW.id, NEW.minutes_id, NEW.raised_by, NEW.raised_at, NEW.text) THEN
        RAISE EXCEPTION 'an objection and its answer stay' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_minutes_objection BEFORE UPDATE OR DELETE ON minutes_objections
    FOR EACH ROW EXECUTE FUNCTION keep_minutes_objection();

CREATE FUNCTION keep_minutes_template() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a wording that was in force stays' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER keep_minutes_template BEFORE UPDATE OR DELETE ON minutes_templates
    FOR EACH ROW EXECUTE FUNCTION keep_minutes_template();

CREATE FUNCTION closed_has_minutes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM meetings t WHERE t.id = NEW.id AND t.state = 'closed')
        AND NOT EXISTS (SELECT 1 FROM minutes m WHERE m.meeting_id = NEW.id
                        AND m.state <> 'draft') THEN
        RAISE EXCEPTION 'a meeting is closed by its confirmed minutes'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER closed_has_minutes AFTER INSERT OR UPDATE OF state ON meetings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'closed')
    EXECUTE FUNCTION closed_has_minutes();
"""

# Decisions point at what is dropped before them.
UNDO = """
ALTER TABLE decisions
    DROP CONSTRAINT decisions_item_id_fkey, DROP CONSTRAINT decisions_meeting_id_fkey,
    DROP CONSTRAINT decisions_vote_id_fkey;
ALTER TABLE minutes DROP CONSTRAINT minutes_body_id_fkey;
DROP TRIGGER closed_has_minutes ON meetings;
DROP TRIGGER keep_minutes_template ON minutes_templates;
DROP TRIGGER keep_minutes_objection ON minutes_objections;
DROP TRIGGER keep_decision ON decisions;
DROP TRIGGER keep_minutes ON minutes;
DROP FUNCTION closed_has_minutes, keep_minutes_template, keep_minutes_objection, keep_decision,
    keep_minutes;
DROP TABLE minutes_filings;
DROP INDEX minutes_of_a_district, minutes_waiting, one_decision_follows_another,
    decisions_under_way, decisions_of_a_meeting;
ALTER TABLE minutes_templates DROP CONSTRAINT one_template_a_version;
"""


class Migration(migrations.Migration):
    """Walls around the minutes, their wordings and the decisions of 0017."""

    dependencies = [("school", "0020_agenda")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
