"""Segments hang together, or it is told where they do not."""

import pytest

from backend.backups import journal
from backend.backups.journal import Segment

MIB16 = 1 << 24


def name(number: int, timeline: int = 1) -> str:
    return journal.name_of(number, timeline, MIB16)


def test_names_and_positions_are_read_as_the_server_writes_them() -> None:
    assert journal.read_name("000000010000000A000000FF", MIB16) == Segment(10 * 256 + 255, 1)
    assert name(10 * 256 + 255) == "000000010000000A000000FF"
    partial = journal.read_name("000000020000000000000003.partial", MIB16)
    assert partial == Segment(3, 2, is_whole=False)
    assert journal.read_name("receive.log", MIB16) is None
    assert journal.is_history("00000002.history") and not journal.is_history(name(1))
    assert journal.number_before("0/2000028", MIB16) == 2
    # An end that lies on the border belongs to the segment before it.
    assert journal.number_before("0/3000000", MIB16) == 2
    assert journal.number_before("A/FF000001", MIB16) == 10 * 256 + 255


def test_a_whole_chain_has_no_gaps_and_ends_with_what_is_being_written() -> None:
    names = [name(1), name(2), name(3), name(4), name(5) + ".partial", "reached.json"]
    found = journal.chain(names, 2, MIB16)
    assert found.gaps == [] and found.beyond == 0
    assert found.names == [name(3), name(4), name(5) + ".partial"]


def test_what_became_whole_is_not_taken_in_part_as_well() -> None:
    found = journal.chain([name(3), name(3) + ".partial"], 2, MIB16)
    assert found.names == [name(3)] and found.gaps == []


def test_another_timeline_goes_on_where_the_first_was_left() -> None:
    names = [name(3), name(4) + ".partial", name(4, 2), name(5, 2)]
    found = journal.chain(names, 2, MIB16)
    assert found.gaps == [] and found.names[-1] == name(5, 2)
    # A backup of the second knows nothing of what the first went on to.
    later = [name(5), name(6), name(5, 2)]
    assert journal.chain(later, 4, MIB16, timeline=2).names == [name(5, 2)]


@pytest.mark.parametrize(
    ("there", "gaps", "used", "beyond"),
    [
        ([3, 5, 6], [(4, 4)], [3], 2),
        ([4, 5], [(3, 3)], [], 2),
        ([3, 6, 9], [(4, 5), (7, 8)], [3], 2),
        ([], [], [], 0),
    ],
)
def test_every_gap_is_told_and_nothing_behind_it_is_used(
    there: list[int], gaps: list[tuple[int, int]], used: list[int], beyond: int
) -> None:
    found = journal.chain(map(name, there), 2, MIB16)
    assert (found.gaps, found.names, found.beyond) == (gaps, [*map(name, used)], beyond)
