"""What tells a remembered caller from one who has changed.

A person's stamp is the sum of the numbers of their rows in ``caller_changes``. Rows are only
ever added, in the transaction that makes the change: nobody waits for anybody, what is
committed late still alters the sum, and what is rolled back never did. ``world_changes``
holds one number for what concerns everybody and hardly ever happens.

A child's guardians are all noted when one of them changes: each sees the others by name.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = """
CREATE TABLE caller_changes (
    person_id uuid NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (person_id, id));
CREATE TABLE world_changes (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    stamp bigint NOT NULL DEFAULT 0);
INSERT INTO world_changes DEFAULT VALUES;
CREATE SEQUENCE world_stamps;

CREATE FUNCTION note_callers(people uuid[], children uuid[]) RETURNS void LANGUAGE sql AS $$
INSERT INTO caller_changes (person_id)
SELECT x FROM unnest(people) x WHERE x IS NOT NULL
UNION
SELECT g.person_id FROM guardianships g WHERE g.student_id = ANY(children)
$$;

CREATE FUNCTION note_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(ARRAY[OLD.person_id, NEW.person_id], NULL);
    RETURN NULL;
END $$;
CREATE FUNCTION note_guardian() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(ARRAY[OLD.person_id, NEW.person_id], ARRAY[OLD.student_id, NEW.student_id]);
    RETURN NULL;
END $$;
CREATE FUNCTION note_child() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(NULL, ARRAY[OLD.student_id, NEW.student_id]);
    RETURN NULL;
END $$;
CREATE FUNCTION note_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(ARRAY[OLD.person_id, NEW.person_id], ARRAY[OLD.student_id, NEW.student_id]);
    RETURN NULL;
END $$;
CREATE FUNCTION note_student() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(NULL, ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE FUNCTION note_self() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_callers(ARRAY[NEW.id], ARRAY(
        SELECT student_id FROM guardianships WHERE person_id = NEW.id));
    RETURN NULL;
END $$;
CREATE FUNCTION note_world() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE world_changes SET stamp = nextval('world_stamps');
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON standings
    FOR EACH ROW EXECUTE FUNCTION note_person();
CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON consents
    FOR EACH ROW EXECUTE FUNCTION note_person();
CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON guardianships
    FOR EACH ROW EXECUTE FUNCTION note_guardian();
CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON enrolments
    FOR EACH ROW EXECUTE FUNCTION note_child();
CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON group_members
    FOR EACH ROW EXECUTE FUNCTION note_member();
CREATE TRIGGER note_caller AFTER UPDATE ON students FOR EACH ROW
    WHEN ((OLD.name, OLD.school_id, OLD.left_at) IS DISTINCT FROM
          (NEW.name, NEW.school_id, NEW.left_at)) EXECUTE FUNCTION note_student();
CREATE TRIGGER note_caller AFTER UPDATE ON persons FOR EACH ROW
    WHEN ((OLD.name, OLD.closed_at) IS DISTINCT FROM (NEW.name, NEW.closed_at))
    EXECUTE FUNCTION note_self();
CREATE TRIGGER note_world AFTER INSERT OR UPDATE OR DELETE ON feature_switches
    FOR EACH STATEMENT EXECUTE FUNCTION note_world();
CREATE TRIGGER note_world AFTER INSERT OR UPDATE OR DELETE ON privacy_notices
    FOR EACH STATEMENT EXECUTE FUNCTION note_world();
CREATE TRIGGER note_world AFTER UPDATE ON classes FOR EACH ROW
    WHEN ((OLD.grade_id, OLD.school_id) IS DISTINCT FROM (NEW.grade_id, NEW.school_id))
    EXECUTE FUNCTION note_world();
CREATE TRIGGER note_world AFTER UPDATE ON groups FOR EACH ROW
    WHEN (OLD.school_id IS DISTINCT FROM NEW.school_id) EXECUTE FUNCTION note_world();
"""

UNDO = """
DROP FUNCTION note_person, note_guardian, note_child, note_member, note_student, note_self,
    note_world CASCADE;
DROP FUNCTION note_callers(uuid[], uuid[]);
DROP TABLE caller_changes, world_changes;
DROP SEQUENCE world_stamps;
"""


class Migration(migrations.Migration):
    """The stamps of callers, beside the rows they are made of."""

    dependencies = [("school", "0024_request_ids")]

    operations = [
        ops.RunSQL(TABLES, reverse_sql=UNDO),
        ops.RunSQL(TRIGGERS, reverse_sql=""),
    ]
