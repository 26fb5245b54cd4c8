"""What a home page is made of: the boards, and what one person and their family did with them.

Pages asked for in one moment are read together. What hangs is remembered (:mod:`boards`,
:mod:`sheets`), and what the family has confirmed (:mod:`confirmed`); of the person are read,
in one statement, the bits of what they have read and the versions of what is remembered.
What is at another version by now is read again, and the page put together anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from backend.batching import Batcher
from backend.database import fetch
from backend.notices.queries.boards import Board, Key, boards, forget
from backend.notices.queries.confirmed import Confirmed, Inquiry, confirmed
from backend.notices.queries.sheets import Hung, Sheet, sheet
from backend.notices.queries.stands import EVERYWHERE, Stand, stands
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


class Home(NamedTuple):
    """A page's notices, newest first, one more than its limit where there are more; what is
    pinned stands above the first page and nowhere else. ``marks`` say what was read, as bits
    for each board; ``unread`` counts all that hangs. ``state`` is equal for equal pages.
    """

    stand: Stand
    pinned: list[Hung]
    found: list[Hung]
    marks: list[int]
    unread: int
    confirmed: Confirmed
    state: tuple[object, ...]


class _Draft(NamedTuple):
    """A page before it is known what was read and confirmed."""

    sheet: Sheet
    pinned: list[Hung]
    found: list[Hung]


class _Read(NamedTuple):
    """A page of which is known what was read, and the family's number."""

    draft: _Draft
    bits: list[bytes | None]
    version: int


async def home(actor: Actor, *, before: Position | None, limit: int, now: datetime) -> Home:
    """Return what one page of the caller's home feed is made of."""
    return await desk.ask(Wish(actor, before, limit, now))


async def settle(wishes: Sequence[Wish]) -> list[Home]:
    """Read some pages at once: one statement when everything is remembered as it is."""
    where = await stands([wish.actor for wish in wishes])
    mine = [where[wish.actor.picture] for wish in wishes]
    pages: list[_Read | None] = [None] * len(wishes)
    left = list(range(len(wishes)))
    for tried in range(1, TRIES + 1):
        known = await boards({key for at in left for key in mine[at].boards})
        drafts = [_draft(wishes[at], mine[at], known) for at in left]
        seen = await _state([mine[at] for at in left])
        waits, first = [], 0
        for at, draft, version in zip(left, drafts, seen.families, strict=True):
            keys = list(mine[at].boards)
            own = slice(first, first + len(keys))
            first = own.stop
            changed = [
                key for key, is_at in zip(keys, seen.boards[own], strict=True)
                if is_at != known[key].version
            ]  # fmt: skip
            forget(changed)
            if changed and tried < TRIES:
                waits.append(at)
            else:
                pages[at] = _Read(draft, seen.bits[own], version)
        left = waits
        if not left:
            break
    return await _finished(wishes, mine, [page for page in pages if page is not None])


desk: Batcher[Wish, Home] = Batcher(settle, most=32)


def _draft(wish: Wish, stand: Stand, known: dict[Key, Board]) -> _Draft:
    whole = sheet(tuple([known[key] for key in stand.boards]), wish.now)
    return _Draft(whole, *whole.page(wish.before, wish.limit))


async def _finished(
    wishes: Sequence[Wish], mine: Sequence[Stand], pages: Sequence[_Read]
) -> list[Home]:
    """Note on the pages what was read, and what the families have confirmed."""
    inquiries = [
        Inquiry(
            stand,
            0 if wish.before else wish.actor.picture,
            page.version,
            [one for one in (*page.draft.pinned, *page.draft.found) if one.asked],
        )
        for wish, stand, page in zip(wishes, mine, pages, strict=True)
    ]
    found = await confirmed(inquiries)
    homes = []
    for (draft, bits, version), stand, told in zip(pages, mine, found, strict=True):
        marks = [int.from_bytes(raw, "little") if raw else 0 for raw in bits]
        state = (draft.sheet.stamp, bits, stand.digest, version)
        unread = draft.sheet.unread(marks)
        homes.append(Home(stand, draft.pinned, draft.found, marks, unread, told, state))
    return homes


class _Seen(NamedTuple):
    """Of each board of some stands its bits and version, and of each family its number."""

    bits: list[bytes | None]
    boards: list[int]
    families: list[int]


async def _state(mine: Sequence[Stand]) -> _Seen:
    marked = [(stand.person, *key) for stand in mine for key in stand.boards]
    families = [(at, one) for at, stand in enumerate(mine) for one in stand.family(EVERYWHERE)]
    seen = _Seen([None] * len(marked), [0] * len(marked), [0] * len(mine))
    rows = await fetch(
        STATE,
        [person for person, _, _ in marked],
        [node for _, node, _ in marked],
        [who for _, _, who in marked],
        [at for at, _ in families],
        [person for _, person in families],
    )
    for row in rows:
        if (at := row["n"]) is not None:
            seen.bits[at - 1], seen.boards[at - 1] = row["bits"], row["version"] or 0
        else:
            seen.families[row["family"]] += row["version"]
    return seen


# Every board and every person is looked up by itself. In subselects the lists' lengths are
# unknown to the planner, so it does not plan anew each time.
STATE = """
SELECT a.n::int AS n, NULL::int AS family, c.version, r.bits
FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]), (SELECT $3::text[]))
     WITH ORDINALITY a (person_id, node_id, who, n)
LEFT JOIN LATERAL (SELECT c.id, c.version FROM audience_counters c
                   WHERE c.node_id = a.node_id AND c.who = a.who OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT r.bits FROM board_marks r
                   WHERE r.person_id = a.person_id AND r.board = c.id OFFSET 0) r ON true
UNION ALL
SELECT NULL, b.family, v.version, NULL
FROM unnest((SELECT $4::int[]), (SELECT $5::uuid[])) b (family, person_id)
CROSS JOIN LATERAL (SELECT v.version FROM receipt_versions v
                    WHERE v.person_id = b.person_id OFFSET 0) v
"""
