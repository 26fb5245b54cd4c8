"""The chain of a body's decisions: each entry's digest covers the one before it."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from backend.ballots.rules.digests import canonical

GENESIS = "0" * 64
"""What stands before the first entry."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a decision says, which never changes again. Moments are in UTC."""

    number: int
    body: UUID
    item: UUID | None
    meeting: UUID | None
    vote: UUID | None
    text: str
    owner: UUID | None
    owner_name: str
    due: date | None
    decided_at: datetime
    entered_by: UUID
    entered_at: datetime


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with the digests that stand beside it."""

    entry: Entry
    previous: str
    digest: str


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """Where a chain does not hold: ``number`` is what was expected there."""

    number: int
    what: str


def digest_of(previous: str, entry: Entry) -> str:
    """Return SHA-256, hexadecimal, over the previous digest and the entry's canonical JSON."""
    return hashlib.sha256(previous.encode() + canonical(_in_utc(entry))).hexdigest()


def verify(links: Iterable[Link], *, vouched: Collection[tuple[int, str]] = ()) -> list[Flaw]:
    """Return where a chain, given in the order of its numbers, is broken; nowhere: empty.

    ``vouched`` are numbers and digests that somebody wrote down earlier, such as confirmed
    minutes: they also show that the end was cut off, or the whole written anew.
    """
    flaws, before, expected = [], GENESIS, 1
    digests: dict[int, str] = {}
    for link in links:
        if link.entry.number != expected:
            flaws.append(Flaw(number=expected, what="missing"))
        if link.previous != before:
            flaws.append(Flaw(number=link.entry.number, what="previous"))
        if digest_of(link.previous, link.entry) != link.digest:
            flaws.append(Flaw(number=link.entry.number, what="digest"))
        digests[link.entry.number] = before = link.digest
        expected = link.entry.number + 1
    flaws += [
        Flaw(number=number, what="vouched")
        for number, digest in vouched
        if digests.get(number) != digest
    ]
    return flaws


def _in_utc(entry: Entry) -> Entry:
    return msgspec.structs.replace(
        entry,
        decided_at=entry.decided_at.astimezone(UTC),
        entered_at=entry.entered_at.astimezone(UTC),
    )
