"""Walls around duty logs, hazards and certificates of service."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE checklist_items
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE,
    ADD CONSTRAINT mediation_has_no_list CHECK (duty <> 'mediation');
ALTER TABLE duty_logs
    ADD FOREIGN KEY (shift_id) REFERENCES shifts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT mediation_has_no_log CHECK (duty <> 'mediation'),
    ADD CONSTRAINT only_canteens_are_rated CHECK (rating IS NULL
        OR (rating BETWEEN 1 AND 5 AND duty = 'canteen')),
    ADD CONSTRAINT log_version CHECK (version >= 0);
ALTER TABLE hazards
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (log_id) REFERENCES duty_logs (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (owner_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT hazard_state CHECK (state IN ('reported', 'confirmed', 'assigned', 'fixing',
        'recheck', 'closed', 'rejected')),
    ADD CONSTRAINT hazard_severity CHECK (severity IN ('low', 'medium', 'high')),
    ADD CONSTRAINT somebody_owns_it CHECK (
        state NOT IN ('assigned', 'fixing', 'recheck') OR (owner_id IS NOT NULL
            AND due_on IS NOT NULL)),
    ADD CONSTRAINT closed_says_when CHECK ((state = 'closed') = (closed_at IS NOT NULL));
CREATE INDEX hazards_of_school ON hazards (school_id, reported_at DESC, id DESC);
CREATE INDEX hazards_open ON hazards (school_id, state) WHERE state NOT IN ('closed', 'rejected');
CREATE INDEX hazards_due ON hazards (due_on) WHERE state IN ('assigned', 'fixing');
ALTER TABLE hazard_moves ADD CONSTRAINT the_way_to_nought CHECK ((was, became) IN (
    ('none', 'reported'), ('reported', 'reported'), ('reported', 'confirmed'),
    ('reported', 'rejected'), ('confirmed', 'assigned'), ('assigned', 'assigned'),
    ('fixing', 'assigned'), ('assigned', 'fixing'), ('assigned', 'recheck'),
    ('fixing', 'fixing'), ('fixing', 'recheck'), ('recheck', 'fixing'), ('recheck', 'closed')));
CREATE FUNCTION keep_hazard_moves() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a hazard''s history is append-only' USING ERRCODE = '55000'; END $$;
CREATE TRIGGER hazard_moves_are_append_only BEFORE UPDATE OR DELETE ON hazard_moves
    FOR EACH ROW EXECUTE FUNCTION keep_hazard_moves();
ALTER TABLE service_certificates
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT certificate_code CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    ADD CONSTRAINT certifies_something CHECK (minutes > 0 AND shifts > 0),
    ADD CONSTRAINT certificate_days CHECK (first_day <= last_day),
    ADD CONSTRAINT revoked_says_why CHECK ((revoked_at IS NULL) = (revoked_reason = ''));
"""

UNDO = """
DROP TRIGGER hazard_moves_are_append_only ON hazard_moves;
DROP FUNCTION keep_hazard_moves;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0004."""

    dependencies = [("school", "0006_shifts")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
