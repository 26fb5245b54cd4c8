"""What a person can do with their inbox and their push address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.database import transaction
from notifications import addresses, inbox


async def register_device(
    person_id: UUID,
    session_id: UUID,
    token: str,
    *,
    provider: str,
    platform: str,
    language: Literal["zh", "en"],
    now: datetime,
) -> UUID:
    """Make the token this session's push address, taking it from whoever had it."""
    async with transaction():
        return await addresses.register(
            person_id,
            token,
            provider=provider,
            platform=platform,
            language=language,
            session_id=session_id,
            now=now,
        )


async def forget_device(session_id: UUID, now: datetime) -> None:
    """Send no more pushes to the device of this session."""
    async with transaction():
        await addresses.unregister([session_id], now=now)


async def mark_read(person_id: UUID, ids: Sequence[UUID], now: datetime) -> tuple[list[UUID], int]:
    """Mark the person's own items read; returns those newly read and how many are not."""
    async with transaction():
        newly = await inbox.mark_read(person_id, ids, at=now)
        return newly, await inbox.unread_count(person_id)
