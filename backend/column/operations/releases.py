"""Releases: a series appears, on each of its occasions once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock
from backend.audit.operations import record
from backend.column import notify
from backend.column.models import ColumnItem, ColumnItemState, ColumnRelease, Series, SeriesState
from backend.column.queries import reach, work
from backend.column.rules import series as rules
from backend.database import execute, transaction

_RELEASED = """
UPDATE column_placements SET release_id = $2, released_at = $3 WHERE id = ANY($1::uuid[])
"""


async def release_due(series_id: UUID, now: datetime | None = None) -> ColumnRelease | None:
    """Release what is next, if the series' moment has come and it is not night.

    However many occasions were missed, this makes up for one of them: the next is the first
    that still lies ahead. An occasion with nothing to release is told to the editors.
    ``now`` is another moment than this one, for what is told of the past. Returns ``None``
    when nothing was due.
    """
    now = now or clock.now()
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        zone = await reach.zone_of(series.district_id)
        if series.state != SeriesState.ACTIVE or series.next_release_at > now:
            return None
        if not rules.is_day(now, zone) or await reach.is_closed(series):
            return None
        ready = await work.ready(series.id, clock.local(now, zone).date(), series.per_release)
        release = await ColumnRelease.create(
            series_id=series.id,
            due_at=series.next_release_at,
            released_at=now,
            items=len(ready),
        )
        series.next_release_at = rules.next_occasion(
            series.next_release_at, now, series.cadence_days, series.minute, zone
        )
        await series.save(update_fields=["next_release_at"])
        items = [row["item_id"] for row in ready]
        await execute(_RELEASED, [row["placement_id"] for row in ready], release.id, now)
        await ColumnItem.filter(id__in=items, state=ColumnItemState.QUEUED).update(
            state=ColumnItemState.RELEASED, released_at=now
        )
        if items:
            await notify.released(series, release, items, await _schools(series, ready))
        else:
            await notify.empty(series, release, await reach.editors(series))
        await record(
            "column.released", "series", series.id, by=None, school_id=series.school_id,
            release=str(release.id), items=[str(item) for item in items],
        )  # fmt: skip
        return release


async def _schools(series: Series, ready: list[dict[str, Any]]) -> list[UUID]:
    """Return whom to tell: the schools of every stage that one of the items is meant for."""
    stages = {stage for row in ready for stage in row["stages"]}
    if any(not row["stages"] for row in ready):
        stages = set()
    return await reach.schools_of(series, stages)
