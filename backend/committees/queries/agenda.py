"""What an item is decided by, and agendas as lists."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.ballots.rules.charter import RuleSet
from backend.committees.models import Body, Matter, RuleKind, RuleSetVersion
from backend.committees.queries.charters import versions_of
from backend.committees.rules import charters
from backend.database import fetch, fetch_one
from backend.web.cursors import Position

_COLUMNS = """
SELECT i.id, i.body_id, i.meeting_id, i.parent_id, i.position, i.matter_id,
       m.title AS matter_title, m.rule_kind, i.rule_set_id, i.title, i.text, i.in_writing,
       i.proposer_id, p.name AS proposer_name, i.suggestion_id, i.state, i.reason,
       i.merged_into_id, i.retable_of_id, i.retables, i.vote_id, i.outcome, i.chosen,
       i.conclusion, i.present, i.has_quorum, i.created_at, i.scheduled_at, i.discussed_at,
       i.decided_at, coalesce(cardinality(i.attachment_ids), 0) AS attachments,
       (SELECT count(*)::int FROM recusals r WHERE r.item_id = i.id) AS recused,
       v.rules::text AS rules
FROM agenda_items i
JOIN matters m ON m.id = i.matter_id
JOIN persons p ON p.id = i.proposer_id
LEFT JOIN rule_set_versions v ON v.id = i.rule_set_id
"""
_PAGE = f"""
{_COLUMNS}
WHERE i.body_id = $1 AND ($2::text[] IS NULL OR i.state = ANY ($2))
  AND ($3::timestamptz IS NULL OR (i.created_at, i.id) < ($3, $4))
ORDER BY i.created_at DESC, i.id DESC LIMIT $5
"""
_MEETING = f"{_COLUMNS} WHERE i.meeting_id = $1 ORDER BY i.position, i.created_at, i.id"
_ONE = f"{_COLUMNS} WHERE i.id = $1"
_NOTICE = """
SELECT max(coalesce((v.rules ->> 'notice_days')::int, 3)) AS days FROM agenda_items i
JOIN rule_set_versions v ON v.id = i.rule_set_id
WHERE i.meeting_id = $1 AND i.state = 'scheduled'
"""


async def rule_set_for(body_id: UUID, kind: str, now: datetime) -> RuleSetVersion | None:
    """Return the version in force: the body's own before everybody's default."""
    return charters.in_force(await versions_of(body_id), body_id, RuleKind(kind), now)


async def ordinary_rules(body_id: UUID, now: datetime) -> RuleSet | None:
    """Return how the body decides ordinary matters now."""
    version = await rule_set_for(body_id, RuleKind.ORDINARY, now)
    return rules_of(version) if version else None


def rules_of(version: RuleSetVersion) -> RuleSet:
    """Return the rules a version holds."""
    return msgspec.convert(version.rules, RuleSet)


async def rules_frozen(rule_set_id: UUID) -> RuleSet:
    """Return the rules of the version an item has frozen."""
    return rules_of(await RuleSetVersion.get(id=rule_set_id))


async def rules_on_agenda(meeting_id: UUID, item_id: UUID) -> RuleSet | None:
    """Return the rules that an item of this meeting's agenda has frozen."""
    version = await RuleSetVersion.get_or_none(items__id=item_id, items__meeting_id=meeting_id)
    return rules_of(version) if version else None


async def matter_for(body: Body, matter_id: UUID) -> Matter | None:
    """Return a matter the body may decide: everybody's, its district's or its school's own."""
    matter = await Matter.get_or_none(id=matter_id, retired_at=None)
    if matter is None or matter.district_id not in (None, body.district_id):
        return None
    return matter if matter.school_id in (None, body.school_id) else None


async def notice_days_of(meeting_id: UUID) -> int:
    """Return the longest notice that the items on a meeting's agenda demand."""
    row = await fetch_one(_NOTICE, meeting_id)
    return int(row["days"] or 0) if row else 0


async def page(
    body_id: UUID, states: list[str] | None, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Return a body's items in these states (``None``: any), the newest first."""
    return await fetch(
        _PAGE, body_id, states, after.at if after else None, after.id if after else None, limit
    )


async def of_meeting(meeting_id: UUID) -> list[dict[str, Any]]:
    """Return the items of a meeting in order of position; parents and children together."""
    return await fetch(_MEETING, meeting_id)


async def one(item_id: UUID) -> dict[str, Any]:
    """Return one item as lists show it."""
    row = await fetch_one(_ONE, item_id)
    assert row is not None
    return row
