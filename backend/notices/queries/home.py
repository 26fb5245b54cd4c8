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
from backend.notices.queries.boards import Board, Key, Printed, boards, forget
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


class Found:
    """A notice as it hangs before one person, on one board or on several."""

    __slots__ = ("children", "hangs", "is_read", "notice", "pinned", "published_at")

    def __init__(self, notice: Printed, published_at: datetime, pinned: bool) -> None:
        self.notice = notice
        self.published_at = published_at
        self.pinned = pinned
        self.is_read = False
        self.children: frozenset[UUID] = frozenset()
        self.hangs: list[tuple[Key, int]] = []


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

    everything: list[Found]
    pinned: list[Found]
    found: list[Found]
    state: list[object]


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
            for person in _concerned(mine[at], found, wishes[at])
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
                homes[at] = _finished(drafts[at], own, seen.receipts, mine[at], wishes[at])
        left = [at for at in left if homes[at] is None]
        if not left:
            break
    return [page for page in homes if page is not None]


desk: Batcher[Wish, Home] = Batcher(settle, most=32)


def _draft(wish: Wish, stand: Stand, known: dict[Key, Board]) -> _Draft:
    """Merge what hangs on the person's boards, each notice once."""
    by_notice: dict[UUID, Found] = {}
    state: list[object] = []
    for key, children in stand.boards.items():
        board, hanging = known[key], 0
        for one in board.hanging:
            if one.until <= wish.now:
                continue
            hanging += 1
            found = by_notice.get(one.notice.id)
            if found is None:
                found = by_notice[one.notice.id] = Found(one.notice, one.published_at, one.pinned)
            elif one.published_at > found.published_at:
                found.published_at = one.published_at
            found.pinned |= one.pinned
            found.children |= children
            found.hangs.append((key, one.seq))
        state += (board.version, hanging)
    everything = sorted(by_notice.values(), key=_place, reverse=True)
    before = wish.before
    if before is not None:
        behind = [f for f in everything if not f.pinned and _place(f) < (before.at, before.id)]
        return _Draft(everything, [], behind[: wish.limit + 1], state)
    above = [found for found in everything if found.pinned][:20]
    below = [found for found in everything if not found.pinned]
    return _Draft(everything, above, below[: wish.limit + 1], state)


def _place(found: Found) -> tuple[datetime, UUID]:
    return found.published_at, found.notice.id


def _concerned(stand: Stand, found: Found, wish: Wish) -> set[UUID]:
    """Return whose receipts matter for a notice: the guardians of its children's, one's own."""
    return {
        wish.actor.person_id,
        *(
            guardian.person_id
            for child in stand.children
            if child.id in found.children
            for guardian in child.guardians
        ),
    }


def _finished(
    draft: _Draft,
    bits: dict[Key, bytes | None],
    receipts: dict[tuple[UUID, UUID], list[Receipt]],
    stand: Stand,
    wish: Wish,
) -> Home:
    """Note on a page what was read, and the family's receipts, oldest first."""
    marks = {key: int.from_bytes(raw or b"", "little") for key, raw in bits.items()}
    unread = 0
    for found in draft.everything:
        found.is_read = any(marks[key] >> seq & 1 for key, seq in found.hangs)
        unread += not found.is_read
    kept: dict[UUID, list[Receipt]] = {}
    for found in (*draft.pinned, *draft.found):
        if found.notice.confirm_mode is not ConfirmMode.NONE:
            rows = [
                row
                for person in _concerned(stand, found, wish)
                for row in receipts.get((found.notice.id, person), ())
            ]
            kept[found.notice.id] = sorted(rows, key=lambda row: (row.confirmed_at, row.person_id))
    state = (*draft.state, *bits.values(), stand.digest, *kept.items())
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
LEFT JOIN LATERAL (SELECT r.bits FROM read_marks r
                   WHERE r.person_id = a.person_id AND r.board = c.id OFFSET 0) r ON true
UNION ALL
SELECT NULL, NULL, NULL, b.notice_id, b.person_id, r.student_id, r.revision, r.answer,
       r.confirmed_at
FROM unnest((SELECT $4::uuid[]), (SELECT $5::uuid[])) b (notice_id, person_id)
CROSS JOIN LATERAL (
    SELECT r.student_id, r.revision, r.answer, r.confirmed_at FROM notice_receipts r
    WHERE r.notice_id = b.notice_id AND r.person_id = b.person_id OFFSET 0) r
"""
