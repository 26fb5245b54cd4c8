"""Agenda items and votes put in the database as they stand, where their story is not told."""

from typing import Any
from uuid import UUID

from backend.database import execute
from backend.identifiers import uuid7
from seed.cast import Cast


async def a_vote(cast: Cast, by: str = "周婷") -> UUID:
    """Return the id of a vote that somebody has drafted."""
    vote = uuid7()
    await execute(
        "INSERT INTO votes (id, district_id, subject_id, title, method, options, mode, unit, "
        "rules, rule_set_id, recused, chosen, created_by, created_at, closes_at) "
        "SELECT $1, $2, $1, '推选委员', 'single', "
        """'[{"key": "a", "label": "甲"}, {"key": "b", "label": "乙"}]', 'open', 'seat', rules, """
        "id, '[]', '{}', $3, now(), now() + interval '1 day' "
        "FROM rule_set_versions WHERE body_id IS NULL AND kind = 'personnel'",
        vote,
        cast.district.id,
        cast.id(by),
    )
    return vote


async def an_item(
    cast: Cast,
    body: dict[str, Any],
    *,
    state: str,
    outcome: str = "",
    kind: str = "charter",
    by: str = "周婷",
) -> UUID:
    """Return the id of an item of the body, decided in writing under rules of ``kind``."""
    item = uuid7()
    await execute(
        "INSERT INTO agenda_items (id, body_id, matter_id, rule_set_id, title, attachment_ids, "
        "in_writing, proposer_id, state, outcome, vote_id, chosen, created_at, scheduled_at, "
        "decided_at) SELECT $1, $2, m.id, v.id, '议题', '{}', true, $3, $4, $5::varchar, $6, '{}', "
        "now(), now(), CASE WHEN $5::varchar <> '' THEN now() END "
        "FROM matters m, rule_set_versions v WHERE m.rule_kind = $7 AND v.body_id IS NULL "
        "AND v.kind = $7 LIMIT 1",
        item,
        UUID(body["id"]),
        cast.id(by),
        state,
        outcome,
        await a_vote(cast, by),
        kind,
    )
    return item
