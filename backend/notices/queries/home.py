"""What a home page is made of: the boards, and what one person and their family did with them.

Pages asked for in one moment are read together. What hangs is remembered (:mod:`boards`,
:mod:`sheets`); of the person are read, in one statement, the versions of their boards, the
bits of what they have read and the family's receipts for the notices on the page. A board
whose version is not the one remembered is read again, and the page put together anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.batching import Batcher
from backend.database import fetch
from backend.notices.queries.boards import Board, Key, boards, forget
from backend.notices.queries.sheets import Hung, Sheet, sheet
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


class Home(NamedTuple):
    """A page's notices, newest first, one more than its limit where there are more; what is
    pinned stands above the first page and nowhere else. ``marks`` say what was read, as bits
    for each board; ``unread`` counts all that hangs. ``receipts`` are the family's, by notice,
    where there are any. ``state`` is equal for equal pages.
    """

    stand: Stand
    pinned: list[Hung]
    found: list[Hung]
    marks: list[int]
    unread: int
    receipts: dict[UUID, list[Receipt]]
    state: tuple[object, ...]


class _Draft(NamedTuple):
    """A page before it is known what was read and confirmed."""

    sheet: Sheet
    pinned: list[Hung]
    found: list[Hung]
    asked: list[tuple[UUID, UUID]]
    """Whose receipts for which notice are looked for."""


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
        drafts = [_draft(wishes[at], mine[at], known) for at in left]
        seen = await _state(
            [(wishes[at].actor.person_id, key) for at in left for key in mine[at].boards],
            {pair for draft in drafts for pair in draft.asked},
        )
        waits, first = [], 0
        for at, draft in zip(left, drafts, strict=True):
            keys = list(mine[at].boards)
            own = slice(first, first + len(keys))
            first = own.stop
            changed = [
                key
                for key, version in zip(keys, seen.versions[own], strict=True)
                if version != known[key].version
            ]
            forget(changed)
            if changed and tried < TRIES:
                waits.append(at)
            else:
                homes[at] = _finished(draft, seen.bits[own], seen.receipts, mine[at])
        left = waits
        if not left:
            break
    return [page for page in homes if page is not None]


desk: Batcher[Wish, Home] = Batcher(settle, most=32)


def _draft(wish: Wish, stand: Stand, known: dict[Key, Board]) -> _Draft:
    whole = sheet(tuple(known[key] for key in stand.boards), wish.now)
    pinned, found = whole.page(wish.before, wish.limit)
    asked = [
        (one.posting.notice.id, person)
        for one in (*pinned, *found)
        if one.asked
        for person in stand.family(one.where)
    ]
    return _Draft(whole, pinned, found, asked)


def _finished(
    draft: _Draft,
    bits: list[bytes | None],
    receipts: dict[tuple[UUID, UUID], list[Receipt]],
    stand: Stand,
) -> Home:
    """Note on a page what was read, and the family's receipts, oldest first."""
    marks = [int.from_bytes(raw or b"", "little") for raw in bits]
    kept: dict[UUID, list[Receipt]] = {}
    for pair in draft.asked:
        if rows := receipts.get(pair):
            kept.setdefault(pair[0], []).extend(rows)
    for rows in kept.values():
        rows.sort(key=lambda row: (row.confirmed_at, row.person_id))
    return Home(
        stand,
        draft.pinned,
        draft.found,
        marks,
        draft.sheet.unread(marks),
        kept,
        (draft.sheet.stamp, bits, stand.digest, *kept.items()),
    )


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
