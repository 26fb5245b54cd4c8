"""What a recipient sees and does: the feed, one notice, marking, receipts. One round trip each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.identifiers import uuid7
from backend.web.cursors import Position

# Each board the person stands before is numbered, so that a notice need only remember
# the numbers of the boards it was found on.
MINE = """
mine AS MATERIALIZED (
    SELECT node_id, who, row_number() OVER () AS board, array_agg(DISTINCT student_id)
               FILTER (WHERE student_id IS NOT NULL) AS students
    FROM memberships m WHERE person_id = $1 AND consented
      AND NOT EXISTS (SELECT 1 FROM feature_switches w WHERE w.school_id = m.school_id
                      AND w.function = 'notices' AND NOT w.is_on)
    GROUP BY node_id, who)
"""

# The person's children with all their guardians: the same for every notice of a page.
FAMILY = """
family AS MATERIALIZED (
    SELECT k.id AS student_id, s.name AS student, k.boards, t.person_id, t.relation, p.name
    FROM (SELECT child AS id, array_agg(board) AS boards FROM mine, unnest(students) child
          GROUP BY 1) k
    JOIN students s ON s.id = k.id JOIN family_ties t ON t.student_id = k.id
    JOIN persons p ON p.id = t.person_id),
children AS MATERIALIZED (
    SELECT student_id, student, boards, count(*) AS guardians FROM family GROUP BY 1, 2, 3)
"""

CONFIRMED_BY_ME = """
n.confirm_mode <> 'none' AND EXISTS (
    SELECT 1 FROM notice_receipts r WHERE r.notice_id = n.id
      AND r.person_id = $1 AND r.revision >= n.confirm_revision)
"""

# What the household has done about a notice, for each child it concerns. Names of the
# other guardians are shown so that one parent sees that the other has confirmed. It says
# of a child what household_settled says, from the receipts it has fetched anyway.
HOUSEHOLD = """
(SELECT json_agg(json_build_object(
     'studentId', c.student_id, 'name', c.student,
     'settled', CASE n.confirm_mode WHEN 'none' THEN true
         WHEN 'per_child' THEN EXISTS (
             SELECT 1 FROM notice_receipts r JOIN family f
               ON f.person_id = r.person_id AND f.student_id = r.student_id
             WHERE r.notice_id = n.id
               AND r.student_id = c.student_id AND r.revision >= n.confirm_revision)
         WHEN 'both' THEN d.settled = c.guardians ELSE d.settled > 0 END,
     'receipts', d.receipts) ORDER BY c.student)
 FROM children c CROSS JOIN LATERAL (
     SELECT count(DISTINCT r.person_id) FILTER (WHERE r.revision >= n.confirm_revision) AS settled,
            coalesce(json_agg(json_build_object(
                'name', f.name, 'relation', f.relation, 'answer', r.answer,
                'outdated', r.revision < n.confirm_revision, 'confirmedAt', r.confirmed_at)
                ORDER BY r.confirmed_at)
                FILTER (WHERE r.student_id IS NULL OR r.student_id = c.student_id), '[]')
                AS receipts
     FROM family f JOIN notice_receipts r ON r.notice_id = n.id AND r.person_id = f.person_id
     WHERE f.student_id = c.student_id AND n.confirm_mode <> 'none') d
 WHERE c.boards && h.boards)
"""

ITEM = f"""
n.id, n.title, n.category, n.urgent, n.pinned, n.sender_name, n.sender_title,
       n.confirm_mode, n.confirm_by, n.revision, n.expires_at, n.school_id,
       json_array_length(n.attachment_ids::json) AS attachments,
       h.published_at, h.is_read, {CONFIRMED_BY_ME} AS confirmed_by_me, {HOUSEHOLD} AS household
"""

# All that hangs is looked at once, for the page and for the number of unread alike. It
# always returns a row: the unread are counted on an empty page as well. What is pinned
# stands above the first page and nowhere else.
FEED = f"""
WITH {MINE}, {FAMILY},
hung AS (
    SELECT p.notice_id, max(p.published_at) AS published_at, array_agg(m.board) AS boards,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read,
           bool_or(p.pinned) AS pinned
    FROM mine m JOIN notice_postings p
      ON p.node_id = m.node_id AND p.who = m.who AND p.current AND p.expires_at > $5
    LEFT JOIN read_marks r ON r.person_id = $1 AND r.node_id = m.node_id AND r.who = m.who
    GROUP BY p.notice_id),
page AS (
    (SELECT * FROM hung WHERE NOT pinned
       AND ($2::timestamptz IS NULL OR (published_at, notice_id) < ($2, $3::uuid))
     ORDER BY published_at DESC, notice_id DESC LIMIT $4)
    UNION ALL
    (SELECT * FROM hung WHERE pinned AND $2::timestamptz IS NULL
     ORDER BY published_at DESC, notice_id DESC LIMIT 20))
SELECT {ITEM}, u.unread
FROM (SELECT count(*) FILTER (WHERE NOT is_read) AS unread FROM hung) u
LEFT JOIN (page h JOIN notices n ON n.id = h.notice_id) ON true
ORDER BY h.published_at DESC, n.id DESC
"""

# What hung on the person's boards at any time; bounded by their own history, so words
# are looked for in the rows themselves.
ARCHIVE = f"""
WITH {MINE}, {FAMILY},
hung AS (
    SELECT p.notice_id, max(p.published_at) AS published_at, array_agg(m.board) AS boards,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read
    FROM mine m JOIN notice_postings p ON p.node_id = m.node_id AND p.who = m.who
    LEFT JOIN read_marks r ON r.person_id = $1 AND r.node_id = m.node_id AND r.who = m.who
    GROUP BY p.notice_id),
h AS (
    SELECT x.* FROM hung x JOIN notices n ON n.id = x.notice_id
    WHERE n.state IN ('published', 'expired')
      AND ($2::timestamptz IS NULL OR (x.published_at, x.notice_id) < ($2, $3::uuid))
      AND ($5::text IS NULL OR n.category = $5)
      AND ($6::text IS NULL OR position(lower($6) IN lower(n.title || ' ' || n.plain)) > 0)
    ORDER BY x.published_at DESC, x.notice_id DESC LIMIT $4)
SELECT {ITEM}
FROM h JOIN notices n ON n.id = h.notice_id
ORDER BY h.published_at DESC, n.id DESC
"""

UNREAD = f"""
WITH {MINE}
SELECT count(*) AS unread FROM (
    SELECT p.notice_id
    FROM mine m JOIN notice_postings p
      ON p.node_id = m.node_id AND p.who = m.who AND p.current AND p.expires_at > $2
    LEFT JOIN read_marks r
      ON r.person_id = $1 AND r.node_id = m.node_id AND r.who = m.who
    GROUP BY p.notice_id HAVING NOT bool_or(coalesce(has_bit(r.bits, p.seq), false))) u
"""

ONE = f"""
WITH {MINE}, {FAMILY},
h AS (
    SELECT p.notice_id, max(p.published_at) AS published_at, array_agg(m.board) AS boards,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read
    FROM notice_postings p JOIN mine m USING (node_id, who)
    LEFT JOIN read_marks r ON r.person_id = $1 AND r.node_id = p.node_id AND r.who = p.who
    WHERE p.notice_id = $2 GROUP BY p.notice_id)
SELECT h.published_at, h.is_read,
       ARRAY(SELECT c.student_id FROM children c WHERE c.boards && h.boards) AS students,
       {CONFIRMED_BY_ME} AS confirmed_by_me, {HOUSEHOLD} AS household
FROM h JOIN notices n ON n.id = h.notice_id
"""

# Locks are taken in (node_id, who) order, so two phones of one person never deadlock.
MARK_READ = f"""
WITH {MINE},
hit AS (
    SELECT p.node_id, p.who, p.seq, p.notice_id, seen.revision,
           coalesce(has_bit(r.bits, p.seq), false) AS was_read
    FROM notice_postings p JOIN mine m USING (node_id, who)
    JOIN unnest($2::uuid[], $4::int[]) AS seen (notice_id, revision)
      ON seen.notice_id = p.notice_id AND p.revision <= seen.revision
    LEFT JOIN read_marks r ON r.person_id = $1 AND r.node_id = p.node_id AND r.who = p.who),
marks AS (
    INSERT INTO read_marks AS r (person_id, node_id, who, bits)
    SELECT $1, node_id, who, bits_of(array_agg(seq)) FROM hit WHERE NOT was_read
    GROUP BY node_id, who ORDER BY node_id, who
    ON CONFLICT (person_id, node_id, who) DO UPDATE SET bits = bits_or(r.bits, excluded.bits)
    RETURNING 1),
receipts AS (
    INSERT INTO notice_receipts AS r (id, notice_id, person_id, revision, confirmed_at)
    SELECT DISTINCT ON (n.id) uuidv7(), n.id, $1::uuid, least(hit.revision, n.revision),
           $3::timestamptz
    FROM hit JOIN notices n ON n.id = hit.notice_id
    WHERE n.confirm_mode = 'read' AND n.state = 'published'
    ON CONFLICT (notice_id, person_id, student_id)
        DO UPDATE SET revision = excluded.revision, confirmed_at = excluded.confirmed_at
        WHERE r.revision < excluded.revision
    RETURNING 1)
SELECT notice_id, bool_or(was_read) AS was_read,
       (SELECT count(*) FROM marks) + (SELECT count(*) FROM receipts) AS written
FROM hit GROUP BY notice_id
"""

# In a subselect the people's number is unknown to the planner, which would plan anew each time.
OWING = """
WITH reached AS (
    SELECT DISTINCT m.person_id, m.student_id
    FROM notice_postings p JOIN memberships m ON m.node_id = p.node_id AND m.who = p.who
    WHERE p.notice_id = $1 AND p.current AND m.person_id = ANY((SELECT $2::uuid[])::uuid[]))
SELECT DISTINCT x.person_id FROM reached x JOIN notices n ON n.id = $1
WHERE n.state = 'published' AND CASE WHEN n.confirm_mode = 'none' THEN NOT EXISTS (
          SELECT 1 FROM notice_postings p JOIN read_marks r
            ON r.node_id = p.node_id AND r.who = p.who AND r.person_id = x.person_id
          WHERE p.notice_id = $1 AND p.current AND has_bit(r.bits, p.seq))
      -- Staff have no child to answer for.
      ELSE NOT (n.confirm_mode = 'per_child' AND x.student_id IS NULL)
           AND NOT household_settled(n.id, n.confirm_mode, n.confirm_revision,
                                     x.student_id, x.person_id)
           AND NOT (n.confirm_mode = 'both' AND EXISTS (
               SELECT 1 FROM notice_receipts r WHERE r.notice_id = n.id
                 AND r.person_id = x.person_id AND r.revision >= n.confirm_revision)) END
"""

READERS = """
SELECT DISTINCT r.person_id
FROM notice_postings p JOIN read_marks r ON r.node_id = p.node_id AND r.who = p.who
WHERE p.notice_id = $1 AND (p.current OR NOT $3) AND r.person_id = ANY($2::uuid[])
  AND has_bit(r.bits, p.seq)
"""

RELATIVES = """
SELECT DISTINCT other.person_id
FROM family_ties mine JOIN family_ties other USING (student_id)
WHERE mine.person_id = $1 AND mine.student_id = ANY($2::uuid[]) AND other.person_id <> $1
"""


async def home(
    person_id: UUID, *, before: Position | None, limit: int, now: datetime
) -> tuple[list[dict[str, Any]], int]:
    """Return a person's newest current notices, each once with its children, and how many
    current notices are unread. Pinned ones come with the first page, beyond ``limit``.
    """
    moment, notice = (before.at, before.id) if before else (None, None)
    rows = await fetch(FEED, person_id, moment, notice, limit, now)
    return [row for row in rows if row["id"] is not None], int(rows[0]["unread"])


async def archive(
    person_id: UUID,
    *,
    before: Position | None,
    limit: int,
    category: str | None,
    words: str | None,
) -> list[dict[str, Any]]:
    """Return what reached the person at any time, newest first, by shelf and by words."""
    moment, notice = (before.at, before.id) if before else (None, None)
    return await fetch(ARCHIVE, person_id, moment, notice, limit, category, words)


async def unread(person_id: UUID, now: datetime) -> int:
    """Return how many current notices the person has not read."""
    row = await fetch_one(UNREAD, person_id, now)
    return int(row["unread"]) if row else 0


async def as_recipient(person_id: UUID, notice_id: UUID) -> dict[str, Any] | None:
    """Return the person's own view of one notice, or ``None`` if it never reached them."""
    return await fetch_one(ONE, person_id, notice_id)


async def mark_read(person_id: UUID, seen: dict[UUID, int], now: datetime) -> dict[UUID, bool]:
    """Mark as read the versions up to the one seen.

    Returns for each notice that reached the person whether it was read before.
    """
    rows = await fetch(MARK_READ, person_id, list(seen), now, list(seen.values()))
    return {row["notice_id"]: row["was_read"] for row in rows}


async def owing(notice_id: UUID, people: Sequence[UUID]) -> set[UUID]:
    """Return who of ``people`` still owes the notice a reading or a confirmation."""
    return {row["person_id"] for row in await fetch(OWING, notice_id, list(people))}


async def readers(notice_id: UUID, people: Sequence[UUID], *, current: bool) -> set[UUID]:
    """Return who of ``people`` has read the notice: as it hangs now, or in any version."""
    return {row["person_id"] for row in await fetch(READERS, notice_id, list(people), current)}


async def relatives(person_id: UUID, students: list[UUID]) -> list[UUID]:
    """Return the other guardians of these children."""
    return [row["person_id"] for row in await fetch(RELATIVES, person_id, students)]


async def put_receipts(
    notice_id: UUID,
    person_id: UUID,
    answers: dict[UUID | None, str | None],
    *,
    revision: int,
    now: datetime,
) -> None:
    """Write or renew the person's receipts; an unchanged one keeps its first time."""
    await fetch(
        """
        INSERT INTO notice_receipts AS r
            (id, notice_id, person_id, student_id, revision, answer, confirmed_at)
        SELECT x.id, $1, $2, x.student, $3, x.answer, $4
        FROM unnest($5::uuid[], $6::uuid[], $7::text[]) AS x (id, student, answer)
        ON CONFLICT (notice_id, person_id, student_id) DO UPDATE SET
            revision = excluded.revision, answer = excluded.answer,
            confirmed_at = excluded.confirmed_at
        WHERE (r.revision, r.answer) IS DISTINCT FROM (excluded.revision, excluded.answer)
          AND r.revision <= excluded.revision
        """,
        notice_id,
        person_id,
        revision,
        now,
        [uuid7() for _ in answers],
        list(answers),
        list(answers.values()),
    )


def decode(raw: str | None) -> list[dict[str, Any]]:
    """Decode a JSON column of one of these statements."""
    return msgspec.json.decode(raw) if raw else []
