"""What scores come to: exact means, one voice for each constituency, nobody's score told."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.committees.rules.panel_averages import (
    SMALLEST_GROUP,
    EntryResult,
    Given,
    for_everybody,
    results,
    withheld,
)

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
KEYS = ["c1", "c2"]


def gave(entry: UUID, constituency: str, *points: tuple[int, int]) -> list[Given]:
    return [
        Given(entry_id=entry, constituency=constituency, points=dict(zip(KEYS, pair, strict=True)))
        for pair in points
    ]


def total(result: EntryResult) -> float | None:
    return None if result.overall is None else result.overall.total


def test_each_constituency_weighs_the_same_however_many_speak_for_it() -> None:
    scores = gave(ONE, "parent", *[(10, 10)] * 9) + gave(ONE, "enterprise", (2, 6))
    [result] = results(KEYS, [ONE], scores)
    assert result.overall is not None
    assert result.overall.by_criterion == {"c1": 6.0, "c2": 8.0}
    assert (result.overall.total, result.scorers, result.rank) == (14.0, 10, 1)


def test_averages_are_rounded_only_when_they_are_shown() -> None:
    scores = gave(ONE, "parent", (1, 0), (0, 0), (0, 0)) + gave(ONE, "expert", (0, 0))
    [result] = results(KEYS, [ONE], scores)
    parents = next(one for one in result.groups if one.constituency == "parent")
    assert parents.average is not None
    assert parents.average.by_criterion["c1"] == 0.33
    # A sixth, and not half of what a third was rounded to.
    assert total(result) == 0.17


@pytest.mark.parametrize(
    ("totals", "ranks"),
    [
        ([(5, 5), (4, 4), (3, 3)], [1, 2, 3]),
        ([(3, 3), (5, 5), (4, 4)], [3, 1, 2]),
        ([(5, 5), (5, 5), (3, 3)], [1, 1, 3]),
        ([(5, 5), (3, 3), (3, 3)], [1, 2, 2]),
        ([(5, 5), None, (3, 3)], [1, None, 2]),
        ([None, None, None], [None, None, None]),
        ([(0, 0), None, (0, 0)], [1, None, 1]),
    ],
)
def test_ranks(totals: list[tuple[int, int] | None], ranks: list[int | None]) -> None:
    entries = [ONE, TWO, THREE]
    scores = [
        score
        for entry, points in zip(entries, totals, strict=True)
        if points is not None
        for score in gave(entry, "parent", points)
    ]
    assert [one.rank for one in results(KEYS, entries, scores)] == ranks


WITHHELD = [
    # how many scored of each constituency, and whose average not everybody may see
    ({}, ""),
    ({"a": 3}, ""),
    ({"a": 3, "b": 5}, ""),
    ({"a": 2}, "a"),
    # The overall result and all other averages would tell the one that is left out.
    ({"a": 2, "b": 5, "c": 7}, "ab"),
    ({"a": 1, "b": 9}, "ab"),
    # Two together are not enough people.
    ({"a": 1, "b": 1, "c": 4, "d": 6}, "abc"),
    ({"a": 1, "b": 2, "c": 4}, "ab"),
    ({"a": 2, "b": 2, "c": 2}, "abc"),
]


@pytest.mark.parametrize(("sizes", "hidden"), WITHHELD)
def test_whose_average_is_withheld(sizes: dict[str, int], hidden: str) -> None:
    assert withheld(sizes) == set(hidden)


def test_two_scores_in_all_tell_the_public_nothing() -> None:
    [result] = results(KEYS, [ONE], gave(ONE, "parent", (1, 1), (9, 9)))
    seen = for_everybody(result)
    assert (seen.overall, seen.rank) == (None, None)
    assert [(one.scorers, one.average) for one in seen.groups] == [(None, None)]


POINTS = st.tuples(st.integers(0, 10), st.integers(0, 20))
GROUPS = st.dictionaries(
    st.sampled_from(["parent", "expert", "enterprise", "public", "community"]),
    st.lists(POINTS, min_size=1, max_size=6),
    max_size=5,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(GROUPS)
def test_results_are_the_mean_of_means(groups: dict[str, list[tuple[int, int]]]) -> None:
    scores = [one for name, points in groups.items() for one in gave(ONE, name, *points)]
    [result] = results(KEYS, [ONE], scores[::-1])
    by_group: dict[str, list[int]] = defaultdict(list)
    for name, points in groups.items():
        by_group[name] = [sum(pair) for pair in points]
    if not groups:
        assert (result.overall, result.rank, result.scorers) == (None, None, 0)
        return
    means = [Fraction(sum(own), len(own)) for own in by_group.values()]
    mean = sum(means, Fraction(0)) / len(means)
    found = total(result)
    assert found is not None
    assert abs(Fraction(str(found)) - mean) <= Fraction(1, 200)
    assert {one.constituency: one.scorers for one in result.groups} == {
        name: len(points) for name, points in groups.items()
    }


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(GROUPS)
def test_nothing_shown_to_everybody_comes_of_fewer_than_three(
    groups: dict[str, list[tuple[int, int]]],
) -> None:
    scores = [one for name, points in groups.items() for one in gave(ONE, name, *points)]
    [result] = results(KEYS, [ONE], scores)
    seen = for_everybody(result)
    shown = [one for one in seen.groups if one.average is not None]
    hidden = [len(groups[one.constituency]) for one in seen.groups if one.average is None]
    assert all((one.scorers or 0) >= SMALLEST_GROUP for one in shown)
    if seen.overall is not None:
        assert sum(map(len, groups.values())) >= SMALLEST_GROUP
        # Taking the averages shown away from the overall result leaves enough people.
        assert not hidden or sum(hidden) >= SMALLEST_GROUP
        assert len(hidden) != 1 or len(groups) == 1


def test_hiding_the_small_group_alone_would_hide_nothing() -> None:
    parents, expert = [(8, 18), (6, 15), (7, 12)], [(3, 4)]
    scores = gave(ONE, "parent", *parents) + gave(ONE, "expert", *expert)
    [result] = results(KEYS, [ONE], scores)
    naive = {one.constituency: one for one in result.groups if (one.scorers or 0) >= 3}
    assert set(naive) == {"parent"}
    assert result.overall is not None
    shown = naive["parent"].average
    assert shown is not None
    # What one person gave, worked out of what everybody would see.
    assert 2 * result.overall.total - shown.total == sum(expert[0])
    assert all(one.average is None for one in for_everybody(result).groups)


def test_the_order_of_scores_never_matters() -> None:
    scores = gave(ONE, "parent", (1, 2), (3, 4)) + gave(ONE, "expert", (5, 6), (7, 9))
    turned = [scores[start:] + scores[:start] for start in range(len(scores))]
    told = [results(KEYS, [ONE], one) for one in turned]
    assert all(left == right for left, right in pairwise(told))
