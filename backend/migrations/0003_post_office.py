"""The post office's walls: constraints, and indexes over the few rows that are queued."""

from tortoise import migrations
from tortoise.migrations import operations as ops

POST_OFFICE = """
ALTER TABLE post_device
    ADD CONSTRAINT post_device_language CHECK (language IN ('zh', 'en')),
    ADD CONSTRAINT post_device_retired CHECK ((retired_at IS NULL) = (retired_reason IS NULL));
ALTER TABLE post_preference
    ADD CONSTRAINT post_preference_quiet CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
ALTER TABLE post_preference
    ADD CONSTRAINT post_preference_minutes CHECK (quiet_from BETWEEN 0 AND 1439
        AND quiet_until BETWEEN 0 AND 1439 AND digest_at BETWEEN 0 AND 1439);
ALTER TABLE post_letter
    ADD CONSTRAINT post_letter_priority CHECK (priority IN ('urgent', 'normal', 'low')),
    ADD CONSTRAINT post_letter_state CHECK (state IN ('open', 'expanded', 'withdrawn')),
    ADD CONSTRAINT post_letter_open CHECK (state <> 'open' OR audiences <> '{}'),
    ADD CONSTRAINT post_letter_counters
        CHECK (accepted >= 0 AND refused >= 0 AND suppressed >= 0 AND deferred >= 0);
ALTER TABLE post_inbox_item
    ADD CONSTRAINT post_inbox_item_letter
        FOREIGN KEY (letter_id) REFERENCES post_letter (id) ON DELETE CASCADE;
ALTER TABLE post_delivery
    ADD CONSTRAINT post_delivery_letter
        FOREIGN KEY (letter_id) REFERENCES post_letter (id) ON DELETE CASCADE,
    ADD CONSTRAINT post_delivery_device
        FOREIGN KEY (device_id) REFERENCES post_device (id) ON DELETE CASCADE,
    ADD CONSTRAINT post_delivery_state CHECK (state IN ('queued', 'refused', 'dead')),
    ADD CONSTRAINT post_delivery_rank CHECK (rank BETWEEN 0 AND 2),
    ADD CONSTRAINT post_delivery_attempts CHECK (attempts >= 0);
ALTER TABLE post_job_run
    ADD CONSTRAINT post_job_run_order CHECK (finished_at >= started_at);
ALTER TABLE post_delivery SET (autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 5000, fillfactor = 80);
CREATE INDEX post_letter_turn ON post_letter (not_before) WHERE state = 'open';
CREATE INDEX post_inbox_item_unread ON post_inbox_item (person_id) WHERE read_at IS NULL;
CREATE INDEX post_delivery_due ON post_delivery (rank, due_at)
    WHERE state = 'queued' AND NOT digest;
CREATE INDEX post_delivery_digest ON post_delivery (due_at) WHERE state = 'queued' AND digest;
CREATE INDEX post_delivery_failed ON post_delivery (state, id) WHERE state <> 'queued';
"""


class Migration(migrations.Migration):
    """Lays what the mapper cannot draw around the rows of the post office."""

    dependencies = [("school", "0002_walls")]

    operations = [ops.RunSQL(POST_OFFICE, reverse_sql="")]
