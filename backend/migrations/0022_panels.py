"""Walls around review panels, and the paths their lists and jobs walk."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE panels
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD CONSTRAINT panel_state CHECK (state IN ('draft', 'open', 'closed', 'published')),
    ADD CONSTRAINT panel_was_opened CHECK ((state = 'draft') = (opened_at IS NULL)),
    ADD CONSTRAINT panel_was_closed CHECK (
        (state IN ('closed', 'published')) = (closed_at IS NOT NULL)
        AND (state IN ('closed', 'published')) = (results IS NOT NULL)),
    ADD CONSTRAINT panel_was_published CHECK ((state = 'published') = (published_at IS NOT NULL)),
    ADD CONSTRAINT panel_has_criteria CHECK (jsonb_array_length(criteria) BETWEEN 1 AND 12);
CREATE INDEX panels_closing ON panels (closes_at) WHERE state = 'open';

-- A new order is written line by line; what stands at the end is what counts.
ALTER TABLE panel_entries ADD CONSTRAINT one_entry_a_place UNIQUE (panel_id, position)
    DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE panelists
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT panelist_constituency CHECK (constituency IN ('school_leader', 'teacher',
        'parent', 'community', 'department', 'committee', 'division_leader', 'enterprise',
        'expert', 'public'));

CREATE FUNCTION keep_published_panel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published panel stays as it is' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER published_panel_stays BEFORE UPDATE OR DELETE ON panels
    FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION keep_published_panel();

CREATE FUNCTION keep_panel_in_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.entry_id ELSE NEW.entry_id END;
    is_now text;
BEGIN
    SELECT p.state INTO is_now FROM panel_entries e JOIN panels p ON p.id = e.panel_id
    WHERE e.id = entry;
    IF is_now IS DISTINCT FROM 'open' THEN
        RAISE EXCEPTION 'scores are given while a panel is open'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER scores_while_open BEFORE INSERT OR UPDATE OR DELETE ON panel_scores
    FOR EACH ROW EXECUTE FUNCTION keep_panel_in_step();
"""

UNDO = """
DROP TRIGGER scores_while_open ON panel_scores;
DROP TRIGGER published_panel_stays ON panels;
DROP FUNCTION keep_panel_in_step();
DROP FUNCTION keep_published_panel();
DROP INDEX panels_closing;
ALTER TABLE panelists DROP CONSTRAINT panelists_person_id_fkey,
    DROP CONSTRAINT panelist_constituency;
ALTER TABLE panel_entries DROP CONSTRAINT one_entry_a_place;
ALTER TABLE panels DROP CONSTRAINT panels_district_id_fkey,
    DROP CONSTRAINT panels_school_id_fkey, DROP CONSTRAINT panel_state,
    DROP CONSTRAINT panel_was_opened, DROP CONSTRAINT panel_was_closed,
    DROP CONSTRAINT panel_was_published, DROP CONSTRAINT panel_has_criteria;
"""


class Migration(migrations.Migration):
    """Walls around the panels of 0017."""

    dependencies = [("school", "0021_minutes")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
