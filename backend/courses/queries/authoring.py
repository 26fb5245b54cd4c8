"""What authors and those who run a host look up."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from backend.courses.models import (
    Lesson,
    ParentSchool,
    PublicationState,
    Question,
    Revision,
)
from backend.database import fetch, fetch_one
from backend.media.models import Attachment
from backend.replicas import from_replica
from backend.web.cursors import Position


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson holds: the revision that is published, and the one beside it."""

    shown: Any
    draft: Any
    questions: list[Any]
    media: list[Any]


async def contents_of(lesson: Lesson, *, with_draft: bool) -> Contents:
    """Return the published content of a lesson and, for those who write it, its draft."""
    wanted = Revision.filter(lesson_id=lesson.id, number__gte=max(lesson.revision, 1))
    if not with_draft:
        wanted = wanted.filter(number=lesson.revision, state=PublicationState.PUBLISHED)
    revisions = {one.number: one for one in await wanted.order_by("number")}
    shown = revisions.pop(lesson.revision, None)
    draft = next(iter(revisions.values()), None)
    found = [one for one in (shown, draft) if one is not None]
    media = [one.attachment_id for one in found if one.attachment_id]
    return Contents(
        shown=shown,
        draft=draft,
        questions=await Question.filter(revision_id__in=[one.id for one in found]).order_by(
            "position"
        ),
        media=await Attachment.filter(id__in=media, stored_at__not_isnull=True) if media else [],
    )


async def host_of_school(school_id: UUID) -> ParentSchool | None:
    """Return the school's own parent school, if there is one yet."""
    return await ParentSchool.get_or_none(school_id=school_id)


async def places_of(course_id: UUID) -> dict[UUID, int]:
    """Return the course's lessons that are not retired, in order, with their places."""
    rows = await fetch(
        "SELECT id, position FROM lessons WHERE course_id = $1 AND state <> 'retired' "
        "ORDER BY position",
        course_id,
    )
    return {row["id"]: row["position"] for row in rows}


async def next_number(lesson_id: UUID) -> int:
    """Return the number of the lesson's next revision."""
    row = await fetch_one(
        "SELECT coalesce(max(number), 0) + 1 AS next FROM lesson_revisions WHERE lesson_id = $1",
        lesson_id,
    )
    assert row is not None
    return int(row["next"])


async def fitting_slots(
    slot_ids: Collection[UUID], school_id: UUID | None, district_id: UUID
) -> set[UUID]:
    """Return those slots that are sessions, not called off, of the school; for a course of no
    school, of any school of the district.
    """
    if not slot_ids:
        return set()
    rows = await fetch(
        """
        SELECT s.id FROM slots s JOIN schools x ON x.id = s.school_id
        WHERE s.id = ANY($1::uuid[]) AND s.kind = 'session' AND s.state <> 'cancelled'
          AND x.district_id = $3 AND ($2::uuid IS NULL OR x.id = $2)
        """,
        list(slot_ids),
        school_id,
        district_id,
    )
    return {row["id"] for row in rows}


async def who_reviews(school_id: UUID | None, district_id: UUID) -> dict[UUID, bool]:
    """Return who runs the host of a course; of each, whether it is their daily work: a
    school's principal is asked when no administrator can be.
    """
    rows = await fetch(
        """
        SELECT person_id, bool_or(role <> 'principal') AS daily FROM standings_in_force
        WHERE CASE WHEN $1::uuid IS NULL
              THEN district_id = $2 AND school_id IS NULL AND role = 'district_officer'
              ELSE school_id = $1 AND role IN ('school_admin', 'principal') END
        GROUP BY person_id
        """,
        school_id,
        district_id,
    )
    return {row["person_id"]: row["daily"] for row in rows}


async def still_there(
    people: Collection[UUID], school_id: UUID | None, district_id: UUID
) -> list[UUID]:
    """Return those of ``people`` who still work at the school, or for the district itself."""
    rows = await fetch(
        """
        SELECT DISTINCT person_id FROM standings_in_force
        WHERE person_id = ANY($3::uuid[]) AND is_staff AND district_id = $2
          AND school_id IS NOT DISTINCT FROM $1::uuid
        """,
        school_id,
        district_id,
        list(people),
    )
    return [row["person_id"] for row in rows]


async def courses_of(
    host_ids: Collection[UUID],
    *,
    work: str | None,
    drafts_of: UUID | None,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return courses of some hosts at one stage of the work, newest first.

    With ``drafts_of`` only that person's own drafts are among them.
    """
    return await fetch(
        """
        SELECT c.id, c.kind, c.state, c.title, c.topic, c.stages, c.grades, c.brand, c.delivery,
               c.author_id, p.name AS author, c.created_at, c.submitted_at, c.published_at,
               c.return_reason, c.shared_at IS NOT NULL AS shared, n.lessons, n.revisions
        FROM courses c LEFT JOIN persons p ON p.id = c.author_id
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE l.state <> 'retired')::int AS lessons,
                   count(*) FILTER (WHERE EXISTS (SELECT 1 FROM lesson_revisions r
                       WHERE r.lesson_id = l.id AND r.state = 'in_review'))::int AS revisions
            FROM lessons l WHERE l.course_id = c.id) n
        WHERE c.host_id = ANY($1::uuid[]) AND ($2::text IS NULL OR c.state = $2)
          AND ($3::uuid IS NULL OR c.state <> 'draft' OR c.author_id = $3)
          AND ($4::timestamptz IS NULL OR (c.created_at, c.id) < ($4, $5))
        ORDER BY c.created_at DESC, c.id DESC LIMIT $6
        """,
        list(host_ids),
        work,
        drafts_of,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def lessons_of(course_id: UUID) -> list[dict[str, Any]]:
    """Return every lesson with how it is published and how its draft stands, in order."""
    return await fetch(
        """
        SELECT l.id, l.position, l.required, l.state, l.revision, l.retired_reason,
               p.kind, p.title, p.duration_ms, p.external_url, p.slot_id, p.published_at,
               (SELECT count(*) FROM lesson_questions q WHERE q.revision_id = p.id)::int
                   AS questions,
               d.kind AS draft_kind, d.title AS draft_title, d.state AS draft_state,
               d.version AS draft_version, d.duration_ms AS draft_duration_ms
        FROM lessons l
        LEFT JOIN lesson_revisions p ON p.lesson_id = l.id AND p.number = l.revision
        LEFT JOIN lesson_revisions d ON d.lesson_id = l.id AND d.state IN ('draft', 'in_review')
        WHERE l.course_id = $1
        ORDER BY l.state = 'retired', l.position, l.id
        """,
        course_id,
    )


async def course_facts(course_id: UUID) -> dict[str, Any]:
    """Return what a course's own row does not say: its host, people's names, its size."""
    row = await fetch_one(
        """
        SELECT h.name AS host, h.kind AS host_kind, a.name AS author, r.name AS reviewer,
               n.lessons, n.required,
               coalesce(c.external_minutes::bigint * 60000, n.duration_ms) AS duration_ms
        FROM courses c JOIN parent_schools h ON h.id = c.host_id
        LEFT JOIN persons a ON a.id = c.author_id
        LEFT JOIN persons r ON r.id = c.reviewer_id
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS lessons, count(*) FILTER (WHERE l.required)::int AS required,
                   coalesce(sum(v.duration_ms), 0)::bigint AS duration_ms
            FROM lessons l
            JOIN lesson_revisions v ON v.lesson_id = l.id AND v.number = l.revision
            WHERE l.course_id = c.id AND l.state = 'published') n
        WHERE c.id = $1
        """,
        course_id,
    )
    assert row is not None
    return row


async def reviews_of(course_id: UUID) -> list[dict[str, Any]]:
    """Return what reviewers answered, newest first, at most two hundred."""
    return await fetch(
        """
        SELECT v.id, v.lesson_id, v.revision, v.submitted_at, v.approved, v.reason,
               v.reviewed_at, v.reviewer_id, p.name AS reviewer, r.title AS lesson
        FROM course_reviews v JOIN persons p ON p.id = v.reviewer_id
        LEFT JOIN lesson_revisions r ON r.lesson_id = v.lesson_id AND r.number = v.revision
        WHERE v.course_id = $1
        ORDER BY v.reviewed_at DESC, v.id DESC LIMIT 200
        """,
        course_id,
    )


async def hosts_of(district_id: UUID, host_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the district's parent schools, or one, with how many published courses each has."""
    return await fetch(
        """
        SELECT h.id, h.district_id, h.school_id, h.town_id, t.name AS town, h.kind, h.name,
               h.head, h.opened_on, h.closed_on,
               (SELECT count(*) FROM courses c
                WHERE c.host_id = h.id AND c.state = 'published')::int AS courses
        FROM parent_schools h LEFT JOIN towns t ON t.id = h.town_id
        WHERE h.district_id = $1 AND ($2::uuid IS NULL OR h.id = $2)
        ORDER BY array_position(ARRAY['district', 'school', 'community'], h.kind::text), h.name
        LIMIT 2000
        """,
        district_id,
        host_id,
    )


@from_replica
async def coverage(district_id: UUID) -> dict[str, Any]:
    """Count the district's schools and communities, and those with a published course.

    ``target`` is the amount of the rule the district follows, in percent, if it follows any.
    """
    row = await fetch_one(
        """
        WITH hosting AS (
            SELECT h.school_id, h.kind FROM parent_schools h
            WHERE h.district_id = $1 AND h.closed_on IS NULL
              AND EXISTS (SELECT 1 FROM courses c
                          WHERE c.host_id = h.id AND c.state = 'published')),
        followed AS (
            SELECT r.amount, p.source, f.binding
            FROM district_rules f JOIN policy_rules r ON r.id = f.rule_id
            JOIN rule_packs p ON p.id = r.pack_id
            WHERE f.district_id = $1 AND r.code = 'N25' AND r.scope = 'district'
            ORDER BY f.binding DESC, r.amount DESC, r.id LIMIT 1)
        SELECT (SELECT count(*) FROM schools s WHERE s.district_id = $1)::int AS schools,
               (SELECT count(*) FROM hosting WHERE kind = 'school')::int AS schools_active,
               (SELECT count(*) FROM parent_schools h WHERE h.district_id = $1
                    AND h.kind = 'community' AND h.closed_on IS NULL)::int AS communities,
               (SELECT count(*) FROM hosting WHERE kind = 'community')::int
                   AS communities_active,
               (SELECT amount FROM followed) AS target,
               (SELECT source FROM followed) AS source,
               (SELECT binding FROM followed) AS binding
        """,
        district_id,
    )
    assert row is not None
    return row
