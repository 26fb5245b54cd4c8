"""What was published stays as it was; so do the sealed boxes of an annulled vote.

The vote's own row is kept by ``keep_vote`` of 0018; here is what hangs on it. Triggers rest
only for a superuser who says so (``session_replication_role``).
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

KEPT = ("voting_units", "voters", "open_ballots", "counted_ballots", "paper_ballots", "objections")

FUNCTIONS = """
CREATE FUNCTION keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM votes v WHERE v.id IN (OLD.vote_id, NEW.vote_id)
               AND v.state = 'published') THEN
        RAISE EXCEPTION 'this belongs to a published vote: % refuses %', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM votes v WHERE v.id IN (OLD.vote_id, NEW.vote_id)
               AND v.state IN ('published', 'annulled')) THEN
        RAISE EXCEPTION 'the boxes of a vote that is over stay as they are'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION keep_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('published', 'annulled') THEN
        RAISE EXCEPTION 'a vote that is % is not deleted', OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE FUNCTION keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM votes v WHERE v.state IN ('published', 'annulled')) THEN
        RAISE EXCEPTION 'some of % belongs to votes that are over', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_finished BEFORE DELETE ON votes
    FOR EACH ROW EXECUTE FUNCTION keep_finished();
CREATE TRIGGER keep_sealed BEFORE INSERT OR UPDATE OR DELETE ON sealed_ballots
    FOR EACH ROW EXECUTE FUNCTION keep_sealed();
"""

TRIGGERS = "".join(
    f"""
CREATE TRIGGER keep_published BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION keep_published();
"""
    for table in KEPT
) + "".join(
    f"""
CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION keep_all();
"""
    for table in (*KEPT, "votes", "sealed_ballots")
)

UNDO = """
DROP FUNCTION keep_published, keep_sealed, keep_finished, keep_all CASCADE;
"""


class Migration(migrations.Migration):
    """Locks on what is published, beside the rows of 0018."""

    dependencies = [("school", "0022_panels")]

    operations = [
        ops.RunSQL(FUNCTIONS, reverse_sql=UNDO),
        ops.RunSQL(TRIGGERS, reverse_sql=""),
    ]
