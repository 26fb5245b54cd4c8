"""The readers' side: the column, one item, reading marks, subscriptions."""

from uuid import UUID

from litestar import Controller, Request, Response, delete, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend.column.controllers.answers import item_out, line
from backend.column.models import ColumnItem, ColumnKind, Series, SeriesKind, TipTopic
from backend.column.operations import readers
from backend.column.permissions import ItemSight, item_to_read, reading_at, series_to_read
from backend.column.queries import feed
from backend.column.queries.feed import Mark, Sifting
from backend.column.schemas.reading import (
    ColumnCard,
    ColumnItemOut,
    ColumnPage,
    MySeriesOut,
    MySeriesPage,
)
from backend.schools.models import Stage
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.conditional import UNCHANGED, conditional
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize, Words


class Column(Controller):
    """What the caller's schools and their district have released."""

    path = "/column"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listColumn",
        summary="专栏与小贴士 The column and tips",
        responses=refusals(BadCursor) | UNCHANGED,
    )
    async def list_column(
        self,
        request: Request[Actor, None, State],
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        q: FromQuery[Words | None] = None,
        kind: FromQuery[ColumnKind | None] = None,
        topic: FromQuery[TipTopic | None] = None,
        stage: FromQuery[Stage | None] = None,
        series: FromQuery[UUID | None] = None,
        shelf: FromQuery[SeriesKind | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> Response[ColumnPage]:
        """Each item once, newest first. With ``q``, texts that contain all its words, those
        that have them in the title first."""
        purpose = f"column:{actor.person_id}:{q}"
        after = cursors.open(purpose, cursor, Mark) if cursor else None
        sifting = Sifting(
            kind=kind, topic=topic, stage=stage, series_id=series, series_kind=shelf, words=q
        )
        rows = await feed.page(reading_at(actor), actor.person_id, sifting, after, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        page = ColumnPage(
            items=[line(ColumnCard, row) for row in rows[:limit]],
            next_cursor=cursors.seal(
                purpose, Mark(last.get("in_title", False), last["released_at"], last["id"])
            )
            if last
            else None,
        )
        return conditional(request, page)


class OneItem(Controller):
    """An item as its readers, its writer or its editors see it."""

    path = "/column/items/{item_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getColumnItem",
        summary="查看文章 Read an item",
        responses=UNCHANGED,
    )
    async def get_column_item(
        self,
        request: Request[Actor, None, State],
        actor: NamedDependency[Actor],
        sight: NamedDependency[ItemSight],
        settings: NamedDependency[Settings],
    ) -> Response[ColumnItemOut]:
        """The whole item. Looking changes nothing: reading is marked by a PUT."""
        return conditional(request, await item_out(sight, actor, settings))

    @put(
        "/reading",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="markColumnItemRead",
        summary="标记已读 Mark as read",
        dependencies={"readable": Provide(item_to_read)},
        status_code=204,
    )
    async def mark_column_item_read(
        self, actor: NamedDependency[Actor], readable: NamedDependency[ColumnItem]
    ) -> None:
        """Mark it read, on all the caller's devices; a push still waiting is dropped."""
        await readers.mark_read(actor.person_id, readable.id)


class MySeries(Controller):
    """Which series reach the caller, and which they are told of."""

    path = "/me/series"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMySeries",
        summary="我的栏目 Series that reach me",
    )
    async def list_my_series(self, actor: NamedDependency[Actor]) -> MySeriesPage:
        """Families are told of every series until they say otherwise."""
        rows = await feed.series_for(reading_at(actor), actor.person_id)
        return MySeriesPage(items=[line(MySeriesOut, row) for row in rows])


class MySubscription(Controller):
    """Whether the caller is told when a series appears."""

    path = "/me/series/{series_id:uuid}/subscription"
    dependencies = {"readable": Provide(series_to_read)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="subscribeToSeries",
        summary="订阅栏目 Be told of a series",
        status_code=204,
    )
    async def subscribe_to_series(
        self, actor: NamedDependency[Actor], readable: NamedDependency[Series]
    ) -> None:
        """Be told again of what is released from now on."""
        await readers.subscribe(actor.person_id, readable.id, is_on=True)

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="unsubscribeFromSeries",
        summary="取消订阅 Be left in peace",
    )
    async def unsubscribe_from_series(
        self, actor: NamedDependency[Actor], readable: NamedDependency[Series]
    ) -> None:
        """No more pushes of this series; it can still be read."""
        await readers.subscribe(actor.person_id, readable.id, is_on=False)
