"""Segments of the write-ahead log: their names, and whether they hang together."""

import re
from collections.abc import Iterable

import msgspec

_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
_HISTORY = re.compile(r"[0-9A-F]{8}\.history")


class Segment(msgspec.Struct, frozen=True, order=True):
    """A piece of the log: its ``number`` from the beginning, on one timeline."""

    number: int
    timeline: int
    is_whole: bool = True


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What leads on from a backup: ``names`` until the first gap, and the ``gaps``.

    A gap is the numbers of its first and its last missing segment.
    """

    names: list[str]
    gaps: list[tuple[int, int]]
    beyond: int
    """How many segments lie behind the first gap, of no use."""


def read_name(name: str, segment_bytes: int) -> Segment | None:
    """Return what a file name says, ``None`` when it names no segment."""
    match = _SEGMENT.fullmatch(name)
    if match is None:
        return None
    timeline, high, low = (int(match[group], 16) for group in (1, 2, 3))
    return Segment(high * ((1 << 32) // segment_bytes) + low, timeline, match[4] is None)


def is_history(name: str) -> bool:
    """Say whether a file tells where a timeline branched off."""
    return _HISTORY.fullmatch(name) is not None


def number_before(position: str, segment_bytes: int) -> int:
    """Return the number of the segment that holds the octet before one such as ``0/2000028``."""
    high, _, low = position.partition("/")
    return ((int(high, 16) << 32) + int(low, 16) - 1) // segment_bytes


def name_of(number: int, timeline: int, segment_bytes: int) -> str:
    """Return the file name of a segment."""
    per_file = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // per_file:08X}{number % per_file:08X}"


def chain(names: Iterable[str], after: int, segment_bytes: int, *, timeline: int = 1) -> Chain:
    """Return what follows a backup on ``timeline`` whose last segment has the number ``after``.

    A partial segment counts as its number; where it is there as a whole as well, on the same
    timeline, it is left out.
    """
    told = {name: read_name(name, segment_bytes) for name in names}
    read = {
        name: one
        for name, one in told.items()
        if one is not None and one.number > after and one.timeline >= timeline
    }
    whole = {(one.number, one.timeline) for one in read.values() if one.is_whole}
    used = {
        name: one
        for name, one in read.items()
        if one.is_whole or (one.number, one.timeline) not in whole
    }
    expected, gaps, kept, beyond = after + 1, list[tuple[int, int]](), list[str](), 0
    for name, one in sorted(used.items(), key=lambda item: item[1]):
        if one.number > expected:
            gaps.append((expected, one.number - 1))
        if gaps:
            beyond += 1
        else:
            kept.append(name)
        expected = max(expected, one.number + 1)
    return Chain(names=kept, gaps=gaps, beyond=beyond)
