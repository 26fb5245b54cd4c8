"""What readers do: read, subscribe, unsubscribe. Each may be said twice."""

from uuid import UUID

from backend import clock
from backend.database import execute, transaction


async def mark_read(person_id: UUID, item_id: UUID) -> None:
    """Keep that somebody has read an item, from the first time on."""
    async with transaction():
        await execute(
            "INSERT INTO column_readings (person_id, item_id, read_at) VALUES ($1, $2, $3) "
            "ON CONFLICT DO NOTHING",
            person_id,
            item_id,
            clock.now(),
        )


async def subscribe(person_id: UUID, series_id: UUID, *, is_on: bool) -> None:
    """Say whether somebody wishes to be told of a series; nobody who has not is left out."""
    async with transaction():
        await execute(
            """
            INSERT INTO column_subscriptions AS u (person_id, series_id, is_on, changed_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (person_id, series_id) DO UPDATE
                SET is_on = excluded.is_on, changed_at = excluded.changed_at
                WHERE u.is_on <> excluded.is_on
            """,
            person_id,
            series_id,
            is_on,
            clock.now(),
        )
