"""Showing the pictures that findings and steps carry."""

from collections.abc import Collection
from uuid import UUID

from backend import clock
from backend.media.models import Attachment
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.web.actor import Actor


async def photos_of(
    owner_ids: Collection[UUID], actor: Actor, settings: Settings
) -> dict[UUID, list[AttachmentOut]]:
    """Return what each owner carries, with links that work for the caller only."""
    shown: dict[UUID, list[AttachmentOut]] = {owner_id: [] for owner_id in owner_ids}
    rows = await Attachment.filter(
        owner_id__in=list(owner_ids), stored_at__not_isnull=True
    ).order_by("attached_at", "id")
    now = clock.now()
    for row in rows:
        if row.owner_id is not None:
            shown[row.owner_id].append(
                AttachmentOut.of(
                    row,
                    person_id=actor.person_id,
                    session_id=actor.session_id,
                    key=settings.secret_key,
                    now=now,
                )
            )
    return shown
