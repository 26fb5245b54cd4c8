"""Whatever is changed in a published result, be it one byte or one leaf, it fails."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ballots import bundle as building
from backend.ballots import verifying
from backend.ballots.models import Method, Mode
from backend.ballots.rules import certifying
from backend.ballots.rules.charter import PERSONNEL, Tie
from backend.ballots.rules.counting import is_valid
from backend.ballots.rules.digests import canonical
from tests.ballots.elections import Election, elections
from tests.ballots.results import KEY, failed, published

MOTION = [("for",)] * 4 + [("against",)] * 2 + [("abstain",)]
TEXTS = [
    canonical(building.written(result))
    for result in (
        published(MOTION),
        published(MOTION, mode=Mode.SECRET, rules=PERSONNEL, recounts=1, unreadable=1),
        published([("for",)], silent=5, mode=Mode.SECRET, rules=PERSONNEL),
        published(MOTION, paper=[(("for",), 2)], paper_invalid=1),
        published(
            [("a", "b", "c")] * 3 + [("c", "b")] * 2, method=Method.RANKED, keys="abc", silent=0
        ),
    )
]


def is_accepted(text: bytes) -> bool:
    try:
        return not failed(text, KEY)
    except verifying.Unreadable:
        return False


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=600, deadline=None)
def test_no_byte_can_be_changed(text: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    assert is_accepted(text)
    assert not is_accepted(text[:at] + bytes([other]) + text[at + 1 :])


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=200, deadline=None)
def test_no_byte_can_be_taken_out(text: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    assert not is_accepted(text[:at] + text[at + 1 :])


def leaves(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a result that holds nothing else, empty lists included."""
    inner = part.items() if isinstance(part, dict) else enumerate(part)
    for step, value in inner:
        if isinstance(value, dict | list) and value:
            yield from leaves(value, (*path, step))
        else:
            yield (*path, step)


OTHERS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 12), st.text(max_size=5), st.just([]),
    st.sampled_from(["for", "against", "passed", "failed", "secret", "open", "tied", KEY]),
)  # fmt: skip


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=600, deadline=None)
def test_no_leaf_can_be_changed(text: bytes, data: st.DataObject) -> None:
    told: Any = verifying._read(text)
    path = data.draw(st.sampled_from(list(leaves(told))))
    part = told
    for step in path[:-1]:
        part = part[step]
    old = part[path[-1]]
    part[path[-1]] = data.draw(
        OTHERS.filter(lambda value: type(value) is not type(old) or value != old)
    )
    assert not is_accepted(canonical(told))


def test_every_leaf_can_be_taken_out_of_no_result() -> None:
    for text in TEXTS:
        for path in list(leaves(verifying._read(text))):
            told: Any = verifying._read(text)
            part = told
            for step in path[:-1]:
                part = part[step]
            del part[path[-1]]
            assert not is_accepted(canonical(told)), path


@given(elections(), st.sampled_from(Mode), st.booleans(), st.sampled_from(Tie))
@settings(max_examples=800, deadline=None)
def test_no_honest_result_is_doubted(
    election: Election, mode: Mode, names_shown: bool, tie: Tie
) -> None:
    """Whatever the rules and the ballots were: what was counted right passes."""
    question = election.question
    rules = msgspec.structs.replace(election.rules, tie=tie, names_shown=names_shown)
    ballots = [choice for choice in election.ballots if is_valid(question, rules, choice)]
    paper = {choice: n for choice, n in election.paper if n and is_valid(question, rules, choice)}
    spoilt = election.paper_invalid if mode is Mode.OPEN or sum(paper.values()) >= 5 else 0
    if mode is Mode.SECRET:
        ballots = list(election.ballots)
        paper = paper if sum(paper.values()) >= 5 else {}
    said: dict[str, Any] = {
        "silent": election.entitled % 5,
        "paper": list(paper.items()),
        "paper_invalid": spoilt,
        "method": question.method,
        "keys": question.keys,
        "mode": mode,
        "rules": rules,
        "choose_most": question.choose_most,
        "winners": question.winners,
    }
    result = published(ballots, **said)
    ways = certifying.ways_to_settle(question, rules, result.result.outcome, result.tally)
    if not ways:
        assert failed(canonical(building.written(result))) == set()
        return
    # The chair owes a word, and with it the result stands, whichever it is.
    assert failed(canonical(building.written(result))) == {"outcome"}
    for way in ways:
        settled = published(ballots, **said, settled_for=way)
        assert failed(canonical(building.written(settled))) == set()
