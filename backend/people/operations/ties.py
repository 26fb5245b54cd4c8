"""Standings and guardianships: who holds which role, and whose child is whose.

Rows end by date and are never deleted: what somebody saw, they saw in that standing.
"""

from typing import Any
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.database import execute, transaction
from backend.people.models import Guardianship, Person, Relation, Standing, Student
from backend.schools.models import District, Grade, School, SchoolClass, Zone
from backend.web.actor import Role

Node = District | Zone | School | Grade | SchoolClass


async def open_account(name: str, phone: str) -> Person:
    """Return the account of a mobile number (``+86…``), made when there is none yet."""
    person, _ = await Person.get_or_create(phone=phone, defaults={"name": name})
    return person


async def appoint(
    person_id: UUID, role: Role, node: Node, *, by: UUID | None = None, subject: str = ""
) -> Standing:
    """Give somebody a role at a node from now on; twice is once.

    No roster ever ends an appointment made by hand.
    """
    path = await _path(node)
    async with transaction():
        standing, is_new = await Standing.get_or_create(
            person_id=person_id,
            role=role,
            subject=subject,
            valid_until=None,
            **path,
            defaults={"source": "appointed"},
        )
        if is_new:
            await record(
                "people.appointed",
                "standing",
                standing.id,
                by=by,
                role=role,
                school_id=path.get("school_id"),
            )
        return standing


async def dismiss(standing_id: UUID, *, by: UUID | None = None) -> None:
    """End a standing now: its holder's next request already lacks the role."""
    async with transaction():
        ended = await Standing.filter(id=standing_id, valid_until=None).update(
            valid_until=clock.now()
        )
        if ended:
            await record("people.dismissed", "standing", standing_id, by=by)


async def admit(school_id: UUID, class_id: UUID, number: str, name: str) -> Student:
    """Enrol a child by its number (学号) in a class of the school."""
    async with transaction():
        student, _ = await Student.get_or_create(
            school_id=school_id, number=number, defaults={"name": name}
        )
        await execute(
            "INSERT INTO enrolments (id, student_id, class_id, since) "
            "VALUES (uuidv7(), $1, $2, now()) ON CONFLICT DO NOTHING",
            student.id,
            class_id,
        )
        return student


async def bind(
    person_id: UUID, student_id: UUID, relation: Relation, *, source: str = "roster"
) -> Guardianship:
    """Tie a guardian to a child with every right; twice is once."""
    async with transaction():
        tie, _ = await Guardianship.get_or_create(
            person_id=person_id,
            student_id=student_id,
            defaults={"relation": relation, "source": source},
        )
        return tie


async def restrict(tie_id: UUID, *, restricted: bool, by: UUID | None, reason: str) -> None:
    """Set or lift a protection order on one guardian; neither guardian ever sees it."""
    async with transaction():
        changed = await Guardianship.filter(id=tie_id).update(restricted=restricted)
        if changed:
            await record(
                "people.restricted" if restricted else "people.unrestricted",
                "guardianship",
                tie_id,
                by=by,
                reason=reason,
            )


async def _path(node: Node) -> dict[str, Any]:
    """Return the node's place in the tree, as standings keep it."""
    path: dict[str, Any] = dict.fromkeys(
        ("district_id", "zone_id", "school_id", "grade_id", "class_id")
    )
    if isinstance(node, District):
        return path | {"district_id": node.id}
    if isinstance(node, Zone):
        return path | {"district_id": node.district_id, "zone_id": node.id}
    school_id = node.id if isinstance(node, School) else node.school_id
    school = node if isinstance(node, School) else await School.get(id=school_id)
    path |= {"district_id": school.district_id, "school_id": school.id}
    if isinstance(node, Grade):
        path["grade_id"] = node.id
    if isinstance(node, SchoolClass):
        path |= {"grade_id": node.grade_id, "class_id": node.id}
    return path
