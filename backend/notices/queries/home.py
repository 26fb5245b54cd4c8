"""What a home page is made of: the boards, and what one person and their family did with them.

Pages asked for in one moment are read together. What hangs is remembered (:mod:`boards`);
of the person are read, in one statement, the versions of their boards, the bits of what they
have read and the family's receipts for the notices on the page. A board whose version is not
the one remembered is read again, and the page put together anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.batching import Batcher
from backend.database import fetch
from backend.notices.models import ConfirmMode
from backend.notices.queries.boards import Board, Hanging, Key, Printed, boards, forget
from backend.notices.queries.stands import Stand, stands
from backend.web.actor import Actor
from backend.web.cursors import Position

TRIES = 4
"""How often a page is begun anew because boards change under it; then it is as of before."""


class Wish(NamedTuple):
    """A page: ``limit`` notices behind ``before``, as of ``now``."""

    actor: Actor
    before: Position | None
    limit: int
    now: datetime


class Receipt(NamedTuple):
    """A confirmation of one member of the family."""

    person_id: UUID
    student_id: UUID | None
    revision: int
    answer: str | None
    confirmed_at: datetime


Hung = tuple[Key, Hanging]
"""A notice on one of the person's boards."""


class Found:
    """A notice of a page as it hangs before one person, on one board or on several."""

    __slots__ = ("children", "hangs", "is_read", "notice", "published_at")

    def __init__(self, stand: Stand, hangs: list[Hung]) -> None:
        self.notice: Printed = hangs[0][1].notice
        self.published_at = hangs[0][1].published_at
        self.children = stand.boards[hangs[0][0]]
        self.hangs = hangs
        self.is_read = False
        for key, one in hangs[1:]:
            self.published_at = max(self.published_at, one.published_at)
            self.children |= stand.boards[key]

    def mark(self, marks: dict[Key, int]) -> None:
        """Note whether it was read on any of the boards."""
        for key, one in self.hangs:
            if marks[key] >> one.seq & 1:
                self.is_read = True


class Home(NamedTuple):
    """A page's notices, newest first, one more than its limit where there are more; what is
    pinned stands above the first page and nowhere else. ``unread`` counts all that hangs.
    ``receipts`` are the family's, by notice. ``state`` is equal for equal pages.
    """

    stand: Stand
    pinned: list[Found]
    found: list[Found]
    unread: int
    receipts: dict[UUID, list[Receipt]]
    state: tuple[object, ...]


class _Draft(NamedTuple):
    """A page before it is known what was read and confirmed."""

    boards: dict[Key, Board]
    twice: list[list[Hung]]
    """What hangs on several of the person's boards."""
    pinned: list[Found]
    found: list[Found]


async def home(actor: Actor, *, before: Position | None, limit: int, now: datetime) -> Home:
    """Return what one page of the caller's home feed is made of."""
    return await desk.ask(Wish(actor, before, limit, now))


async def settle(wishes: Sequence[Wish]) -> list[Home]:
    """Read some pages at once: one statement when everything is remembered as it is."""
    where = await stands([wish.actor for wish in wishes])
    mine = [where[wish.actor.picture] for wish in wishes]
    homes: list[Home | None] = [None] * len(wishes)
    left = list(range(len(wishes)))
    for tried in range(1, TRIES + 1):
        known = await boards({key for at in left for key in mine[at].boards})
        drafts = {at: _draft(wishes[at], mine[at], known) for at in left}
        asked = {
            (found.notice.id, person)
            for at in left
            for found in (*drafts[at].pinned, *drafts[at].found)
            if found.notice.confirm_mode is not ConfirmMode.NONE
            for person in mine[at].family(found.children)
        }
        marked = [(at, key) for at in left for key in mine[at].boards]
        seen = await _state([(wishes[at].actor.person_id, key) for at, key in marked], asked)
        read = dict(zip(marked, seen.bits, strict=True))
        changed = {
            key
            for (_, key), version in zip(marked, seen.versions, strict=True)
            if version != known[key].version
        }
        forget(changed)
        for at in left:
            if tried == TRIES or changed.isdisjoint(mine[at].boards):
                own = {key: read[at, key] for key in mine[at].boards}
                homes[at] = _finished(drafts[at], own, seen.receipts, mine[at])
        left = [at for at in left if homes[at] is None]
        if not left:
            break
    return [page for page in homes if page is not None]


desk: Batcher[Wish, Home] = Batcher(settle, most=32)


def _draft(wish: Wish, stand: Stand, known: dict[Key, Board]) -> _Draft:
    """Merge what hangs on the person's boards, each notice once."""
    mine = {key: known[key].at(wish.now) for key in stand.boards}
    hung: dict[int, list[Hung]] = {}
    for key, board in mine.items():
        for one in board.hanging:
            if one.key in hung:
                hung[one.key].append((key, one))
            else:
                hung[one.key] = [(key, one)]
    twice = [hangs for hangs in hung.values() if len(hangs) > 1]
    order = sorted(hung.values(), key=_rank, reverse=True)
    if wish.before is not None:
        last = (wish.before.at, wish.before.id.int)
        order = [hangs for hangs in order if _rank(hangs) < last]
        above: list[Found] = []
    else:
        above = [Found(stand, hangs) for hangs in order if _is_pinned(hangs)][:20]
    below: list[Found] = []
    for hangs in order:
        if not _is_pinned(hangs):
            below.append(Found(stand, hangs))
            if len(below) > wish.limit:
                break
    return _Draft(mine, twice, above, below)


def _rank(hangs: list[Hung]) -> tuple[datetime, int]:
    return hangs[0][1].rank if len(hangs) == 1 else max(one.rank for _, one in hangs)


def _is_pinned(hangs: list[Hung]) -> bool:
    return hangs[0][1].pinned or any(one.pinned for _, one in hangs[1:])


def _finished(
    draft: _Draft,
    bits: dict[Key, bytes | None],
    receipts: dict[tuple[UUID, UUID], list[Receipt]],
    stand: Stand,
) -> Home:
    """Note on a page what was read, and the family's receipts, oldest first."""
    marks = {key: int.from_bytes(raw or b"", "little") for key, raw in bits.items()}
    unread = sum((board.mask & ~marks[key]).bit_count() for key, board in draft.boards.items())
    for hangs in draft.twice:
        # Counted once for each board it is unread on; it is one notice, and read if read once.
        times = sum(not marks[key] >> one.seq & 1 for key, one in hangs)
        unread -= times - 1 if times == len(hangs) else times
    kept: dict[UUID, list[Receipt]] = {}
    for found in (*draft.pinned, *draft.found):
        found.mark(marks)
        if found.notice.confirm_mode is not ConfirmMode.NONE:
            rows = [
                row
                for person in stand.family(found.children)
                for row in receipts.get((found.notice.id, person), ())
            ]
            kept[found.notice.id] = sorted(rows, key=lambda row: (row.confirmed_at, row.person_id))
    state = (
        *((board.version, len(board.hanging)) for board in draft.boards.values()),
        *bits.values(),
        stand.digest,
        *kept.items(),
    )
    return Home(stand, draft.pinned, draft.found, unread, kept, state)


class _Seen(NamedTuple):
    bits: list[bytes | None]
    versions: list[int]
    receipts: dict[tuple[UUID, UUID], list[Receipt]]


async def _state(marked: list[tuple[UUID, Key]], asked: set[tuple[UUID, UUID]]) -> _Seen:
    seen = _Seen([None] * len(marked), [0] * len(marked), {})
    rows = await fetch(
        STATE,
        [person for person, _ in marked],
        [key[0] for _, key in marked],
        [key[1] for _, key in marked],
        [notice for notice, _ in asked],
        [person for _, person in asked],
    )
    for row in rows:
        if (at := row["n"]) is not None:
            seen.bits[at - 1], seen.versions[at - 1] = row["bits"], row["version"] or 0
            continue
        seen.receipts.setdefault((row["notice_id"], row["person_id"]), []).append(
            Receipt(
                row["person_id"],
                row["student_id"],
                row["revision"],
                row["answer"],
                row["confirmed_at"],
            )
        )
    return seen


# Every board and every receipt is looked up by itself. In subselects the lists' lengths are
# unknown to the planner, so it does not plan anew each time.
STATE = """
SELECT a.n::int AS n, c.version, r.bits, NULL::uuid AS notice_id, NULL::uuid AS person_id,
       NULL::uuid AS student_id, NULL::int AS revision, NULL::text AS answer,
       NULL::timestamptz AS confirmed_at
FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::text[]))
     WITH ORDINALITY a (person_id, node_id, who, n)
LEFT JOIN LATERAL (SELECT c.id, c.version FROM audience_counters c
                   WHERE c.node_id = a.node_id AND c.who = a.who OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT r.bits FROM board_marks r
                   WHERE r.person_id = a.person_id AND r.board = c.id OFFSET 0) r ON true
UNION ALL
SELECT NULL, NULL, NULL, b.notice_id, b.person_id, r.student_id, r.revision, r.answer,
       r.confirmed_at
FROM unnest((SELECT $4::uuid[]), (SELECT $5::uuid[])) b (notice_id, person_id)
CROSS JOIN LATERAL (
    SELECT r.student_id, r.revision, r.answer, r.confirmed_at FROM notice_receipts r
    WHERE r.notice_id = b.notice_id AND r.person_id = b.person_id OFFSET 0) r
"""
