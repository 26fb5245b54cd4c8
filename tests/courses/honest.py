"""An honest viewer, and what they have seen, as plain sets of milliseconds.

The sets are whole numbers, one bit a millisecond: nothing of how the database keeps them.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID, uuid4

Beat = tuple[int, int]


def bits(begin: int, end: int) -> int:
    """Return the milliseconds from ``begin`` up to ``end``."""
    return ((1 << (end - begin)) - 1) << begin


def union(stretches: list[Beat]) -> int:
    """Return the milliseconds of all of them."""
    whole = 0
    for begin, end in stretches:
        whole |= bits(begin, end)
    return whole


def runs(seen: int, length: int) -> list[Beat]:
    """Return the stretches that a set of milliseconds consists of."""
    text, found, at = f"{seen:0{length}b}"[::-1], [], 0
    while (begin := text.find("1", at)) >= 0:
        at = text.find("0", begin)
        at = length if at < 0 else at
        found.append((begin, at))
    return found


def closed(seen: int, length: int, gap: int = 500) -> int:
    """Return ``seen`` with every hole of at most ``gap`` closed, also at either end."""
    edges = [(0, 0), *runs(seen, length), (length, length)]
    if seen:
        for (_, begin), (end, _) in pairwise(edges):
            if end - begin <= gap:
                seen |= bits(begin, end)
    return seen


@dataclass
class Phone:
    """What one phone has played and has no answer to yet; ``position`` is where it stands."""

    play: UUID = field(default_factory=uuid4)
    seq: int = 0
    position: int = 0
    unsent: list[Beat] = field(default_factory=list)


@dataclass
class Viewer:
    """Somebody who plays, seeks and pauses; ``seen`` is what they really saw."""

    length: int
    phones: list[Phone] = field(default_factory=lambda: [Phone()])
    seen: int = 0

    @property
    def phone(self) -> Phone:
        """Return the phone they hold now."""
        return self.phones[-1]

    def play(self, wall_ms: int, speed: float) -> None:
        """Play so long on the phone in hand, until the end of the lesson at the latest."""
        phone = self.phone
        end = min(self.length, phone.position + int(wall_ms * speed))
        if end > phone.position:
            self.seen |= bits(phone.position, end)
            phone.unsent.append((phone.position, end))
            phone.seq += 1
        phone.position = end
