"""The leanest feed and the leanest mark we know, with tables of their own.

They hold what the product derives on every request (who belongs where, who may see it)
as finished rows, so they are limits and not alternatives.
"""

import asyncpg

from tests.bench import district

# Each board's newest twenty, merged; read state by receipt rows; unread from counters.
S2 = """
SELECT n.id, n.title, n.category, n.urgent, n.pinned, n.sender_name, n.sender_title,
       n.confirm_mode, n.confirm_by, n.revision, n.expires_at, h.published_at,
       r.notice_id IS NOT NULL AS is_read,
       (SELECT sum(c.next_seq - m.read_count) FROM bench.members m
        JOIN audience_counters c USING (node_id, who)
        WHERE m.person_id = (SELECT person_id FROM bench.sample WHERE i = :i)) AS unread
FROM (SELECT p.notice_id, p.published_at FROM bench.members m CROSS JOIN LATERAL (
          SELECT q.notice_id, q.published_at FROM notice_postings q
          WHERE q.node_id = m.node_id AND q.who = m.who AND q.current
          ORDER BY q.published_at DESC, q.notice_id DESC LIMIT 20) p
      WHERE m.person_id = (SELECT person_id FROM bench.sample WHERE i = :i)
      ORDER BY p.published_at DESC, p.notice_id DESC LIMIT 20) h
JOIN notices n ON n.id = h.notice_id
LEFT JOIN bench.receipts r ON r.notice_id = n.id
     AND r.person_id = (SELECT person_id FROM bench.sample WHERE i = :i)
ORDER BY h.published_at DESC, n.id DESC
"""

# Nothing but the bit: it always writes, finds its row by key and asks nobody's leave.
BIT = """
UPDATE board_marks r SET bits = set_bit(
    CASE WHEN length(r.bits) * 8 > p.seq THEN r.bits
         ELSE r.bits || decode(repeat('00', p.seq / 8 + 1 - length(r.bits)), 'hex') END,
    p.seq, 1)
FROM (SELECT person_id, board, seq FROM bench.pairs WHERE i = :i) p
WHERE r.person_id = p.person_id AND r.board = p.board
"""

# What fan-out on write would insert: an inbox row and an outbox row for everybody.
INBOX = """
WITH people AS (
    SELECT DISTINCT g.person_id FROM guardianships g
    JOIN enrolments e ON e.student_id = g.student_id AND e.until IS NULL
    JOIN classes c ON c.id = e.class_id WHERE {node} = $2),
inbox AS (INSERT INTO bench.inbox (person_id, notice_id, published_at)
          SELECT person_id, $1, now() FROM people)
INSERT INTO bench.outbox (person_id, notice_id) SELECT person_id, $1 FROM people
"""

# Paging an audience that is a finished list: as it is, and as a job that keeps its place
# and fetches the devices' tokens.
PAGING = """
SELECT person_id FROM bench.crowd WHERE person_id > $1 ORDER BY person_id LIMIT $2
"""
TOKENS = """
WITH page AS MATERIALIZED (
    SELECT person_id FROM bench.crowd WHERE person_id > $1 ORDER BY person_id LIMIT $2),
turned AS (UPDATE bench.job SET place = (SELECT p.person_id FROM page p ORDER BY 1 DESC LIMIT 1))
SELECT p.person_id, d.token FROM page p CROSS JOIN LATERAL (
    SELECT token FROM post_device d
    WHERE d.person_id = p.person_id AND d.retired_at IS NULL OFFSET 0) d
ORDER BY p.person_id
"""

TABLES = f"""
ALTER TABLE bench.members ADD COLUMN read_count int NOT NULL DEFAULT 0;
UPDATE bench.members m SET read_count = bit_count(r.bits) FROM read_bits r
WHERE (r.person_id, r.node_id, r.who) = (m.person_id, m.node_id, m.who);
CREATE TABLE bench.receipts (person_id uuid, notice_id uuid, PRIMARY KEY (person_id, notice_id));
INSERT INTO bench.receipts
    SELECT DISTINCT r.person_id, p.notice_id
    FROM bench.sample s JOIN read_bits r USING (person_id)
    JOIN notice_postings p USING (node_id, who) WHERE has_bit(r.bits, p.seq);
CREATE TABLE bench.inbox (person_id uuid, notice_id uuid, published_at timestamptz NOT NULL,
    read_at timestamptz, PRIMARY KEY (person_id, notice_id));
CREATE TABLE bench.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id uuid NOT NULL, notice_id uuid NOT NULL);
CREATE TABLE bench.crowd AS
    SELECT DISTINCT person_id FROM guardianships
    WHERE person_id >= bench.id({district.PERSON}, {district.LARGE} * 1000000);
ALTER TABLE bench.crowd ADD PRIMARY KEY (person_id);
CREATE TABLE bench.job (place uuid);
INSERT INTO bench.job VALUES (NULL);
"""


async def furnish(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Make the tables, once people have signed in."""
    await connection.execute(TABLES)
