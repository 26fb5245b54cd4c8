"""Who is entitled, drawn from the guardianships in force."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import msgspec

from backend import clock
from backend.ballots.models import Unit
from backend.database import fetch

LONGEST_LABEL = 80
_COLUMN = {"school": "c.school_id", "grade": "c.grade_id", "class": "c.id"}
_GUARDIANS = """
SELECT s.id AS student_id, s.name AS student, g.person_id, p.name AS person
FROM students s
JOIN enrolments e ON e.student_id = s.id AND e.until IS NULL
JOIN classes c ON c.id = e.class_id
JOIN guardianships g ON g.student_id = s.id
JOIN persons p ON p.id = g.person_id
WHERE {node} = $1 AND s.left_at IS NULL AND g.can_vote AND NOT g.restricted
  AND (g.valid_until IS NULL OR g.valid_until > $2)
ORDER BY s.id, g.person_id
"""


class UnitDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One ballot's worth of electorate before a vote opens.

    ``ref_id`` is the seat, the person, or the household's eldest pupil by id; ``voter_ids``
    are those who may cast its ballot.
    """

    ref_id: UUID
    label: str = ""
    constituency: str = ""
    voter_ids: tuple[UUID, ...]


class Pupil(msgspec.Struct, frozen=True, kw_only=True):
    """A pupil and those of their guardians who may vote."""

    id: UUID
    name: str
    guardians: frozenset[UUID]


async def of_node(node_id: UUID, level: str, unit: Unit) -> list[UnitDraft]:
    """Return the guardians (``person``) or the households of a school, grade or class.

    ``level`` says which of these ``node_id`` is. A guardian counts who may vote, is not
    restricted and has a child there now; a child with none belongs to nobody here. Seats are
    for whoever knows them to list.
    """
    rows = await fetch(_GUARDIANS.format(node=_COLUMN[level]), node_id, clock.now())
    if unit is Unit.PERSON:
        people = {row["person_id"]: row["person"] for row in rows}
        return [
            UnitDraft(ref_id=person, label=name[:LONGEST_LABEL], voter_ids=(person,))
            for person, name in sorted(people.items())
        ]
    if unit is not Unit.HOUSEHOLD:
        raise ValueError(f"guardians do not vote by {unit}")
    names = {row["student_id"]: row["student"] for row in rows}
    guardians: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        guardians[row["student_id"]].add(row["person_id"])
    return households(
        Pupil(id=pupil, name=names[pupil], guardians=frozenset(who))
        for pupil, who in guardians.items()
    )


def households(pupils: Iterable[Pupil]) -> list[UnitDraft]:
    """Put pupils together whose guardians are the same, or some of the same.

    Sets of guardians are taken the largest first, then by their smallest pupil's id; one that
    lies within an earlier one joins the first such. So a grandmother who alone answers for a
    cousin has a household of her own only where no larger family includes her.
    """
    sharing: dict[frozenset[UUID], list[Pupil]] = defaultdict(list)
    for pupil in pupils:
        if pupil.guardians:
            sharing[pupil.guardians].append(pupil)
    for children in sharing.values():
        children.sort(key=lambda child: child.id)
    order = sorted(sharing, key=lambda who: (-len(who), sharing[who][0].id))
    homes: list[frozenset[UUID]] = []
    of_person: dict[UUID, list[int]] = defaultdict(list)
    members: list[list[Pupil]] = []
    for who in order:
        # Whatever contains the set contains any one of it: only those homes need a look.
        one = min(who)
        home = next((at for at in of_person[one] if who <= homes[at]), None)
        if home is None:
            home = len(homes)
            homes.append(who)
            members.append([])
            for person in who:
                of_person[person].append(home)
        members[home] += sharing[who]
    return [
        _household(who, sorted(children, key=lambda child: child.id))
        for who, children in zip(homes, members, strict=True)
    ]


def _household(who: frozenset[UUID], children: list[Pupil]) -> UnitDraft:
    label = "、".join(child.name for child in children)
    if len(label) > LONGEST_LABEL:
        label = label[: LONGEST_LABEL - 1] + "…"
    return UnitDraft(ref_id=children[0].id, label=label, voter_ids=tuple(sorted(who)))
