"""Lists of shifts and of volunteers, and what may be told of those on one shift."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from tortoise.expressions import Q

from backend.bookings.queries.outlook import reach_of
from backend.database import fetch
from backend.replicas import from_replica
from backend.volunteering.models import DutyKind, ShiftTemplate, StationDay
from backend.web.actor import Actor
from backend.web.cursors import Position


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which shifts of a school somebody asks for; moments bound the start."""

    begins: datetime
    ends: datetime
    duty: str | None = None
    day_id: UUID | None = None
    open_to_me: bool = False
    drafts: bool = False


_SHIFT = """
SELECT x.id, x.school_id, x.duty, x.station_day_id, x.template_id, x.needed_school,
       x.needed_police, x.teacher_id, t.name AS teacher, s.starts_at, s.minimum, p.taken,
       k.is_discreet, coalesce(nullif(x.briefing, ''), k.briefing) AS briefing,
       coalesce(h.school, 0) AS held_school, coalesce(h.police, 0) AS held_police,
       EXISTS (SELECT 1 FROM shift_asks a WHERE a.shift_id = x.id AND a.person_id = $1
               AND NOT a.willing) AS silenced
FROM shifts x JOIN slots s ON s.id = x.id JOIN slot_places p ON p.slot_id = x.id
CROSS JOIN LATERAL (SELECT d.is_discreet, d.briefing FROM duty_kinds d
    WHERE d.key = x.duty AND (d.school_id IS NULL OR d.school_id = x.school_id)
    ORDER BY d.school_id NULLS LAST LIMIT 1) k
LEFT JOIN persons t ON t.id = x.teacher_id
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE o.side = 'school')::int AS school,
    count(*) FILTER (WHERE o.side = 'police')::int AS police
    FROM post_holders o WHERE o.shift_id = x.id) h ON true
"""

_PAGE = f"""
{_SHIFT}
WHERE s.school_id = $2 AND s.kind = 'shift' AND s.starts_at >= $3 AND s.starts_at < $4
  AND ($5::text IS NULL OR x.duty = $5) AND ($6::uuid IS NULL OR x.station_day_id = $6)
  AND ($7 OR s.opened_at IS NOT NULL OR s.organiser_id = $1)
  AND ($8::timestamptz IS NULL OR (s.starts_at, s.id) > ($8, $9::uuid))
  {{only}}
ORDER BY s.starts_at, s.id LIMIT $10
"""

# Free this minute, and neither held already nor declined: the engine's own judgement.
_OPEN_TO_ME = """
  AND s.state = 'open' AND p.taken < p.capacity
  AND (p.waiting = 0 OR is_first_tap(s, $12))
  AND refusal_of(s, $1, $11::uuid[], $12) IS NULL
  AND NOT EXISTS (SELECT 1 FROM bookings b WHERE b.slot_id = s.id AND b.person_id = $1
      AND b.state IN ('requested', 'confirmed', 'waitlisted', 'offered', 'checked_in'))
  AND NOT EXISTS (SELECT 1 FROM shift_asks a WHERE a.shift_id = s.id AND a.person_id = $1
      AND NOT a.willing)
"""


async def shifts_at(
    actor: Actor,
    school_id: UUID,
    wanted: Wanted,
    *,
    now: datetime,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a page of a school's shifts, soonest first."""
    values: list[object] = [
        actor.person_id, school_id, wanted.begins, wanted.ends, wanted.duty, wanted.day_id,
        wanted.drafts, after.at if after else None, after.id if after else None, limit,
    ]  # fmt: skip
    only = ""
    if wanted.open_to_me:
        only, values = _OPEN_TO_ME, [*values, reach_of(actor), now]
    return await fetch(_PAGE.format(only=only), *values)


async def shift(shift_id: UUID, person_id: UUID) -> dict[str, Any]:
    """Return one shift as a list shows it."""
    return (await fetch(f"{_SHIFT} WHERE x.id = $2", person_id, shift_id))[0]


async def peers(shift_id: UUID) -> list[dict[str, Any]]:
    """Return name and relation of everybody with a place on a shift."""
    return await fetch(
        """
        SELECT b.person_id, q.name, (SELECT f.relation FROM family_ties f
            WHERE f.person_id = b.person_id AND f.school_id = b.school_id
            ORDER BY f.relation LIMIT 1) AS relation
        FROM bookings b JOIN persons q ON q.id = b.person_id
        WHERE b.slot_id = $1 AND b.state IN ('confirmed', 'checked_in', 'completed')
        ORDER BY b.created_at, b.id
        """,
        shift_id,
    )


async def holders(shift_id: UUID) -> list[dict[str, Any]]:
    """Return who stands at a guard post for the school and the police."""
    return await fetch(
        "SELECT side, name, unit FROM post_holders WHERE shift_id = $1 ORDER BY side DESC, name",
        shift_id,
    )


async def answers(shift_id: UUID) -> list[dict[str, Any]]:
    """Return everybody who holds a place, what they said about coming, and how to reach them."""
    return await fetch(
        """
        SELECT b.id, b.person_id, q.name, q.phone, b.coming, b.state,
               coalesce(bool_or(d.retired_at IS NULL), false) AS reachable
        FROM bookings b JOIN persons q ON q.id = b.person_id
        LEFT JOIN post_device d ON d.person_id = b.person_id
        WHERE b.slot_id = $1 AND b.state IN ('confirmed', 'checked_in')
        GROUP BY b.id, q.id ORDER BY b.coming NULLS FIRST, b.created_at, b.id
        """,
        shift_id,
    )


_VOLUNTEER = """
SELECT v.*, q.name, q.phone, coalesce(d.duties, '[]') AS duties, ARRAY(
    SELECT k FROM unnest(coalesce(st.training, '{}')) k WHERE NOT EXISTS (
        SELECT 1 FROM qualifications u WHERE u.person_id = v.person_id
          AND u.school_id = v.school_id AND u.key = k
          AND (u.valid_until IS NULL OR u.valid_until > now())) ORDER BY k) AS lacking
FROM volunteers v JOIN persons q ON q.id = v.person_id
LEFT JOIN volunteering_settings st ON st.school_id = v.school_id
LEFT JOIN LATERAL (SELECT json_agg(json_build_object('duty', o.duty, 'state', o.state)
    ORDER BY o.duty)::text AS duties
    FROM volunteer_duties o WHERE o.volunteer_id = v.id) d ON true
"""


async def volunteer(volunteer_id: UUID) -> dict[str, Any]:
    """Return one profile with the duties wished for and the training still lacking."""
    return (await fetch(f"{_VOLUNTEER} WHERE v.id = $1", volunteer_id))[0]


@from_replica
async def volunteers_at(
    school_id: UUID,
    *,
    state: str | None,
    duty: str | None,
    offer: str | None,
    lectures: bool,
    after: Position | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a page of a school's volunteers by the day they applied; never by what they did."""
    return await fetch(
        f"""
        {_VOLUNTEER}
        WHERE v.school_id = $1 AND ($2::text IS NULL OR v.state = $2)
          AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM volunteer_duties o
               WHERE o.volunteer_id = v.id AND o.duty = $3 AND o.state <> 'refused'))
          AND ($4::text IS NULL OR $4 = ANY (v.mentor_offers))
          AND (NOT $5 OR v.lecture_topics <> '{{}}')
          AND ($6::timestamptz IS NULL OR (v.applied_at, v.id) > ($6, $7::uuid))
        ORDER BY v.applied_at, v.id LIMIT $8
        """,
        school_id,
        state,
        duty,
        offer,
        lectures,
        after.at if after else None,
        after.id if after else None,
        limit,
    )


async def days_at(
    school_id: UUID, first: date, last: date, *, plans_of: UUID | None
) -> list[StationDay]:
    """Return station days by date; of plans only those of one organiser, unless it is ``None``."""
    found = StationDay.filter(school_id=school_id, day__gte=first, day__lte=last)
    if plans_of is not None:
        found = found.filter(Q(published_at__isnull=False) | Q(organiser_id=plans_of))
    return await found.order_by("day", "id")


async def templates_at(school_id: UUID) -> list[ShiftTemplate]:
    """Return a school's templates, the newest first and those that have ended last."""
    found = await ShiftTemplate.filter(school_id=school_id).order_by("-created_at").limit(500)
    return sorted(found, key=lambda one: one.ended_at is not None)


async def built_in_kinds() -> set[str]:
    """Return the keys of the duties that exist everywhere."""
    return {kind.key for kind in await DutyKind.filter(school_id__isnull=True)}
