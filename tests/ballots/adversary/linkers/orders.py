"""Linkers 1, 3 and 6: one order laid beside another."""

from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

from tests.ballots.adversary.cases import Case, Guess, Voter
from tests.ballots.adversary.linkers.reading import Reading, pair
from tests.ballots.adversary.loot import Loot, token

Ranked = Callable[[Case, Loot], list[int]]


def _voters(rank: Callable[[Voter], object]) -> Ranked:
    """Return voters by ``rank``; those that have none come in the order of their units."""

    def ranked(case: Case, _: Loot) -> list[int]:
        ranks = [rank(voter) for voter in case.voters]
        known = [n for n, one in enumerate(ranks) if one is not None]
        return sorted(known, key=lambda n: ranks[n])  # type: ignore[arg-type, return-value]

    return ranked


def _ballots(rank: Callable[[Case, int], object]) -> Ranked:
    def ranked(case: Case, _: Loot) -> list[int]:
        return sorted(range(len(case.ballots)), key=lambda n: rank(case, n))  # type: ignore[arg-type, return-value]

    return ranked


FIRST_CAST = _voters(lambda voter: voter.casts[0].place if voter.casts else None)
LAST_CAST = _voters(lambda voter: voter.casts[-1].place if voter.casts else None)
LYING = _voters(lambda voter: voter.lying)
UNIT_ROW = _voters(lambda voter: voter.unit.ctid)
LISTED = _voters(lambda voter: voter.listed.ctid)
UNIT_ID = _voters(lambda voter: voter.unit_id)
PERSON_ID = _voters(lambda voter: voter.people[0])
ATTEMPT = _voters(
    lambda voter: token(voter.casts[-1].new.get("attempt") or "") if voter.casts else None
)
SALT = _voters(lambda voter: voter.unit.row.get("salt") or voter.unit_id)
BOX = _voters(lambda voter: voter.boxes[-1] if voter.boxes else None)

IN_THE_TABLE = _ballots(lambda case, n: case.ballots[n].stored.ctid)
BY_ID = _ballots(lambda case, n: case.ballots[n].id or "~")
LAST_ROW_FIRST = _ballots(lambda case, n: tuple(-part for part in case.ballots[n].stored.ctid))


def _by_time(case: Case, loot: Loot) -> list[int]:
    """Return ballots by the time their ids tell, where these are of the kind that does."""

    def told(n: int) -> tuple[bool, str]:
        known = case.ballots[n].id
        is_timed = known is not None and len(known) == 32 and UUID(known).version == 7
        return not is_timed, known or "~"

    return sorted(range(len(case.ballots)), key=told)


def _journal(case: Case, loot: Loot) -> list[int]:
    """Return ballots in the order in which the logical journal has them."""
    by_id: dict[str | None, int] = {
        ballot.id: n for n, ballot in enumerate(case.ballots) if ballot.id
    }
    name = "receipt" if case.ballot_table == "counted_ballots" else "id"
    found = [
        by_id[known]
        for change in loot.changes
        if change.table == case.ballot_table
        and change.kind == "I"
        and (known := change.new[name]) in by_id
    ]
    return list(dict.fromkeys(found))


def _physical_ballots(case: Case, loot: Loot) -> list[int]:
    """Return ballots in the order in which the physical journal wrote their rows."""
    lies = {ballot.stored.ctid: n for n, ballot in enumerate(case.ballots)}
    file = loot.files[case.ballot_table]
    rows = [
        (record.block, record.offset)
        for record in loot.records
        if record.file.endswith(file) and record.what.startswith("INSERT")
    ]
    return list(dict.fromkeys(lies[row] for row in rows if row in lies))


def _physical_voters(case: Case, loot: Loot) -> list[int]:
    """Return voters in the order in which the physical journal wrote their boxes."""
    of_xid: dict[int, list[int]] = defaultdict(list)
    for n, voter in enumerate(case.voters):
        for change in voter.casts:
            of_xid[change.xid].append(n)
    file = loot.files[case.box_table]
    met: list[int] = []
    for record in loot.records:
        if record.file.endswith(file) and of_xid.get(record.xid):
            met.append(of_xid[record.xid].pop(0))
    return list(dict.fromkeys(met))


def _side_by_side(voters: Ranked, ballots: Ranked) -> Callable[[Case, Loot], Guess]:
    return lambda case, loot: pair(voters(case, loot), ballots(case, loot))


PHYSICAL, RANKS, IDS = "1 physical order", "3 cast order", "6 order of ids"
_ORDERS = [
    (PHYSICAL, "row in the box, row of the ballot", LYING, IN_THE_TABLE),
    (PHYSICAL, "row in the box, last ballot first", LYING, LAST_ROW_FIRST),
    (PHYSICAL, "row of the unit, row of the ballot", UNIT_ROW, IN_THE_TABLE),
    (PHYSICAL, "place in the electorate, row of the ballot", LISTED, IN_THE_TABLE),
    (PHYSICAL, "unit's id, row of the ballot", UNIT_ID, IN_THE_TABLE),
    (PHYSICAL, "physical journal, box and ballot", _physical_voters, _physical_ballots),
    (RANKS, "first cast, journal", FIRST_CAST, _journal),
    (RANKS, "last cast, journal", LAST_CAST, _journal),
    (RANKS, "last cast, journal backwards", LAST_CAST, lambda c, x: _journal(c, x)[::-1]),
    (IDS, "first cast, id of the ballot", FIRST_CAST, BY_ID),
    (IDS, "first cast, time in the ballot's id", FIRST_CAST, _by_time),
    (IDS, "unit's id, ballot's id", UNIT_ID, BY_ID),
    (IDS, "person's id, ballot's id", PERSON_ID, BY_ID),
    (IDS, "attempt, ballot's id", ATTEMPT, BY_ID),
    (IDS, "salt, ballot's id", SALT, BY_ID),
    (IDS, "bytes of the box, ballot's id", BOX, BY_ID),
]
READINGS = [
    Reading(linker, name, _side_by_side(voters, ballots))
    for linker, name, voters, ballots in _ORDERS
]
