"""The queue of a series: order, days, and what a school adopts from its district."""

from datetime import date
from uuid import UUID

from backend.audit.operations import record
from backend.column.models import ColumnItem, ColumnItemState, Placement, Series
from backend.column.rules import items as rules
from backend.column.rules import series as rhythm
from backend.database import execute, transaction
from backend.errors import NotFound
from backend.identifiers import uuid7

# Places are counted anew: what has left the queue leaves no gap.
_ORDER = """
WITH waiting AS (
    SELECT q.id, row_number() OVER (ORDER BY q.position, q.id) AS place
    FROM column_placements q WHERE q.series_id = $1 AND q.released_at IS NULL AND q.item_id <> $2),
ordered AS (
    SELECT id, CASE WHEN place >= $3 THEN place + 1 ELSE place END AS place FROM waiting
    UNION ALL
    SELECT q.id, least($3, (SELECT count(*) FROM waiting) + 1)
    FROM column_placements q WHERE q.series_id = $1 AND q.item_id = $2)
UPDATE column_placements q SET position = o.place FROM ordered o WHERE o.id = q.id
"""


async def place_at_end(item_id: UUID, series_id: UUID) -> None:
    """Let an item wait behind all others of a locked series, again if it had been there."""
    await execute(
        """
        INSERT INTO column_placements (id, series_id, item_id, position)
        SELECT $3, $1, $2, coalesce(max(position), 0) + 1
        FROM column_placements WHERE series_id = $1 AND released_at IS NULL
        ON CONFLICT (series_id, item_id) DO UPDATE SET position = excluded.position,
            release_on = NULL, release_id = NULL, released_at = NULL
        """,
        series_id,
        item_id,
        uuid7(),
    )


async def move(
    series_id: UUID, item_id: UUID, *, position: int, release_on: date | None, by: UUID
) -> None:
    """Put a waiting item at ``position`` (1 is next) and bind it to a day, or to none.

    Raises :class:`NotFound` for what does not wait in this series.
    """
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        placement = await Placement.get_or_none(
            series_id=series_id, item_id=item_id, released_at=None
        )
        if placement is None:
            raise NotFound
        await execute(_ORDER, series_id, item_id, position)
        await Placement.filter(id=placement.id).update(release_on=release_on)
        await record(
            "column.queue_moved", "column_item", item_id, by=by, school_id=series.school_id,
            series=str(series_id), position=position,
        )  # fmt: skip


async def adopt(series_id: UUID, item_id: UUID, *, by: UUID) -> None:
    """Let a school's series take up what its district has released; twice is once.

    Raises :class:`rhythm.SeriesOver` and :class:`rules.NotForAdoption`.
    """
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        rhythm.check_going(series.state)
        # Whoever withdraws it meanwhile waits, and then empties this place too.
        item = await ColumnItem.select_for_update(no_key=True).get_or_none(id=item_id)
        if item is None:
            raise NotFound
        if await Placement.exists(series_id=series_id, item_id=item_id):
            return
        home = await Series.get(id=item.series_id)
        fits = (
            series.school_id is not None
            and home.school_id is None
            and home.district_id == series.district_id
            and item.state == ColumnItemState.RELEASED
            and rules.takes(series, item.kind, item.topic)
        )
        if not fits:
            raise rules.NotForAdoption
        await place_at_end(item_id, series_id)
        await record(
            "column.item_adopted", "column_item", item_id, by=by, school_id=series.school_id,
            series=str(series_id),
        )  # fmt: skip


async def drop(series_id: UUID, item_id: UUID, *, by: UUID) -> None:
    """Let an adopted item go again; twice is once. Raises :class:`rules.NotForAdoption`
    for an item that is at home in the series.
    """
    async with transaction():
        series = await Series.select_for_update().get(id=series_id)
        item = await ColumnItem.get(id=item_id)
        if item.series_id == series_id:
            raise rules.NotForAdoption
        if await Placement.filter(series_id=series_id, item_id=item_id).delete():
            await record(
                "column.adoption_dropped", "column_item", item_id, by=by,
                school_id=series.school_id, series=str(series_id),
            )  # fmt: skip
