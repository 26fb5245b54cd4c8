"""Parent schools over HTTP: a school's own, and those of the district."""

from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.courses.models import ParentSchool
from backend.courses.operations import hosts as operations
from backend.courses.permissions.authoring import (
    district_of_staff,
    host_in_sight,
    host_to_run,
)
from backend.courses.queries import authoring as queries
from backend.courses.rules import hosts as rules
from backend.courses.schemas.hosts import (
    DistrictHostIn,
    HostChangeIn,
    HostClosingIn,
    HostCoverageOut,
    ParentSchoolIn,
    ParentSchoolOut,
    ParentSchoolsOut,
)
from backend.errors import NotFound
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run, school_in_sight, school_to_run
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class OwnParentSchool(Controller):
    """A school's parent school, for everybody who belongs to the school."""

    path = "/schools/{school_id:uuid}/parent-school"
    dependencies = {"school": Provide(school_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getParentSchool",
        summary="本校的家长学校 A school's own parent school",
    )
    async def get_parent_school(self, school: NamedDependency[School]) -> ParentSchoolOut:
        """Absent until it is set up, or the first course is written."""
        host = await queries.host_of_school(school.id)
        if host is None:
            raise NotFound
        return await _shown(host.district_id, host.id)


class OwnParentSchoolSetting(Controller):
    """What the school says about it."""

    path = "/schools/{school_id:uuid}/parent-school"
    dependencies = {"school": Provide(school_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="setParentSchool",
        summary="设置本校的家长学校 Set up a school's own parent school",
        responses=refusals(rules.HostNameTaken),
    )
    async def set_parent_school(
        self,
        data: JSONBody[ParentSchoolIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
    ) -> ParentSchoolOut:
        """Its name, its head, and since when there is one."""
        host = await operations.set_own(actor, school, data.content())
        return await _shown(host.district_id, host.id)


class DistrictParentSchools(Controller):
    """All parent schools of a district, and how far they reach."""

    path = "/districts/{district_id:uuid}/parent-schools"
    dependencies = {"district": Provide(district_of_staff)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listParentSchools",
        summary="全区家长学校及覆盖率 A district's parent schools and their coverage",
    )
    async def list_parent_schools(self, district: NamedDependency[District]) -> ParentSchoolsOut:
        """Schools' own, communities' and the district's, with the courses each offers."""
        rows = await queries.hosts_of(district.id)
        return ParentSchoolsOut(
            items=[ParentSchoolOut.of(row) for row in rows],
            coverage=HostCoverageOut.of(await queries.coverage(district.id)),
        )


class DistrictHostOpening(Controller):
    """Where the district registers parent schools that are no school's."""

    path = "/districts/{district_id:uuid}/parent-schools"
    dependencies = {"district": Provide(district_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="openParentSchool",
        summary="登记社区或区级家长学校 Register a community's or the district's parent school",
        responses=refusals(rules.HostNameTaken, KeyNeeded, KeyReused),
    )
    async def open_parent_school(
        self,
        data: JSONBody[DistrictHostIn],
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ParentSchoolOut:
        """A district has one of its own; communities have as many as there are."""

        async def act() -> ParentSchoolOut:
            host = await operations.open_host(actor, district, data.kind, data.content())
            return await _shown(district.id, host.id)

        return await once(
            actor.person_id, "openParentSchool", idempotency_key, (district.id, data),
            ParentSchoolOut, act, secret=settings.secret_key,
        )  # fmt: skip


class DistrictHostChanges(Controller):
    """A community's or the district's parent school in the officers' hands."""

    path = "/parent-schools/{parent_school_id:uuid}"
    dependencies = {"host": Provide(host_in_sight), "run": Provide(host_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="changeParentSchool",
        summary="修改社区或区级家长学校 Change what is said about one",
        responses=refusals(rules.HostNameTaken),
    )
    async def change_parent_school(
        self,
        data: JSONBody[HostChangeIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ParentSchool],
    ) -> ParentSchoolOut:
        """A school's own is set at the school."""
        await operations.rewrite(actor, run.id, data.content())
        return await _shown(run.district_id, run.id)

    @put(
        "/closing",
        opt={"policy": Policy.STAFF},
        operation_id="closeParentSchool",
        summary="停办或恢复社区或区级家长学校 Close one, or open it again",
        responses=refusals(rules.BadClosing),
    )
    async def close_parent_school(
        self,
        data: JSONBody[HostClosingIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ParentSchool],
    ) -> ParentSchoolOut:
        """It takes no new courses from that day; what it offers stays until it is retired."""
        await operations.close(actor, run.id, data.closed_on)
        return await _shown(run.district_id, run.id)


async def _shown(district_id: UUID, host_id: UUID) -> ParentSchoolOut:
    [row] = await queries.hosts_of(district_id, host_id)
    return ParentSchoolOut.of(row)


DUTY = (
    OwnParentSchool,
    OwnParentSchoolSetting,
    DistrictParentSchools,
    DistrictHostOpening,
    DistrictHostChanges,
)
