"""Turning rows into what the phone sees."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec

from backend import clock
from backend.column.models import (
    ColumnItem,
    ColumnItemState,
    ColumnKind,
    NamedAs,
    Series,
    TipTopic,
)
from backend.column.permissions import ItemSight, item_in_sight
from backend.column.queries import feed, work
from backend.column.rules.items import REWRITTEN, STOPPABLE
from backend.column.schemas.editing import ColumnSeriesOut
from backend.column.schemas.reading import ColumnItemOut, ColumnWorkOut
from backend.media.models import Attachment
from backend.media.schemas import AttachmentOut
from backend.schools.models import Stage
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import Cursors, Position
from backend.web.structs import Out


async def changed(actor: Actor, item_id: UUID, settings: Settings) -> ColumnItemOut:
    """Return an item as the caller sees it after their act."""
    return await item_out(await item_in_sight(actor, item_id), actor, settings)


async def item_out(sight: ItemSight, actor: Actor, settings: Settings) -> ColumnItemOut:
    """Return the whole item; without its writer's consent only they still see the words."""
    item: ColumnItem = sight.item
    series: Series = sight.series
    gone = item.consent_withdrawn_at is not None and not sight.contributed
    return ColumnItemOut(
        id=item.id,
        series_id=series.id,
        series=series.title,
        kind=ColumnKind(item.kind) if item.kind else None,
        topic=TipTopic(item.topic) if item.topic else None,
        title=item.title,
        paragraphs=[] if gone else list(item.paragraphs),
        attachments=[] if gone else await _attachments(item, actor, settings),
        lesson_id=item.lesson_id,
        course_id=item.course_id,
        source=item.source,
        stages=[Stage(stage) for stage in item.stages],
        byline=item.byline,
        state=ColumnItemState(item.state),
        released_at=item.released_at,
        is_read=await feed.is_read(actor.person_id, item.id),
        work=await _work(sight, actor) if sight.works else None,
    )


async def _work(sight: ItemSight, actor: Actor) -> ColumnWorkOut:
    item: ColumnItem = sight.item
    state = ColumnItemState(item.state)
    placed = await work.placed(item.id, item.series_id)
    waiting = placed if state is ColumnItemState.QUEUED else None
    own_words = not item.is_contribution and (sight.edits or sight.wrote)
    return ColumnWorkOut(
        revision=item.revision,
        reason=item.reason,
        contributed=item.is_contribution,
        named_as=NamedAs(item.named_as) if item.named_as else None,
        consent_at=item.consent_at,
        consent_withdrawn_at=item.consent_withdrawn_at,
        reviewed_at=item.reviewed_at,
        place=int(waiting["place"]) if waiting else None,
        release_on=waiting["release_on"] if waiting else None,
        can_rewrite=state in REWRITTEN
        if own_words
        else sight.contributed and state is ColumnItemState.DRAFT,
        can_submit=own_words and state is ColumnItemState.DRAFT,
        can_review=sight.edits
        and state is ColumnItemState.IN_REVIEW
        and actor.person_id not in item.writers,
        can_withdraw=sight.edits and state in STOPPABLE,
    )


async def _attachments(item: ColumnItem, actor: Actor, settings: Settings) -> list[AttachmentOut]:
    found = {row.id: row for row in await Attachment.objects.all().carried_by(item.id)}
    return [
        AttachmentOut.of(
            found[attachment],
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )
        for attachment in item.attachment_ids
        if attachment in found
    ]


async def series_out(series_id: UUID) -> ColumnSeriesOut:
    """Return a series as its editors see it after their act."""
    return line(ColumnSeriesOut, await work.one_series(series_id))


Line = TypeVar("Line", bound=Out)


def line(kind: type[Line], row: dict[str, Any]) -> Line:
    """Return a row as a line of a list: every member from the column of its name."""
    named = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return msgspec.convert({wire: row[name] for name, wire in named}, kind)


def behind(cursors: Cursors, purpose: str, rows: list[dict[str, Any]], limit: int) -> str | None:
    """Return the cursor behind a page of which one row too many was asked for."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursors.seal(purpose, Position(last["created_at"], last["id"]))
