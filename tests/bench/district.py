"""The district that is measured: grown by set-based SQL in a few seconds.

Three schools of 2,000 pupils in classes of 48 and 3,500 guardians each; two years of
notices (240 a class, 160 a school, 40 for everybody), of which the last 60 days hang
now; most of it read. Beside them one very large school whose first class has 50
guardians, its first grade 2,000 and the whole 200,000.

Every id is computed from a kind and a number, so pgbench and the phones can name people
without asking.
"""

from uuid import UUID

import asyncpg

DISTRICT, SCHOOL, GRADE, CLASS, STUDENT, PERSON, NOTICE = range(1, 8)
SCHOOLS = 3
GUARDIANS = 3_500
"""In each of the three schools."""
LARGE = 9
"""The number of the large school; its guardians are numbered from ``LARGE * 1_000_000``."""
LARGE_GUARDIANS = 200_000
ADMIN = 900_000
"""The person who speaks for school n is ``ADMIN + n``."""


def row_id(kind: int, number: int) -> UUID:
    """Return the id of a row of the district; ``bench.id`` computes the same in SQL."""
    return UUID(f"{kind:08x}-0000-7000-8000-{number:012x}")


def guardian(school: int, number: int) -> UUID:
    """Return the id of guardian ``number`` (from 0) of a school."""
    return row_id(PERSON, school * 1_000_000 + number)


def sampled(number: int) -> UUID:
    """Return the guardian whom the bench knows as ``number`` (from 1), one in six."""
    return guardian(number % SCHOOLS + 1, number * 6)


async def grow(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Fill a freshly migrated database."""
    # The rows are right by construction, so neither keys nor commits are waited for.
    await connection.execute("SET session_replication_role = replica; SET work_mem = '64MB'")
    await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
    for step in (*SCAFFOLD, *LARGE_SCHOOL, *SIGNATURES, *NOTICES):
        await connection.execute(step)
    await connection.execute("RESET ALL")


SCAFFOLD = [
    """
    CREATE SCHEMA bench;
    CREATE FUNCTION bench.id(kind int, number bigint) RETURNS uuid
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-'
               || lpad(to_hex(number), 12, '0'))::uuid $$;
    CREATE FUNCTION bench.number(id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT ('x' || right(id::text, 12))::bit(48)::bigint $$;
    """,
    f"""
    INSERT INTO privacy_notices (version, title, text, in_force_from)
        VALUES (1, '告知书', '告知书', now() - interval '3 years')
        ON CONFLICT DO NOTHING;
    INSERT INTO districts (id, code, name, timezone)
        VALUES (bench.id({DISTRICT}, 1), 'BENCH', '量度区', 'Asia/Shanghai');
    INSERT INTO schools (id, district_id, code, name, stage)
        SELECT bench.id({SCHOOL}, s), bench.id({DISTRICT}, 1), 'B-' || s, '第' || s || '小学',
               'primary' FROM unnest(ARRAY[1, 2, 3, {LARGE}]) s;
    INSERT INTO grades (id, school_id, name, position)
        SELECT bench.id({GRADE}, s * 1000 + g), bench.id({SCHOOL}, s), g || '年级', g
        FROM generate_series(1, {SCHOOLS}) s, generate_series(0, 5) g;
    INSERT INTO classes (id, school_id, grade_id, name)
        SELECT bench.id({CLASS}, s * 10000 + c), bench.id({SCHOOL}, s),
               bench.id({GRADE}, s * 1000 + c / 7), c % 7 + 1 || '班'
        FROM generate_series(1, {SCHOOLS}) s, generate_series(0, 41) c;
    INSERT INTO persons (id, name, phone, activated_at, created_at)
        SELECT bench.id({PERSON}, s * 1000000 + g), '家长' || g,
               '+8613' || lpad((s * 1000000 + g)::text, 9, '0'),
               CASE WHEN g % 20 < 19 THEN now() END, now()
        FROM generate_series(1, {SCHOOLS}) s, generate_series(0, {GUARDIANS} - 1) g;
    INSERT INTO persons (id, name, phone, activated_at, created_at)
        SELECT bench.id({PERSON}, {ADMIN} + s), '管理员' || s,
               '+8614' || lpad(s::text, 9, '0'), now(), now()
        FROM unnest(ARRAY[1, 2, 3, {LARGE}]) s;
    INSERT INTO standings (id, person_id, role, subject, district_id, school_id,
                           valid_from, source)
        SELECT uuidv7(), bench.id({PERSON}, {ADMIN} + s), 'school_admin', '',
               bench.id({DISTRICT}, 1), bench.id({SCHOOL}, s), now() - interval '3 years', 'roster'
        FROM unnest(ARRAY[1, 2, 3, {LARGE}]) s;
    """,
    # Every eighth pupil is the brother or sister of a pupil one grade above.
    f"""
    CREATE TABLE bench.pupils AS
        SELECT s AS school, p AS pupil, s * 1000000 + p AS number, p / 48 AS class,
               CASE WHEN p % 8 < 7 THEN p - p / 8 ELSE (p / 8 * 7 + 300) % 1750 END AS family
        FROM generate_series(1, {SCHOOLS}) s, generate_series(0, 1999) p;
    INSERT INTO students (id, school_id, number, name)
        SELECT bench.id({STUDENT}, number), bench.id({SCHOOL}, school), 'N' || number,
               '学生' || pupil FROM bench.pupils;
    INSERT INTO enrolments (id, student_id, class_id, since)
        SELECT uuidv7(), bench.id({STUDENT}, number),
               bench.id({CLASS}, school * 10000 + class), now() - interval '2 years'
        FROM bench.pupils;
    INSERT INTO guardianships (id, student_id, person_id, relation, source, valid_from)
        SELECT uuidv7(), bench.id({STUDENT}, number),
               bench.id({PERSON}, school * 1000000 + family * 2 + parent),
               CASE parent WHEN 0 THEN 'father' ELSE 'mother' END, 'roster', now()
        FROM bench.pupils, generate_series(0, 1) parent;
    """,
]

LARGE_SCHOOL = [
    f"""
    INSERT INTO grades (id, school_id, name, position)
        SELECT bench.id({GRADE}, {LARGE} * 1000 + g), bench.id({SCHOOL}, {LARGE}), g || '级', g
        FROM generate_series(0, 99) g;
    INSERT INTO classes (id, school_id, grade_id, name)
        SELECT bench.id({CLASS}, {LARGE} * 10000 + c), bench.id({SCHOOL}, {LARGE}),
               bench.id({GRADE}, {LARGE} * 1000 + c / 40), c % 40 + 1 || '班'
        FROM generate_series(0, 3999) c;
    INSERT INTO persons (id, name, phone, activated_at, created_at)
        SELECT bench.id({PERSON}, {LARGE} * 1000000 + g), '家长' || g,
               '+8615' || lpad(g::text, 9, '0'), now(), now()
        FROM generate_series(0, {LARGE_GUARDIANS} - 1) g;
    INSERT INTO students (id, school_id, number, name)
        SELECT bench.id({STUDENT}, {LARGE} * 1000000 + p), bench.id({SCHOOL}, {LARGE}),
               'L' || p, '学生' || p FROM generate_series(0, {LARGE_GUARDIANS} / 2 - 1) p;
    INSERT INTO enrolments (id, student_id, class_id, since)
        SELECT uuidv7(), bench.id({STUDENT}, {LARGE} * 1000000 + p),
               bench.id({CLASS}, {LARGE} * 10000 + p / 25), now() - interval '2 years'
        FROM generate_series(0, {LARGE_GUARDIANS} / 2 - 1) p;
    INSERT INTO guardianships (id, student_id, person_id, relation, source, valid_from)
        SELECT uuidv7(), bench.id({STUDENT}, {LARGE} * 1000000 + g / 2),
               bench.id({PERSON}, {LARGE} * 1000000 + g), 'other', 'roster', now()
        FROM generate_series(0, {LARGE_GUARDIANS} - 1) g;
    """,
]

SIGNATURES = [
    """
    INSERT INTO consents (id, person_id, student_id, version, accepted_at)
        SELECT uuidv7(), person_id, student_id, 1, now() FROM guardianships;
    """
]

# Old notices have left their boards; what hangs is at most 60 days old. The modes and
# who has confirmed follow from the notice's number.
NOTICES = [
    f"""
    CREATE TABLE bench.boards AS
        SELECT bench.id({CLASS}, s * 10000 + c) AS node, s AS school, 240 AS notices,
               'class' AS kind
        FROM generate_series(1, {SCHOOLS}) s, generate_series(0, 41) c
        UNION ALL
        SELECT bench.id({SCHOOL}, s), s, 160, 'school' FROM generate_series(1, {SCHOOLS}) s;
    CREATE TABLE bench.calendar AS
        SELECT row_number() OVER (ORDER BY at, node) AS number, node, school, kind, at
        FROM (SELECT node, school, kind,
                     now() - interval '730 days' * ((k + 0.5) / notices) AS at
              FROM bench.boards, generate_series(0, notices - 1) k
              UNION ALL
              SELECT NULL, NULL, 'district', now() - interval '730 days' * ((k + 0.5) / 40)
              FROM generate_series(0, 39) k) all_notices;
    INSERT INTO notices (id, district_id, school_id, author_id, sender_name, sender_title,
            category, title, blocks, plain, attachment_ids, audiences, confirm_mode, choices, state,
            publish_at, published_at, expires_at, audience_families, audience_people, created_at)
        SELECT bench.id({NOTICE}, number), bench.id({DISTRICT}, 1), bench.id({SCHOOL}, school),
               bench.id({PERSON}, {ADMIN} + coalesce(school, 1)), '林晓岚', '三年级1班 班主任',
               kind, '关于周五下午家长会的通知 ' || number,
               jsonb_build_array(jsonb_build_object('type', 'paragraph', 'text',
                   repeat('请各位家长准时参加，地点在三年级1班教室。', 4))),
               repeat('请各位家长准时参加，地点在三年级1班教室。', 4), '[]', '[]',
               CASE WHEN number % 20 < 12 THEN 'none' WHEN number % 20 < 16 THEN 'tap'
                    WHEN number % 20 < 18 THEN 'read' WHEN number % 20 < 19 THEN 'both'
                    ELSE 'per_child' END,
               '[]', CASE WHEN at > now() - interval '60 days' THEN 'published' ELSE 'expired' END,
               at, at, at + interval '60 days', 48, 96, at
        FROM bench.calendar;
    INSERT INTO notice_postings (node_id, who, seq, notice_id, revision, published_at,
                             expires_at, current)
        SELECT node, 'families', row_number() OVER (PARTITION BY node ORDER BY at, number) - 1,
               bench.id({NOTICE}, number), 1, at, at + interval '60 days',
               at > now() - interval '60 days'
        FROM (SELECT number, node, at FROM bench.calendar WHERE node IS NOT NULL
              UNION ALL
              SELECT number, bench.id({SCHOOL}, s), at
              FROM bench.calendar, generate_series(1, {SCHOOLS}) s WHERE node IS NULL) hung;
    INSERT INTO audience_counters (node_id, who, next_seq)
        SELECT node_id, who, max(seq) + 1 FROM notice_postings GROUP BY 1, 2;
    """,
    # The last eight numbers of a board are read by about half; all older ones by everyone.
    f"""
    CREATE TABLE bench.members AS
        SELECT DISTINCT person_id, node_id, who FROM audience_members
        WHERE who = 'families' AND person_id < bench.id({PERSON}, {LARGE} * 1000000);
    CREATE UNIQUE INDEX ON bench.members (person_id, node_id, who);
    INSERT INTO board_marks (person_id, board, bits)
        SELECT m.person_id, c.id,
               decode(repeat('ff', (c.next_seq - 8) / 8), 'hex')
               || substr(uuid_send(gen_random_uuid()), 1, 1)
        FROM bench.members m JOIN audience_counters c USING (node_id, who);
    """,
    """
    INSERT INTO notice_receipts (id, notice_id, person_id, revision, confirmed_at)
        SELECT uuidv7(), p.notice_id, m.person_id, 1, p.published_at + interval '1 day'
        FROM bench.members m JOIN notice_postings p USING (node_id, who)
        JOIN notices n ON n.id = p.notice_id AND n.confirm_mode <> 'none'
        WHERE p.published_at > now() - interval '180 days'
          AND bench.number(m.person_id) % 2 = 0
          AND (bench.number(m.person_id) / 2 + p.seq) % 5 > 0
        ON CONFLICT DO NOTHING;
    """,
]
