"""What hangs on the boards, kept by each process for as long as it hangs so.

A board is the same for everybody who stands before it, so it is read once and not for each
of them. Every change of it raises its version in the same transaction (0026): whoever reads
a page asks for the versions as well, and reads again what has changed meanwhile.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from backend.database import fetch
from backend.notices.models import Category, ConfirmMode

MOST_KEPT = 5_000
"""Boards a process remembers; a board of forty notices takes some thirty kilobytes."""

Key = tuple[str, str]
"""A board: the id of the node it belongs to and who stands before it. As text, for text
remembers its hash and is what the driver takes fastest."""


class Printed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A notice as everybody sees it in a list; names are those of its row."""

    id: UUID
    title: str
    category: Category
    urgent: bool
    sender_name: str
    sender_title: str
    confirm_mode: ConfirmMode
    confirm_by: datetime | None
    confirm_revision: int
    revision: int
    expires_at: datetime
    school_id: UUID | None
    attachments: int
    pinned: bool


class Hanging(msgspec.Struct, gc=False):
    """A notice on one board: its number there, the revision that was posted, and until when.

    ``key`` is the notice's id as text; ``rank`` orders what hangs by moment and id.
    ``card`` is what every phone is sent of it, kept once it was written.
    """

    seq: int
    revision: int
    published_at: datetime
    until: datetime
    pinned: bool
    notice: Printed
    key: str
    rank: tuple[datetime, str]
    card: bytes = b""


class Board(msgspec.Struct, frozen=True, gc=False):
    """What hangs on one board at one version, newest first."""

    version: int
    hanging: tuple[Hanging, ...]
    mask: int = 0
    """The numbers of all that hangs, a bit each."""
    lasts: datetime | None = None
    """When the first of it comes down by itself."""

    @classmethod
    def of(cls, version: int, hanging: Sequence[Hanging]) -> Self:
        return cls(
            version,
            tuple(hanging),
            sum(1 << one.seq for one in hanging),
            min((one.until for one in hanging), default=None),
        )

    def at(self, now: datetime) -> Self:
        """Return the board without what has had its time."""
        if self.lasts is None or self.lasts > now:
            return self
        return self.of(self.version, [one for one in self.hanging if one.until > now])


BARE = Board(0, ())
"""A board on which nothing was ever posted; it has no row, and no version."""

_kept: OrderedDict[Key, Board] = OrderedDict()


async def boards(keys: Collection[Key]) -> dict[Key, Board]:
    """Return these boards as this process remembers them; what it does not know it reads.

    One round trip for all that are missing. Whether they are as remembered is for the
    caller to find out, by their versions.
    """
    found = {key: board for key in keys if (board := _kept.get(key)) is not None}
    if missing := [key for key in keys if key not in found]:
        found |= await _read(missing)
    return found


def forget(keys: Collection[Key]) -> None:
    """Have these boards read again when next they are asked for."""
    for key in keys:
        _kept.pop(key, None)


async def _read(keys: list[Key]) -> dict[Key, Board]:
    versions: dict[Key, int] = {}
    hanging: dict[Key, list[Hanging]] = {key: [] for key in keys}
    for row in await fetch(HANGING, [node for node, _ in keys], [who for _, who in keys]):
        key = (row["node"], row["who"])
        versions[key] = row["version"]
        if row["seq"] is not None:
            notice, published_at = msgspec.convert(row, Printed), row["published_at"]
            hanging[key].append(
                Hanging(
                    row["seq"],
                    row["posted"],
                    published_at,
                    row["until"],
                    row["is_pinned"],
                    notice,
                    str(notice.id),
                    (published_at, str(notice.id)),
                )
            )
    found = {
        key: Board.of(versions[key], hanging[key]) if key in versions else BARE for key in keys
    }
    _kept.update(found)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


# In subselects the lists' lengths are unknown to the planner, so it does not plan anew each time.
HANGING = """
SELECT k.node_id::text AS node, k.who, c.version, p.seq, p.revision AS posted, p.published_at,
       p.expires_at AS until, p.pinned AS is_pinned, n.id, n.title, n.category, n.urgent,
       n.pinned, n.sender_name, n.sender_title, n.confirm_mode, n.confirm_by,
       n.confirm_revision, n.revision, n.expires_at, n.school_id,
       json_array_length(n.attachment_ids::json) AS attachments
FROM unnest((SELECT $1::uuid[]), (SELECT $2::text[])) k (node_id, who)
JOIN audience_counters c ON c.node_id = k.node_id AND c.who = k.who
LEFT JOIN LATERAL (SELECT * FROM notice_postings p
                   WHERE p.node_id = k.node_id AND p.who = k.who AND p.current OFFSET 0) p ON true
LEFT JOIN notices n ON n.id = p.notice_id
ORDER BY p.published_at DESC, p.notice_id DESC
"""
