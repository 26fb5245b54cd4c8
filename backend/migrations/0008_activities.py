"""Walls around activities, and the paths their lists and jobs walk."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE activities
    ADD CONSTRAINT activity_kind CHECK (kind IN ('open_day', 'forum', 'parents_meeting',
        'guidance', 'family', 'lecture')),
    ADD CONSTRAINT activity_state CHECK (state IN ('draft', 'open', 'closed', 'held',
        'summarised', 'cancelled')),
    ADD CONSTRAINT activity_mode CHECK (mode IN ('first_come', 'draw', 'invited')),
    ADD CONSTRAINT activity_limits CHECK (max_party BETWEEN 1 AND 20
        AND cancel_hours BETWEEN 0 AND 168
        AND coalesce(sessions_per_child, 1) > 0 AND coalesce(sessions_per_family, 1) > 0),
    ADD CONSTRAINT activity_is_for_somebody CHECK (cardinality(node_ids) > 0),
    ADD CONSTRAINT opened_has_a_time CHECK (
        state IN ('draft', 'cancelled') OR opened_at IS NOT NULL),
    ADD CONSTRAINT held_has_a_time CHECK (
        (state IN ('held', 'summarised')) = (held_at IS NOT NULL)),
    ADD CONSTRAINT summarised_has_a_text CHECK (state <> 'summarised' OR summary <> ''),
    ADD CONSTRAINT cancelled_has_a_reason CHECK (state <> 'cancelled' OR reason <> '');
CREATE INDEX activities_under_way ON activities (closes_at) WHERE state IN ('open', 'closed');
CREATE INDEX activities_to_ask_about ON activities (held_at)
    WHERE held_at IS NOT NULL AND feedback_asked_at IS NULL;
ALTER TABLE activity_sessions
    ADD CONSTRAINT session_hours CHECK (starts_at < ends_at),
    ADD CONSTRAINT session_places CHECK (capacity > 0);
ALTER TABLE activity_exports
    ADD CONSTRAINT export_state CHECK (state IN ('queued', 'running', 'done', 'failed')),
    ADD CONSTRAINT export_percent CHECK (percent BETWEEN 0 AND 100),
    ADD CONSTRAINT export_has_a_reason CHECK (reason <> '');
CREATE INDEX exports_waiting ON activity_exports (created_at)
    WHERE state IN ('queued', 'running');
CREATE INDEX exports_kept ON activity_exports (created_at) WHERE file_key IS NOT NULL;
ALTER TABLE activity_feedback ADD CONSTRAINT feedback_rating CHECK (rating BETWEEN 1 AND 5);
"""

UNDO = """
DROP INDEX activities_under_way, activities_to_ask_about, exports_waiting, exports_kept;
ALTER TABLE activities DROP CONSTRAINT activity_kind, DROP CONSTRAINT activity_state,
    DROP CONSTRAINT activity_mode, DROP CONSTRAINT activity_limits,
    DROP CONSTRAINT activity_is_for_somebody, DROP CONSTRAINT opened_has_a_time,
    DROP CONSTRAINT held_has_a_time, DROP CONSTRAINT summarised_has_a_text,
    DROP CONSTRAINT cancelled_has_a_reason;
ALTER TABLE activity_sessions DROP CONSTRAINT session_hours, DROP CONSTRAINT session_places;
ALTER TABLE activity_exports DROP CONSTRAINT export_state, DROP CONSTRAINT export_percent,
    DROP CONSTRAINT export_has_a_reason;
ALTER TABLE activity_feedback DROP CONSTRAINT feedback_rating;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0004."""

    dependencies = [("school", "0007_duty_logs")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
