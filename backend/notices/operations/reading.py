"""Reading a notice, the way it nearly always goes: it hangs, it asks for nothing, tap.

What many people read in one moment is marked together. Everything else (an older version, a
notice that has come down, one whose reading counts as a receipt) is :mod:`receipts`' affair.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from backend import clock
from backend.batching import Batcher
from backend.notices.models import ConfirmMode
from backend.notices.queries import marks
from backend.notices.queries.boards import boards, forget
from backend.notices.queries.stands import stands
from backend.web.actor import Actor
from notifications import Seen
from notifications.origin import request_id


class Tap(NamedTuple):
    """One notice read by one person, and where it hangs before them."""

    seen: Seen
    hangs: list[marks.Hang]


async def read_plainly(actor: Actor, notice_id: UUID, revision: int) -> bool:
    """Mark read what hangs plainly before the caller; false when it is not that simple.

    Nothing was marked then, or only what :func:`receipts.read` will mark as well. A first
    reading takes the push off the person's other devices.
    """
    now, wanted = clock.now(), str(notice_id)
    mine = (await stands([actor]))[actor.picture].boards
    hangs = [
        marks.Hang(key, board.version, one.seq)
        for key, board in (await boards(mine)).items()
        for one in board.hanging
        if one.key == wanted
        and one.until > now
        and one.revision == 1 <= revision
        and one.notice.confirm_mode is not ConfirmMode.READ
    ]
    if not hangs:
        return False
    seen = Seen(actor.person_id, notice_id, actor.session_id, request_id())
    if await _desk.ask(Tap(seen, hangs)):
        return True
    # A board is not as it was remembered.
    forget(mine)
    return False


async def settle(taps: Sequence[Tap]) -> list[bool]:
    """Mark some notices read at once; answers whether each still hung where it was tapped."""
    answers = [False] * len(taps)
    waiting = list(range(len(taps)))
    while waiting:
        # A row of marks can be changed once in a statement; what else its owner read waits.
        first = {taps[at].seen.person_id: at for at in reversed(waiting)}
        wave = sorted(first.values())
        found = await marks.mark_plain([(taps[at].seen, taps[at].hangs) for at in wave])
        for at, was_read in zip(wave, found, strict=True):
            answers[at] = len(was_read) == len(taps[at].hangs)
        waiting = [at for at in waiting if at not in set(wave)]
    return answers


_desk: Batcher[Tap, bool] = Batcher(settle)
