"""Who works at a school: how colleagues are named in shifts, doors and hazards."""

from litestar import Controller, get
from litestar.di import NamedDependency, Provide

from backend.roster.permissions import school_of_colleagues
from backend.roster.queries import lists
from backend.roster.schemas.members import StaffListOut, StaffOut
from backend.schools.models import School
from backend.web.policy import Policy


class SchoolStaff(Controller):
    """The staff of a school."""

    path = "/schools/{school_id:uuid}/staff"
    opt = {"policy": Policy.STAFF}
    dependencies = {"school": Provide(school_of_colleagues)}

    @get(operation_id="listStaff", summary="本校教职工 Who works here")
    async def list_staff(self, school: NamedDependency[School]) -> StaffListOut:
        """Names and posts, for colleagues; numbers are not shown."""
        return StaffListOut(items=[StaffOut.of(row) for row in await lists.staff_of(school.id)])
