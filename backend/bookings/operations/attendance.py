"""Being there: checked in and out at the door, by hand, or by a phone that was offline.

Every scan is a row, and a booking's check-in is the story its scans tell in the order of
their own clocks. Phones may hand in what they saw late, in any order and any number of
times; the first check-in stands, and nobody is checked in twice. A list ticked off by hand
says at which moment it counts.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock
from backend.bookings import rules
from backend.bookings.models import Booking, BookingState, Scan, ScanKind, ScanOutcome, Slot
from backend.bookings.operations import stories
from backend.bookings.operations.places import Place
from backend.bookings.operations.stories import AFTER, BEFORE, LATEST, Hours, Said, Sighting
from backend.bookings.queries import door
from backend.bookings.tickets import Signer
from backend.database import execute, fetch, fetch_one, transaction
from backend.identifiers import uuid7

_MANY = 20


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one sighting, and how the booking stands now."""

    nonce: str
    outcome: ScanOutcome
    booking_id: UUID | None = None
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None


async def merge(
    slot_id: UUID, sightings: Sequence[Sighting], *, by: UUID, signer: Signer
) -> list[Merged]:
    """Merge what a phone at the door saw; answers come in the order of the sightings.

    A nonce that was merged before keeps its outcome. Later than :data:`LATEST` after the
    end, and before the door opens, the outcome is ``door_closed``.
    """
    if len(sightings) > _MANY:
        # Hundreds of signatures would hold up everybody else's requests.
        told = await asyncio.to_thread(_identify, slot_id, sightings, signer)
    else:
        told = _identify(slot_id, sightings, signer)
    async with transaction():
        # Several bookings' rows are locked below, so the slot comes first, as everywhere.
        await fetch("SELECT lock_slots(ARRAY[$1::uuid])", slot_id)
        return await _apply(slot_id, told, by, clock.now())


async def by_code(
    slot: Slot, person_id: UUID, code: str, kind: ScanKind, *, signer: Signer
) -> Place:
    """Check oneself in or out with the code at the door; twice is once.

    Raises :class:`rules.DoorCodeStale`, :class:`rules.DoorClosed`,
    :class:`rules.NotBooked`, and :class:`rules.WrongBookingState` for leaving without
    having come.
    """
    now = clock.now()
    if not signer.opens(code, slot.id, now):
        raise rules.DoorCodeStale
    _check_door(slot.starts_at, slot.ends_at + AFTER, now)
    booking_id = await door.place_held(slot.id, person_id)
    if booking_id is None:
        raise rules.NotBooked
    return await _one(slot.id, booking_id, kind, None, person_id)


async def by_hand(booking: Booking, kind: ScanKind, at: datetime | None, *, by: UUID) -> Place:
    """Tick somebody off a list, at the moment they came or left; corrects for three days.

    Raises :class:`rules.DoorClosed`, :class:`rules.NotBooked`, and
    :class:`rules.WrongBookingState` for leaving without having come, and for an undo after
    the check-out or the settlement.
    """
    _check_door(booking.starts_at, booking.ends_at + LATEST, clock.now())
    return await _one(booking.slot_id, booking.id, kind, at, by)


def _check_door(starts_at: datetime, closes: datetime, now: datetime) -> None:
    opens = starts_at - BEFORE
    if not opens <= now <= closes:
        raise rules.DoorClosed(opens=rules.wall_clock(opens), closes=rules.wall_clock(closes))


async def _one(
    slot_id: UUID, booking_id: UUID, kind: ScanKind, counts_at: datetime | None, by: UUID
) -> Place:
    now = clock.now()
    seen = Sighting(
        nonce=uuid7().hex, kind=kind, scanned_at=now, counts_at=counts_at, booking_id=booking_id
    )
    async with transaction():
        merged = (await _apply(slot_id, [(seen, None)], by, now))[0]
        if merged.outcome in (ScanOutcome.NOT_BOOKED, ScanOutcome.DOOR_CLOSED):
            raise rules.NotBooked
        never_came = kind is ScanKind.OUT and merged.outcome is ScanOutcome.NOT_IN
        if never_came or (kind is ScanKind.UNDO and merged.checked_in_at is not None):
            raise rules.WrongBookingState
        row = await fetch_one(
            "SELECT to_jsonb(b)::text AS booking FROM bookings b WHERE id = $1", booking_id
        )
        assert row is not None
        return msgspec.json.decode(row["booking"], type=Place)


def _identify(
    slot_id: UUID, sightings: Sequence[Sighting], signer: Signer
) -> list[tuple[Sighting, ScanOutcome | None]]:
    """Read the tickets: each sighting with its booking, or with why it is none."""
    told: list[tuple[Sighting, ScanOutcome | None]] = []
    for seen in sightings:
        if seen.ticket is None:
            told.append((seen, None))
            continue
        ticket = signer.read(seen.ticket)
        if ticket is None:
            told.append((seen, ScanOutcome.FORGED))
        elif ticket.slot_id != slot_id:
            told.append((seen, ScanOutcome.WRONG_SLOT))
        else:
            told.append((msgspec.structs.replace(seen, booking_id=ticket.booking_id), None))
    return told


async def _apply(
    slot_id: UUID, told: list[tuple[Sighting, ScanOutcome | None]], by: UUID, now: datetime
) -> list[Merged]:
    wanted = sorted({seen.booking_id for seen, _ in told if seen.booking_id})
    bookings = {row["id"]: row for row in await door.lock_bookings(slot_id, wanted)}
    known = await door.known_scans(slot_id, [seen.nonce for seen, _ in told])
    log: dict[UUID, list[Said]] = defaultdict(list)
    for scan in await door.log_of(sorted(bookings)):
        log[scan["booking_id"]].append((scan["scanned_at"], scan["kind"], scan["counts_at"]))
    hours = {key: (row["checked_in_at"], row["checked_out_at"]) for key, row in bookings.items()}
    fresh: dict[str, Scan] = {}
    for seen, refused in sorted(told, key=lambda one: one[0].scanned_at):
        if seen.nonce in known or seen.nonce in fresh:
            continue
        row = bookings.get(seen.booking_id) if seen.booking_id else None
        outcome, at = refused or ScanOutcome.NOT_BOOKED, (seen.scanned_at, seen.scanned_at)
        if row is not None:
            outcome, at = stories.judge(row, seen, now), stories.in_time(row, seen, now)
        if row is not None and outcome is ScanOutcome.CHECKED_IN:
            log[row["id"]].append((at[0], seen.kind.value, at[1]))
            was, hours[row["id"]] = hours[row["id"]], stories.story(log[row["id"]])
            outcome = stories.outcome(seen.kind, was, hours[row["id"]])
        fresh[seen.nonce] = Scan(
            slot_id=slot_id,
            booking_id=row["id"] if row else None,
            nonce=seen.nonce,
            kind=seen.kind,
            outcome=outcome,
            scanned_at=at[0],
            counts_at=at[1],
            by=by,
        )
    # What was only too early may be handed in again.
    await Scan.bulk_create(s for s in fresh.values() if s.outcome != ScanOutcome.DOOR_CLOSED)
    await _write(bookings, hours, by, now)
    outcomes = known | {n: (one.outcome, one.booking_id) for n, one in fresh.items()}
    return [_merged(seen.nonce, *outcomes[seen.nonce], hours) for seen, _ in told]


def _merged(nonce: str, outcome: str, booking_id: UUID | None, hours: dict[UUID, Hours]) -> Merged:
    came, left = hours.get(booking_id, (None, None)) if booking_id else (None, None)
    return Merged(
        nonce=nonce,
        outcome=ScanOutcome(outcome),
        booking_id=booking_id,
        checked_in_at=came,
        checked_out_at=left,
    )


async def _write(
    bookings: dict[UUID, dict[str, Any]], hours: dict[UUID, Hours], by: UUID, now: datetime
) -> None:
    """Write what changed: the state, the minutes credited, and a move for the trail."""
    changed = [
        (key, row, hours[key])
        for key, row in bookings.items()
        if hours[key] != (row["checked_in_at"], row["checked_out_at"])
    ]
    if not changed:
        return
    ids = [key for key, _, _ in changed]
    states, causes = [], []
    for _, row, (came, left) in changed:
        settled = row["state"] in door.SETTLED
        there = BookingState.COMPLETED if settled else BookingState.CHECKED_IN
        away = BookingState.NO_SHOW if settled else BookingState.CONFIRMED
        states.append((there if came else away).value)
        causes.append("check_in_undone" if not came else "checked_out" if left else "checked_in")
    await execute(
        """
        UPDATE bookings b SET state = x.state, checked_in_at = x.came, checked_out_at = x.gone,
            updated_at = $5
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
            AS x (id, state, came, gone) WHERE b.id = x.id
        """,
        ids, states, [came for _, _, (came, _) in changed],
        [left for _, _, (_, left) in changed], now,
    )  # fmt: skip
    await execute(
        """
        UPDATE bookings b SET minutes = CASE WHEN b.checked_in_at IS NOT NULL
            AND (b.checked_out_at IS NOT NULL OR b.state = 'completed')
            THEN credited_minutes(b, b.ends_at) ELSE 0 END
        WHERE b.id = ANY($1::uuid[])
        """,
        ids,
    )
    await fetch(
        """
        SELECT note_move(b, x.was, x.cause, $4, $5, true, jsonb_build_object(
            'checkedInAt', b.checked_in_at, 'checkedOutAt', b.checked_out_at))
        FROM bookings b JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS x (id, was, cause)
            ON x.id = b.id
        """,
        ids, [row["state"] for _, row, _ in changed], causes, by, now,
    )  # fmt: skip
