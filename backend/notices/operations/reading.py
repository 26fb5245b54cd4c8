"""Reading and confirming, the way it nearly always goes: it hangs, it asks for little, tap.

What many people tap in one moment is settled together. Everything else (an older version, a
notice that has come down, an answer for each child) is :mod:`receipts`' affair.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import notifications
from backend import clock
from backend.batching import Batcher
from backend.database import transaction
from backend.notices.models import ConfirmMode
from backend.notices.queries import marks
from backend.notices.queries.boards import Board, Hanging, Key, boards, forget
from backend.notices.queries.marks import Tap
from backend.notices.queries.stands import Stand, stands
from backend.web.actor import Actor
from notifications import Seen
from notifications.origin import request_id

_TRIES = 2
"""When a board is not as it was remembered, it is looked at and tried once more."""


class _Hung(NamedTuple):
    """Where a notice hangs before somebody."""

    at: int
    key: Key
    board: Board
    one: Hanging


async def _before(actor: Actor, notice_id: UUID) -> tuple[Stand, list[_Hung]]:
    """Return where somebody stands and on which of their boards the notice hangs."""
    now, wanted = clock.now(), str(notice_id)
    stand = (await stands([actor]))[actor.picture]
    known = await boards(stand.boards)
    return stand, [
        _Hung(at, key, known[key], one)
        for at, key in enumerate(stand.boards)
        for one in known[key].hanging
        if one.key == wanted and one.until > now
    ]


def _tap(actor: Actor, notice_id: UUID, hung: Sequence[_Hung], revision: int) -> Tap:
    seen = Seen(actor.person_id, notice_id, actor.session_id, request_id())
    return Tap(seen, [marks.Hang(h.key, h.board.version, h.one.seq) for h in hung], revision)


async def read_plainly(actor: Actor, notice_id: UUID, revision: int) -> bool:
    """Mark read what hangs plainly before the caller; false when it is not that simple.

    Nothing was marked then, or only what :func:`receipts.read` will mark as well. A first
    reading takes the push off the person's other devices.
    """
    for _ in range(_TRIES):
        stand, hung = await _before(actor, notice_id)
        plain = [
            h
            for h in hung
            if h.one.revision == 1 <= revision and h.one.notice.confirm_mode is not ConfirmMode.READ
        ]
        if not plain:
            return False
        if await _readers.ask(_tap(actor, notice_id, plain, revision)):
            return True
        forget(stand.boards)
    return False


async def confirm_plainly(actor: Actor, notice_id: UUID, revision: int) -> bool:
    """Confirm for the household what hangs before the caller and wants a tap, or one of each
    guardian; false when it is not that simple.

    Nothing was confirmed then. As with :func:`receipts.confirm`, the guardians who no longer
    owe anything lose their pending push.
    """
    for _ in range(_TRIES):
        stand, hung = await _before(actor, notice_id)
        if not hung or not all(
            h.one.notice.confirm_mode in (ConfirmMode.TAP, ConfirmMode.BOTH)
            and max(h.one.revision, h.one.notice.confirm_revision) <= revision
            and revision <= h.one.notice.revision
            for h in hung
        ):
            return False
        if await _confirmers.ask(_tap(actor, notice_id, hung, revision)):
            family = stand.family(sum(1 << h.at for h in hung)) - {stand.person}
            await _spare(notice_id, [UUID(one) for one in family])
            return True
        forget(stand.boards)
    return False


async def _spare(notice_id: UUID, family: Sequence[UUID]) -> None:
    """Drop the pushes still on their way to those who no longer owe anything."""
    waiting = await notifications.awaited(notice_id, family)
    if waiting:
        async with transaction():
            owing = await marks.owing(notice_id, waiting)
            await notifications.settle(notice_id, [one for one in waiting if one not in owing])


async def settle_readings(taps: Sequence[Tap]) -> list[bool]:
    """Mark some notices read at once; answers whether each still hung where it was tapped."""

    async def mark(wave: Sequence[Tap]) -> list[bool]:
        found = await marks.mark_plain(wave)
        return [len(read) == len(tap.hangs) for read, tap in zip(found, wave, strict=True)]

    return await _in_waves(taps, mark)


async def settle_confirmations(taps: Sequence[Tap]) -> list[bool]:
    """Confirm some notices at once; answers whether each hung as it was remembered."""

    async def confirm(wave: Sequence[Tap]) -> list[bool]:
        return await marks.confirm_plain(wave, clock.now())

    return await _in_waves(taps, confirm)


async def _in_waves(
    taps: Sequence[Tap], settle: Callable[[Sequence[Tap]], Awaitable[list[bool]]]
) -> list[bool]:
    """Settle each person's taps one after the other, and all persons' together.

    A row of marks can be changed once in a statement. In order of the persons, so that two
    processes never wait for one another crosswise.
    """
    answers = [False] * len(taps)
    waiting = list(range(len(taps)))
    while waiting:
        first = {taps[at].seen.person_id: at for at in reversed(waiting)}
        wave = [at for _, at in sorted(first.items())]
        for at, answer in zip(wave, await settle([taps[at] for at in wave]), strict=True):
            answers[at] = answer
        waiting = [at for at in waiting if at not in set(wave)]
    return answers


_readers: Batcher[Tap, bool] = Batcher(settle_readings)
_confirmers: Batcher[Tap, bool] = Batcher(settle_confirmations)
