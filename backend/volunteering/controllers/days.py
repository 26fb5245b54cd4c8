"""Station days: planned, published, cancelled, summed up."""

from datetime import date

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.settings import Settings
from backend.volunteering.controllers.shifts import BadShiftPeriod, days_meant
from backend.volunteering.models import StationDay
from backend.volunteering.operations import days
from backend.volunteering.permissions.shifts import (
    SchoolSight,
    day_in_sight,
    day_to_run,
    volunteering_at,
    volunteering_to_run,
)
from backend.volunteering.queries.calendar import zone_of
from backend.volunteering.queries.lists import days_at
from backend.volunteering.rules import shifts as rules
from backend.volunteering.schemas.shifts import (
    CancellationIn,
    StationDayIn,
    StationDayOut,
    StationDayPage,
    SummaryIn,
)
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class SchoolDays(Controller):
    path = "/schools/{school_id:uuid}/station-days"
    dependencies = {"school": Provide(volunteering_at)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listStationDays",
        summary="家长驻校日列表 Station days",
        responses=refusals(BadShiftPeriod),
    )
    async def list_station_days(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
    ) -> StationDayPage:
        """Without dates, from today on for sixty days. Plans are for those who make them."""
        today = clock.local(clock.now(), await zone_of(school.school_id)).date()
        begins, ends = days_meant(first or min(today, last or today), last, today)
        found = await days_at(
            school.school_id, begins, ends, plans_of=None if school.runs else actor.person_id
        )
        return StationDayPage(items=[StationDayOut.of(day) for day in found])


class StationDayPlanning(Controller):
    path = "/schools/{school_id:uuid}/station-days"
    dependencies = {"school": Provide(volunteering_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="planStationDay",
        summary="计划驻校日 Plan a station day",
        responses=refusals(KeyNeeded, KeyReused, rules.NotOnStaff, rules.PastDay),
    )
    async def plan_station_day(
        self,
        data: JSONBody[StationDayIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[SchoolSight],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> StationDayOut:
        """A school has one on a date: planned already, it is returned as it is."""

        async def act() -> StationDayOut:
            day = await days.plan(
                school.school_id,
                data.day,
                data.note,
                organiser_id=data.organiser_id,
                by=actor.person_id,
            )
            return StationDayOut.of(day)

        return await once(
            actor.person_id,
            "planStationDay",
            idempotency_key,
            (school.school_id, data),
            StationDayOut,
            act,
            secret=settings.secret_key,
        )


class StationDays(Controller):
    path = "/station-days/{day_id:uuid}"
    dependencies = {"day": Provide(day_in_sight), "run": Provide(day_to_run)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getStationDay",
        summary="驻校日 One station day",
    )
    async def get_station_day(self, day: NamedDependency[StationDay]) -> StationDayOut:
        """Its shifts are those of the list with ``day``."""
        return StationDayOut.of(day)

    @put(
        "/publication",
        opt={"policy": Policy.STAFF},
        operation_id="publishStationDay",
        summary="发布驻校日 Publish it with all its shifts",
        responses=refusals(rules.WrongDayState, rules.NoShifts),
    )
    async def publish_station_day(
        self, actor: NamedDependency[Actor], run: NamedDependency[StationDay]
    ) -> StationDayOut:
        """Families see the day and may book from now on, or from each shift's opening."""
        return StationDayOut.of(await days.publish(run.id, by=actor.person_id))

    @put(
        "/cancellation",
        opt={"policy": Policy.STAFF},
        operation_id="cancelStationDay",
        summary="取消驻校日 Cancel it with all its shifts",
        responses=refusals(rules.WrongDayState),
    )
    async def cancel_station_day(
        self,
        data: JSONBody[CancellationIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[StationDay],
    ) -> StationDayOut:
        """Everybody who held or awaited a place is told, with the reason."""
        return StationDayOut.of(await days.cancel(run.id, data.reason, by=actor.person_id))

    @put(
        "/summary",
        opt={"policy": Policy.STAFF},
        operation_id="summariseStationDay",
        summary="驻校日小结 Sum it up",
        responses=refusals(rules.WrongDayState),
    )
    async def summarise_station_day(
        self,
        data: JSONBody[SummaryIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[StationDay],
    ) -> StationDayOut:
        """Once its last shift is over."""
        return StationDayOut.of(await days.summarise(run.id, data.summary, by=actor.person_id))
