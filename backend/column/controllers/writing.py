"""The desk: writing items, handing them to other eyes, reviewing, withdrawing."""

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.column.controllers.answers import behind, changed, line
from backend.column.models import ColumnItem, ColumnItemState, Series
from backend.column.operations import items
from backend.column.permissions import (
    Desk,
    desk_of_district,
    desk_of_school,
    item_to_edit,
    item_to_write,
    series_to_write,
)
from backend.column.queries import reach, work
from backend.column.rules import items as rules
from backend.column.rules.series import SeriesOver
from backend.column.schemas.editing import (
    ColumnItemCounts,
    ColumnItemIn,
    ColumnReviewIn,
    ColumnWithdrawalIn,
    DeskItem,
    DeskPage,
)
from backend.column.schemas.reading import ColumnItemOut
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

WRITING = (SeriesOver, rules.KindDoesNotFit, rules.ItemTooLong, AttachmentMissing)


class SchoolDesk(Controller):
    """A school's items in every stage of work."""

    path = "/schools/{school_id:uuid}/column/items"
    dependencies = {"desk": Provide(desk_of_school)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listSchoolColumnItems",
        summary="学校编辑台 The school's desk",
        responses=refusals(BadCursor),
    )
    async def list_school_column_items(
        self,
        desk: NamedDependency[Desk],
        cursors: NamedDependency[Cursors],
        standing: FromQuery[ColumnItemState | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> DeskPage:
        """Editors see everything handed in, class teachers what they wrote; newest first."""
        return await _desk(desk, cursors, standing, cursor, limit)


class DistrictDesk(Controller):
    """A district's own items in every stage of work."""

    path = "/districts/{district_id:uuid}/column/items"
    dependencies = {"desk": Provide(desk_of_district)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listDistrictColumnItems",
        summary="区编辑台 The district's desk",
        responses=refusals(BadCursor),
    )
    async def list_district_column_items(
        self,
        desk: NamedDependency[Desk],
        cursors: NamedDependency[Cursors],
        standing: FromQuery[ColumnItemState | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> DeskPage:
        """Newest first."""
        return await _desk(desk, cursors, standing, cursor, limit)


class SeriesItems(Controller):
    """Where items begin."""

    path = "/column/series/{series_id:uuid}/items"
    dependencies = {"written_for": Provide(series_to_write)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="writeColumnItem",
        summary="起草文章 Write an item",
        responses=refusals(KeyNeeded, KeyReused, *WRITING),
    )
    async def write_column_item(
        self,
        data: JSONBody[ColumnItemIn],
        actor: NamedDependency[Actor],
        written_for: NamedDependency[Series],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> ColumnItemOut:
        """Keep a draft. Nobody reads it before somebody else has reviewed it."""

        async def act() -> ColumnItemOut:
            item = await items.write(
                written_for.id, data.content(), by=actor.person_id, name=actor.name
            )
            return await changed(actor, item.id, settings)

        return await once(
            actor.person_id,
            "writeColumnItem",
            idempotency_key,
            (written_for.id, data),
            ColumnItemOut,
            act,
            secret=settings.secret_key,
        )


class ItemInHand(Controller):
    """An item in the hands of whoever wrote it, or edits its series."""

    path = "/column/items/{item_id:uuid}"
    dependencies = {"written": Provide(item_to_write)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="rewriteColumnItem",
        summary="修改文章 Rewrite an item",
        responses=refusals(rules.WrongItemState, *WRITING),
    )
    async def rewrite_column_item(
        self,
        data: JSONBody[ColumnItemIn],
        actor: NamedDependency[Actor],
        written: NamedDependency[ColumnItem],
        settings: NamedDependency[Settings],
    ) -> ColumnItemOut:
        """Replace a draft, or take up again what was withdrawn. Nobody rewrites a parent."""
        await items.rewrite(written.id, data.content(), by=actor.person_id)
        return await changed(actor, written.id, settings)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="discardColumnItem",
        summary="删除草稿 Discard a draft",
        responses=refusals(rules.WrongItemState),
    )
    async def discard_column_item(
        self, actor: NamedDependency[Actor], written: NamedDependency[ColumnItem]
    ) -> None:
        """Throw a draft away that was never released."""
        await items.discard(written.id, by=actor.person_id)

    @put(
        "/submission",
        opt={"policy": Policy.STAFF},
        operation_id="submitColumnItem",
        summary="提交审核 Hand it in for review",
        responses=refusals(rules.WrongItemState, rules.LectureNeedsVideo, SeriesOver),
    )
    async def submit_column_item(
        self,
        actor: NamedDependency[Actor],
        written: NamedDependency[ColumnItem],
        settings: NamedDependency[Settings],
    ) -> ColumnItemOut:
        """The other editors are asked to review it."""
        await items.submit(written.id, by=actor.person_id)
        return await changed(actor, written.id, settings)


class ItemReview(Controller):
    """An item before its editors."""

    path = "/column/items/{item_id:uuid}"
    dependencies = {"edited": Provide(item_to_edit)}

    @put(
        "/review",
        opt={"policy": Policy.STAFF},
        operation_id="reviewColumnItem",
        summary="审核文章 Review an item",
        responses=refusals(
            rules.OwnReview,
            rules.ReasonNeeded,
            rules.ItemChanged,
            rules.WrongItemState,
            SeriesOver,
        ),
    )
    async def review_column_item(
        self,
        data: JSONBody[ColumnReviewIn],
        actor: NamedDependency[Actor],
        edited: NamedDependency[ColumnItem],
        settings: NamedDependency[Settings],
    ) -> ColumnItemOut:
        """Approved, it goes to the end of the queue; otherwise back to its writer."""
        await items.review(
            edited.id,
            approved=data.approved,
            revision=data.revision,
            reason=data.reason,
            by=actor.person_id,
        )
        return await changed(actor, edited.id, settings)

    @put(
        "/withdrawal",
        opt={"policy": Policy.STAFF},
        operation_id="withdrawColumnItem",
        summary="撤下文章 Withdraw an item",
        responses=refusals(rules.WrongItemState),
    )
    async def withdraw_column_item(
        self,
        data: JSONBody[ColumnWithdrawalIn],
        actor: NamedDependency[Actor],
        edited: NamedDependency[ColumnItem],
        settings: NamedDependency[Settings],
    ) -> ColumnItemOut:
        """It disappears for every reader, in every series."""
        await items.withdraw(edited.id, data.reason, by=actor.person_id)
        return await changed(actor, edited.id, settings)

    @get(
        "/statistics",
        opt={"policy": Policy.STAFF},
        operation_id="getColumnItemCounts",
        summary="文章统计 How an item fared",
    )
    async def get_column_item_counts(self, edited: NamedDependency[ColumnItem]) -> ColumnItemCounts:
        """Counts only; nobody sees who has read."""
        return ColumnItemCounts(**await reach.counts_of_item(edited.id))


async def _desk(
    desk: Desk, cursors: Cursors, state: ColumnItemState | None, cursor: str | None, limit: int
) -> DeskPage:
    place = desk.place
    purpose = f"desk:{place.school_id or place.district_id}"
    before = cursors.open(purpose, cursor, Position) if cursor else None
    rows = await work.desk(
        place.school_id,
        place.district_id,
        author_id=desk.author_id,
        state=state,
        before=before,
        limit=limit + 1,
    )
    return DeskPage(
        items=[line(DeskItem, row) for row in rows[:limit]],
        next_cursor=behind(cursors, purpose, rows, limit),
    )
