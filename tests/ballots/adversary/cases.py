"""An election as the adversary knows it before she begins: who voted, and what was counted.

She knows the design, so she knows which table is which; who took part and what the ballots
say is public. What she wants is the line between the two.
"""

import random
from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec

from backend.ballots import sealing
from tests.ballots.adversary.journal import Change
from tests.ballots.adversary.loot import Loot, Stored, token

Place = tuple[int, int]


class Voter(msgspec.Struct, kw_only=True):
    """A unit that took part. ``casts`` are the changes that put its ballots into the box,
    ``boxes`` the same as hexadecimal, ``lying`` where in the box it lay.
    """

    unit_id: str
    people: list[str]
    unit: Stored
    listed: Stored
    casts: list[Change] = []
    boxes: list[str] = []
    lying: Place | None = None

    @property
    def names(self) -> list[str]:
        """By what it is known."""
        return [token(self.unit_id), *map(token, self.people)]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A ballot everybody may read, and the row it lies in."""

    id: str | None
    choice: str | None
    stored: Stored


class Case(msgspec.Struct, kw_only=True):
    """``design`` is empty for the product's own; ``keys`` are what a ballot may say."""

    vote_id: str
    design: str
    keys: list[str]
    seal: sealing.Seal
    public: dict[str, Any]
    voters: list[Voter]
    ballots: list[Counted]
    box_table: str
    ballot_table: str


class Guess(msgspec.Struct, kw_only=True):
    """``exact`` is ballot by voter, ``choices`` choice by voter: what was not found is left out."""

    exact: dict[int, int] = {}
    choices: dict[int, str | None] = {}


def settle(case: Case, guess: Guess, lots: random.Random) -> list[int]:
    """Return a ballot for every voter: first what is certain, then what is chosen, then by lot."""
    left = list(range(len(case.ballots)))
    lots.shuffle(left)
    free = set(left)
    found: dict[int, int] = {}
    for voter, ballot in guess.exact.items():
        if ballot in free:
            found[voter] = ballot
            free.discard(ballot)
    of_choice: dict[str | None, list[int]] = defaultdict(list)
    for ballot in left:
        if ballot in free:
            of_choice[case.ballots[ballot].choice].append(ballot)
    for voter, choice in guess.choices.items():
        if voter not in found and of_choice[choice]:
            found[voter] = of_choice[choice].pop()
            free.discard(found[voter])
    rest = [ballot for ballot in left if ballot in free]
    return [found[n] if n in found else rest.pop() for n in range(len(case.voters))]


def build(loot: Loot) -> list[Case]:
    """Return every election in the loot."""
    return [*_own(loot), *_naive(loot)]


def _own(loot: Loot) -> list[Case]:
    units = _by(loot.live["voting_units"], "vote_id")
    voters = _by(loot.live["voters"], "unit_id")
    counted = _by(loot.live["counted_ballots"], "vote_id")
    casts = _casts(loot, "sealed_ballots")
    lying = {row.row["unit_id"]: row.ctid for row in loot.early["sealed_ballots"]}
    cases = []
    for stored in loot.live["votes"]:
        vote = stored.row
        if vote["mode"] != "secret" or vote["id"] not in counted:
            continue
        keys = [option["key"] for option in vote["options"]]
        case = Case(
            vote_id=vote["id"],
            design="",
            keys=[*keys, "abstain"],
            seal=_seal(vote, sealing.length_for(keys)),
            public=vote,
            voters=[
                Voter(
                    unit_id=unit.row["id"],
                    people=[row.row["person_id"] for row in voters[unit.row["id"]]],
                    unit=unit,
                    listed=voters[unit.row["id"]][0],
                    lying=lying.get(unit.row["id"]),
                )
                for unit in units[vote["id"]]
                if unit.row["took_part"]
            ],
            ballots=[
                Counted(
                    id=row.row["receipt"],
                    choice=None if row.row["choice"] is None else ",".join(row.row["choice"]),
                    stored=row,
                )
                for row in counted[vote["id"]]
            ],
            box_table="sealed_ballots",
            ballot_table="counted_ballots",
        )
        cases.append(_with_casts(case, casts))
    return cases


def _naive(loot: Loot) -> list[Case]:
    units = _by(loot.live["naive.units"], "vote_id")
    ballots = _by(loot.live["naive.ballots"], "vote_id")
    casts = _casts(loot, "naive.marks")
    lying = {row.row["unit_id"]: row.ctid for row in loot.live["naive.marks"]}
    cases = []
    for stored in loot.live["naive.votes"]:
        vote = stored.row
        case = Case(
            vote_id=vote["id"],
            design=vote["design"],
            keys=vote["options"],
            seal=_seal(vote, vote["length"]),
            public=vote,
            voters=[
                Voter(
                    unit_id=unit.row["id"],
                    people=[unit.row["person_id"]],
                    unit=unit,
                    listed=unit,
                    lying=lying.get(unit.row["id"]),
                )
                for unit in units[vote["id"]]
            ],
            ballots=[
                Counted(id=row.row["id"], choice=row.row["choice"], stored=row)
                for row in ballots[vote["id"]]
            ],
            box_table="naive.marks",
            ballot_table="naive.ballots",
        )
        cases.append(_with_casts(case, casts))
    return cases


def _seal(vote: dict[str, Any], length: int) -> sealing.Seal:
    return sealing.Seal(
        vote_id=UUID(vote["id"]),
        public_key=vote["public_key"],
        question_digest=vote["question_digest"],
        length=length,
    )


def _by(rows: list[Stored], column: str) -> dict[str, list[Stored]]:
    found: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        found[row.row[column]].append(row)
    return found


def _casts(loot: Loot, table: str) -> dict[str, list[Change]]:
    """Return what went into the box, by unit; a retry that changed nothing is there as well."""
    found: dict[str, list[Change]] = defaultdict(list)
    for change in loot.changes:
        if change.table == table and change.kind in "IU":
            found[change.new["unit_id"] or ""].append(change)
    return found


def _with_casts(case: Case, casts: dict[str, list[Change]]) -> Case:
    for voter in case.voters:
        voter.casts = casts[voter.unit_id]
        boxes = [change.new["box"] for change in voter.casts]
        voter.boxes = [token(box) for box in boxes if box is not None]
    return case
