"""Boards have a number and a version; what somebody has read is kept by number.

A board's ``version`` changes, in the transaction that changes it, with whatever hangs on it:
a process may keep what it has read of a board for as long as the version stays. Versions come
from a sequence, so that none is given twice, not even after a failover. A row of
``board_marks`` names its board by four bytes, where ``read_marks`` has two columns; it is
filled by 0027, and ``read_marks`` goes with the release after this one.

Boards are locked in the order of their keys, as posting a notice locks them.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

NUMBERS = """
CREATE SEQUENCE board_versions;
ALTER TABLE audience_counters
    ADD COLUMN id int GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN version bigint NOT NULL DEFAULT nextval('board_versions');
CREATE TABLE board_marks (
    person_id uuid NOT NULL, board int NOT NULL, bits bytea NOT NULL,
    PRIMARY KEY (person_id, board)) WITH (fillfactor = 85);
CREATE FUNCTION with_bit(bits bytea, seq int) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT set_bit(CASE WHEN length(bits) * 8 > seq THEN bits
    ELSE bits || decode(repeat('00', seq / 8 + 1 - length(bits)), 'hex') END, seq, 1) $$;
CREATE VIEW read_bits AS
    SELECT r.person_id, c.node_id, c.who, r.board, r.bits
    FROM board_marks r JOIN audience_counters c ON c.id = r.board;
"""

# Processes of the release before go on writing the old table for a while.
FOLLOWING = """
CREATE FUNCTION follow_read_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audience_counters (node_id, who) VALUES (NEW.node_id, NEW.who)
        ON CONFLICT DO NOTHING;
    INSERT INTO board_marks AS m (person_id, board, bits)
        SELECT NEW.person_id, c.id, NEW.bits FROM audience_counters c
        WHERE c.node_id = NEW.node_id AND c.who = NEW.who
        ON CONFLICT (person_id, board) DO UPDATE SET bits = bits_or(m.bits, excluded.bits)
        WHERE m.bits IS DISTINCT FROM excluded.bits;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_read_marks AFTER INSERT OR UPDATE ON read_marks
    FOR EACH ROW EXECUTE FUNCTION follow_read_marks();
"""

VERSIONS = """
CREATE FUNCTION turn_boards(nodes uuid[], whos text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM audience_counters c JOIN unnest(nodes, whos) x (node_id, who)
        USING (node_id, who) ORDER BY c.node_id, c.who FOR UPDATE OF c;
    UPDATE audience_counters c SET version = nextval('board_versions')
    WHERE (c.node_id, c.who) IN (SELECT * FROM unnest(nodes, whos));
END $$;

CREATE FUNCTION boards_of_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE nodes uuid[]; whos text[];
BEGIN
    SELECT array_agg(node_id), array_agg(who) INTO nodes, whos
    FROM (SELECT DISTINCT node_id, who FROM changed) x;
    IF nodes IS NOT NULL THEN
        PERFORM turn_boards(nodes, whos);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER turn_boards_in AFTER INSERT ON notice_postings REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION boards_of_postings();
CREATE TRIGGER turn_boards_up AFTER UPDATE ON notice_postings REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION boards_of_postings();
CREATE TRIGGER turn_boards_out AFTER DELETE ON notice_postings REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION boards_of_postings();

CREATE FUNCTION boards_of_notice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE nodes uuid[]; whos text[];
BEGIN
    SELECT array_agg(node_id), array_agg(who) INTO nodes, whos
    FROM (SELECT DISTINCT node_id, who FROM notice_postings
          WHERE notice_id = NEW.id AND current) x;
    IF nodes IS NOT NULL THEN
        PERFORM turn_boards(nodes, whos);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER turn_boards AFTER UPDATE ON notices FOR EACH ROW
    WHEN ((OLD.title, OLD.category, OLD.urgent, OLD.pinned, OLD.sender_name, OLD.sender_title,
           OLD.confirm_mode, OLD.confirm_by, OLD.revision, OLD.confirm_revision, OLD.expires_at,
           OLD.attachment_ids::text, OLD.school_id) IS DISTINCT FROM
          (NEW.title, NEW.category, NEW.urgent, NEW.pinned, NEW.sender_name, NEW.sender_title,
           NEW.confirm_mode, NEW.confirm_by, NEW.revision, NEW.confirm_revision, NEW.expires_at,
           NEW.attachment_ids::text, NEW.school_id))
    EXECUTE FUNCTION boards_of_notice();
"""

BY_NAME = """
DROP VIEW read_bits;
DROP FUNCTION with_bit(bytea, int);
DROP TABLE board_marks;
ALTER TABLE audience_counters DROP COLUMN id, DROP COLUMN version;
DROP SEQUENCE board_versions;
"""

ALONE = """
DROP FUNCTION follow_read_marks() CASCADE;
"""

STILL = """
DROP FUNCTION boards_of_postings, boards_of_notice CASCADE;
DROP FUNCTION turn_boards(uuid[], text[]);
"""


class Migration(migrations.Migration):
    """Numbers and versions of boards, and a table for what was read of them."""

    dependencies = [("school", "0025_callers")]

    operations = [
        ops.RunSQL(NUMBERS, reverse_sql=BY_NAME),
        ops.RunSQL(FOLLOWING, reverse_sql=ALONE),
        ops.RunSQL(VERSIONS, reverse_sql=STILL),
    ]
