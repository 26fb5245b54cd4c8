"""Hours of service over HTTP."""

from datetime import date, timedelta
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.schools.models import School
from backend.volunteering.permissions.service import (
    Server,
    school_to_total,
    server_at_school,
)
from backend.volunteering.queries import service as queries
from backend.volunteering.rules import service as rules
from backend.volunteering.schemas.service import (
    DualSessionsOut,
    DutyServiceOut,
    PersonServiceOut,
    SchoolServiceOut,
    ServedShiftOut,
    ServiceOut,
    TermServiceOut,
)
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


class MyService(Controller):
    """The caller's own hours."""

    path = "/me/service"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMyService",
        summary="我的服务时长 My hours of service",
    )
    async def get_my_service(self, actor: NamedDependency[Actor]) -> ServiceOut:
        """Hours and shifts by school year and term, and the last fifty shifts."""
        return await _service(actor.person_id, None)


class SchoolService(Controller):
    """A school's totals."""

    path = "/schools/{school_id:uuid}/service"
    dependencies = {"school": Provide(school_to_total)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getSchoolService",
        summary="学校服务时长合计 The school's totals by duty",
        responses=refusals(rules.BadServicePeriod),
    )
    async def get_school_service(
        self,
        school: NamedDependency[School],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
    ) -> SchoolServiceOut:
        """Totals for each kind of duty from ``first`` to ``last``; without them, the last
        365 days. Nobody is named and nothing is ranked.
        """
        today = clock.local(clock.now()).date()
        until = last or today
        since = first or until - timedelta(days=365)
        rules.check_period(since, until, today)
        rows = await queries.totals(school.id, since, until)
        return SchoolServiceOut(
            first=since,
            last=until,
            shifts=sum(row["shifts"] for row in rows),
            turns=sum(row["turns"] for row in rows),
            minutes=sum(row["minutes"] for row in rows),
            duties=[DutyServiceOut(**row) for row in rows],
            dual_sessions=DualSessionsOut(**await queries.dual_sessions(school.id, since, until)),
        )


class PersonService(Controller):
    """One volunteer's record."""

    path = "/schools/{school_id:uuid}/service/{person_id:uuid}"
    dependencies = {"server": Provide(server_at_school)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getPersonService",
        summary="一位志愿者的服务记录 One volunteer's record",
    )
    async def get_person_service(self, server: NamedDependency[Server]) -> PersonServiceOut:
        """For the school's administrator only; what was done at this school, by date."""
        return PersonServiceOut(
            person_id=server.person_id,
            name=server.name,
            service=await _service(server.person_id, server.school.id),
        )


async def _service(person_id: UUID, school_id: UUID | None) -> ServiceOut:
    terms = await queries.by_term(person_id, school_id)
    latest = await queries.latest(person_id, school_id)
    return ServiceOut(
        shifts=sum(row["shifts"] for row in terms),
        minutes=sum(row["minutes"] for row in terms),
        terms=[TermServiceOut(**row) for row in terms],
        latest=[ServedShiftOut(**row) for row in latest],
    )


DUTY = (MyService, SchoolService, PersonService)
