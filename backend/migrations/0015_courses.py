"""Walls around courses and lessons, and the paths their lists and jobs walk."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE parent_schools
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (town_id) REFERENCES towns (id) ON DELETE RESTRICT,
    ADD CONSTRAINT host_kind CHECK (kind IN ('school', 'community', 'district')),
    ADD CONSTRAINT host_place CHECK ((kind = 'school') = (school_id IS NOT NULL)
        AND (kind = 'community' OR town_id IS NULL)),
    ADD CONSTRAINT host_days CHECK (closed_on >= opened_on);
CREATE UNIQUE INDEX one_host_a_district ON parent_schools (district_id) WHERE kind = 'district';
CREATE UNIQUE INDEX one_host_a_name ON parent_schools (district_id, name);

ALTER TABLE courses
    ADD CONSTRAINT course_kind CHECK (kind IN ('course', 'content_set', 'external')),
    ADD CONSTRAINT course_state CHECK (state IN ('draft', 'in_review', 'published', 'retired')),
    ADD CONSTRAINT course_delivery CHECK (delivery IN ('online', 'offline', 'both')),
    ADD CONSTRAINT course_stages CHECK (
        stages <@ ARRAY['kindergarten', 'primary', 'junior', 'senior']),
    ADD CONSTRAINT course_grades CHECK (grades <@ ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ADD CONSTRAINT course_rule CHECK (threshold BETWEEN 50 AND 100
        AND offline_seconds BETWEEN 0 AND 7200 AND valid_days BETWEEN 1 AND 3660
        AND rule_version >= 1),
    ADD CONSTRAINT a_set_says_its_size CHECK (
        (kind = 'content_set') = (set_size IS NOT NULL) AND set_size BETWEEN 1 AND 500),
    ADD CONSTRAINT external_leads_somewhere CHECK (
        kind <> 'external' OR external_url LIKE 'https://%'),
    ADD CONSTRAINT external_says_how_long CHECK (external_minutes BETWEEN 1 AND 6000),
    ADD CONSTRAINT shared_has_a_licence CHECK (shared_at IS NULL OR licence <> ''),
    ADD CONSTRAINT four_eyes CHECK (
        reviewer_id <> author_id AND NOT reviewer_id = ANY(writer_ids)),
    ADD CONSTRAINT published_was_reviewed CHECK (state NOT IN ('published', 'retired')
        OR (published_at IS NOT NULL AND (reviewer_id IS NOT NULL OR kind = 'external'))),
    ADD CONSTRAINT retired_says_why CHECK (state <> 'retired' OR retired_reason <> ''),
    ADD COLUMN tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', search_text)) STORED;
CREATE INDEX courses_found ON courses USING gin (tsv);
CREATE UNIQUE INDEX one_entry_a_platform ON courses (host_id, external_platform, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX courses_shared ON courses (district_id, published_at)
    WHERE shared_at IS NOT NULL AND state = 'published';

ALTER TABLE course_adoptions
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE;
ALTER TABLE course_tracks ADD CONSTRAINT track_stage CHECK (
    stage IN ('kindergarten', 'primary', 'junior', 'senior'));
CREATE UNIQUE INDEX one_place_a_track ON course_track_places (track_id, position);

ALTER TABLE lessons
    ADD CONSTRAINT lesson_state CHECK (state IN ('draft', 'in_review', 'published', 'retired')),
    ADD CONSTRAINT lesson_numbers CHECK (position >= 1 AND revision >= 0 AND basis >= 1
        AND counts_from >= 1 AND basis <= greatest(revision, 1)
        AND counts_from <= greatest(revision, 1)),
    ADD CONSTRAINT lesson_published CHECK (state <> 'published' OR revision >= 1);
CREATE UNIQUE INDEX one_lesson_a_place ON lessons (course_id, position)
    WHERE state <> 'retired';

ALTER TABLE lesson_revisions
    ADD FOREIGN KEY (slot_id) REFERENCES slots (id) ON DELETE RESTRICT,
    ADD CONSTRAINT revision_state CHECK (
        state IN ('draft', 'in_review', 'published', 'retired')),
    ADD CONSTRAINT revision_kind CHECK (
        kind IN ('video', 'audio', 'article', 'quiz', 'live', 'external')),
    ADD CONSTRAINT revision_numbers CHECK (number >= 1 AND duration_ms > 0
        AND pass_percent BETWEEN 1 AND 100 AND most_attempts BETWEEN 1 AND 50),
    ADD CONSTRAINT revision_four_eyes CHECK (
        reviewer_id <> author_id AND NOT reviewer_id = ANY(writer_ids)),
    ADD CONSTRAINT revision_reviewed CHECK (state <> 'published'
        OR (published_at IS NOT NULL AND reviewer_id IS NOT NULL)),
    ADD CONSTRAINT media_have_a_length CHECK (state NOT IN ('published', 'in_review')
        OR kind NOT IN ('video', 'audio', 'article') OR duration_ms IS NOT NULL),
    ADD CONSTRAINT live_has_a_session CHECK (kind <> 'live' OR slot_id IS NOT NULL),
    ADD CONSTRAINT external_has_a_link CHECK (
        kind <> 'external' OR external_url LIKE 'https://%');
CREATE UNIQUE INDEX one_revision_published ON lesson_revisions (lesson_id)
    WHERE state = 'published';
CREATE UNIQUE INDEX one_revision_under_way ON lesson_revisions (lesson_id)
    WHERE state IN ('draft', 'in_review');
CREATE INDEX lessons_live ON lesson_revisions (slot_id)
    WHERE slot_id IS NOT NULL AND state = 'published';

ALTER TABLE course_reviews
    ADD CONSTRAINT review_four_eyes CHECK (NOT reviewer_id = ANY(writer_ids)),
    ADD CONSTRAINT returned_says_why CHECK (approved OR reason <> ''),
    ADD FOREIGN KEY (lesson_id) REFERENCES lessons (id) ON DELETE CASCADE;

ALTER TABLE lesson_questions
    ADD CONSTRAINT question_kind CHECK (kind IN ('single', 'multiple', 'order')),
    ADD CONSTRAINT question_answer CHECK (
        cardinality(answer) >= 1 AND (kind <> 'single' OR cardinality(answer) = 1));

ALTER TABLE course_enrolments
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
    ADD CONSTRAINT course_enrolment_numbers CHECK (round >= 1 AND set_item >= 0);
CREATE INDEX course_enrolments_gone_quiet ON course_enrolments (last_seen_at)
    WHERE nudged_at IS NULL AND left_at IS NULL;

ALTER TABLE lesson_completions
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
    ADD CONSTRAINT completion_means CHECK (
        means IN ('watched', 'read', 'quiz', 'attended', 'credit')),
    ADD CONSTRAINT completion_figures CHECK (covered_ms BETWEEN 0 AND duration_ms
        AND offline_ms BETWEEN 0 AND covered_ms AND quiz_percent BETWEEN 0 AND 100),
    ADD CONSTRAINT credit_says_why CHECK (
        (means = 'credit') = (credited_by IS NOT NULL) AND (means <> 'credit' OR reason <> ''));

ALTER TABLE course_completions
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
    ADD CONSTRAINT course_figures CHECK (covered_ms BETWEEN 0 AND duration_ms
        AND offline_ms BETWEEN 0 AND covered_ms AND lessons >= 0);
CREATE INDEX completions_running_out ON course_completions (valid_until)
    WHERE valid_until IS NOT NULL AND warned_at IS NULL;

ALTER TABLE quiz_attempts
    ADD FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE CASCADE,
    ADD CONSTRAINT attempt_figures CHECK (number >= 1 AND percent BETWEEN 0 AND 100);

ALTER TABLE course_assignments
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE;
CREATE UNIQUE INDEX one_assignment_a_node ON course_assignments (course_id, node_id)
    WHERE ended_at IS NULL;
"""

UNDO = """
ALTER TABLE courses DROP COLUMN tsv;
DROP INDEX one_host_a_district, one_host_a_name, one_entry_a_platform, courses_shared,
    one_place_a_track, one_lesson_a_place, one_revision_published, one_revision_under_way,
    lessons_live, course_enrolments_gone_quiet, completions_running_out, one_assignment_a_node;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009."""

    dependencies = [("school", "0014_beats")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
