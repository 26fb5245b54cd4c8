"""Whom a search for a stand-in concerns, and in which words.

Whoever hands a place over and whoever takes it hear of it from the move of their booking,
as of every other one.
"""

from collections.abc import Iterable
from uuid import UUID

import notifications
from backend.bookings.models import Slot, StandIn
from backend.bookings.rules import wall_clock
from notifications import Message, Priority


async def offered(stand_in: StandIn, slot: Slot, offerer_id: UUID, people: Iterable[UUID]) -> None:
    await _tell(
        people,
        stand_in,
        slot,
        "bookings.stand_in_offered",
        ("有家长愿意替班，请确认", "Somebody offers to stand in, please choose"),
        ("{what}（{when}）：有家长愿意替班，请选定一位。选定之前名额和责任都不变。",
         "{what} ({when}): somebody offers to stand in. Until one is chosen nothing changes."),
        once=str(offerer_id),
    )  # fmt: skip


async def changed_hands(stand_in: StandIn, slot: Slot, organiser_id: UUID) -> None:
    await _tell(
        [organiser_id],
        stand_in,
        slot,
        "bookings.stand_in_changed_hands",
        ("有一个岗位换了人", "A place has changed hands"),
        ("{what}（{when}）：家长之间商定了替班。如不合适，可在开始前退回。",
         "{what} ({when}): parents agreed on a stand-in. You may reverse it before the start."),
        priority=Priority.LOW,
    )  # fmt: skip


async def no_longer_needed(stand_in: StandIn, slot: Slot, people: Iterable[UUID]) -> None:
    await _tell(
        people,
        stand_in,
        slot,
        "bookings.stand_in_not_needed",
        ("一个替班已不再需要", "A stand-in is no longer needed"),
        ("{what}（{when}）：已不需要您替班，谢谢您愿意帮忙。",
         "{what} ({when}): you are not needed as a stand-in; thank you for offering."),
        priority=Priority.LOW,
    )  # fmt: skip


async def refused(stand_in: StandIn, slot: Slot, reason: str) -> None:
    """The organiser ended a search; the place and its duty stay where they are."""
    await _tell(
        [stand_in.person_id],
        stand_in,
        slot,
        "bookings.stand_in_refused",
        ("您的替班请求有新的结果", "There is an answer to your request for a stand-in"),
        ("{what}（{when}）：学校未同意替班，名额仍由您承担。{reason}",
         "{what} ({when}): the school does not agree; the place stays yours. {reason}"),
        reason=reason,
    )  # fmt: skip


async def returned(stand_in: StandIn, slot: Slot, taker_id: UUID, reason: str) -> None:
    """The organiser reversed a stand-in: one has the place again, the other is free."""
    await _tell(
        [stand_in.person_id],
        stand_in,
        slot,
        "bookings.stand_in_returned",
        ("您有一个名额已退回给您", "A place has come back to you"),
        ("{what}（{when}，{place}）：学校未同意替班，名额仍由您承担，请按时到场。{reason}",
         "{what} ({when}, {place}): the school does not agree; the place is yours again. {reason}"),
        reason=reason,
    )  # fmt: skip
    await _tell(
        [taker_id],
        stand_in,
        slot,
        "bookings.stand_in_reversed",
        ("您的一个替班已取消", "You no longer stand in"),
        ("{what}（{when}）：学校未同意替班，您不必到场。{reason}",
         "{what} ({when}): the school does not agree; you need not come. {reason}"),
        reason=reason,
    )  # fmt: skip


async def _tell(
    people: Iterable[UUID],
    stand_in: StandIn,
    slot: Slot,
    occasion: str,
    titles: tuple[str, str],
    bodies: tuple[str, str],
    *,
    once: str = "",
    reason: str = "",
    priority: Priority = Priority.NORMAL,
) -> None:
    told = {
        "what": slot.title,
        "place": slot.place or "学校",
        "when": wall_clock(slot.starts_at),
        "reason": reason,
    }
    message = Message(
        occasion=occasion,
        category="booking",
        title_zh=titles[0],
        title_en=titles[1],
        link=f"/slots/{slot.id}",
        subject_id=slot.id,
        priority=priority,
        body_zh=bodies[0].format(**told),
        body_en=bodies[1].format(**told),
    )
    await notifications.tell(people, message, once=f"{occasion}:{stand_in.id}:{once}")
