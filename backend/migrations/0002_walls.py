"""Walls the mapper cannot draw: constraints, hot tables, the audience view, the trail's lock."""

from tortoise import migrations
from tortoise.migrations import operations as ops

CONSTRAINTS = """
ALTER TABLE schools ADD CONSTRAINT school_stage
    CHECK (stage IN ('kindergarten', 'primary', 'junior', 'senior'));
ALTER TABLE schools ADD CONSTRAINT school_notice_approval
    CHECK (notice_approval IN ('none', 'school_wide', 'all'));
CREATE UNIQUE INDEX one_zone_at_a_time ON zone_memberships (school_id) WHERE until IS NULL;
ALTER TABLE persons ADD CONSTRAINT person_phone CHECK (phone ~ '^\\+861[3-9][0-9]{9}$');
ALTER TABLE guardianships ADD CONSTRAINT guardianship_relation
    CHECK (relation IN ('father', 'mother', 'grandparent', 'other'));
ALTER TABLE standings ADD CONSTRAINT standing_role CHECK (role IN (
    'class_teacher', 'subject_teacher', 'grade_lead', 'school_admin', 'principal',
    'zone_coordinator', 'district_officer', 'committee_member', 'committee_chair'));
CREATE UNIQUE INDEX one_standing_at_a_node ON standings (
    person_id, role, subject, district_id, zone_id, school_id, grade_id, class_id)
    NULLS NOT DISTINCT WHERE valid_until IS NULL;
CREATE UNIQUE INDEX one_live_consent ON consents (person_id, student_id, version)
    WHERE withdrawn_at IS NULL;
CREATE UNIQUE INDEX one_class_at_a_time ON enrolments (student_id) WHERE until IS NULL;
CREATE INDEX class_pupils ON enrolments (class_id) WHERE until IS NULL;
ALTER TABLE group_members ADD CONSTRAINT child_or_adult
    CHECK (num_nonnulls(student_id, person_id) = 1);
CREATE UNIQUE INDEX group_member_once ON group_members (group_id, student_id, person_id)
    NULLS NOT DISTINCT;
ALTER TABLE notices ADD CONSTRAINT notice_state CHECK (state IN (
    'draft', 'pending', 'returned', 'scheduled', 'published', 'withdrawn', 'expired'));
ALTER TABLE notices ADD CONSTRAINT notice_confirm_mode
    CHECK (confirm_mode IN ('none', 'read', 'tap', 'both', 'per_child'));
ALTER TABLE notices ADD CONSTRAINT published_has_a_time
    CHECK (state <> 'published' OR published_at IS NOT NULL);
CREATE INDEX notices_due ON notices (publish_at) WHERE state = 'scheduled';
CREATE INDEX notices_ending ON notices (expires_at) WHERE state = 'published';
ALTER TABLE attachments ADD CONSTRAINT attachment_kind CHECK (kind IN ('image', 'pdf')),
    ADD CONSTRAINT attachment_size CHECK (byte_size BETWEEN 1 AND 20971520),
    ADD CONSTRAINT attachment_shape CHECK ((kind = 'image') = (
        width IS NOT NULL AND height IS NOT NULL AND thumbnail_key IS NOT NULL)),
    ADD CONSTRAINT attachment_pixels CHECK (
        width IS NULL OR (width BETWEEN 1 AND 2560 AND height BETWEEN 1 AND 2560)),
    ADD CONSTRAINT attached_has_an_owner CHECK ((owner_id IS NULL) = (attached_at IS NULL)),
    ADD CONSTRAINT attached_is_stored CHECK (attached_at IS NULL OR stored_at IS NOT NULL);
CREATE INDEX attachments_forgotten ON attachments (created_at) WHERE attached_at IS NULL;
CREATE UNIQUE INDEX one_receipt ON notice_receipts (notice_id, person_id, student_id)
    NULLS NOT DISTINCT;
CREATE INDEX receipts_of_child ON notice_receipts (notice_id, student_id)
    WHERE student_id IS NOT NULL;
CREATE UNIQUE INDEX one_pending_claim ON join_claims (class_id, person_id, child_name)
    WHERE state = 'pending';
"""

HOT_TABLES = """
CREATE UNLOGGED TABLE limits (
    name text NOT NULL, key text NOT NULL, started_at timestamptz NOT NULL, used int NOT NULL,
    PRIMARY KEY (name, key));
CREATE TABLE audience_counters (
    node_id uuid NOT NULL, who text NOT NULL, next_seq int NOT NULL DEFAULT 0,
    PRIMARY KEY (node_id, who)) WITH (fillfactor = 70);
CREATE TABLE notice_postings (
    node_id uuid NOT NULL, who text NOT NULL, seq int NOT NULL,
    notice_id uuid NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    revision int NOT NULL, published_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    current boolean NOT NULL DEFAULT true, pinned boolean NOT NULL DEFAULT false,
    PRIMARY KEY (node_id, who, seq));
CREATE INDEX postings_newest ON notice_postings
    (node_id, who, published_at DESC, notice_id DESC) INCLUDE (seq, expires_at, pinned) WHERE current;
CREATE INDEX postings_of_notice ON notice_postings (notice_id);
CREATE TABLE read_marks (
    person_id uuid NOT NULL, node_id uuid NOT NULL, who text NOT NULL, bits bytea NOT NULL,
    PRIMARY KEY (person_id, node_id, who)) WITH (fillfactor = 80);
"""

FUNCTIONS = """
CREATE FUNCTION has_bit(bits bytea, seq int) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT bits IS NOT NULL AND seq < length(bits) * 8 AND get_bit(bits, seq) = 1 $$;
CREATE FUNCTION bits_of(seqs int[]) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    bits bytea := decode(repeat('00', (SELECT max(s) FROM unnest(seqs) s) / 8 + 1), 'hex');
    seq int;
BEGIN
    FOREACH seq IN ARRAY seqs LOOP
        bits := set_bit(bits, seq, 1);
    END LOOP;
    RETURN bits;
END $$;
CREATE FUNCTION bits_or(a bytea, b bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF length(b) > length(a) THEN
        a := a || decode(repeat('00', length(b) - length(a)), 'hex');
    END IF;
    FOR i IN 0 .. length(b) - 1 LOOP
        a := set_byte(a, i, get_byte(a, i) | get_byte(b, i));
    END LOOP;
    RETURN a;
END $$;
"""

# Membership is seen from two sides, each fast in its own direction and both the same set
# (a test holds us to it): audience_members answers who stands behind a node, memberships
# where a person stands, walking to their children once. The function keeps a generic plan,
# for it is called once a child and planning its four branches costs ten times their work.
#
# A tie is a guardianship in force that lets its holder see the child. Whether the holder
# consents to the privacy notice now in force is a column, because a family that has not
# signed in yet is still part of the audience the sender must reach.
VIEWS = """
CREATE VIEW family_ties AS
SELECT g.person_id, g.student_id, g.relation, g.can_message, g.can_vote, g.can_pickup,
       s.school_id, c.id AS class_id, c.grade_id,
       EXISTS (SELECT 1 FROM consents k
               WHERE k.person_id = g.person_id AND k.student_id = g.student_id
                 AND k.withdrawn_at IS NULL
                 AND k.version = (SELECT max(version) FROM privacy_notices
                                  WHERE in_force_from <= now())) AS consented
FROM guardianships g
JOIN students s ON s.id = g.student_id AND s.left_at IS NULL
JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
JOIN classes c ON c.id = e.class_id
WHERE g.can_view AND NOT g.restricted
  AND (g.valid_until IS NULL OR g.valid_until > now());

CREATE FUNCTION household_settled(
    notice uuid, mode text, since_revision int, child uuid, adult uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan AS $$
SELECT CASE
    WHEN child IS NULL THEN EXISTS (
        SELECT 1 FROM notice_receipts r
        WHERE r.notice_id = notice AND r.person_id = adult AND r.revision >= since_revision)
    WHEN mode = 'per_child' THEN EXISTS (
        SELECT 1 FROM notice_receipts r JOIN family_ties t
          ON t.person_id = r.person_id AND t.student_id = child
        WHERE r.notice_id = notice AND r.student_id = child AND r.revision >= since_revision)
    WHEN mode = 'both' THEN NOT EXISTS (
        SELECT 1 FROM family_ties t WHERE t.student_id = child AND NOT EXISTS (
            SELECT 1 FROM notice_receipts r WHERE r.notice_id = notice
              AND r.person_id = t.person_id AND r.revision >= since_revision))
    ELSE EXISTS (
        SELECT 1 FROM family_ties t JOIN notice_receipts r
          ON r.notice_id = notice AND r.person_id = t.person_id
        WHERE t.student_id = child AND r.revision >= since_revision)
END $$;

CREATE VIEW standings_in_force AS
SELECT s.*, s.role NOT IN ('committee_member', 'committee_chair') AS is_staff
FROM standings s
WHERE s.valid_from <= now() AND (s.valid_until IS NULL OR s.valid_until > now());

CREATE VIEW audience_members AS
SELECT person_id, class_id AS node_id, 'families' AS who, student_id FROM family_ties
UNION ALL
SELECT person_id, grade_id, 'families', student_id FROM family_ties
UNION ALL
SELECT person_id, school_id, 'families', student_id FROM family_ties
UNION ALL
SELECT t.person_id, m.group_id, 'members', t.student_id
FROM group_members m JOIN family_ties t ON t.student_id = m.student_id
UNION ALL
SELECT person_id, group_id, 'members', NULL FROM group_members WHERE person_id IS NOT NULL
UNION ALL
SELECT person_id, class_id, 'staff', NULL
FROM standings_in_force WHERE class_id IS NOT NULL AND is_staff
UNION ALL
SELECT person_id, class_id, role, NULL FROM standings_in_force WHERE class_id IS NOT NULL
UNION ALL
SELECT person_id, grade_id, 'staff', NULL
FROM standings_in_force WHERE grade_id IS NOT NULL AND is_staff
UNION ALL
SELECT person_id, grade_id, role, NULL FROM standings_in_force WHERE grade_id IS NOT NULL
UNION ALL
SELECT person_id, school_id, 'staff', NULL
FROM standings_in_force WHERE school_id IS NOT NULL AND is_staff
UNION ALL
SELECT person_id, school_id, role, NULL FROM standings_in_force WHERE school_id IS NOT NULL
UNION ALL
SELECT person_id, district_id, 'staff', NULL FROM standings_in_force WHERE is_staff
UNION ALL
SELECT person_id, district_id, role, NULL FROM standings_in_force;

CREATE VIEW memberships AS
SELECT t.person_id, b.node_id, b.who, t.student_id, t.consented, t.school_id
FROM family_ties t CROSS JOIN LATERAL (
    VALUES (t.class_id, 'families'), (t.grade_id, 'families'), (t.school_id, 'families')
    UNION ALL SELECT m.group_id, 'members' FROM group_members m
    WHERE m.student_id = t.student_id) b (node_id, who)
UNION ALL
SELECT m.person_id, m.group_id, 'members', NULL, true, x.school_id
FROM group_members m JOIN groups x ON x.id = m.group_id WHERE m.person_id IS NOT NULL
UNION ALL
SELECT s.person_id, b.node_id, b.who, NULL, true, b.school_id
FROM standings_in_force s
CROSS JOIN LATERAL (VALUES
    (s.class_id, 'staff', s.school_id), (s.class_id, s.role, s.school_id),
    (s.grade_id, 'staff', s.school_id), (s.grade_id, s.role, s.school_id),
    (s.school_id, 'staff', s.school_id), (s.school_id, s.role, s.school_id),
    (s.district_id, 'staff', NULL), (s.district_id, s.role, NULL)) b (node_id, who, school_id)
WHERE b.node_id IS NOT NULL AND (s.is_staff OR b.who <> 'staff');
"""

TRAIL = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the trail is append-only' USING ERRCODE = '55000'; END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

UNDO = """
DROP TRIGGER audit_is_append_only ON audit_entries;
DROP FUNCTION refuse_change();
DROP VIEW audience_members, memberships, standings_in_force;
DROP FUNCTION household_settled(uuid, text, int, uuid, uuid);
DROP VIEW family_ties;
DROP FUNCTION has_bit(bytea, int), bits_of(int[]), bits_or(bytea, bytea);
DROP TABLE limits, audience_counters, notice_postings, read_marks;
"""


class Migration(migrations.Migration):
    """Rows drawn by 0001 get their last words here."""

    dependencies = [("school", "0001_initial")]

    operations = [
        ops.RunSQL(CONSTRAINTS, reverse_sql=""),
        ops.RunSQL(HOT_TABLES, reverse_sql=""),
        ops.RunSQL(FUNCTIONS, reverse_sql=""),
        ops.RunSQL(VIEWS, reverse_sql=""),
        ops.RunSQL(TRAIL, reverse_sql=UNDO),
    ]
