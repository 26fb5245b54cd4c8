"""Series in their editors' hands: rhythm, state, queue, adoption, counts."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from backend.column.controllers.answers import line, series_out
from backend.column.models import ColumnItem, Series
from backend.column.operations import queue
from backend.column.operations import series as verbs
from backend.column.operations.series import Place
from backend.column.permissions import (
    Desk,
    desk_of_district,
    desk_of_school,
    desk_to_run,
    item_to_adopt,
    series_to_edit,
)
from backend.column.queries import work
from backend.column.rules import series as rules
from backend.column.rules.items import NotForAdoption
from backend.column.schemas.editing import (
    ColumnSeriesCounts,
    ColumnSeriesIn,
    ColumnSeriesOut,
    ColumnSeriesPage,
    QueueItem,
    QueueOut,
    QueuePlaceIn,
    SeriesStateIn,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

PLANNING = (rules.TopicsDoNotFit, rules.WeekdayDoesNotFit, rules.NotYourDepartment)


class SchoolSeries(Controller):
    """A school's column and its own tips."""

    path = "/schools/{school_id:uuid}"
    dependencies = {"desk": Provide(desk_of_school), "place": Provide(desk_to_run)}

    @get(
        "/column/series",
        opt={"policy": Policy.STAFF},
        operation_id="listSchoolSeries",
        summary="学校的栏目 The school's series",
    )
    async def list_school_series(self, desk: NamedDependency[Desk]) -> ColumnSeriesPage:
        """The column first, then series of tips. Class teachers see where they may write."""
        return await _series(desk.place)

    @put(
        "/column",
        opt={"policy": Policy.STAFF},
        operation_id="keepSchoolColumn",
        summary="开设学校专栏 Make or change the school's column",
        responses=refusals(rules.SeriesOver, *PLANNING),
    )
    async def keep_school_column(
        self,
        data: JSONBody[ColumnSeriesIn],
        actor: NamedDependency[Actor],
        place: NamedDependency[Place],
    ) -> ColumnSeriesOut:
        """A school has one column 家庭教育指导."""
        made = await verbs.keep_column(place, data.plan(), by=actor.person_id)
        return await series_out(made.id)

    @post(
        "/column/tips",
        opt={"policy": Policy.STAFF},
        operation_id="makeSchoolTips",
        summary="新建学校小贴士系列 Make a series of tips",
        responses=refusals(KeyNeeded, KeyReused, *PLANNING),
    )
    async def make_school_tips(
        self,
        data: JSONBody[ColumnSeriesIn],
        actor: NamedDependency[Actor],
        place: NamedDependency[Place],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ColumnSeriesOut:
        """Tips for the families of this school."""
        return await _make_tips("makeSchoolTips", data, actor, place, settings, idempotency_key)


class DistrictSeries(Controller):
    """A district's column and its departments' tips, for the families of all its schools."""

    path = "/districts/{district_id:uuid}"
    dependencies = {"desk": Provide(desk_of_district), "place": Provide(desk_to_run)}

    @get(
        "/column/series",
        opt={"policy": Policy.STAFF},
        operation_id="listDistrictSeries",
        summary="区级栏目 The district's series",
    )
    async def list_district_series(self, place: NamedDependency[Place]) -> ColumnSeriesPage:
        """The column first, then series of tips."""
        return await _series(place)

    @put(
        "/column",
        opt={"policy": Policy.STAFF},
        operation_id="keepDistrictColumn",
        summary="开设区级专栏 Make or change the district's column",
        responses=refusals(rules.SeriesOver, *PLANNING),
    )
    async def keep_district_column(
        self,
        data: JSONBody[ColumnSeriesIn],
        actor: NamedDependency[Actor],
        place: NamedDependency[Place],
    ) -> ColumnSeriesOut:
        """A district has one column 家庭教育指导."""
        made = await verbs.keep_column(place, data.plan(), by=actor.person_id)
        return await series_out(made.id)

    @post(
        "/column/tips",
        opt={"policy": Policy.STAFF},
        operation_id="makeDistrictTips",
        summary="新建部门小贴士系列 Make a department's series of tips",
        responses=refusals(KeyNeeded, KeyReused, *PLANNING),
    )
    async def make_district_tips(
        self,
        data: JSONBody[ColumnSeriesIn],
        actor: NamedDependency[Actor],
        place: NamedDependency[Place],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ColumnSeriesOut:
        """The district's officers enter tips on behalf of a department, which is shown."""
        return await _make_tips("makeDistrictTips", data, actor, place, settings, idempotency_key)


class OneSeries(Controller):
    """A series in its editors' hands."""

    path = "/column/series/{series_id:uuid}"
    dependencies = {"edited": Provide(series_to_edit)}
    opt = {"policy": Policy.STAFF}

    @put(
        operation_id="changeSeries",
        summary="修改栏目 Change a series",
        responses=refusals(rules.SeriesOver, *PLANNING),
    )
    async def change_series(
        self,
        data: JSONBody[ColumnSeriesIn],
        actor: NamedDependency[Actor],
        edited: NamedDependency[Series],
    ) -> ColumnSeriesOut:
        """A new rhythm begins with its next occasion from now."""
        await verbs.change(edited.id, data.plan(), by=actor.person_id)
        return await series_out(edited.id)

    @put(
        "/state",
        operation_id="setSeriesState",
        summary="暂停、恢复或结束栏目 Pause, resume or end a series",
        responses=refusals(rules.SeriesOver),
    )
    async def set_series_state(
        self,
        data: JSONBody[SeriesStateIn],
        actor: NamedDependency[Actor],
        edited: NamedDependency[Series],
    ) -> ColumnSeriesOut:
        """What has been released stays; occasions that fell into a pause are not made up."""
        await verbs.set_state(edited.id, data.state, by=actor.person_id)
        return await series_out(edited.id)

    @get("/queue", operation_id="getSeriesQueue", summary="待发布队列 What waits")
    async def get_series_queue(self, edited: NamedDependency[Series]) -> QueueOut:
        """What will be released next, in its order."""
        return await _queue(edited.id)

    @put(
        "/queue/{item_id:uuid}",
        operation_id="moveInQueue",
        summary="调整发布顺序 Move an item in the queue",
    )
    async def move_in_queue(
        self,
        data: JSONBody[QueuePlaceIn],
        actor: NamedDependency[Actor],
        edited: NamedDependency[Series],
        item_id: FromPath[UUID],
    ) -> QueueOut:
        """Others make room. With a day, it waits for that day and then goes first."""
        await queue.move(
            edited.id,
            item_id,
            position=data.position,
            release_on=data.release_on,
            by=actor.person_id,
        )
        return await _queue(edited.id)

    @get("/statistics", operation_id="getSeriesCounts", summary="栏目统计 How a series fares")
    async def get_series_counts(self, edited: NamedDependency[Series]) -> ColumnSeriesCounts:
        """Counts only; nobody sees who has read."""
        return ColumnSeriesCounts(**await work.statistics(edited.id))


class Adoption(Controller):
    """What a school takes up from its district."""

    path = "/column/series/{series_id:uuid}/adoptions/{item_id:uuid}"
    dependencies = {"edited": Provide(series_to_edit), "adopted": Provide(item_to_adopt)}
    opt = {"policy": Policy.STAFF}

    @put(
        operation_id="adoptColumnItem",
        summary="转载区级内容 Adopt an item of the district",
        responses=refusals(rules.SeriesOver, NotForAdoption),
    )
    async def adopt_column_item(
        self,
        actor: NamedDependency[Actor],
        edited: NamedDependency[Series],
        adopted: NamedDependency[ColumnItem],
    ) -> QueueOut:
        """It goes to the end of the queue. Whoever was told of it before is not told again."""
        await queue.adopt(edited.id, adopted.id, by=actor.person_id)
        return await _queue(edited.id)

    @delete(
        operation_id="dropAdoption",
        summary="取消转载 Let an adopted item go",
        responses=refusals(NotForAdoption),
    )
    async def drop_adoption(
        self,
        actor: NamedDependency[Actor],
        edited: NamedDependency[Series],
        adopted: NamedDependency[ColumnItem],
    ) -> None:
        """It leaves this series; the district's own is not touched."""
        await queue.drop(edited.id, adopted.id, by=actor.person_id)


async def _make_tips(
    operation: str,
    data: ColumnSeriesIn,
    actor: Actor,
    place: Place,
    settings: Settings,
    key: str | None,
) -> ColumnSeriesOut:
    async def act() -> ColumnSeriesOut:
        made = await verbs.make_tips(place, data.plan(), by=actor.person_id)
        return await series_out(made.id)

    asked = (place.school_id or place.district_id, data)
    return await once(
        actor.person_id, operation, key, asked, ColumnSeriesOut, act, secret=settings.secret_key
    )


async def _series(place: Place) -> ColumnSeriesPage:
    rows = await work.series_of(place.school_id, place.district_id)
    return ColumnSeriesPage(items=[line(ColumnSeriesOut, row) for row in rows])


async def _queue(series_id: UUID) -> QueueOut:
    series = await work.one_series(series_id)
    return QueueOut(
        next_release_at=series["next_release_at"],
        per_release=series["per_release"],
        items=[
            line(QueueItem, row | {"item_id": row["id"], "place": place})
            for place, row in enumerate(await work.queue(series_id), 1)
        ],
    )
