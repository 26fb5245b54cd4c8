"""The district's side of minutes: what was submitted, filing, sending back, counting."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.committees.controllers.minutes_answers import minutes_out
from backend.committees.models import BodyKind, Meeting, MinutesState
from backend.committees.operations import minutes_filing
from backend.committees.permissions.minutes import (
    minutes_in_sight,
    minutes_to_file,
    school_of_minutes,
)
from backend.committees.queries import minutes as queries
from backend.committees.rules import minutes as rules
from backend.committees.schemas.minutes import (
    DistrictMinutesItem,
    DistrictMinutesPage,
    MinutesCountOut,
    MinutesCountsOut,
    MinutesOut,
    MinutesReturnIn,
)
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

_MUST_BE_FILED = (BodyKind.TASK_FORCE, BodyKind.JOINT_MEETING)


class MinutesFiling(Controller):
    """What the district makes of submitted minutes."""

    path = "/meetings/{meeting_id:uuid}/minutes"
    dependencies = {"handed_in": Provide(minutes_to_file)}

    @put(
        "/filing",
        opt={"policy": Policy.STAFF},
        operation_id="fileMinutes",
        summary="纪要备案 File the minutes",
        responses=refusals(rules.WrongMinutesState, rules.FilingPrefixTaken),
    )
    async def file_minutes(
        self, actor: NamedDependency[Actor], handed_in: NamedDependency[Meeting]
    ) -> MinutesOut:
        """Under the next number of the district and the year; asked again, it stays."""
        await minutes_filing.file(handed_in.id, by=actor.person_id)
        return await minutes_out(await minutes_in_sight(actor, handed_in.id), actor)

    @put(
        "/return",
        opt={"policy": Policy.STAFF},
        operation_id="returnMinutes",
        summary="退回纪要 Send the minutes back",
        responses=refusals(rules.WrongMinutesState),
    )
    async def return_minutes(
        self,
        data: JSONBody[MinutesReturnIn],
        actor: NamedDependency[Actor],
        handed_in: NamedDependency[Meeting],
    ) -> MinutesOut:
        """With a reason; they may be corrected and submitted again."""
        await minutes_filing.send_back(handed_in.id, data.reason, by=actor.person_id)
        return await minutes_out(await minutes_in_sight(actor, handed_in.id), actor)


class DistrictMinutes(Controller):
    """Minutes in a district's office."""

    path = "/districts/{district_id:uuid}/minutes"
    dependencies = {"district": Provide(district_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listDistrictMinutes",
        summary="报区的纪要 Minutes submitted to the district",
        responses=refusals(BadCursor),
    )
    async def list_district_minutes(
        self,
        district: NamedDependency[District],
        cursors: NamedDependency[Cursors],
        standing: FromQuery[MinutesState] = MinutesState.SUBMITTED,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> DistrictMinutesPage:
        """Those awaiting an answer, unless asked for filed or returned ones; latest first."""
        purpose = f"minutes:{district.id}:{standing}"
        before = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.page(district.id, standing, before, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return DistrictMinutesPage(
            items=[_item(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(last["submitted_at"], last["id"]))
            if last
            else None,
        )

    @get(
        "/counts",
        opt={"policy": Policy.STAFF},
        operation_id="countDistrictMinutes",
        summary="会议与备案统计 Meetings held and minutes filed",
    )
    async def count_district_minutes(
        self,
        district: NamedDependency[District],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
    ) -> MinutesCountsOut:
        """For the district's own bodies and every school; ``first`` and ``last`` are days."""
        return await _counts(district.id, None, first, last)


class SchoolMinutesCounts(Controller):
    """The same for one school."""

    path = "/schools/{school_id:uuid}/minutes/counts"
    dependencies = {"school": Provide(school_of_minutes)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="countSchoolMinutes",
        summary="学校会议与备案统计 Meetings held and minutes filed at a school",
    )
    async def count_school_minutes(
        self,
        school: NamedDependency[School],
        first: FromQuery[date | None] = None,
        last: FromQuery[date | None] = None,
    ) -> MinutesCountsOut:
        """By kind of body; ``first`` and ``last`` are days."""
        return await _counts(school.district_id, school.id, first, last)


def _item(row: dict[str, Any]) -> DistrictMinutesItem:
    return DistrictMinutesItem(
        meeting_id=row["meeting_id"],
        body_id=row["body_id"],
        body_name=row["body_name"],
        kind=BodyKind(row["kind"]),
        school_id=row["school_id"],
        school_name=row["school_name"],
        title=row["title"],
        held_at=row["held_at"],
        state=MinutesState(row["state"]),
        submitted_at=row["submitted_at"],
        filed_at=row["filed_at"],
        filing_number=row["filing_number"],
        returned_reason=row["returned_reason"],
    )


async def _counts(
    district_id: UUID, school_id: UUID | None, first: date | None, last: date | None
) -> MinutesCountsOut:
    lines = [
        MinutesCountOut(
            school_id=row["school_id"],
            school_name=row["school_name"],
            kind=BodyKind(row["kind"]),
            held=row["held"],
            confirmed=row["confirmed"],
            filed=row["filed"],
        )
        for row in await queries.counts(district_id, school_id, first, last)
    ]
    owed = [line for line in lines if line.kind in _MUST_BE_FILED]
    return MinutesCountsOut(
        held=sum(line.held for line in owed), filed=sum(line.filed for line in owed), lines=lines
    )


FILING = (MinutesFiling, DistrictMinutes, SchoolMinutesCounts)
