"""Which version of its rules a body decides by, by table."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend.ballots.rules.charter import CHARTER, ORDINARY, PERSONNEL
from backend.committees.models import BodyKind, RuleKind, RuleSetVersion
from backend.committees.rules import charters

MINE, OTHER = UUID(int=1), UUID(int=2)
START = datetime(2026, 9, 1, tzinfo=UTC)


def version(body: UUID | None, kind: str, number: int, day: int) -> RuleSetVersion:
    """Return a version that came into force ``day`` days after the start."""
    row = RuleSetVersion(kind=kind, version=number, in_force_from=START + timedelta(days=day))
    row.body_id = body
    return row


SHELF = [
    version(None, "ordinary", 1, 0),
    version(None, "ordinary", 2, 50),
    version(None, "charter", 1, 0),
    version(MINE, "ordinary", 1, 10),
    version(MINE, "ordinary", 2, 20),
    version(OTHER, "ordinary", 1, 5),
    version(OTHER, "charter", 1, 5),
]


@pytest.mark.parametrize(
    ("body", "kind", "day", "expected"),
    [
        (MINE, "ordinary", -1, None),
        (MINE, "ordinary", 0, (None, 1)),
        (MINE, "ordinary", 9, (None, 1)),
        (MINE, "ordinary", 10, (MINE, 1)),
        (MINE, "ordinary", 19, (MINE, 1)),
        (MINE, "ordinary", 20, (MINE, 2)),
        # What is everybody's later does not take a body's own away.
        (MINE, "ordinary", 60, (MINE, 2)),
        (MINE, "charter", 60, (None, 1)),
        (MINE, "personnel", 60, None),
        (OTHER, "ordinary", 60, (OTHER, 1)),
        (OTHER, "charter", 4, (None, 1)),
        (OTHER, "charter", 5, (OTHER, 1)),
        (UUID(int=3), "ordinary", 49, (None, 1)),
        (UUID(int=3), "ordinary", 50, (None, 2)),
    ],
)
def test_the_newest_of_its_own_else_everybodys(
    body: UUID, kind: str, day: int, expected: tuple[UUID | None, int] | None
) -> None:
    moment = START + timedelta(days=day)
    for shelf in (SHELF, SHELF[::-1]):
        found = charters.in_force(shelf, body, RuleKind(kind), moment)
        assert (found and (found.body_id, found.version)) == expected


def test_the_newest_of_each_kind() -> None:
    own = [one for one in SHELF if one.body_id in (MINE, OTHER)]
    newest = charters.newest(own, START + timedelta(days=15))
    assert {(one.kind, one.version) for one in newest} == {("ordinary", 1), ("charter", 1)}


@pytest.mark.parametrize("kind", list(BodyKind))
def test_the_rules_the_house_begins_with_make_sense(kind: BodyKind) -> None:
    charters.check_sound(ORDINARY, RuleKind.ORDINARY, kind)
    charters.check_sound(PERSONNEL, RuleKind.PERSONNEL, kind)
    charters.check_sound(CHARTER, RuleKind.CHARTER, kind)
