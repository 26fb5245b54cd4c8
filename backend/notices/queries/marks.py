"""What a recipient does: reading, confirming; and who still owes. One round trip each."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.database import fetch
from backend.identifiers import uuid7
from backend.notices.queries.boards import Key
from backend.notices.queries.stands import MINE
from notifications import Seen, clearing

# Locks are taken in the order of the boards, so two phones of one person never deadlock.
MARK_READ = f"""
WITH {MINE},
hit AS (
    SELECT p.seq, p.notice_id, seen.revision, c.id AS board,
           coalesce(has_bit(r.bits, p.seq), false) AS was_read
    FROM notice_postings p JOIN mine m USING (node_id, who)
    JOIN unnest((SELECT $2::uuid[]), (SELECT $4::int[])) AS seen (notice_id, revision)
      ON seen.notice_id = p.notice_id AND p.revision <= seen.revision
    JOIN notices n ON n.id = p.notice_id AND n.state IN ('published', 'expired')
    JOIN audience_counters c ON c.node_id = p.node_id AND c.who = p.who
    LEFT JOIN board_marks r ON r.person_id = $1 AND r.board = c.id),
marks AS (
    INSERT INTO board_marks AS r (person_id, board, bits)
    SELECT $1, board, bits_of(array_agg(seq)) FROM hit WHERE NOT was_read
    GROUP BY board ORDER BY board
    ON CONFLICT (person_id, board) DO UPDATE SET bits = bits_or(r.bits, excluded.bits)
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

# An unchanged receipt keeps its first time.
_RENEWED = """
ON CONFLICT (notice_id, person_id, student_id) DO UPDATE SET
    revision = excluded.revision, answer = excluded.answer, confirmed_at = excluded.confirmed_at
WHERE (r.revision, r.answer) IS DISTINCT FROM (excluded.revision, excluded.answer)
  AND r.revision <= excluded.revision
"""

# The plain case, for many at once: what hangs as this process knows it, one receipt at most for
# the whole family. A board whose version is another is left out; so is what was read before left
# unwritten. What was read nowhere before, or is confirmed, is taken off the reader's other phones.
# Every board and every row of marks is looked up by itself.
TAP = f"""
WITH seen AS MATERIALIZED (
    SELECT a.n, a.person_id, a.seq, c.id AS board, r.bits IS NULL AS is_first,
           coalesce(has_bit(r.bits, a.seq), false) AS was_read
    FROM unnest((SELECT $1::int[]), (SELECT $2::uuid[]), (SELECT $3::uuid[]), (SELECT $4::text[]),
                (SELECT $5::bigint[]), (SELECT $6::int[]))
         a (n, person_id, node_id, who, version, seq)
    CROSS JOIN LATERAL (
        SELECT c.id FROM audience_counters c
        WHERE c.node_id = a.node_id AND c.who = a.who AND c.version = a.version OFFSET 0) c
    LEFT JOIN LATERAL (
        SELECT r.bits FROM board_marks r
        WHERE r.person_id = a.person_id AND r.board = c.id OFFSET 0) r ON true),
more AS (
    UPDATE board_marks r SET bits = with_bit(r.bits, s.seq) FROM seen s
    WHERE r.person_id = s.person_id AND r.board = s.board AND NOT s.was_read),
first AS (
    INSERT INTO board_marks AS r (person_id, board, bits)
    SELECT person_id, board, with_bit('', seq) FROM seen WHERE is_first
    ORDER BY person_id, board
    ON CONFLICT (person_id, board) DO UPDATE SET bits = bits_or(r.bits, excluded.bits)),
tapped AS MATERIALIZED (
    SELECT t.*, coalesce(s.boards, 0) AS boards, coalesce(s.was_read, true) AS was_read
    FROM unnest((SELECT $7::uuid[]), (SELECT $8::uuid[]), (SELECT $9::uuid[]), (SELECT $10::text[]),
                (SELECT $12::int[]), (SELECT $13::int[]), (SELECT $14::bool[]))
         WITH ORDINALITY t (person_id, notice_id, session_id, request_id, hangs, revision,
                            confirms, n)
    LEFT JOIN (SELECT n, count(*) AS boards, bool_or(was_read) AS was_read
               FROM seen GROUP BY n) s ON s.n = t.n - 1),
receipts AS (
    INSERT INTO notice_receipts AS r
        (id, notice_id, person_id, student_id, revision, answer, confirmed_at)
    SELECT uuidv7(), t.notice_id, t.person_id, NULL, t.revision, NULL, $15::timestamptz
    FROM tapped t WHERE t.revision IS NOT NULL AND t.boards = t.hangs
    ORDER BY t.person_id
    {_RENEWED}),
cleared AS MATERIALIZED (
    SELECT clear_seen(array_agg(t.person_id), array_agg(t.notice_id), array_agg(t.session_id),
                      array_agg(t.request_id), $11)
    FROM tapped t WHERE NOT t.was_read OR t.confirms AND t.boards = t.hangs
    HAVING count(*) > 0)
SELECT t.n::int - 1 AS n, t.boards = t.hangs AS is_known, (SELECT count(*) FROM cleared)
FROM tapped t
"""

# In a subselect the people's number is unknown to the planner, which would plan anew each time.
OWING = """
WITH reached AS (
    SELECT DISTINCT m.person_id, m.student_id
    FROM notice_postings p JOIN memberships m ON m.node_id = p.node_id AND m.who = p.who
    WHERE p.notice_id = $1 AND p.current AND m.person_id = ANY((SELECT $2::uuid[])::uuid[]))
SELECT DISTINCT x.person_id FROM reached x JOIN notices n ON n.id = $1
WHERE n.state = 'published' AND CASE WHEN n.confirm_mode = 'none' THEN NOT EXISTS (
          SELECT 1 FROM notice_postings p JOIN read_bits r
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
FROM notice_postings p JOIN read_bits r ON r.node_id = p.node_id AND r.who = p.who
WHERE p.notice_id = $1 AND (p.current OR NOT $3) AND r.person_id = ANY($2::uuid[])
  AND has_bit(r.bits, p.seq)
"""

RELATIVES = """
SELECT DISTINCT other.person_id
FROM family_ties mine JOIN family_ties other USING (student_id)
WHERE mine.person_id = $1 AND mine.student_id = ANY((SELECT $2::uuid[])::uuid[])
  AND other.person_id <> $1
"""


async def mark_read(person_id: UUID, seen: dict[UUID, int], now: datetime) -> dict[UUID, bool]:
    """Mark as read the versions up to the one seen.

    Returns for each notice that reached the person whether it was read before.
    """
    rows = await fetch(MARK_READ, person_id, list(seen), now, list(seen.values()))
    return {row["notice_id"]: row["was_read"] for row in rows}


class Hang(NamedTuple):
    """A notice on a board of one version, under its number."""

    key: Key
    version: int
    seq: int


class Tap(NamedTuple):
    """One notice tapped by one person, and where it hangs before them.

    ``revision`` is that of the receipt it makes, if any; ``confirms``: it is no mere reading.
    """

    seen: Seen
    hangs: Sequence[Hang]
    revision: int | None
    confirms: bool


async def tap(taps: Sequence[Tap], now: datetime) -> list[bool]:
    """Mark read what hangs, for people who are all different; write the receipts of what hangs
    as it was remembered, and clear it off their other phones.

    Returns for each whether all boards are of the versions named; if not, there is no receipt.
    """
    rows = [(n, one.seen.person_id, hang) for n, one in enumerate(taps) for hang in one.hangs]
    known = [False] * len(taps)
    for row in await fetch(
        TAP,
        [n for n, _, _ in rows],
        [person for _, person, _ in rows],
        [hang.key[0] for _, _, hang in rows],
        [hang.key[1] for _, _, hang in rows],
        [hang.version for _, _, hang in rows],
        [hang.seq for _, _, hang in rows],
        *clearing([one.seen for one in taps]),
        [len(one.hangs) for one in taps],
        [one.revision for one in taps],
        [one.confirms for one in taps],
        now,
    ):
        known[row["n"]] = row["is_known"]
    return known


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
        f"""
        INSERT INTO notice_receipts AS r
            (id, notice_id, person_id, student_id, revision, answer, confirmed_at)
        SELECT x.id, $1, $2, x.student, $3, x.answer, $4
        FROM unnest($5::uuid[], $6::uuid[], $7::text[]) AS x (id, student, answer)
        {_RENEWED}
        """,
        notice_id,
        person_id,
        revision,
        now,
        [uuid7() for _ in answers],
        list(answers),
        list(answers.values()),
    )
