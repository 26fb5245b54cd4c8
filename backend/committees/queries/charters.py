"""What a body may decide, and by which rule sets."""

from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from backend.committees.models import Body, RuleSetVersion
from backend.database import fetch


async def versions_of(body_id: UUID) -> list[RuleSetVersion]:
    """Return the body's own versions and everybody's, by kind, the newest first."""
    return await RuleSetVersion.filter(Q(body_id=body_id) | Q(body_id=None)).order_by(
        "kind", "-in_force_from", "-version"
    )


async def matters_for(body: Body) -> list[dict[str, Any]]:
    """Return what may be tabled: everybody's matters, the district's, the school's own."""
    return await fetch(
        """
        SELECT id, district_id, school_id, title, summary, rule_kind FROM matters
        WHERE retired_at IS NULL AND (
            (school_id IS NULL AND district_id IS NULL) OR district_id = $1 OR school_id = $2)
        ORDER BY num_nonnulls(school_id, district_id), school_id NULLS FIRST, id
        """,
        body.district_id,
        body.school_id,
    )


async def item_for_rules(item_id: UUID, body_id: UUID) -> dict[str, Any] | None:
    """Return an item of the body, ``{passed, is_charter}``, as adopting rules needs it."""
    rows = await fetch(
        """
        SELECT i.outcome = 'passed' AND i.state IN ('decided', 'in_execution', 'done') AS passed,
               v.kind = 'charter' AS is_charter
        FROM agenda_items i LEFT JOIN rule_set_versions v ON v.id = i.rule_set_id
        WHERE i.id = $1 AND i.body_id = $2
        """,
        item_id,
        body_id,
    )
    return rows[0] if rows else None
