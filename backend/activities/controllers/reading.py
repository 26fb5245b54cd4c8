"""What there is: a school's activities, one of them, and the facts that policy counts."""

from datetime import date
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.activities.controllers.answers import activity_out
from backend.activities.models import ActivityKind
from backend.activities.permissions import (
    ActivitySight,
    school_to_count,
    school_with_activities,
)
from backend.activities.queries import facts, lists
from backend.activities.schemas.reading import (
    ActivityFactOut,
    ActivityFactsOut,
    ActivityItem,
    ActivityOut,
    ActivityPage,
    TermFactsOut,
)
from backend.bookings.queries.outlook import reach_of
from backend.schools.models import School
from backend.schools.queries import SMALLEST_SHOWN
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class SchoolActivities(Controller):
    path = "/schools/{school_id:uuid}/activities"
    dependencies = {"here": Provide(school_with_activities)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listActivities",
        summary="学校活动 A school's activities",
        responses=refusals(BadCursor),
    )
    async def list_activities(
        self,
        actor: NamedDependency[Actor],
        here: NamedDependency[UUID],
        cursors: NamedDependency[Cursors],
        kind: FromQuery[ActivityKind | None] = None,
        past: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> ActivityPage:
        """What is coming, soonest first; with ``past`` what was, latest first.

        Families see what is for their children, staff everything that has opened.
        """
        purpose = f"activities:{actor.person_id}:{here}:{kind}:{past}"
        now = clock.now()
        rows = await lists.page(
            here,
            actor.person_id,
            runs=actor.runs_school(here),
            at_work=actor.works_at(here),
            reach=reach_of(actor),
            kind=kind,
            past=past,
            now=now,
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return ActivityPage(
            items=[ActivityItem.of(row, now) for row in rows[:limit]],
            next_cursor=(
                cursors.seal(purpose, Position(last["first_at"], last["id"])) if last else None
            ),
            has_more=more,
        )


class OneActivity(Controller):
    path = "/activities/{activity_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getActivity",
        summary="活动详情 One activity",
    )
    async def get_activity(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[ActivitySight],
        settings: NamedDependency[Settings],
    ) -> ActivityOut:
        """Its sessions, and how each stands for me: free, mine, full, or why not."""
        return await activity_out(sight, actor, settings)


class ActivityFacts(Controller):
    path = "/schools/{school_id:uuid}/activities/facts"
    dependencies = {"counted": Provide(school_to_count)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getActivityFacts",
        summary="活动举办情况 What was held in each term",
    )
    async def get_activity_facts(
        self,
        counted: NamedDependency[School],
        on: FromQuery[date | None] = None,
    ) -> ActivityFactsOut:
        """By term and kind for the school year that holds ``on`` (today). For the school's
        staff and the offices above it; only what took place counts.
        """
        day = on or clock.local(clock.now()).date()
        year = await facts.year_on(counted.id, day)
        if year is None:
            return ActivityFactsOut(year=None, terms=[])
        terms: dict[UUID, TermFactsOut] = {}
        for row in await facts.held_facts(counted.id, year["id"]):
            term = terms.setdefault(
                row["term_id"],
                TermFactsOut(
                    term=row["term"], starts_on=row["starts_on"], ends_on=row["ends_on"], kinds=[]
                ),
            )
            if row["kind"] is not None:
                term.kinds.append(
                    ActivityFactOut(
                        kind=ActivityKind(row["kind"]),
                        held=row["held"],
                        attended=row["attended"],
                        families=_shown(row["families"]),
                        people=_shown(row["people"]),
                    )
                )
        return ActivityFactsOut(year=year["name"], terms=list(terms.values()))


def _shown(people: int) -> int | None:
    """A handful of people would have faces."""
    return people if people >= SMALLEST_SHOWN else None
