"""What of the caller's own learning a handler gets."""

from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.courses.models import CourseEnrolment
from backend.courses.queries.mine import Taker, taker_of
from backend.errors import NotFound
from backend.web.actor import Actor


async def the_learner(actor: NamedDependency[Actor]) -> Taker:
    """The caller as a learner: everything of theirs is their own."""
    return taker_of(actor)


async def own_enrolment(
    actor: NamedDependency[Actor], course_id: FromPath[UUID]
) -> CourseEnrolment:
    """What the caller once took up, even if it is not offered any more. Raises
    :class:`NotFound`.
    """
    found = await CourseEnrolment.get_or_none(course_id=course_id, person_id=actor.person_id)
    if found is None:
        raise NotFound
    return found
