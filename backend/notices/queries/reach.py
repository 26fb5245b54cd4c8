"""The reachability funnel: where each family stands, and why.

The stages rise from 0 (nobody has an account) to 5 (settled). A family stands where its
furthest guardian stands; a member of staff stands for themselves. Addresses belong to
the post office, whose tables are read here because the funnel is one statement over
the whole audience.
"""

from typing import Any
from uuid import UUID

from backend.database import fetch
from backend.replicas import from_replica
from backend.web.actor import Actor
from backend.web.cursors import Position

STAGES = ("no_account", "no_device", "refused", "unread", "read", "confirmed")

STANDING = """
WITH reached AS MATERIALIZED (
    SELECT m.person_id, m.student_id,
           bool_or(coalesce(has_bit(r.bits, p.seq), false)) AS is_read
    FROM notice_postings p
    CROSS JOIN LATERAL (SELECT person_id, student_id FROM audience_members
                        WHERE node_id = p.node_id AND who = p.who OFFSET 0) m
    LEFT JOIN read_bits r
      ON r.person_id = m.person_id AND r.node_id = p.node_id AND r.who = p.who
    -- What hung last on each board tells, also when it has been taken down since.
    WHERE p.notice_id = $1 AND p.seq = (
            SELECT max(l.seq) FROM notice_postings l
            WHERE l.notice_id = p.notice_id AND l.node_id = p.node_id AND l.who = p.who)
      AND ($2::uuid[] IS NULL OR EXISTS (
            SELECT 1 FROM enrolments e WHERE e.student_id = m.student_id
              AND e.until IS NULL AND e.class_id = ANY($2::uuid[])))
    GROUP BY 1, 2),
live AS (
    SELECT d.person_id, bool_or(d.retired_at IS NULL) AS has_live
    FROM post_device d WHERE d.person_id IN (SELECT person_id FROM reached) GROUP BY 1),
failed AS (
    SELECT v.person_id, count(*) AS failures
    FROM post_letter l JOIN post_delivery v ON v.letter_id = l.id
    WHERE l.subject_id = $1 AND v.state IN ('refused', 'dead') GROUP BY 1),
people AS (
    SELECT x.person_id, x.student_id, x.is_read,
           CASE WHEN n.confirm_mode <> 'none' AND household_settled(
                     n.id, n.confirm_mode, n.confirm_revision, x.student_id, x.person_id) THEN 5
                WHEN x.is_read THEN 4
                WHEN q.activated_at IS NULL THEN 0
                WHEN live.person_id IS NULL THEN 1
                WHEN NOT live.has_live OR failed.failures > 0 THEN 2
                ELSE 3 END AS stage
    FROM reached x JOIN notices n ON n.id = $1 JOIN persons q ON q.id = x.person_id
    LEFT JOIN live ON live.person_id = x.person_id
    LEFT JOIN failed ON failed.person_id = x.person_id)
"""

FUNNEL = f"""
{STANDING},
families AS (SELECT student_id, max(stage) AS stage FROM people
             WHERE student_id IS NOT NULL GROUP BY 1),
adults AS (SELECT person_id, max(stage) AS stage FROM people GROUP BY 1)
SELECT 'families' AS unit, stage, count(*) AS n FROM families GROUP BY 2
UNION ALL SELECT 'people', stage, count(*) FROM adults GROUP BY 2
"""

CALL_LIST = f"""
{STANDING}
SELECT s.id AS student_id, s.name AS student, max(x.stage) AS stage,
       json_agg(json_build_object('name', q.name, 'relation', t.relation, 'phone', q.phone,
                                  'stage', x.stage) ORDER BY x.stage DESC, q.name) AS guardians
FROM people x JOIN students s ON s.id = x.student_id JOIN persons q ON q.id = x.person_id
JOIN family_ties t ON t.person_id = x.person_id AND t.student_id = x.student_id
GROUP BY s.id, s.name HAVING max(x.stage) < $3
ORDER BY max(x.stage), s.name
"""

ANSWERS = """
WITH latest AS (
    SELECT DISTINCT ON (r.student_id) r.student_id, r.answer FROM notice_receipts r
    JOIN notices n ON n.id = r.notice_id
    JOIN family_ties t ON t.person_id = r.person_id AND t.student_id = r.student_id
    WHERE r.notice_id = $1 AND r.revision >= n.confirm_revision
    ORDER BY r.student_id, r.confirmed_at DESC)
SELECT answer, count(*) AS n FROM latest GROUP BY 1
"""

SENT = """
SELECT n.id, n.title, n.category, n.state, n.urgent, n.confirm_mode, n.confirm_by,
       n.published_at, n.publish_at, n.expires_at, n.created_at, n.audience_families,
       n.audience_people, n.sender_name, n.sender_title, n.reason,
       (SELECT count(DISTINCT r.person_id) FROM notice_receipts r
        WHERE r.notice_id = n.id AND r.revision >= n.confirm_revision) AS confirmations
FROM notices n
WHERE ((n.author_id = $1 AND (n.school_id = ANY($6::uuid[])
                              OR n.school_id IS NULL AND n.district_id = ANY($7::uuid[])))
       OR (n.school_id = ANY($2::uuid[]) AND n.state <> 'draft')
       OR EXISTS (SELECT 1 FROM school_approvals a
                  WHERE a.notice_id = n.id AND a.school_id = ANY($2::uuid[])))
  AND ($3::timestamptz IS NULL OR (n.created_at, n.id) < ($3, $4::uuid))
ORDER BY n.created_at DESC, n.id DESC LIMIT $5
"""


@from_replica
async def funnel(notice_id: UUID) -> dict[str, dict[str, int]]:
    """Return for ``families`` and ``people`` how many stand at each stage."""
    found: dict[str, dict[str, int]] = {
        unit: dict.fromkeys(STAGES, 0) for unit in ("families", "people")
    }
    for row in await fetch(FUNNEL, notice_id, None):
        found[row["unit"]][STAGES[row["stage"]]] = int(row["n"])
    return found


@from_replica
async def sent(actor: Actor, before: Position | None, limit: int) -> list[dict[str, Any]]:
    """Return the caller's own notices and those of the schools they run, newest first.

    Whoever has left a school or a district's service has left their notices there.
    """
    moment, notice = (before.at, before.id) if before else (None, None)
    at_work = {seat.school_id for seat in actor.seats if seat.school_id}
    runs = [school for school in at_work if actor.runs_school(school)]
    districts = list(actor.district_ids)
    return await fetch(SENT, actor.person_id, runs, moment, notice, limit, list(at_work), districts)


@from_replica
async def call_list(notice_id: UUID, class_ids: list[UUID], *, below: int) -> list[dict[str, Any]]:
    """Return the families of these classes that stand below a stage, least reached first."""
    return await fetch(CALL_LIST, notice_id, class_ids, below)


async def answers(notice_id: UUID) -> dict[str, int]:
    """Return how many children got each answer to the version in force."""
    return {row["answer"]: int(row["n"]) for row in await fetch(ANSWERS, notice_id)}
