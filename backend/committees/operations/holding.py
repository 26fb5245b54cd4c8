"""Locking what a verb acts on: a meeting before its items, so that no two wait for each other."""

from uuid import UUID

from backend.committees.models import AgendaItem, Body, BodyState, Meeting
from backend.committees.rules.agenda import WrongItemState
from backend.committees.rules.bodies import check_state
from backend.database import fetch
from backend.errors import NotFound


async def hold_active(body_id: UUID) -> Body:
    """Return an active body, which stays so until the transaction ends.

    Raises :class:`backend.committees.rules.bodies.WrongBodyState`.
    """
    await fetch("SELECT id FROM bodies WHERE id = $1 FOR SHARE", body_id)
    body = await Body.get(id=body_id)
    check_state(body, BodyState.ACTIVE)
    return body


async def hold_meeting(meeting_id: UUID) -> Meeting:
    """Return a meeting nobody else changes until the transaction ends.

    Raises :class:`NotFound`: which meeting, a body of the request may say.
    """
    meeting = await Meeting.select_for_update(no_key=True).get_or_none(id=meeting_id)
    if meeting is None:
        raise NotFound
    return meeting


async def hold_item(item_id: UUID) -> tuple[AgendaItem, Meeting | None]:
    """Return an item and its meeting, which nobody else changes until the transaction ends.

    Raises :class:`WrongItemState` when it was put elsewhere in this very moment.
    """
    seen = await AgendaItem.get(id=item_id)
    meeting = await hold_meeting(seen.meeting_id) if seen.meeting_id else None
    item = await AgendaItem.select_for_update(no_key=True).get(id=item_id)
    if item.meeting_id != seen.meeting_id:
        raise WrongItemState(state=item.state)
    return item, meeting
