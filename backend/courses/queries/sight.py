"""Which courses somebody may take, and which they answer for: one sentence for all lists."""

from uuid import UUID

import msgspec

from backend.schools.models import Function
from backend.web.actor import Actor, Role


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Where the caller stands towards courses; each member is a list of ids.

    ``schools``: belongs there, and it has not switched courses off. ``at_work``: works
    there. ``runs``: administers or heads it. ``districts``: works for it above the schools.
    """

    schools: list[UUID]
    at_work: list[UUID]
    runs: list[UUID]
    districts: list[UUID]


def reach_of(actor: Actor) -> Reach:
    """Return where the caller stands; committee seats are held by guardians, not colleagues."""
    closed = set(actor.closed(Function.COURSES))
    seats = [seat for seat in actor.seats if seat.school_id and seat.school_id not in closed]
    parents = (Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR)
    at_work = {seat.school_id for seat in seats if seat.role not in parents}
    runs = {s.school_id for s in seats if s.role in (Role.SCHOOL_ADMIN, Role.PRINCIPAL)}
    # A district may have a committee of guardians, too.
    offices = {seat.district_id for seat in actor.seats if seat.role is Role.DISTRICT_OFFICER}
    return Reach(
        schools=sorted(actor.school_ids - closed),
        at_work=sorted(school for school in at_work if school),
        runs=sorted(school for school in runs if school),
        districts=sorted(actor.district_ids & offices),
    )


TAKEN = """
    (c.school_id = ANY($1::uuid[])
     OR EXISTS (SELECT 1 FROM course_adoptions a
                WHERE a.course_id = c.id AND a.school_id = ANY($1::uuid[]))
     OR (c.school_id IS NULL AND c.district_id IN (
            SELECT x.district_id FROM schools x WHERE x.id = ANY($1::uuid[]))))
"""
"""A course ``c`` is offered to whoever belongs to the schools ``$1``: their own school's, one
it adopted, or one of a host of their district that is no school."""
