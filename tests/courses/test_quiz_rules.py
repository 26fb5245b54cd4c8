"""Grading and the limits of attempts, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.courses.rules.learning import Facts
from backend.courses.rules.quizzes import (
    PAUSE,
    AlreadyPassed,
    NoAttemptsLeft,
    Standing,
    TooSoon,
    check_attempt,
    is_right,
    lacking,
    passes,
    percent_of,
    rank,
    veiled,
)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "answer", "given", "right"),
    [
        ("single", "a", "a", True),
        ("single", "a", "b", False),
        ("single", "a", "ab", False),
        ("multiple", "ab", "ba", True),
        ("multiple", "ab", "a", False),
        ("multiple", "ab", "abc", False),
        ("multiple", "ab", "aab", False),
        ("multiple", "ab", "aa", False),
        ("order", "abc", "abc", True),
        ("order", "abc", "acb", False),
        ("order", "abc", "ab", False),
        ("order", "abc", "abcc", False),
    ],
)
def test_an_answer_is_right_or_wrong(kind: str, answer: str, given: str, right: bool) -> None:
    assert is_right(kind, list(answer), list(given)) is right


@pytest.mark.parametrize(
    ("right", "total", "mark", "percent", "passed"),
    [
        (0, 3, 1, 0, False),
        (2, 3, 66, 66, True),
        (2, 3, 67, 66, False),
        (3, 5, 60, 60, True),
        (1, 1, 100, 100, True),
        (99, 100, 100, 99, False),
    ],
)
def test_a_share_passes_exactly(
    right: int, total: int, mark: int, percent: int, passed: bool
) -> None:
    assert percent_of(right, total) == percent
    assert passes(right, total, mark) is passed


def test_an_attempt_waits_its_pause_and_only_while_there_are_some_left() -> None:
    check_attempt(Standing(), NOW)
    check_attempt(Standing(made=9, last_at=NOW - PAUSE), NOW)
    check_attempt(Standing(made=1, most=2, last_at=NOW - PAUSE), NOW)
    with pytest.raises(NoAttemptsLeft):
        check_attempt(Standing(made=2, most=2, last_at=NOW - PAUSE), NOW)
    with pytest.raises(NoAttemptsLeft):
        check_attempt(Standing(made=3, most=2), NOW)
    with pytest.raises(AlreadyPassed):
        check_attempt(Standing(made=1, passed=True, last_at=NOW), NOW)
    with pytest.raises(TooSoon) as soon:
        check_attempt(Standing(made=1, last_at=NOW - timedelta(seconds=0.5)), NOW)
    assert soon.value.facts["seconds"] == 60
    with pytest.raises(TooSoon) as soon:
        check_attempt(Standing(made=1, last_at=NOW - PAUSE + timedelta(milliseconds=1)), NOW)
    assert soon.value.facts["seconds"] == 1


@pytest.mark.parametrize(
    ("kind", "reached", "attended", "passed", "missing"),
    [
        ("video", False, False, False, ["watch", "quiz"]),
        ("article", False, False, True, ["watch"]),
        ("audio", True, False, False, ["quiz"]),
        ("live", False, False, True, ["attend"]),
        ("live", False, True, False, ["quiz"]),
        ("live", True, False, False, ["quiz"]),
        ("external", False, False, True, ["credit"]),
        ("quiz", False, False, False, ["quiz"]),
    ],
)
def test_what_a_lesson_lacks_is_named(
    kind: str, reached: bool, attended: bool, passed: bool, missing: list[str]
) -> None:
    facts = Facts(kind=kind, reached=reached, asks=True, passed=passed, attended=attended)
    assert lacking(facts) == missing


def test_what_an_option_is_called_tells_nothing_without_the_secret() -> None:
    keys = [veiled("secret", "learner", "question", key) for key in "abc"]
    assert len(set(keys)) == 3
    assert keys == [veiled("secret", "learner", "question", key) for key in "abc"]
    for other in (("other", "learner", "question"), ("secret", "somebody", "question"),
                  ("secret", "learner", "another")):  # fmt: skip
        assert set(keys).isdisjoint(veiled(*other, key) for key in "abc")
    orders = {
        tuple(sorted("abc", key=lambda key: rank("secret", "learner", "question", attempt, key)))
        for attempt in range(40)
    }
    assert len(orders) == 6
