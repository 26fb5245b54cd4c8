"""Parent classes and practical activities among the kinds of activity; what a session tells."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE activities DROP CONSTRAINT activity_kind;
ALTER TABLE activities ADD CONSTRAINT activity_kind CHECK (kind IN ('open_day', 'forum',
    'parents_meeting', 'guidance', 'family', 'lecture', 'parent_class', 'practice'));
ALTER TABLE activity_sessions
    ADD CONSTRAINT session_delivery CHECK (delivery IN ('on_site', 'online', 'both')),
    ADD CONSTRAINT session_link CHECK (link = '' OR link LIKE 'https://_%'),
    ADD CONSTRAINT only_online_has_a_link CHECK (delivery <> 'on_site' OR link = ''),
    ADD CONSTRAINT speakers_are_a_list CHECK (jsonb_typeof(speakers) = 'array'),
    ADD CONSTRAINT session_recording FOREIGN KEY (recording_id)
        REFERENCES attachments (id) ON DELETE SET NULL;
CREATE INDEX sessions_recorded ON activity_sessions (recording_id)
    WHERE recording_id IS NOT NULL;
CREATE INDEX parent_classes ON activities (school_id) WHERE kind IN ('parent_class', 'practice');
ALTER TABLE district_rules ADD CONSTRAINT district_rule_period
    CHECK (period IN ('calendar_year', 'school_year'));
"""

UNDO = """
ALTER TABLE district_rules DROP CONSTRAINT district_rule_period;
DROP INDEX parent_classes, sessions_recorded;
ALTER TABLE activity_sessions DROP CONSTRAINT session_delivery, DROP CONSTRAINT session_link,
    DROP CONSTRAINT only_online_has_a_link, DROP CONSTRAINT speakers_are_a_list,
    DROP CONSTRAINT session_recording;
ALTER TABLE activities DROP CONSTRAINT activity_kind;
ALTER TABLE activities ADD CONSTRAINT activity_kind CHECK (kind IN ('open_day', 'forum',
    'parents_meeting', 'guidance', 'family', 'lecture')) NOT VALID;
-- Activities of the kinds that are new here stay, for the way back up: no more of them can be
-- made, and nothing of an older version lists them. Where there are none the wall is whole.
DO $$ BEGIN
    ALTER TABLE activities VALIDATE CONSTRAINT activity_kind;
EXCEPTION WHEN check_violation THEN
    RAISE NOTICE 'activities of kinds that are not known any more are kept';
END $$;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009."""

    dependencies = [("school", "0012_column")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
