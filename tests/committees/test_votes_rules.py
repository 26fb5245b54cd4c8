"""What a draft takes from its rule set, what a turnout may show, and plain words."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from backend.ballots.models import Mode, Unit
from backend.ballots.queries.turnout import OfConstituency
from backend.ballots.rules.charter import CHARTER, ORDINARY, PERSONNEL, TWO_THIRDS, Tie
from backend.committees.rules import votes as rules
from backend.errors import Refusal

FOUR = [
    OfConstituency(constituency=name, entitled=entitled, cast=cast)
    for name, entitled, cast in (
        ("parent", 9, 8), ("teacher", 6, 5), ("school_leader", 3, 3), ("community", 2, 0),
    )
]  # fmt: skip


def test_constituencies_of_fewer_than_five_are_not_shown() -> None:
    assert [row.constituency for row in rules.shown_constituencies(FOUR)] == ["parent", "teacher"]


def test_a_small_constituency_is_not_found_by_subtracting_the_others() -> None:
    assert rules.shown_constituencies(FOUR[:3]) == []
    assert rules.shown_constituencies(FOUR[:2]) == FOUR[:2]


@pytest.mark.parametrize(
    ("wanted", "of_rules", "comes"),
    [
        (None, Mode.OPEN, Mode.OPEN),
        (None, Mode.SECRET, Mode.SECRET),
        (Mode.SECRET, Mode.OPEN, Mode.SECRET),
        (Mode.SECRET, Mode.SECRET, Mode.SECRET),
        (Mode.OPEN, Mode.OPEN, Mode.OPEN),
        (Mode.OPEN, Mode.SECRET, None),
    ],
)
def test_a_vote_may_be_more_secret_than_its_rules_never_less(
    wanted: Mode | None, of_rules: Mode, comes: Mode | None
) -> None:
    assert tried(lambda: rules.mode_of(replace(ORDINARY, mode=of_rules), wanted)) is comes


@pytest.mark.parametrize("of_rules", Unit)
@pytest.mark.parametrize("wanted", [None, *Unit])
def test_more_may_be_asked_than_the_rules_say_never_fewer(
    wanted: Unit | None, of_rules: Unit
) -> None:
    asked = wanted or of_rules
    comes = asked if of_rules in (Unit.SEAT, asked) else None
    assert tried(lambda: rules.unit_of(replace(ORDINARY, unit=of_rules), wanted)) is comes


def test_rules_are_said_in_plain_words() -> None:
    assert rules.said(ORDINARY, "zh") == [
        "参加投票的超过应投票数的1/2，结果有效。",
        "得票超过有效票（不含弃权）的1/2，通过。",
        "票数相等视为未通过。",
        "截止前可以改投。",
    ]
    assert rules.said(CHARTER, "en")[:2] == [
        "Valid when at least 2/3 of those entitled take part.",
        "Adopted by at least 2/3 of those entitled.",
    ]
    chosen = replace(PERSONNEL, majority=None, tie=Tie.CHAIR, may_change=False, quorum=TWO_THIRDS)
    assert rules.said(chosen, "zh") == [
        "参加投票的不少于应投票数的2/3，结果有效。",
        "得票多者当选。",
        "票数相等时由主任（组长）决定。",
        "投出后不能更改。",
    ]


def test_a_quorum_is_at_least_one() -> None:
    assert [rules.quorum_needed(ORDINARY, entitled) for entitled in (0, 1, 6, 7)] == [1, 1, 4, 4]


def tried(act: Callable[[], object]) -> object:
    """Return what comes of something; ``None`` where it is refused."""
    try:
        return act()
    except Refusal:
        return None
