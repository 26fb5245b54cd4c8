"""Audiences: who stands behind ``node/who``, in pages.

An audience key is ``f"{node_id}/{who}"``: ``families`` of a class, grade or school,
``members`` of a group, ``staff`` or one role at any node of the tree. Membership is
read from the rows of this moment, so whoever joins or leaves is in or out at once.
"""

from collections.abc import Sequence
from uuid import UUID

from backend.database import fetch
from backend.errors import BadInput
from backend.web.actor import Role

FAMILIES = "families"
MEMBERS = "members"
STAFF = "staff"
WHO = frozenset({FAMILIES, MEMBERS, STAFF, *Role})
"""Everyone an audience can be, at some node."""


class UnknownAudience(BadInput):
    """A key that is not ``node/who``; ``field`` names it."""

    code = "unknown_audience"
    zh = "无法识别的接收范围：{field}。"
    en = "That is not an audience: {field}."


def key(node_id: UUID, who: str) -> str:
    """Return the audience key of ``who`` at a node."""
    return f"{node_id}/{who}"


def split(audience: str) -> tuple[UUID, str]:
    """Take an audience key apart. Raises :class:`UnknownAudience`."""
    node, _, who = audience.partition("/")
    if who not in WHO:
        raise UnknownAudience(field=audience)
    try:
        return UUID(node), who
    except ValueError:
        raise UnknownAudience(field=audience) from None


async def page(audiences: Sequence[str], after: UUID | None, limit: int) -> list[UUID]:
    """Return the next at most ``limit`` people, each once, in the order of their ids.

    ``after`` is the last id of the page before. An empty page is the end. Raises
    :class:`UnknownAudience`.
    """
    arms, values = await _arms(audiences)
    last, most = f"${len(values) + 1}", f"${len(values) + 2}"
    # Each arm stops by itself, so a page of a whole district costs what a page holds.
    pages = " UNION ALL ".join(
        f"(SELECT DISTINCT person_id {arm} AND person_id > {last}::uuid "
        f"ORDER BY person_id LIMIT {most}::int)"
        for arm in arms
    )
    rows = await fetch(
        f"SELECT DISTINCT person_id FROM ({pages}) m ORDER BY person_id LIMIT {most}::int",
        *values,
        after or UUID(int=0),
        limit,
    )
    return [row["person_id"] for row in rows]


async def _arms(audiences: Sequence[str]) -> tuple[list[str], list[object]]:
    """Return ``FROM … WHERE …`` clauses that together are the audience, and their values.

    The view ``audience_members`` defines who belongs. Families are asked from the view
    beneath it, one arm for each kind of node, because only then can PostgreSQL walk the
    people in order and stop at the end of a page.
    """
    pairs = {split(audience) for audience in audiences}
    families = [node for node, who in pairs if who == FAMILIES]
    others = sorted(key(node, who) for node, who in pairs if who != FAMILIES)
    arms: list[str] = []
    values: list[object] = []
    for kind, nodes in (await _kinds(families)).items():
        values.append(nodes)
        arms.append(f"FROM family_ties WHERE {kind} = ANY(${len(values)}::uuid[])")
    if others or not arms:
        first = len(values)
        values += [
            sorted({split(other)[0] for other in others}),
            sorted({split(other)[1] for other in others}),
            others,
        ]
        # The third condition keeps pairs together: (class A, members) and (class B,
        # staff) must not admit A's staff.
        arms.append(
            f"FROM audience_members WHERE node_id = ANY(${first + 1}::uuid[]) "
            f"AND who = ANY(${first + 2}::text[]) "
            f"AND node_id::text || '/' || who = ANY(${first + 3}::text[])"
        )
    return arms, values


async def _kinds(nodes: list[UUID]) -> dict[str, list[UUID]]:
    if not nodes:
        return {}
    rows = await fetch(
        """
        SELECT 'class_id' AS kind, array_agg(id) AS ids FROM classes WHERE id = ANY($1::uuid[])
        UNION ALL SELECT 'grade_id', array_agg(id) FROM grades WHERE id = ANY($1::uuid[])
        UNION ALL SELECT 'school_id', array_agg(id) FROM schools WHERE id = ANY($1::uuid[])
        """,
        nodes,
    )
    return {row["kind"]: row["ids"] for row in rows if row["ids"]}
