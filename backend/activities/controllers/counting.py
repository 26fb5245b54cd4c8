"""How many 家长课堂 and 实践活动 were held: a school's proof, a district's overview (N01)."""

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.activities.permissions import CountSight, school_counted
from backend.activities.queries import counts
from backend.activities.schemas.counting import (
    CountedPeriodOut,
    HeldOccasionOut,
    ParentClassCountOut,
    ParentClassCountPage,
    RequiredCountOut,
    SchoolCountItem,
    YearNumber,
    still_to_hold,
)
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class SchoolParentClasses(Controller):
    path = "/schools/{school_id:uuid}/parent-class-count"
    dependencies = {"counted": Provide(school_counted)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getParentClassCount",
        summary="家长课堂和实践活动举办次数 How many were held",
    )
    async def get_parent_class_count(
        self,
        counted: NamedDependency[CountSight],
        year: FromQuery[YearNumber | None] = None,
    ) -> ParentClassCountOut:
        """In ``year``, or the year it is now; a school year is named by the year it begins in.

        For those who run the school; offices above it get the counts alone.
        """
        now = clock.now()
        rule = await counts.rule(counted.school.district_id)
        within = await counts.period(counted.district, rule, year, now)
        rows, held, attended = await counts.occasions(counted.school.id, within, now)
        return ParentClassCountOut(
            school_id=counted.school.id,
            required=RequiredCountOut.of(rule),
            period=CountedPeriodOut.of(within),
            held=held,
            attended=attended,
            remaining=still_to_hold(rule, held) if within else None,
            sessions=[HeldOccasionOut.of(row) for row in rows] if counted.runs else None,
        )


class DistrictParentClasses(Controller):
    path = "/districts/{district_id:uuid}/parent-class-counts"
    dependencies = {"district": Provide(district_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listParentClassCounts",
        summary="各校家长课堂和实践活动举办次数 Each school's count",
        responses=refusals(BadCursor),
    )
    async def list_parent_class_counts(
        self,
        district: NamedDependency[District],
        cursors: NamedDependency[Cursors],
        year: FromQuery[YearNumber | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 50,
    ) -> ParentClassCountPage:
        """For the district's officers: counts only, schools by code."""
        purpose = f"parent-classes:{district.id}:{year}"
        after = cursors.open(purpose, cursor, str) if cursor else ""
        now = clock.now()
        rule = await counts.rule(district.id)
        within = await counts.period(district, rule, year, now)
        found = (
            await School.filter(district_id=district.id, code__gt=after)
            .order_by("code")
            .limit(limit + 1)
        )
        shown = found[:limit]
        held = await counts.held_at([s.id for s in shown], within, now)
        items = []
        for school in shown:
            number, attended = held.get(school.id, (0, 0))
            items.append(
                SchoolCountItem(
                    school_id=school.id,
                    school=school.name,
                    held=number,
                    attended=attended,
                    remaining=still_to_hold(rule, number) if within else None,
                )
            )
        more = len(found) > limit
        return ParentClassCountPage(
            required=RequiredCountOut.of(rule),
            period=CountedPeriodOut.of(within),
            items=items,
            next_cursor=cursors.seal(purpose, shown[-1].code) if more else None,
            has_more=more,
        )
