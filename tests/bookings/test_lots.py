"""The method of the draw: fair by weight, the same everywhere, open to anybody."""

import inspect
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from backend.bookings import lots
from tests.bookings.lottery import SCRIPT


def test_the_script_is_the_algorithm_word_for_word() -> None:
    script = SCRIPT.read_text("utf-8")
    for function in (lots.hash_of, lots.seed_of, lots.ranked, lots.placed):
        assert inspect.getsource(function) in script


def test_chances_follow_the_weights() -> None:
    """Over 20,000 seeds, the first two out of the drum against the exact chances."""
    weights = dict(zip("abcdefgh", (4, 4, 4, 4, 4, 1, 1, 1), strict=True))
    entries = [{"code": code, "party": 1, "weight": w} for code, w in weights.items()]
    total, seeds = sum(weights.values()), 20_000
    first = dict.fromkeys(weights, 0)
    second = dict.fromkeys(weights, 0)
    for number in range(seeds):
        order = lots.ranked(sha256(f"seed {number}".encode()).digest(), entries)
        first[order[0]] += 1
        second[order[1]] += 1
    for code, weight in weights.items():
        expected = weight / total
        after = sum(
            w / total * weight / (total - w) for other, w in weights.items() if other != code
        )
        # Four standard deviations: one run in two thousand would miss by chance, and the
        # seeds are always the same.
        for seen, chance in ((first[code], expected), (second[code], after)):
            assert abs(seen / seeds - chance) < 4 * (chance * (1 - chance) / seeds) ** 0.5


def test_one_entry_less_leaves_the_order_of_the_others() -> None:
    entries = [{"code": f"{n:03}", "party": 1, "weight": 1 + n % 4} for n in range(200)]
    seed = sha256(b"any").digest()
    whole = lots.ranked(seed, entries)
    assert lots.ranked(seed, entries[:57] + entries[58:]) == [c for c in whole if c != "057"]
    assert lots.ranked(seed, entries[::-1]) == whole
    assert lots.hash_of(entries[::-1]) == lots.hash_of(entries)


@pytest.mark.parametrize(
    ("places", "passed", "winners"),
    [(3, (), ["a", "b"]), (4, (), ["a", "b"]), (6, (), ["a", "b", "c"]), (3, ("b",), ["a"]),
     (0, (), []), (4, ("a", "b"), ["c"])],
)  # fmt: skip
def test_places_go_down_the_order_until_a_party_finds_no_room(
    places: int, passed: tuple[str, ...], winners: list[str]
) -> None:
    assert lots.placed(["a", "b", "c"], {"a": 1, "b": 2, "c": 3}, places, passed) == winners


def test_the_beacon_of_a_moment_is_the_round_the_network_counts() -> None:
    # 27946612 is the round its own documentation gives for 2026-04-20 00:00 UTC.
    moment = datetime(2026, 4, 20, tzinfo=UTC)
    assert "第27946612轮" in lots.beacon(moment).text
    assert lots.beacon(moment).expected_at == moment
