"""Results of every kind, and what might be done to them: (what, to which, how, what notices)."""

from typing import Any

import msgspec

from backend.ballots import bundle as building
from backend.ballots.models import Method, Mode, Unit
from backend.ballots.rules.charter import CHARTER, ORDINARY, PERSONNEL, Tie
from tests.ballots.results import Tampering, published

NAMELESS = msgspec.structs.replace(ORDINARY, names_shown=False)
CASTING = msgspec.structs.replace(ORDINARY, tie=Tie.CHAIR)
CASTING_PLURAL = msgspec.structs.replace(CASTING, majority=None)
PLURAL = msgspec.structs.replace(PERSONNEL, majority=None)
FOR, AGAINST, ABSTAIN = ("for",), ("against",), ("abstain",)
MOTION = [FOR] * 4 + [AGAINST] * 2 + [ABSTAIN]
ORDERS = [("a", "b", "c")] * 3 + [("b", "c")] * 2 + [("c", "b")] * 2 + [ABSTAIN]
ABC: dict[str, Any] = {"method": Method.RANKED, "keys": "abc"}

RESULTS = {
    "open by name": published(MOTION),
    "open without names": published(MOTION, rules=NAMELESS),
    "open among guardians": published(MOTION, unit=Unit.PERSON),
    "secret": published(MOTION, mode=Mode.SECRET, rules=PERSONNEL),
    "secret among households": published(
        MOTION, mode=Mode.SECRET, rules=PERSONNEL, unit=Unit.HOUSEHOLD
    ),
    "secret with boxes nobody can read": published(
        MOTION, mode=Mode.SECRET, rules=PERSONNEL, unreadable=1
    ),
    "small and secret": published(
        [FOR] * 3 + [AGAINST], silent=3, mode=Mode.SECRET, rules=PERSONNEL
    ),
    "open, ranked": published(ORDERS, **ABC),
    "secret, ranked": published(ORDERS, mode=Mode.SECRET, rules=PLURAL, **ABC),
    "secret, ranked, with a majority asked for": published(
        ORDERS, mode=Mode.SECRET, rules=PERSONNEL, **ABC
    ),
    "secret, one of several": published(
        [("a",)] * 3 + [("b",)] * 2 + [("c",)],
        mode=Mode.SECRET, rules=PLURAL, method=Method.SINGLE, keys="abc",
    ),
    "secret, several of several": published(
        [("a", "b")] * 3 + [("b",)] * 2 + [("a", "c")],
        mode=Mode.SECRET, rules=PLURAL, method=Method.MULTIPLE, keys="abc",
        choose_most=2, winners=2,
    ),
    "open with paper": published(MOTION, paper=[(FOR, 2), (ABSTAIN, 1)], paper_invalid=1),
    "secret with paper": published(
        MOTION, paper=[(FOR, 2), (AGAINST, 3)], mode=Mode.SECRET, rules=PERSONNEL
    ),
    "secret, few on phones": published(
        [FOR] * 3, paper=[(FOR, 4), (AGAINST, 3)], mode=Mode.SECRET, rules=PERSONNEL
    ),
    "after a recount": published(MOTION, recounts=1),
    "tied": published([FOR] * 3 + [AGAINST] * 3),
    "tied and settled": published([FOR] * 3 + [AGAINST] * 3, rules=CASTING, settled_for="for"),
    "a seat that was tied and settled": published(
        [("a",)] * 3 + [("b",)] * 3, silent=1, rules=CASTING_PLURAL, method=Method.SINGLE,
        keys="abc", settled_for="b",
    ),
    "no quorum": published([FOR], silent=9),
    "nobody voted": published([], silent=6),
    "two thirds of everybody": published([FOR] * 7, rules=CHARTER, silent=1),
}  # fmt: skip


def _move_a_vote(told: dict[str, Any]) -> None:
    told["tally"]["votes"]["for"] += 1
    told["tally"]["votes"]["against"] -= 1


def at(*path: str | int, to: Any) -> Tampering:
    def tamper(told: dict[str, Any]) -> None:
        part: Any = told
        for step in path[:-1]:
            part = part[step]
        last = path[-1]
        part[last] = to(part[last]) if callable(to) else to

    return tamper


def drop(*path: str | int) -> Tampering:
    def tamper(told: dict[str, Any]) -> None:
        part: Any = told
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return tamper


def every(*tampers: Tampering) -> Tampering:
    def tamper(told: dict[str, Any]) -> None:
        for one in tampers:
            one(told)

    return tamper


def _double_a_unit(told: dict[str, Any]) -> None:
    first, second, *_ = told["electorate"]["units"]
    second.update(id=first["id"], commitment=first["commitment"])


def _swap_an_option(told: dict[str, Any]) -> None:
    told["ballots"]["names"][0]["choice"] = ["against"]


def _vote_for_a_silent_unit(told: dict[str, Any]) -> None:
    silent = next(unit for unit in told["electorate"]["units"] if not unit["took_part"])
    told["ballots"]["names"][0]["unit"] = silent["id"]


def _vote_twice(told: dict[str, Any]) -> None:
    told["ballots"]["names"][1]["unit"] = told["ballots"]["names"][0]["unit"]


def _disenfranchise(told: dict[str, Any]) -> None:
    units = told["electorate"]["units"]
    units.remove(next(unit for unit in units if unit["took_part"]))


def _shrink(told: dict[str, Any]) -> None:
    units = told["electorate"]["units"]
    units.remove(next(unit for unit in units if not unit["took_part"]))
    told["electorate"]["entitled"] -= 1


def _wake(told: dict[str, Any]) -> None:
    silent = next(unit for unit in told["electorate"]["units"] if not unit["took_part"])
    silent["took_part"] = True


def _other_rounds(told: dict[str, Any]) -> None:
    told["tally"]["rounds"][0]["votes"].update(a=2, c=3)


def tally_of(kind: str) -> Any:
    return building.written(RESULTS[kind])["tally"]


ANOTHER = "ab" * 16

TAMPERINGS: list[tuple[str, str, Tampering, set[str]]] = [
    ("a vote moved from one option to the other", "open by name", _move_a_vote, {"count"}),
    ("a vote moved, in a secret vote", "secret",
     every(_move_a_vote, at("tally", "outcome", to="failed")), {"count", "outcome"}),
    ("an outcome turned round", "secret",
     every(at("tally", "outcome", to="failed"), at("tally", "chosen", to=[]),
          at("result", "outcome", to="failed"), at("result", "chosen", to=[])), {"count"}),
    ("an outcome that the count does not have", "secret",
     at("result", "outcome", to="failed"), {"outcome"}),
    ("a receipt taken out", "secret", drop("ballots", "receipts", 0), {"turnout"}),
    ("a receipt added", "secret",
     at("ballots", "receipts", to=lambda own: sorted([*own, ANOTHER])), {"turnout"}),
    ("a receipt that is none", "secret", at("ballots", "receipts", 0, to="0" * 31), {"ballots"}),
    ("receipts in the order they came in", "secret",
     at("ballots", "receipts", to=lambda own: own[::-1]), {"ballots"}),
    ("choices beside receipts", "secret", at("ballots", "choices", to=[["for"]]),
     {"ballots", "turnout", "count"}),
    ("another option's label", "open by name",
     at("question", "options", 0, "label", to="反对"), {"question"}),
    ("another question", "secret", at("question", "title", to="是否通过预算"), {"question"}),
    ("a rule bent: a smaller quorum", "secret", at("rules", "quorum", "out_of", to=3),
     {"question", "outcome", "count"}),
    ("a rule bent: no abstaining", "open by name", at("rules", "may_abstain", to=False),
     {"question", "ballots", "count"}),
    ("a rule bent: names kept back", "open by name", at("rules", "names_shown", to=False),
     {"question", "ballots"}),
    ("a rule bent: another time for objections", "secret",
     at("rules", "objection_days", to=1), {"question", "times"}),
    ("a unit dropped from the electorate", "secret",
     _disenfranchise, {"electorate", "turnout"}),
    ("a unit dropped, and the number with it", "no quorum",
     _shrink, {"electorate", "count", "outcome"}),
    ("a unit twice, in another's place", "secret", _double_a_unit, {"electorate"}),
    ("another unit's commitment", "secret",
     at("electorate", "units", 0, "commitment", to="0" * 64), {"electorate"}),
    ("another electorate's digest", "secret",
     at("electorate", "digest", to="0" * 64), {"electorate"}),
    ("a name in a vote without names", "secret",
     at("electorate", "units", 0, "name", to="王芳"), {"electorate"}),
    ("more ballots than took part", "secret",
     every(at("result", "cast", to=lambda own: own + 1),
          at("tally", "cast", to=lambda own: own + 1),
          at("tally", "invalid", to=lambda own: own + 1),
          at("ballots", "receipts", to=lambda own: sorted([*own, ANOTHER]))), {"turnout"}),
    ("somebody silent made to have voted", "secret", _wake, {"turnout"}),
    ("an open ballot rewritten", "open by name", _swap_an_option, {"count"}),
    ("an open ballot given to who did not vote", "open by name",
     _vote_for_a_silent_unit, {"ballots"}),
    ("two ballots of one unit", "open by name", _vote_twice, {"ballots"}),
    ("a ballot that no ballot can be", "open without names",
     at("ballots", "choices", 0, to=["maybe"]), {"ballots", "count"}),
    ("the tally of another method", "secret",
     at("tally", to=lambda own: tally_of("secret, one of several")),
     {"count", "outcome"}),
    ("rounds in a motion", "secret",
     at("tally", "rounds", to=[{"votes": {"for": 4, "against": 2}, "out": []}]), {"count"}),
    ("a round of a run-off rewritten", "secret, ranked", _other_rounds, {"count"}),
    ("somebody thrown out of a run-off too early", "secret, ranked",
     at("tally", "rounds", 0, "out", to=["a"]), {"count"}),
    ("a tally missing", "secret", at("tally", to=None), {"count"}),
    ("numbers where few voted secretly", "small and secret",
     at("tally", to=lambda own: tally_of("secret")),
     {"count", "outcome"}),
    ("paper moved from one option to another", "open with paper",
     every(at("paper", "choices", 0, "count", to=1), at("paper", "choices", 1, "count", to=2)),
     {"count"}),
    ("a paper ballot more", "open with paper",
     at("paper", "choices", 0, "count", to=3), {"paper", "count"}),
    ("more on paper than were cast", "secret with paper",
     at("paper", "choices", 0, "count", to=9), {"paper", "count"}),
    ("paper told apart where it gives people away", "secret, few on phones",
     at("paper", to={"ballots": 7, "choices": [{"choice": ["for"], "count": 7}], "invalid": 0}),
     {"paper"}),
    ("a tie settled where the rules have none", "tied",
     every(at("tie", to={"settled_for": "for", "by": "王芳"}),
          at("result", "outcome", to="passed"),
          at("result", "chosen", to=["for"])), {"outcome"}),
    ("a tie settled for the other side", "tied and settled",
     at("tie", "settled_for", to="against"), {"outcome"}),
    ("a tie left unsettled", "tied and settled",
     every(at("tie", to=None), at("result", "outcome", to="tied"), at("result", "chosen", to=[])),
     {"outcome"}),
    ("a late certification told as timely", "secret",
     every(at("certification", "at", to="2026-11-27T08:00:00Z")), {"certification"}),
    ("certified before it was counted", "secret",
     at("certification", "at", to="2026-11-22T08:00:00Z"), {"certification", "times"}),
    ("an objection forgotten", "secret", at("objections", "raised", to=2), {"objections"}),
    ("a recount forgotten", "after a recount", at("recounts", to=0), {"objections"}),
    ("published inside the objection window", "secret",
     at("times", "published", to="2026-11-25T08:00:00Z"), {"times"}),
    ("closed by a chair who may not", "secret",
     at("times", "close_reason", to="chair"), {"times"}),
]  # fmt: skip
