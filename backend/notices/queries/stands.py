"""Where a person stands: before which boards, for which children, with which family.

Read once for each picture of a caller (:mod:`backend.people.callers`): whatever changes it
changes the picture as well.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from backend.database import fetch
from backend.notices.queries.boards import Key
from backend.web.actor import Actor

MOST_KEPT = 20_000
EVERYWHERE = -1
"""All boards of a person, as :class:`Stand` names some of them."""


class Guardian(msgspec.Struct, frozen=True, gc=False):
    """Somebody who may see a child, by the name the family knows."""

    name: str
    relation: str


class Child(msgspec.Struct, frozen=True, gc=False):
    """One of the person's children, with all guardians by id, the person among them.

    Ids are text here, as they are compared and sent; ``id`` is the child's as it is shown.
    """

    key: str
    id: UUID
    name: str
    guardians: dict[str, Guardian]


class Stand(msgspec.Struct, frozen=True, gc=False):
    """The boards a person stands before, each with the children it is for, and the children
    by name. ``digest`` says all of it in a few bytes.

    Some of the boards are named by a number with a bit for the place of each. ``written`` is
    what the phone is sent of the children and a notice of which there is nothing else to say.
    """

    person: str
    boards: dict[Key, frozenset[str]]
    children: tuple[Child, ...]
    digest: bytes
    written: dict[tuple[int, bool, bool], bytes] = {}
    _children: dict[int, tuple[Child, ...]] = {}
    _families: dict[int, frozenset[str]] = {}

    def children_of(self, where: int) -> tuple[Child, ...]:
        """Return the children that some of the boards are for."""
        if (known := self._children.get(where)) is None:
            theirs: set[str] = set()
            for at, children in enumerate(self.boards.values()):
                if where >> at & 1:
                    theirs |= children
            known = self._children[where] = tuple(c for c in self.children if c.key in theirs)
        return known

    def family(self, where: int) -> frozenset[str]:
        """Return the guardians of the children that some of the boards are for, and the person."""
        if (known := self._families.get(where)) is None:
            guardians = (one for child in self.children_of(where) for one in child.guardians)
            known = self._families[where] = frozenset({self.person, *guardians})
        return known


_kept: OrderedDict[int, Stand] = OrderedDict()


async def stands(actors: Collection[Actor]) -> dict[int, Stand]:
    """Return where these callers stand, by picture; those not yet known in one round trip."""
    found = {a.picture: stand for a in actors if (stand := _kept.get(a.picture)) is not None}
    missing = {actor.person_id: actor for actor in actors if actor.picture not in found}
    if not missing:
        return found
    by_person = {row["person_id"]: row for row in await fetch(STANDS, list(missing))}
    for actor in actors:
        if actor.picture in found and actor.person_id not in missing:
            continue
        stand = found[actor.picture] = _stand(by_person[actor.person_id])
        if actor.picture:
            _kept[actor.picture] = stand
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _stand(row: dict[str, Any]) -> Stand:
    raw = f"{row['boards']}{row['family']}"
    boards = {
        (board["node"], board["who"]): frozenset(board["children"] or ())
        for board in msgspec.json.decode(row["boards"] or "[]")
    }
    guardians: dict[str, dict[str, Guardian]] = {}
    names: dict[str, str] = {}
    for tie in msgspec.json.decode(row["family"] or "[]"):
        names[tie["child"]] = tie["called"]
        theirs = guardians.setdefault(tie["child"], {})
        theirs[tie["person"]] = Guardian(tie["name"], tie["relation"])
    return Stand(
        str(row["person_id"]),
        boards,
        tuple(Child(key, UUID(key), names[key], found) for key, found in guardians.items()),
        hashlib.blake2b(raw.encode(), digest_size=16).digest(),
    )


# The boards of one person, $1; each is numbered, so that a notice need only remember the
# numbers of the boards it was found on.
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

STANDS = f"""
SELECT a.person_id, w.boards, w.family
FROM unnest((SELECT $1::uuid[])) a (person_id) CROSS JOIN LATERAL (
    WITH {MINE.replace("$1", "a.person_id")}, {FAMILY}
    SELECT (SELECT json_agg(json_build_object('node', node_id, 'who', who, 'children', students)
                            ORDER BY node_id, who) FROM mine)::text AS boards,
           (SELECT json_agg(json_build_object('child', student_id, 'called', student,
                                'person', person_id, 'name', name, 'relation', relation)
                            ORDER BY student, student_id, person_id) FROM family)::text AS family
    LIMIT 1) w
"""
