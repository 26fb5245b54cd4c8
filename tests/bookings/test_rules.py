"""Pure rules of bookings: the chance of a place, and how codes become sentences."""

import pytest

from backend.bookings import rules
from backend.errors import NotFound


@pytest.mark.parametrize(
    ("ahead", "held", "freed", "promised", "expected"),
    [
        (0, 10, 0, 100, 0.0),  # nobody ever gives a place back
        (0, 10, 100, 100, 1.0),  # everybody does
        (0, 2, 50, 100, 0.75),  # at least one of two, each with one half
        (1, 2, 50, 100, 0.25),  # both of two
        (2, 2, 50, 100, 0.0),  # three places cannot come of two
        (0, 20, 10, 100, 0.9),  # 1 - 0.9 ** 20 = 0.878
        (0, 10, 3, 19, None),  # too little is known
        (0, 0, 30, 100, None),  # nothing is held that could come free
    ],
)
def test_the_chance_is_that_more_places_come_free_than_families_wait_before(
    ahead: int, held: int, freed: int, promised: int, expected: float | None
) -> None:
    assert rules.chance(ahead, held, freed, promised) == expected


def test_a_refusal_says_moments_as_the_wall_clock_in_china_does() -> None:
    refusal = rules.refusal(
        "not_open_yet", {"code": "not_open_yet", "opensAt": "2026-11-24T00:00:00+00:00"}
    )
    assert refusal.sentence("zh") == "报名11月24日 08:00开始。"
    assert "08:00" in refusal.sentence("en")


def test_what_is_missing_is_named() -> None:
    refusal = rules.refusal("needs", {"code": "needs", "keys": ["course:canteen", "volunteer"]})
    assert refusal.facts["keys"] == ["course:canteen", "volunteer"]
    assert refusal.sentence("zh") == "参加前还需要：先学完指定的微课、学校通过您的家长志愿者申请。"


def test_what_cannot_be_seen_is_simply_not_found() -> None:
    assert isinstance(rules.refusal("absent", None), NotFound)
