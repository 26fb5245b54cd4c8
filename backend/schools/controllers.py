"""Which URLs: schools, districts with their calendar, departments and zones, switches."""

from datetime import date, timedelta
from uuid import UUID

from litestar import Controller, Router, get, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.errors import BadInput
from backend.schools import queries, rules
from backend.schools.directory import directory_of
from backend.schools.models import (
    Department,
    District,
    DistrictRule,
    FeatureSwitch,
    Function,
    School,
    Zone,
)
from backend.schools.operations import settings, tree
from backend.schools.permissions import (
    district_in_sight,
    school_in_sight,
    school_to_run,
    zone_to_lead,
)
from backend.schools.schemas.districts import (
    CalendarOut,
    DepartmentOut,
    DepartmentPage,
    DistrictOut,
    DistrictPage,
    LeadIn,
    LeadOut,
    RuleOut,
    RulePage,
    ZoneOut,
    ZonePage,
)
from backend.schools.schemas.schools import (
    FeaturesIn,
    FeaturesOut,
    GradePage,
    SchoolOut,
    SchoolPage,
    SchoolSettingsIn,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

LONGEST_CALENDAR = timedelta(days=800)


class BadPeriod(BadInput):
    code = "bad_period"
    zh = "起止日期有误：首尾须有序，且不超过800天。"
    en = "The period must be in order and at most 800 days long."


class Schools(Controller):
    """One school as those who belong to it see it."""

    path = "/schools/{school_id:uuid}"
    opt = {"policy": Policy.SIGNED_IN}
    dependencies = {"school": Provide(school_in_sight)}

    @get(operation_id="getSchool", summary="学校信息")
    async def get_school(self, school: NamedDependency[School]) -> SchoolOut:
        """本人所属的学校，或所管辖的学校。"""
        return SchoolOut.of(school, (await queries.school_places([school.id]))[school.id])

    @get("/classes", operation_id="listClasses", summary="年级与班级")
    async def list_classes(self, school: NamedDependency[School]) -> GradePage:
        """按年级从低到高排列的全部班级。"""
        return GradePage.of(await queries.classes_of(school.id))

    @get("/features", operation_id="getFeatures", summary="平台功能开关")
    async def get_features(self, school: NamedDependency[School]) -> FeaturesOut:
        """学校开通了哪些平台功能。"""
        return await _features(school.id)


class SchoolManners(Controller):
    """What a school's administrators decide for it."""

    path = "/schools/{school_id:uuid}"
    opt = {"policy": Policy.STAFF}
    dependencies = {"school": Provide(school_to_run)}

    @put("/features", operation_id="switchFeatures", summary="开关平台功能")
    async def switch_features(
        self,
        school: NamedDependency[School],
        actor: NamedDependency[Actor],
        data: JSONBody[FeaturesIn],
    ) -> FeaturesOut:
        """学校管理员和校长可用；关闭的功能对该校如同不存在。"""
        await settings.switch_functions(school.id, data.functions, by=actor.person_id)
        return await _features(school.id)

    @put("/settings", operation_id="setSchoolSettings", summary="审核方式与免打扰时段")
    async def set_school_settings(
        self,
        school: NamedDependency[School],
        actor: NamedDependency[Actor],
        data: JSONBody[SchoolSettingsIn],
    ) -> SchoolOut:
        """学校管理员和校长可用；紧急通知不受免打扰时段限制。"""
        changed = await settings.decide_manners(
            school.id,
            notice_approval=data.notice_approval,
            quiet_hours=data.quiet_hours,
            by=actor.person_id,
        )
        return SchoolOut.of(changed, (await queries.school_places([school.id]))[school.id])


class Districts(Controller):
    """What a district keeps for everyone in it."""

    path = "/districts/{district_id:uuid}"
    opt = {"policy": Policy.SIGNED_IN}
    dependencies = {"district": Provide(district_in_sight)}

    @get(
        "/schools",
        operation_id="listSchools",
        summary="全区学校",
        responses=refusals(BadCursor),
    )
    async def list_schools(
        self,
        district: NamedDependency[District],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 50,
    ) -> SchoolPage:
        """按学校代码排列。"""
        purpose = f"schools:{district.id}"
        after = cursors.open(purpose, cursor, str) if cursor else ""
        found = (
            await School.filter(district_id=district.id, code__gt=after)
            .order_by("code")
            .limit(limit + 1)
        )
        shown = found[:limit]
        places = await queries.school_places([school.id for school in shown])
        return SchoolPage(
            items=[SchoolOut.of(school, places[school.id]) for school in shown],
            next_cursor=cursors.seal(purpose, shown[-1].code) if len(found) > limit else None,
        )

    @get(
        "/calendar",
        operation_id="getCalendar",
        summary="校历",
        responses=refusals(BadPeriod),
    )
    async def get_calendar(
        self,
        district: NamedDependency[District],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
    ) -> CalendarOut:
        """first 至 last 之间的学年、学期和特殊日子；不填时为前后各一年。"""
        today = clock.local(clock.now(), district.timezone).date()
        year = timedelta(days=365)
        first = first or min(today, last or today) - year
        last = last or max(today, first) + year
        if not first <= last <= first + LONGEST_CALENDAR:
            raise BadPeriod(field="first, last")
        return CalendarOut.of(await queries.calendar_of(district.id, first, last))

    @get("/rules", operation_id="listRules", summary="政策数字")
    async def list_rules(self, district: NamedDependency[District]) -> RulePage:
        """本区采用的规则包：每个数字都有出处，分为必须做到和参考。"""
        adopted = (
            await DistrictRule.filter(district_id=district.id)
            .select_related("rule__pack")
            .order_by("-binding", "rule__code", "rule__due_on")
        )
        return RulePage(items=[RuleOut.of(one) for one in adopted])

    @get("/departments", operation_id="listDepartments", summary="成员部门")
    async def list_departments(self, district: NamedDependency[District]) -> DepartmentPage:
        """参与家校社协同育人的成员部门。"""
        found = await Department.filter(district_id=district.id).order_by("position")
        return DepartmentPage(items=[DepartmentOut.of(department) for department in found])

    @get("/zones", operation_id="listZones", summary="教联体实验区")
    async def list_zones(self, district: NamedDependency[District]) -> ZonePage:
        """实验区、龙头校和成员校；只有汇总数字。"""
        return ZonePage(items=[ZoneOut.of(row) for row in await queries.zones_of(district.id)])


class ZoneLead(Controller):
    """The lead school of one zone."""

    path = "/districts/{district_id:uuid}/zones/{zone_id:uuid}/lead-school"
    opt = {"policy": Policy.STAFF}
    dependencies = {"zone": Provide(zone_to_lead)}

    @put(
        operation_id="setLeadSchool",
        summary="指定龙头校",
        responses=refusals(rules.LeadNotAMember),
    )
    async def set_lead_school(
        self, zone: NamedDependency[Zone], actor: NamedDependency[Actor], data: JSONBody[LeadIn]
    ) -> LeadOut:
        """区教育局可用；龙头校必须是成员校。"""
        return LeadOut.of(await tree.set_lead(zone.id, data.school_id, by=actor.person_id))


@get(
    "/districts",
    operation_id="listDistricts",
    summary="区县目录",
    opt={"policy": Policy.PUBLIC},
    cache_control=CacheControlHeader(public=True, max_age=300),
)
async def list_districts(settings: NamedDependency[Settings]) -> DistrictPage:
    """首次登录前，应用请用户选择所在的区；之后的请求都发往该区的 url。"""
    directory = directory_of(settings)
    if directory is None:
        mine = await District.all().order_by("code")
        return DistrictPage(items=[DistrictOut.alone(one, settings.site) for one in mine])
    return DistrictPage(
        items=[
            DistrictOut.listed(one, directory.shards[one.shard].url, settings.shard)
            for one in directory.districts
        ]
    )


async def _features(school_id: UUID) -> FeaturesOut:
    off = await FeatureSwitch.filter(school_id=school_id, is_on=False)
    return FeaturesOut.of({Function(switch.function) for switch in off})


routes = Router(
    path="/",
    route_handlers=[list_districts, Schools, SchoolManners, Districts, ZoneLead],
    tags=["Schools"],
)
