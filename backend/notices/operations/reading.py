"""Reading and confirming, the way it nearly always goes: it hangs, it asks for little, tap.

What many people tap in one moment is settled together. Everything else (an older version, a
notice that has come down, an answer for each child) is :mod:`receipts`' affair.
"""

from collections.abc import Callable, Sequence
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


async def read_plainly(actor: Actor, notice_id: UUID, revision: int) -> bool:
    """Mark read what hangs plainly before the caller; false when it is not that simple.

    Nothing was marked then, or only what :func:`receipts.read` will mark as well. A first
    reading takes the push off the person's other devices; where reading is what the notice
    asks for, it leaves a receipt.
    """

    def is_plain(one: Hanging) -> bool:
        return one.revision == 1 <= revision <= one.notice.revision

    return await _tapped(actor, notice_id, revision, is_plain, confirms=False) is not None


async def confirm_plainly(actor: Actor, notice_id: UUID, revision: int) -> bool:
    """Confirm for the household what hangs before the caller and wants a tap, or one of each
    guardian; false when it is not that simple.

    Nothing was confirmed then. As with :func:`receipts.confirm`, the guardians who no longer
    owe anything lose their pending push.
    """

    def is_plain(one: Hanging) -> bool:
        oldest = max(one.revision, one.notice.confirm_revision)
        asks_for_it = one.notice.confirm_mode in (ConfirmMode.TAP, ConfirmMode.BOTH)
        return asks_for_it and oldest <= revision <= one.notice.revision

    family = await _tapped(actor, notice_id, revision, is_plain, confirms=True)
    if family is None:
        return False
    await _spare(notice_id, [UUID(one) for one in family])
    return True


async def _tapped(
    actor: Actor,
    notice_id: UUID,
    revision: int,
    is_plain: Callable[[Hanging], bool],
    *,
    confirms: bool,
) -> frozenset[str] | None:
    """Settle a tap if it is plain wherever the notice hangs; returns the caller's family."""
    for _ in range(_TRIES):
        stand, hung = await _before(actor, notice_id)
        if not hung or not all(is_plain(h.one) for h in hung):
            return None
        leaves_receipt = confirms or hung[0].one.notice.confirm_mode is ConfirmMode.READ
        tap = Tap(
            Seen(actor.person_id, notice_id, actor.session_id, request_id()),
            [marks.Hang(h.key, h.board.version, h.one.seq) for h in hung],
            revision if leaves_receipt else None,
            confirms,
        )
        if await _desk.ask(tap):
            return stand.family(sum(1 << h.at for h in hung)) - {stand.person}
        forget(stand.boards)
    return None


async def _spare(notice_id: UUID, family: Sequence[UUID]) -> None:
    """Drop the pushes still on their way to those who no longer owe anything."""
    waiting = await notifications.awaited(notice_id, family)
    if waiting:
        async with transaction():
            owing = await marks.owing(notice_id, waiting)
            await notifications.settle(notice_id, [one for one in waiting if one not in owing])


async def settle(taps: Sequence[Tap]) -> list[bool]:
    """Settle some taps at once; answers whether each hung as it was remembered.

    Each person's one after the other, for a row of marks can be changed once in a statement;
    and in order of the persons, so that two processes never wait for one another crosswise.
    """
    answers = [False] * len(taps)
    waiting = list(range(len(taps)))
    while waiting:
        first = {taps[at].seen.person_id: at for at in reversed(waiting)}
        wave = [at for _, at in sorted(first.items())]
        known = await marks.tap([taps[at] for at in wave], clock.now())
        for at, answer in zip(wave, known, strict=True):
            answers[at] = answer
        waiting = [at for at in waiting if at not in set(wave)]
    return answers


_desk: Batcher[Tap, bool] = Batcher(settle)
