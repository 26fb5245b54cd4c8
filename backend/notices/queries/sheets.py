"""What hangs before everybody who stands before the same boards, put in order once.

The families of a class mostly stand before the same boards, so the merging is theirs
together; what each of them has read and done is added later, to the notices of one page.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from backend.notices.models import ConfirmMode
from backend.notices.queries.boards import Board, Hanging
from backend.web.cursors import Position

MOST_KEPT = 2_000
"""Sheets a process remembers; one of a hundred notices takes some twenty kilobytes."""
MOST_PINNED = 20


class Hung:
    """A notice on one of the boards or on several.

    ``spots`` are its numbers there, each behind the position of its board; ``where`` has a
    bit for each of these positions. ``on_top``: it is pinned on one of them at least.
    """

    __slots__ = ("asked", "on_top", "posting", "rank", "spots", "where")

    def __init__(self, posting: Hanging, at: int) -> None:
        self.posting = posting
        self.rank = posting.rank
        self.spots: tuple[tuple[int, int], ...] = ((at, posting.seq),)
        self.where = 1 << at
        self.on_top = posting.pinned
        self.asked = posting.notice.confirm_mode is not ConfirmMode.NONE

    def hangs_also(self, posting: Hanging, at: int) -> None:
        """Note that it hangs on another board too; the latest posting is the one shown."""
        self.spots += ((at, posting.seq),)
        self.where |= 1 << at
        self.on_top = self.on_top or posting.pinned
        if posting.rank > self.rank:
            self.posting, self.rank = posting, posting.rank

    def is_read(self, marks: Sequence[int]) -> bool:
        """Whether the bits of any of its boards say so."""
        at, seq = self.spots[0]
        if marks[at] >> seq & 1:
            return True
        return len(self.spots) > 1 and any(marks[at] >> seq & 1 for at, seq in self.spots)


class Sheet:
    """What hangs on some boards, newest first, each notice once.

    ``stamp`` is equal for equal sheets; ``lasts`` is when the first of it comes down by itself.
    """

    __slots__ = ("_several", "boards", "lasts", "pinned", "rest", "stamp")

    def __init__(self, boards: Sequence[Board]) -> None:
        self.boards = boards
        self.stamp = [(board.version, len(board.hanging)) for board in boards]
        self.lasts = min((b.lasts for b in boards if b.lasts is not None), default=None)
        hung: dict[str, Hung] = {}
        for at, board in enumerate(boards):
            for posting in board.hanging:
                if (known := hung.get(posting.key)) is None:
                    hung[posting.key] = Hung(posting, at)
                else:
                    known.hangs_also(posting, at)
        order = sorted(hung.values(), key=lambda one: one.rank, reverse=True)
        self.pinned = [one for one in order if one.on_top]
        self.rest = [one for one in order if not one.on_top]
        self._several = [one for one in order if len(one.spots) > 1]

    def page(self, before: Position | None, limit: int) -> tuple[list[Hung], list[Hung]]:
        """Return what is pinned above the first page, and the page with one notice more."""
        if before is None:
            return self.pinned[:MOST_PINNED], self.rest[: limit + 1]
        last = (before.at, str(before.id))
        return [], [one for one in self.rest if one.rank < last][: limit + 1]

    def unread(self, marks: Sequence[int]) -> int:
        """Return how many notices hang here of which the bits of no board say they were read."""
        unread = 0
        for board, read in zip(self.boards, marks, strict=True):
            unread += (board.mask & ~read).bit_count()
        for one in self._several:
            # Counted once for each board it is unread on; it is one notice, and read if read once.
            times = sum(not marks[at] >> seq & 1 for at, seq in one.spots)
            unread -= times - 1 if times == len(one.spots) else times
        return unread


_kept: OrderedDict[tuple[int, ...], tuple[tuple[Board, ...], Sheet]] = OrderedDict()


def sheet(boards: tuple[Board, ...], now: datetime) -> Sheet:
    """Return the sheet of these boards without what has had its time."""
    # Told apart by identity: what is kept here holds on to its boards, so none is another.
    key = tuple(map(id, boards))
    held = _kept.get(key)
    if held is not None and (held[1].lasts is None or held[1].lasts > now):
        _kept.move_to_end(key)
        return held[1]
    made = Sheet([board.at(now) for board in boards])
    _kept[key] = (boards, made)
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return made
