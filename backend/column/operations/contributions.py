"""Contributions: what parents hand in, with their consent, for as long as they consent."""

from uuid import UUID

import msgspec

from backend import clock
from backend.column import notify
from backend.column.models import (
    ColumnItem,
    ColumnItemState,
    ColumnKind,
    NamedAs,
    Series,
    SeriesKind,
    SeriesState,
)
from backend.column.operations import items
from backend.column.operations.items import ItemContent
from backend.column.queries import reach
from backend.column.rules import items as rules
from backend.database import transaction
from backend.web.limits import Limit, spend

CONTRIBUTIONS = Limit(name="column_contributions", most=3, seconds=86_400)


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """A parent's text, how they wish to be named, and the consent text they accepted."""

    title: str
    paragraphs: list[str]
    named_as: NamedAs
    declaration: int
    attachment_ids: list[UUID] = []
    stages: list[str] = []


async def hand_in(school_id: UUID, given: Contribution, *, by: UUID, name: str) -> ColumnItem:
    """Take a parent's experience for the school's column and ask for its review.

    Raises :class:`rules.NoColumnHere`, :class:`rules.ItemTooLong`, ``TooMany`` beyond three
    a day and ``AttachmentMissing``.
    """
    async with transaction():
        series = await Series.get_or_none(school_id=school_id, kind=SeriesKind.COLUMN)
        if series is None or series.state == SeriesState.ENDED:
            raise rules.NoColumnHere
        await spend(CONTRIBUTIONS, str(by), clock.now())
        item = ColumnItem(series_id=series.id, contributor_id=by, created_at=clock.now())
        await _fill(item, series, given, name)
        await items.note("column.contribution_handed_in", item, series, by)
        return item


async def hand_in_again(item_id: UUID, given: Contribution, *, by: UUID, name: str) -> ColumnItem:
    """Replace a contribution that came back from review; consent is given anew.

    Raises :class:`rules.WrongItemState`, :class:`rules.NoColumnHere` once the column has
    ended, :class:`rules.ItemTooLong` and ``AttachmentMissing``.
    """
    async with transaction():
        item = await items.locked(item_id)
        rules.check_state(item, frozenset({ColumnItemState.DRAFT}))
        item.revision += 1
        item.reviewed_by, item.reviewed_at, item.reason = None, None, ""
        series = await Series.get(id=item.series_id)
        if series.state == SeriesState.ENDED:
            raise rules.NoColumnHere
        await _fill(item, series, given, name)
        await items.note("column.contribution_handed_in", item, series, by, revision=item.revision)
        return item


async def withdraw_consent(item_id: UUID, *, by: UUID) -> ColumnItem:
    """Take the contribution from everybody at once, for good; twice is once."""
    async with transaction():
        item = await items.locked(item_id)
        if item.consent_withdrawn_at is not None:
            return item
        series = await Series.get(id=item.series_id)
        item.consent_withdrawn_at = clock.now()
        await items.take_back(item)
        await notify.consent_withdrawn(item, await reach.editors(series, but=[by]))
        await items.note("column.consent_withdrawn", item, series, by)
        return item


async def _fill(item: ColumnItem, series: Series, given: Contribution, name: str) -> None:
    content = ItemContent(
        title=given.title,
        paragraphs=given.paragraphs,
        kind=ColumnKind.EXPERIENCE,
        attachment_ids=given.attachment_ids,
        stages=given.stages,
    )
    items.fill(item, series, content)
    item.named_as, item.byline = given.named_as, rules.byline(name, given.named_as)
    item.declared, item.consent_at = given.declaration, clock.now()
    item.state = ColumnItemState.IN_REVIEW
    await item.save()
    assert item.contributor_id is not None
    await items.carry(item, item.contributor_id)
    await items.ask_for_review(item, series)
