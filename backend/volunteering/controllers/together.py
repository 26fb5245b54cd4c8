"""The teacher of record's word that they were there."""

from litestar import Controller, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.volunteering.operations import together
from backend.volunteering.permissions.shifts import ShiftSight, shift_of_teacher
from backend.volunteering.rules import shifts as rules
from backend.volunteering.schemas.organising import TeacherCameIn
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class ShiftTeacher(Controller):
    """Whether the teacher of a shift was there."""

    path = "/shifts/{shift_id:uuid}/teacher"
    dependencies = {"taught": Provide(shift_of_teacher)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="noteTeacher",
        summary="带班老师到场 The teacher was there",
        status_code=204,
        responses=refusals(rules.NoTeacherOfRecord, rules.NotBegun),
    )
    async def note_teacher(
        self,
        data: JSONBody[TeacherCameIn],
        actor: NamedDependency[Actor],
        taught: NamedDependency[ShiftSight],
    ) -> None:
        """A session of teacher and parent (双师) counts only when both were there."""
        await together.note_teacher(taught.shift.id, came=data.came, by=actor.person_id)
