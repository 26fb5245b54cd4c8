"""Walls around uploads and prepared videos."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# The wall for size stands further out than the rule: a video that is put in better order
# may grow a little.
WALLS = """
ALTER TABLE attachments
    DROP CONSTRAINT attachment_kind,
    DROP CONSTRAINT attachment_size,
    DROP CONSTRAINT attachment_shape,
    DROP CONSTRAINT attachment_pixels;
ALTER TABLE attachments
    ADD CONSTRAINT attachment_kind CHECK (kind IN ('image', 'pdf', 'video', 'audio')),
    ADD CONSTRAINT attachment_size CHECK (byte_size BETWEEN 1 AND CASE kind
        WHEN 'video' THEN 2147483648 WHEN 'audio' THEN 419430400 ELSE 20971520 END),
    ADD CONSTRAINT attachment_shape CHECK (
        (kind <> 'image' OR thumbnail_key IS NOT NULL)
        AND (kind IN ('image', 'video') OR thumbnail_key IS NULL)
        AND (width IS NULL) = (height IS NULL)
        AND (kind <> 'image' OR width IS NOT NULL)
        AND (kind IN ('image', 'video') OR width IS NULL)
        AND (kind IN ('video', 'audio') OR (duration_ms IS NULL
            AND poster_key IS NULL AND stream_key IS NULL AND state = 'ready'))),
    ADD CONSTRAINT attachment_pixels CHECK (width IS NULL
        OR (width BETWEEN 1 AND CASE kind WHEN 'image' THEN 2560 ELSE 8192 END
            AND height BETWEEN 1 AND CASE kind WHEN 'image' THEN 2560 ELSE 8192 END)),
    ADD CONSTRAINT attachment_state CHECK (state IN ('ready', 'preparing', 'failed')),
    ADD CONSTRAINT attachment_duration CHECK (duration_ms > 0),
    ADD CONSTRAINT played_has_a_duration CHECK (
        state <> 'ready' OR kind NOT IN ('video', 'audio') OR duration_ms IS NOT NULL),
    ADD CONSTRAINT failed_has_a_reason CHECK (state <> 'failed' OR prepare_error <> ''),
    ADD CONSTRAINT attachment_percent CHECK (prepared_percent BETWEEN 0 AND 100),
    ADD CONSTRAINT attachment_attempts CHECK (prepare_attempts >= 0);
CREATE INDEX attachments_waiting ON attachments (created_at)
    WHERE state = 'preparing' AND stored_at IS NOT NULL;
CREATE INDEX attachments_half_way ON attachments (created_at)
    WHERE state = 'ready' AND prepared_percent BETWEEN 1 AND 99;
CREATE INDEX attachments_weight ON attachments (school_id) INCLUDE (byte_size);
ALTER TABLE uploads
    ADD CONSTRAINT upload_size CHECK (byte_size BETWEEN 1 AND 1073741824),
    ADD CONSTRAINT upload_part_size CHECK (part_size BETWEEN 1 AND 4194304),
    ADD CONSTRAINT upload_digest CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT upload_ends CHECK (expires_at > created_at),
    ADD CONSTRAINT completed_has_an_attachment CHECK (
        completed_at IS NULL OR attachment_id IS NOT NULL);
CREATE INDEX uploads_under_way ON uploads (school_id) INCLUDE (byte_size)
    WHERE attachment_id IS NULL;
ALTER TABLE upload_parts
    ADD CONSTRAINT upload_part_number CHECK (number BETWEEN 1 AND 10000),
    ADD CONSTRAINT upload_part_bytes CHECK (byte_size BETWEEN 1 AND 4194304),
    ADD CONSTRAINT upload_part_digest CHECK (sha256 ~ '^[0-9a-f]{64}$');
"""

UNDO = """
ALTER TABLE upload_parts DROP CONSTRAINT upload_part_number,
    DROP CONSTRAINT upload_part_bytes, DROP CONSTRAINT upload_part_digest;
DROP INDEX attachments_waiting, attachments_half_way, attachments_weight, uploads_under_way;
ALTER TABLE uploads DROP CONSTRAINT upload_size, DROP CONSTRAINT upload_part_size,
    DROP CONSTRAINT upload_digest, DROP CONSTRAINT upload_ends,
    DROP CONSTRAINT completed_has_an_attachment;
ALTER TABLE attachments
    DROP CONSTRAINT attachment_kind, DROP CONSTRAINT attachment_size,
    DROP CONSTRAINT attachment_shape, DROP CONSTRAINT attachment_pixels,
    DROP CONSTRAINT attachment_state, DROP CONSTRAINT attachment_duration,
    DROP CONSTRAINT played_has_a_duration, DROP CONSTRAINT failed_has_a_reason,
    DROP CONSTRAINT attachment_percent, DROP CONSTRAINT attachment_attempts;
ALTER TABLE attachments
    ADD CONSTRAINT attachment_kind CHECK (kind IN ('image', 'pdf')),
    ADD CONSTRAINT attachment_size CHECK (byte_size BETWEEN 1 AND 20971520),
    ADD CONSTRAINT attachment_shape CHECK ((kind = 'image') = (
        width IS NOT NULL AND height IS NOT NULL AND thumbnail_key IS NOT NULL)),
    ADD CONSTRAINT attachment_pixels CHECK (
        width IS NULL OR (width BETWEEN 1 AND 2560 AND height BETWEEN 1 AND 2560));
"""


class Migration(migrations.Migration):
    """Walls around the rows of 0009."""

    dependencies = [("school", "0009_learning")]

    operations = [ops.RunSQL(WALLS, reverse_sql=UNDO)]
