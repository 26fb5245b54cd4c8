"""The verifiable draw: promise, announce, close, draw (the method is ``bookings.lots``).

The secret is promised by its hash as soon as the slot exists; the list of entries is
published when booking has closed; the public value comes into being after that. The order
follows from all three, so nobody who knew one of them could choose the others.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend import clock, settings
from backend.audit.operations import record
from backend.bookings import lots, rules
from backend.bookings.models import Draw, Mode, Slot, SlotState
from backend.bookings.queries import draws as queries
from backend.database import execute, fetch, transaction
from backend.errors import Busy, NotFound

SETTLING = timedelta(seconds=30)
"""How long after closing a request that arrived in time may still be under way."""


async def prepare(slot_id: UUID) -> None:
    """Make a slot's secret and publish its hash; twice is once, and nothing without a draw."""
    await prepare_all([slot_id])


async def prepare_all(slot_ids: Sequence[UUID]) -> None:
    """Do :func:`prepare` for many slots."""
    made = []
    known = await Draw.filter(slot_id__in=slot_ids).values_list("slot_id", flat=True)
    for slot in await Slot.filter(id__in=set(slot_ids) - set(known), mode=Mode.DRAW):
        secret, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        made.append(
            Draw(
                slot_id=slot.id,
                commitment=sha256(secret).hexdigest(),
                sealed_secret=nonce + _cipher().encrypt(nonce, secret, slot.id.bytes),
                year_from=await queries.year_start(slot.school_id, slot.closes_at),
            )
        )
    await Draw.bulk_create(made, ignore_conflicts=True)


@cache
def _cipher() -> AESGCM:
    """Rooms make slots without settings at hand, so the installation's key is read here."""
    key = settings.load().secret_key
    return AESGCM(sha256(f"draw:{key}".encode()).digest())


async def record_of(slot: Slot) -> Draw:
    """Return a slot's draw as it stands now. Raises ``NotFound`` when places go otherwise."""
    if slot.mode != Mode.DRAW:
        raise NotFound
    draw = await Draw.get_or_none(slot_id=slot.id)
    if draw is None or (_is_due(slot, draw, clock.now()) and slot.state == SlotState.OPEN):
        await prepare(slot.id)
        await close(slot.id)
        draw = await Draw.get(slot_id=slot.id)
    return draw


async def entries_now(slot: Slot) -> tuple[list[dict[str, Any]], int]:
    """Return the entries as published, or as closing would publish them now; and the places.

    Raises ``NotFound`` when places go otherwise.
    """
    draw = await record_of(slot)
    free = draw.places if draw.places is not None else await queries.free_places(slot.id)
    if draw.closed_at is not None and draw.closed_at >= slot.closes_at:
        return draw.entries, free
    year_from = await queries.year_start(slot.school_id, slot.closes_at)
    found = await queries.entries(
        slot.id, slot.closes_at, year_from, never=draw.weight_never, won=draw.weight_won
    )
    return found, free


async def announce(
    slot_id: UUID, text: str, expected_at: datetime, length: int, *, by: UUID
) -> None:
    """Say where the public value will come from; may be changed until booking closes.

    Raises :class:`lots.SourceFixed`, :class:`lots.SourceTooEarly` and
    :class:`rules.WrongSlotState`.
    """
    now = clock.now()
    async with transaction():
        slot, _ = await _hold(slot_id)
        if slot.state not in (SlotState.DRAFT, SlotState.OPEN):
            raise rules.WrongSlotState
        if now >= slot.closes_at:
            raise lots.SourceFixed
        if not slot.closes_at + SETTLING < expected_at < slot.starts_at:
            raise lots.SourceTooEarly
        await Draw.filter(slot_id=slot_id).update(
            public_source=text,
            value_expected_at=expected_at,
            value_length=length,
            source_announced_at=now,
        )
        await record(
            "bookings.draw_source", "slot", slot_id, by=by, school_id=slot.school_id, source=text
        )


async def due() -> list[UUID]:
    """Return slots whose list of entries is to be published."""
    return await queries.due(clock.now() - SETTLING)


async def close(slot_id: UUID) -> None:
    """Settle and publish who has entered; nothing while booking is open, twice is once."""
    async with transaction():
        slot, draw = await _hold(slot_id)
        await _close(slot, draw, clock.now())


def _is_due(slot: Slot, draw: Draw, now: datetime) -> bool:
    # A slot that was moved has opened again, and what was settled no longer stands.
    settled = draw.closed_at is not None and draw.closed_at >= slot.closes_at
    return draw.drawn_at is None and not settled and now >= slot.closes_at + SETTLING


async def _hold(slot_id: UUID) -> tuple[Slot, Draw]:
    await prepare(slot_id)
    await fetch("SELECT lock_slots(ARRAY[$1::uuid])", slot_id)
    draw = await Draw.get_or_none(slot_id=slot_id)
    if draw is None:
        raise NotFound
    return await Slot.get(id=slot_id), draw


async def _close(slot: Slot, draw: Draw, now: datetime) -> None:
    if slot.state != SlotState.OPEN or not _is_due(slot, draw, now):
        return
    source = queries.source_of(draw, slot)
    draw.year_from = await queries.year_start(slot.school_id, slot.closes_at)
    draw.entries = await queries.entries(
        slot.id, slot.closes_at, draw.year_from, never=draw.weight_never, won=draw.weight_won
    )
    draw.entries_hash = lots.hash_of(draw.entries).hex()
    draw.closed_at = now
    draw.public_source, draw.value_length = source.text, source.length
    draw.value_expected_at, draw.source_announced_at = source.expected_at, source.announced_at
    await draw.save()
    await record(
        "bookings.draw_closed", "slot", slot.id, by=None, school_id=slot.school_id,
        entries=len(draw.entries), hash=draw.entries_hash,
    )  # fmt: skip


async def hold(slot_id: UUID, source: str, value: str, *, by: UUID) -> None:
    """Hold the draw with the public value; the same value again changes nothing.

    Raises :class:`lots.DrawNotClosed`, :class:`lots.OtherSource`,
    :class:`lots.ValueNotYet`, :class:`lots.ValueUnfit`, :class:`lots.AlreadyDrawn`,
    :class:`rules.WrongSlotState`, :class:`lots.SecretSealed` and ``Busy``.
    """
    now = clock.now()
    async with transaction():
        slot, draw = await _hold(slot_id)
        if draw.drawn_at is not None:
            if (draw.public_source, draw.public_value) != (source, value):
                raise lots.AlreadyDrawn
            return
        if slot.state != SlotState.OPEN or now >= slot.starts_at:
            raise rules.WrongSlotState
        if now < slot.closes_at + SETTLING:
            raise lots.DrawNotClosed(when=rules.wall_clock(slot.closes_at + SETTLING))
        await _close(slot, draw, now)
        announced = queries.source_of(draw, slot)
        if source != announced.text:
            raise lots.OtherSource(announced=announced.text)
        if now < announced.expected_at:
            raise lots.ValueNotYet(when=rules.wall_clock(announced.expected_at))
        if len(value) != announced.length:
            raise lots.ValueUnfit(length=announced.length)
        secret = _unsealed(draw)
        seed = lots.seed_of(secret, bytes.fromhex(draw.entries_hash), value)
        draw.public_value, draw.secret, draw.seed = value, secret.hex(), seed.hex()
        draw.ranking = lots.ranked(seed, draw.entries)
        draw.drawn_at, draw.places = now, await queries.free_places(slot_id)
        await _give(slot, draw.ranking, draw.places, by, now)
        draw.winners, draw.passed_over = await _came_out(slot, draw)
        await draw.save()
        await record(
            "bookings.drawn", "slot", slot_id, by=by, school_id=slot.school_id,
            value=value, seed=draw.seed, winners=len(draw.winners),
        )  # fmt: skip


def _unsealed(draw: Draw) -> bytes:
    try:
        nonce, sealed = draw.sealed_secret[:12], draw.sealed_secret[12:]
        secret = _cipher().decrypt(nonce, sealed, draw.slot_id.bytes)
    except InvalidTag as error:
        raise lots.SecretSealed from error
    assert sha256(secret).hexdigest() == draw.commitment
    return secret


async def _give(slot: Slot, ranking: Sequence[str], places: int, by: UUID, now: datetime) -> None:
    # People are locked after slots, in one order. A party takes at least one place, so more
    # than these are looked at only where somebody is engaged elsewhere.
    await fetch(
        """
        SELECT pg_advisory_xact_lock(k) FROM (
            SELECT DISTINCT person_lock(b.person_id) AS k FROM bookings b
            WHERE b.id = ANY($1::uuid[]) ORDER BY 1) x
        """,
        list(ranking[: 2 * places + 50]),
    )
    # A priority is for those who wait; in the drum all are equal but for their lots.
    await execute(
        """
        UPDATE bookings b SET queue_no = x.rank, priority = 0, priority_reason = ''
        FROM unnest($2::uuid[]) WITH ORDINALITY AS x (id, rank)
        WHERE b.id = x.id AND b.slot_id = $1
        """,
        slot.id,
        list(ranking),
    )
    await Slot.filter(id=slot.id).update(drawn_at=now)
    await fetch("SELECT promote($1, $2, true)", slot.id, now)
    await execute(
        """
        UPDATE bookings SET updated_at = $2, line = jsonb_build_object('code',
            CASE WHEN state = 'waitlisted' THEN 'full' ELSE 'drawn' END)
        WHERE slot_id = $1 AND (state = 'waitlisted' AND line ->> 'code' = 'in_draw'
            OR state IN ('confirmed', 'requested') AND line ->> 'code' = 'next_in_line')
        """,
        slot.id,
        now,
    )
    await fetch(
        "SELECT note_move(b, 'waitlisted', 'drawn', $2, $3, false) FROM bookings b "
        "WHERE b.slot_id = $1 AND b.state = 'waitlisted'",
        slot.id,
        by,
        now,
    )


async def _came_out(slot: Slot, draw: Draw) -> tuple[list[str], list[dict[str, str]]]:
    """Return the winners in order, and everybody passed over with the reason."""
    came = await queries.outcome(draw.ranking)
    parties: Mapping[str, Any] = {e["code"]: e["party"] for e in draw.entries}
    assert draw.places is not None
    winners = [code for code in draw.ranking if came[code][0] in ("confirmed", "requested")]
    to_come, left, full = set(winners), draw.places, False
    passed: dict[str, str] = {}
    for code in draw.ranking:
        state, line = came[code]
        if code in to_come:
            to_come.remove(code)
            left -= parties[code]
        elif state != "waitlisted":
            passed[code] = "rejected" if state == "rejected" else "withdrawn"
        elif full:
            continue
        elif line == "collides":
            passed[code] = "collides"
        elif parties[code] > left and not to_come:
            full = True
        elif slot.has_shares:
            passed[code] = "reserved"
        else:
            # They were taking a place elsewhere this very instant, and were not waited for.
            raise Busy(retry_after=5)
    assert lots.placed(draw.ranking, dict(parties), draw.places, passed) == winners
    return winners, [{"code": code, "reason": reason} for code, reason in passed.items()]
