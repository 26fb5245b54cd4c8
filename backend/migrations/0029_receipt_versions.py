"""What tells a family's remembered receipts from those of today.

A person's number in ``receipt_versions`` changes with every receipt of theirs, in the
transaction that writes it. Numbers come from a sequence and are given under the row's lock:
each only grows, so the sum over a family is never twice the same, not even after a failover.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
CREATE SEQUENCE receipt_numbers;
CREATE TABLE receipt_versions (
    person_id uuid PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 80);
CREATE FUNCTION note_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO receipt_versions AS v (person_id, version)
    VALUES (coalesce(NEW.person_id, OLD.person_id), nextval('receipt_numbers'))
    ON CONFLICT (person_id) DO UPDATE SET version = nextval('receipt_numbers');
    RETURN NULL;
END $$;
CREATE TRIGGER note_receipt AFTER INSERT OR UPDATE OR DELETE ON notice_receipts
    FOR EACH ROW EXECUTE FUNCTION note_receipt();
"""

UNDO = """
DROP TRIGGER note_receipt ON notice_receipts;
DROP FUNCTION note_receipt();
DROP TABLE receipt_versions;
DROP SEQUENCE receipt_numbers;
"""


class Migration(migrations.Migration):
    """A number a person, for the processes that remember receipts."""

    dependencies = [("school", "0028_taking_together")]

    operations = [ops.RunSQL(TABLE, reverse_sql=UNDO)]
