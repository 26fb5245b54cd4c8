"""A statement that changes many rows notes its callers once, not row by row.

A school's import adds thousands of ties and children at once, and looking up the guardians of
each by itself took longer than writing the rows. What a statement changed is now read as one
set; that it is noted in the transaction that makes the change stays.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

_NOTES = """
CREATE FUNCTION note_{noun}_together() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO caller_changes (person_id) {inserted};
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO caller_changes (person_id) {deleted};
    ELSE
        INSERT INTO caller_changes (person_id) {inserted} UNION {deleted};
    END IF;
    RETURN NULL;
END $$;
"""
_THEMSELVES = "SELECT person_id FROM {rows} WHERE person_id IS NOT NULL"
_GUARDIANS = (
    "SELECT g.person_id FROM (SELECT DISTINCT student_id FROM {rows}) c "
    "JOIN guardianships g USING (student_id)"
)
_SAID = {
    "people": f"{_THEMSELVES} GROUP BY person_id",
    "children": f"{_GUARDIANS} GROUP BY g.person_id",
    "ties": f"{_THEMSELVES} UNION {_GUARDIANS}",
}
_TABLES = {
    "standings": ("people", "note_person"),
    "consents": ("people", "note_person"),
    "guardianships": ("ties", "note_guardian"),
    "enrolments": ("children", "note_child"),
    "group_members": ("ties", "note_member"),
}
_SEEN = {
    "INSERT": "NEW TABLE AS is_now",
    "UPDATE": "OLD TABLE AS was NEW TABLE AS is_now",
    "DELETE": "OLD TABLE AS was",
}

_FUNCTIONS = "".join(
    _NOTES.format(noun=noun, inserted=sql.format(rows="is_now"), deleted=sql.format(rows="was"))
    for noun, sql in _SAID.items()
)
TOGETHER = _FUNCTIONS + "".join(
    f"DROP TRIGGER note_caller ON {table};\n"
    + "".join(
        f"CREATE TRIGGER note_caller_{event.lower()} AFTER {event} ON {table} "
        f"REFERENCING {seen} FOR EACH STATEMENT EXECUTE FUNCTION note_{noun}_together();\n"
        for event, seen in _SEEN.items()
    )
    for table, (noun, _) in _TABLES.items()
)
ONE_BY_ONE = "".join(
    "".join(f"DROP TRIGGER note_caller_{event.lower()} ON {table};\n" for event in _SEEN)
    + f"CREATE TRIGGER note_caller AFTER INSERT OR UPDATE OR DELETE ON {table} "
    f"FOR EACH ROW EXECUTE FUNCTION {before}();\n"
    for table, (_, before) in _TABLES.items()
) + "".join(f"DROP FUNCTION note_{noun}_together();\n" for noun in _SAID)


class Migration(migrations.Migration):
    """Statements, not rows, tell which callers have changed."""

    dependencies = [("school", "0031_clearing")]

    operations = [ops.RunSQL(TOGETHER, reverse_sql=ONE_BY_ONE)]
