"""What a recipient sees besides the home page: the archive, one notice. One round trip each."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch, fetch_one
from backend.notices.queries.stands import FAMILY, MINE
from backend.replicas import from_replica
from backend.web.cursors import Position

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

# What hung on the person's boards at any time; bounded by their own history, so words
# are looked for in the rows themselves.
ARCHIVE = f"""
WITH {MINE}, {FAMILY},
hung AS (
    SELECT p.notice_id, max(p.published_at) AS published_at, array_agg(m.board) AS boards,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read
    FROM mine m JOIN notice_postings p ON p.node_id = m.node_id AND p.who = m.who
    LEFT JOIN read_bits r ON r.person_id = $1 AND r.node_id = m.node_id AND r.who = m.who
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
    LEFT JOIN read_bits r
      ON r.person_id = $1 AND r.node_id = m.node_id AND r.who = m.who
    GROUP BY p.notice_id HAVING NOT bool_or(coalesce(has_bit(r.bits, p.seq), false))) u
"""

ONE = f"""
WITH {MINE}, {FAMILY},
h AS (
    SELECT p.notice_id, max(p.published_at) AS published_at, array_agg(m.board) AS boards,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read
    FROM notice_postings p JOIN mine m USING (node_id, who)
    LEFT JOIN read_bits r ON r.person_id = $1 AND r.node_id = p.node_id AND r.who = p.who
    WHERE p.notice_id = $2 GROUP BY p.notice_id)
SELECT h.published_at, h.is_read,
       ARRAY(SELECT c.student_id FROM children c WHERE c.boards && h.boards) AS students,
       {CONFIRMED_BY_ME} AS confirmed_by_me, {HOUSEHOLD} AS household
FROM h JOIN notices n ON n.id = h.notice_id
"""


@from_replica
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


def decode(raw: str | None) -> list[dict[str, Any]]:
    """Decode a JSON column of one of these statements."""
    return msgspec.json.decode(raw) if raw else []
