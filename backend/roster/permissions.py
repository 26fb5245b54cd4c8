"""Who may see and do what with rosters; the only functions that hand a row to a handler."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.errors import NotAllowed, NotFound
from backend.roster.models import WITHOUT_CONTENT, ClassInvite, Group, JoinClaim, RosterImport
from backend.schools.models import School, SchoolClass
from backend.schools.permissions import class_in_sight, school_in_sight
from backend.web.actor import Actor, Role


async def import_in_sight(actor: NamedDependency[Actor], import_id: FromPath[UUID]) -> RosterImport:
    """An import, without its content, for those who run its school."""
    found = await RosterImport.all().only(*WITHOUT_CONTENT).get_or_none(id=import_id)
    if found is None or not actor.runs_school(found.school_id):
        raise NotFound
    return found


async def class_to_lead(actor: NamedDependency[Actor], class_id: FromPath[UUID]) -> SchoolClass:
    """A class, for its class teachers and those who run its school."""
    found = await class_in_sight(actor, class_id)
    if not leads(actor, found):
        raise NotAllowed
    return found


async def invite_to_manage(actor: NamedDependency[Actor], invite_id: FromPath[UUID]) -> ClassInvite:
    """A class's code, for those who lead the class."""
    invite = await ClassInvite.get_or_none(id=invite_id)
    if invite is None or not leads(actor, await SchoolClass.get(id=invite.class_id)):
        raise NotFound
    return invite


async def claim_to_decide(actor: NamedDependency[Actor], claim_id: FromPath[UUID]) -> JoinClaim:
    """A claim, for those who lead the class it asks for."""
    claim = await JoinClaim.get_or_none(id=claim_id)
    if claim is None or not leads(actor, await SchoolClass.get(id=claim.class_id)):
        raise NotFound
    return claim


async def school_to_group_in(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """A school, for those who may make groups in it: who runs it, and class teachers."""
    school = await school_in_sight(actor, school_id)
    if not actor.runs_school(school.id) and not classes_led(actor, school.id):
        raise NotAllowed
    return school


async def school_of_colleagues(actor: NamedDependency[Actor], school_id: FromPath[UUID]) -> School:
    """The school, for those who work there. Raises ``NotFound`` and :class:`NotAllowed`."""
    school = await school_in_sight(actor, school_id)
    if not actor.works_at(school.id):
        raise NotAllowed
    return school


async def group_in_sight(actor: NamedDependency[Actor], group_id: FromPath[UUID]) -> Group:
    """A group, for those who run its school and for the class teacher who made it."""
    group = await Group.get_or_none(id=group_id)
    if group is None:
        raise NotFound
    if actor.runs_school(group.school_id):
        return group
    if group.created_by != actor.person_id or not classes_led(actor, group.school_id):
        raise NotFound
    return group


def leads(actor: Actor, of_class: SchoolClass) -> bool:
    """Say whether the caller is the class's teacher or runs its school."""
    return actor.runs_school(of_class.school_id) or actor.holds(
        Role.CLASS_TEACHER, class_=of_class.id
    )


def classes_led(actor: Actor, school_id: UUID) -> set[UUID]:
    """Return the school's classes whose class teacher the caller is."""
    return {
        seat.class_id
        for seat in actor.seats
        if seat.role is Role.CLASS_TEACHER and seat.class_id and seat.school_id == school_id
    }


def members_within(actor: Actor, school_id: UUID) -> set[UUID] | None:
    """Return the classes the caller's groups are limited to; ``None`` for the whole school."""
    return None if actor.runs_school(school_id) else classes_led(actor, school_id)
