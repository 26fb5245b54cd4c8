"""What families have confirmed, kept by each process for as long as nothing is added to it.

Every receipt gives its person a new number in the same transaction (0029). Whoever reads a
page asks for the family's numbers as well, and reads the receipts again when the sum of them
is another. The numbers are read first, so what is kept is never older than they say.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from backend.database import fetch
from backend.notices.queries.boards import Hanging
from backend.notices.queries.sheets import Hung
from backend.notices.queries.stands import EVERYWHERE, Stand

MOST_KEPT = 10_000
"""Families a process remembers; one with eight confirmed notices takes some four kilobytes."""


class Receipt(NamedTuple):
    """A confirmation of one member of the family; ids are text."""

    person: str
    student: str | None
    revision: int
    answer: str | None
    confirmed_at: datetime


class Confirmed:
    """The receipts of one person's family for some notices, oldest first, by the notice's id.

    ``written`` is what was written of them for the phone, by notice and whether it was read,
    each with the posting it was written for.
    """

    __slots__ = ("notices", "receipts", "version", "written")

    def __init__(self, version: int, notices: frozenset[str]) -> None:
        self.version, self.notices = version, notices
        self.receipts: dict[str, list[Receipt]] = {}
        self.written: dict[tuple[str, bool], tuple[Hanging, bytes]] = {}


class Inquiry(NamedTuple):
    """Which notices it is about, before whom they hang, and the family's number as just read.

    ``picture`` is the caller's, for what is worth keeping, or 0.
    """

    stand: Stand
    picture: int
    version: int
    asked: list[Hung]


_kept: OrderedDict[int, Confirmed] = OrderedDict()


async def confirmed(inquiries: Sequence[Inquiry]) -> list[Confirmed]:
    """Return what was confirmed, for each; one round trip for all that is not remembered."""
    found: list[Confirmed] = []
    missing: list[tuple[Confirmed, str, str]] = []
    for one in inquiries:
        notices = frozenset(hung.posting.key for hung in one.asked)
        held = _kept.get(one.picture)
        if held is not None and held.version == one.version and notices <= held.notices:
            _kept.move_to_end(one.picture)
        else:
            held = Confirmed(one.version, notices)
            missing += [
                (held, hung.posting.key, person)
                for hung in one.asked
                for person in one.stand.family(EVERYWHERE)
            ]
        found.append(held)
    if missing:
        await _read(missing)
    for one, held in zip(inquiries, found, strict=True):
        if one.picture:
            _kept[one.picture] = held
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


async def _read(missing: list[tuple[Confirmed, str, str]]) -> None:
    rows = await fetch(RECEIPTS, [notice for _, notice, _ in missing], [who for *_, who in missing])
    for row in rows:
        held, notice, person = missing[row["n"] - 1]
        held.receipts.setdefault(notice, []).append(
            Receipt(person, row["student"], row["revision"], row["answer"], row["confirmed_at"])
        )
    for held in {id(held): held for held, _, _ in missing}.values():
        for receipts in held.receipts.values():
            receipts.sort(key=_age)


def _age(receipt: Receipt) -> tuple[datetime, str]:
    return receipt.confirmed_at, receipt.person


# Every receipt is looked up by itself. In subselects the lists' lengths are unknown to the
# planner, so it does not plan anew each time.
RECEIPTS = """
SELECT b.n::int AS n, r.student_id::text AS student, r.revision, r.answer, r.confirmed_at
FROM unnest((SELECT $1::uuid[]), (SELECT $2::uuid[]))
     WITH ORDINALITY b (notice_id, person_id, n)
CROSS JOIN LATERAL (
    SELECT r.student_id, r.revision, r.answer, r.confirmed_at FROM notice_receipts r
    WHERE r.notice_id = b.notice_id AND r.person_id = b.person_id OFFSET 0) r
"""
