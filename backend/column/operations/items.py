"""Items: writing, submitting, reviewing, withdrawing. The writer never reviews."""

from uuid import UUID

import msgspec

from backend import clock, search
from backend.audit.operations import record
from backend.column import notify
from backend.column.models import ColumnItem, ColumnItemState, Placement, Series
from backend.column.operations import queue
from backend.column.queries import reach
from backend.column.rules import items as rules
from backend.column.rules import series as rhythm
from backend.database import fetch_one, transaction
from backend.errors import NotFound
from backend.media.models import Attachment, Kind
from backend.media.operations import attach, release


class ItemContent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an editor decides; no ``stages`` means all of them."""

    title: str
    paragraphs: list[str]
    kind: str | None = None
    topic: str | None = None
    attachment_ids: list[UUID] = []
    lesson_id: UUID | None = None
    course_id: UUID | None = None
    source: str = ""
    stages: list[str] = []


async def write(series_id: UUID, content: ItemContent, *, by: UUID, name: str) -> ColumnItem:
    """Keep a draft. The byline is ours to set: the department's, or the office and ``name``.

    Raises :class:`rhythm.SeriesOver`, :class:`rules.KindDoesNotFit`,
    :class:`rules.ItemTooLong` and ``AttachmentMissing``.
    """
    async with transaction():
        series = await Series.get(id=series_id)
        rhythm.check_going(series.state)
        item = ColumnItem(series_id=series.id, author_id=by, created_at=clock.now())
        item.byline = await _byline(series, name)
        fill(item, series, content)
        await item.save()
        await carry(item, by)
        await note("column.item_written", item, series, by)
        return item


async def rewrite(item_id: UUID, content: ItemContent, *, by: UUID) -> ColumnItem:
    """Replace a draft, or take up again what was withdrawn; that needs a new review.

    Raises :class:`rules.WrongItemState` and what :func:`write` does. A parent's words are
    the parent's: of a contribution every state is the wrong one.
    """
    async with transaction():
        item = await locked(item_id)
        if item.is_contribution:
            raise rules.WrongItemState(state=item.state)
        rules.check_state(item, rules.REWRITTEN)
        series = await Series.get(id=item.series_id)
        rhythm.check_going(series.state)
        fill(item, series, content)
        item.edited_by, item.revision = by, item.revision + 1
        item.state, item.reviewed_by, item.reviewed_at = ColumnItemState.DRAFT, None, None
        item.withdrawn_at = None
        await item.save()
        await carry(item, by)
        await note("column.item_rewritten", item, series, by, revision=item.revision)
        return item


async def discard(item_id: UUID, *, by: UUID) -> None:
    """Throw a draft away that has never been released; doing it twice is doing it once."""
    async with transaction():
        item = await ColumnItem.select_for_update().get_or_none(id=item_id)
        if item is None:
            return
        rules.check_state(item, frozenset({ColumnItemState.DRAFT}))
        if item.released_at is not None or item.is_contribution:
            raise rules.WrongItemState(state=item.state)
        series = await Series.get(id=item.series_id)
        await release(item.id)
        await item.delete()
        await note("column.item_discarded", item, series, by)


async def submit(item_id: UUID, *, by: UUID) -> ColumnItem:
    """Hand a draft to somebody else's eyes.

    Raises :class:`rules.WrongItemState`, :class:`rhythm.SeriesOver` and
    :class:`rules.LectureNeedsVideo`.
    """
    async with transaction():
        item = await locked(item_id)
        if item.state == ColumnItemState.IN_REVIEW:
            return item
        if item.is_contribution:
            raise rules.WrongItemState(state=item.state)
        rules.check_state(item, frozenset({ColumnItemState.DRAFT}))
        series = await Series.get(id=item.series_id)
        rhythm.check_going(series.state)
        rules.check_complete(item, has_video=await _has_video(item))
        item.state, item.reason = ColumnItemState.IN_REVIEW, ""
        await item.save()
        await ask_for_review(item, series)
        await note("column.item_submitted", item, series, by, revision=item.revision)
        return item


async def review(
    item_id: UUID, *, approved: bool, revision: int, reason: str, by: UUID
) -> ColumnItem:
    """Queue it at the end, or return it with a reason. The same decision twice is one.

    Raises :class:`rules.OwnReview`, :class:`rules.ReasonNeeded`,
    :class:`rules.ItemChanged`, :class:`rules.WrongItemState` and, of what would be queued
    there, :class:`rhythm.SeriesOver`.
    """
    async with transaction():
        # The series first, as whoever releases locks it before its items.
        found = await ColumnItem.get_or_none(id=item_id)
        if found is None:
            raise NotFound
        series = await Series.select_for_update().get(id=found.series_id)
        item = await locked(item_id)
        wanted = ColumnItemState.QUEUED if approved else ColumnItemState.DRAFT
        if (item.state, item.revision, item.reviewed_by) == (wanted, revision, by):
            return item
        rules.check_review(item, by, approved=approved, reason=reason)
        rules.check_state(item, frozenset({ColumnItemState.IN_REVIEW}))
        if item.revision != revision:
            raise rules.ItemChanged(revision=item.revision)
        if approved:
            rhythm.check_going(series.state)
        item.state, item.reason = wanted, reason
        item.reviewed_by, item.reviewed_at = by, clock.now()
        await item.save()
        if approved:
            await queue.place_at_end(item.id, series.id)
        await notify.reviewed(item, await reach.writer(item, series), approved=approved)
        await note("column.item_reviewed", item, series, by, approved=approved, reason=reason)
        return item


async def withdraw(item_id: UUID, reason: str, *, by: UUID) -> ColumnItem:
    """Take an item back from everybody, in every series. Raises
    :class:`rules.WrongItemState`.
    """
    async with transaction():
        item = await locked(item_id)
        if item.state == ColumnItemState.WITHDRAWN:
            return item
        rules.check_state(item, rules.STOPPABLE)
        series = await Series.get(id=item.series_id)
        item.reason = reason
        await take_back(item)
        await notify.withdrawn(item, await reach.writer(item, series))
        await note("column.item_withdrawn", item, series, by, reason=reason)
        return item


async def take_back(item: ColumnItem) -> None:
    """Withdraw a locked item and empty its waiting places."""
    item.state, item.withdrawn_at = ColumnItemState.WITHDRAWN, clock.now()
    await item.save()
    await Placement.filter(item_id=item.id, released_at=None).delete()


async def ask_for_review(item: ColumnItem, series: Series) -> None:
    await notify.submitted(item, await reach.editors(series, but=item.writers))


async def locked(item_id: UUID) -> ColumnItem:
    """Return the item for this transaction alone to change.

    Its key is left free: whoever puts the queue in order makes sure that it is there. Raises
    ``NotFound`` for what somebody has discarded meanwhile.
    """
    item = await ColumnItem.select_for_update(no_key=True).get_or_none(id=item_id)
    if item is None:
        raise NotFound
    return item


def fill(item: ColumnItem, series: Series, content: ItemContent) -> None:
    """Set what the writer decides, and by which words it is found.

    Raises :class:`rules.KindDoesNotFit` and :class:`rules.ItemTooLong`.
    """
    rules.check_kind(series, content.kind, content.topic)
    rules.check_length(content.paragraphs)
    item.kind, item.topic = content.kind, content.topic
    # A headline is one line, and so is the first line of what is searched.
    item.title = " ".join(content.title.split())
    item.paragraphs, item.source = content.paragraphs, content.source
    item.attachment_ids = list(dict.fromkeys(content.attachment_ids))
    item.lesson_id, item.course_id = content.lesson_id, content.course_id
    item.stages = sorted(set(content.stages))
    item.search_text = search.index_text(item.title, *item.paragraphs)
    item.folded = search.fold(item.title, *item.paragraphs)


async def carry(item: ColumnItem, by: UUID) -> None:
    """Let the item carry its attachments and no others. Raises ``AttachmentMissing``."""
    await attach(item.attachment_ids, item.id, by)
    await release(item.id, keep=item.attachment_ids)


async def note(
    action: str, item: ColumnItem, series: Series, by: UUID | None, **facts: object
) -> None:
    await record(action, "column_item", item.id, by=by, school_id=series.school_id, **facts)


async def _has_video(item: ColumnItem) -> bool:
    return await Attachment.filter(owner_id=item.id, kind=Kind.VIDEO).exists()


async def _byline(series: Series, name: str) -> str:
    row = await fetch_one(
        """
        SELECT d.name AS department, coalesce(c.name, x.name) AS office
        FROM column_series s JOIN districts x ON x.id = s.district_id
        LEFT JOIN departments d ON d.id = s.department_id LEFT JOIN schools c ON c.id = s.school_id
        WHERE s.id = $1
        """,
        series.id,
    )
    assert row is not None
    return row["department"] or f"{row['office']} {name}"
