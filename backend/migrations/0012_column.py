"""Walls around the column and its series, and how its items are found."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WALLS = """
ALTER TABLE column_series
    ADD FOREIGN KEY (district_id) REFERENCES districts (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (department_id) REFERENCES departments (id) ON DELETE RESTRICT,
    ADD CONSTRAINT series_kind CHECK (kind IN ('column', 'tips')),
    ADD CONSTRAINT series_state CHECK (state IN ('active', 'paused', 'ended')),
    ADD CONSTRAINT tips_have_topics CHECK ((kind = 'tips') = (cardinality(topics) > 0)),
    ADD CONSTRAINT series_topics CHECK (topics <@ ARRAY['traffic', 'drowning', 'bullying',
        'fraud', 'drugs']),
    ADD CONSTRAINT series_rhythm CHECK (cadence_days BETWEEN 1 AND 60
        AND weekday BETWEEN 1 AND 7 AND (weekday IS NULL OR cadence_days % 7 = 0)
        AND minute BETWEEN 480 AND 1080 AND per_release BETWEEN 1 AND 3);
CREATE UNIQUE INDEX one_column_a_school ON column_series (school_id)
    WHERE kind = 'column' AND school_id IS NOT NULL;
CREATE UNIQUE INDEX one_column_a_district ON column_series (district_id)
    WHERE kind = 'column' AND school_id IS NULL;
CREATE INDEX series_due ON column_series (next_release_at) WHERE state = 'active';

ALTER TABLE column_items
    ADD FOREIGN KEY (author_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD FOREIGN KEY (contributor_id) REFERENCES persons (id) ON DELETE RESTRICT,
    ADD CONSTRAINT exactly_three_kinds CHECK (kind IN ('parenting', 'experience', 'lecture')),
    ADD CONSTRAINT five_topics CHECK (topic IN ('traffic', 'drowning', 'bullying', 'fraud',
        'drugs')),
    ADD CONSTRAINT kind_or_topic CHECK (num_nonnulls(kind, topic) = 1),
    ADD CONSTRAINT item_stages CHECK (stages <@ ARRAY['kindergarten', 'primary', 'junior',
        'senior']),
    ADD CONSTRAINT item_state CHECK (state IN ('draft', 'in_review', 'queued', 'released',
        'withdrawn')),
    ADD CONSTRAINT one_writer CHECK (num_nonnulls(author_id, contributor_id) = 1),
    ADD CONSTRAINT contributions_have_consent CHECK (contributor_id IS NULL OR (
        kind = 'experience' AND named_as IN ('full', 'surname', 'anonymous')
        AND named_as IS NOT NULL AND declared IS NOT NULL AND consent_at IS NOT NULL
        AND edited_by IS NULL)),
    ADD CONSTRAINT without_consent_it_is_gone CHECK (
        consent_withdrawn_at IS NULL OR state = 'withdrawn'),
    ADD CONSTRAINT two_persons CHECK (reviewed_by IS NULL OR (
        reviewed_by IS DISTINCT FROM author_id AND reviewed_by IS DISTINCT FROM edited_by
        AND reviewed_by IS DISTINCT FROM contributor_id)),
    ADD CONSTRAINT queued_was_reviewed CHECK (
        state NOT IN ('queued', 'released') OR reviewed_by IS NOT NULL),
    ADD CONSTRAINT released_says_when CHECK (state <> 'released' OR released_at IS NOT NULL),
    ADD COLUMN tsv tsvector GENERATED ALWAYS AS
        (array_to_tsvector(string_to_array(search_text, ' '))) STORED;
CREATE INDEX column_items_words ON column_items USING gin (tsv);
CREATE INDEX column_items_released ON column_items (released_at DESC, id DESC)
    WHERE state = 'released';
CREATE INDEX column_items_of_series ON column_items (series_id, created_at DESC, id DESC);

ALTER TABLE column_placements
    ADD FOREIGN KEY (release_id) REFERENCES column_releases (id) ON DELETE RESTRICT,
    ADD CONSTRAINT released_once_here CHECK (num_nonnulls(release_id, released_at) <> 1);
CREATE INDEX column_queue ON column_placements (series_id, position) WHERE released_at IS NULL;

CREATE TABLE column_told (
    person_id uuid NOT NULL,
    item_id uuid NOT NULL REFERENCES column_items (id) ON DELETE CASCADE,
    release_id uuid NOT NULL REFERENCES column_releases (id) ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, item_id));
CREATE INDEX column_told_of_item ON column_told (item_id);

CREATE TABLE column_readings (
    person_id uuid NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    item_id uuid NOT NULL REFERENCES column_items (id) ON DELETE CASCADE,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, item_id));
CREATE INDEX column_readings_of_item ON column_readings (item_id);

CREATE TABLE column_subscriptions (
    person_id uuid NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
    series_id uuid NOT NULL REFERENCES column_series (id) ON DELETE CASCADE,
    is_on boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, series_id));
"""

UNDO = """
DROP TABLE column_subscriptions, column_readings, column_told;
DROP INDEX column_queue, column_items_of_series, column_items_released, column_items_words,
    series_due, one_column_a_district, one_column_a_school;
ALTER TABLE column_placements DROP CONSTRAINT column_placements_release_id_fkey,
    DROP CONSTRAINT released_once_here;
ALTER TABLE column_items DROP COLUMN tsv,
    DROP CONSTRAINT column_items_author_id_fkey, DROP CONSTRAINT column_items_contributor_id_fkey,
    DROP CONSTRAINT exactly_three_kinds, DROP CONSTRAINT five_topics,
    DROP CONSTRAINT kind_or_topic, DROP CONSTRAINT item_stages, DROP CONSTRAINT item_state,
    DROP CONSTRAINT one_writer, DROP CONSTRAINT contributions_have_consent,
    DROP CONSTRAINT without_consent_it_is_gone, DROP CONSTRAINT two_persons,
    DROP CONSTRAINT queued_was_reviewed, DROP CONSTRAINT released_says_when;
ALTER TABLE column_series DROP CONSTRAINT column_series_district_id_fkey,
    DROP CONSTRAINT column_series_school_id_fkey,
    DROP CONSTRAINT column_series_department_id_fkey,
    DROP CONSTRAINT series_kind, DROP CONSTRAINT series_state,
    DROP CONSTRAINT tips_have_topics, DROP CONSTRAINT series_topics,
    DROP CONSTRAINT series_rhythm;
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009."""

    dependencies = [("school", "0011_certificates")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
