"""Negative controls of the committees: with a defence broken on purpose, the matrix says so."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from backend.committees.controllers import gathering, items
from backend.committees.models import ItemState, Matter, MeetingState
from backend.committees.permissions import agenda, bodies, charters, meetings, suggestions
from backend.committees.permissions.bodies import BodySight
from backend.committees.queries import agenda as tabled
from backend.committees.queries import seats
from backend.committees.queries import suggestions as asked
from backend.committees.rules import agenda as agenda_rules
from backend.committees.schemas.agenda import item_members
from backend.committees.schemas.meetings import meeting_members
from backend.committees.schemas.suggestions import SuggestionOut
from backend.schools import features
from backend.schools.models import FeatureSwitch, Function
from backend.web.actor import Actor
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone

Sabotage = tuple[Any, str, Any]


def _yes(*_: Any, **__: Any) -> bool:
    return True


async def _yes_after_a_while(*_: Any) -> bool:
    return True


async def _any_matter(_: Any, matter_id: UUID) -> Matter | None:
    return await Matter.get_or_none(id=matter_id)


def _always(said: Callable[..., Any], **as_if: bool) -> Callable[..., Any]:
    """Return a function that answers everybody as if they were who it asks about."""
    return lambda *args, **more: said(*args, **(more | as_if))


def _lax(module: Any, name: str, part: str) -> Sabotage:
    """Return a statement that no longer looks at one part of its condition."""
    statement = getattr(module, name)
    assert part in statement
    return module, name, statement.replace(part, f"({part} OR true)")


async def _complaints(matrix: Matrix, key: str) -> list[str]:
    """Ask all cells of an entry; what a broken defence lets happen is undone."""
    try:
        async with undone():
            return await matrix.complaints(key)
    finally:
        matrix.base = ""
    raise AssertionError


EVERYWHERE = (bodies, "_is_level", _yes)
INSIDE = (BodySight, "inside", property(_yes))
CHAIRS = (BodySight, "chairs", property(_yes))
KEEPS = (BodySight, "keeps", property(_yes))
RUNS = (Actor, "runs_school", _yes)
KNOWN = (SuggestionOut, "of", _always(SuggestionOut.of, knows=True))
CASES: list[tuple[str, Sabotage, str]] = [
    # A body for everybody.
    ("getBody", EVERYWHERE, "own parent_next_class: shows foreign canaries ['GA1X']"),
    ("listRuleSets", EVERYWHERE, "other_district parent: shows foreign canaries ['GB1X']"),
    ("getMeeting/convened", EVERYWHERE, "other_school parent: shows foreign canaries ['GA2X']"),
    (
        "listBodies", (Actor, "works_at", _yes),
        "own parent: shows foreign canaries ['GA1Y']",
    ),
    (
        "retireMatter", (charters, "belongs_above", _yes_after_a_while),
        "other_district class_teacher: answered 403, expected 404",
    ),
    # What is in work, for everybody who sees the body.
    ("getAgendaItem/proposed", INSIDE, "own parent: shows foreign canaries ['A1XK', 'QA1X']"),
    (
        "getAgendaItem/scheduled", (agenda, "PUBLISHED", frozenset(ItemState)),
        "own class_teacher_next: shows foreign canaries ['QA1X']",
    ),
    (
        "listAgendaItems", (agenda_rules, "PUBLISHED", frozenset(ItemState)),
        "own parent: shows foreign canaries ['",
    ),
    (
        "getMeeting/planned", (meetings, "TO_OTHERS", frozenset(MeetingState)),
        "own parent: shows foreign canaries ['QA1X']",
    ),
    (
        "getMeeting/convened",
        (gathering, "meeting_members", _always(meeting_members, inside=True)),
        "own parent: shows foreign canaries ['QA1X']",
    ),
    (
        "getAgendaItem", (items, "item_members", _always(item_members, inside=True)),
        "own parent: shows foreign canaries ['A1XK']",
    ),
    # Somebody who is no chair, or runs nothing.
    ("acceptAgendaItem/proposed", CHAIRS, "own admin: answered 200, expected 403"),
    ("acceptSuggestion", CHAIRS, "own parent: answered 200, expected 403"),
    ("conveneMeeting/planned", KEEPS, "own admin: answered 200, expected 403"),
    ("planMeeting", KEEPS, "own parent: answered 201, expected 403"),
    ("nominateSeat", RUNS, "own subject_teacher: answered 201, expected 403"),
    ("endSeat", RUNS, "own subject_teacher: answered 200, expected 403"),
    ("adoptRuleSet/draft", RUNS, "own class_teacher: answered 201, expected 404"),
    # Somebody whose seat has not begun.
    (
        "replyToMeeting/convened", (seats, "IN_FORCE", "$1::date IS NOT NULL"),
        "own class_teacher: answered 200, expected 403",
    ),
    # What families ask, and who they are.
    ("getSuggestion/theirs", KNOWN, "own parent: shows foreign canaries ['A1XK']"),
    ("listSuggestions", KNOWN, "own parent_no_consent: shows foreign canaries"),
    (
        "getSuggestion", (suggestions, "is_guardian_at", _yes),
        "own class_teacher: shows foreign canaries",
    ),
    (
        "listSuggestions/answered", _lax(asked, "_PAGE", "$3 OR $4 OR s.author_id = $1"),
        "own parent: shows foreign canaries ['YA1X']",
    ),
    # Rows of another school, named in a body.
    (
        "proposeAgendaItem/matter:own", (tabled, "matter_for", _any_matter),
        "other_school chair: answered 201, expected 422",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "broken", "said"), CASES, ids=[f"{key}-{broken[1]}" for key, broken, _ in CASES]
)
async def test_a_guard_that_is_gone_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, broken: Sabotage, said: str
) -> None:
    assert await _complaints(matrix, key) == []
    monkeypatch.setattr(*broken)
    complaints = await _complaints(matrix, key)
    assert any(one.startswith(f"{key} {said}") for one in complaints), complaints[:6]


async def test_a_switch_that_nobody_asks_is_noticed(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of ``test_where_the_school_wants_no_committees_there_are_none``."""
    own, cell = matrix.world.places["own"], Cell("parent", "own", frozenset({404}))
    operation = matrix.operations["getBody"]

    async def nowhere(*_: Any) -> set[UUID]:
        return set()

    async with undone():
        await FeatureSwitch.create(
            school_id=own.school_id, function=Function.COMMITTEES, is_on=False
        )
        assert (await matrix.send(operation, "", cell)).status_code == 404
        monkeypatch.setattr(Actor, "closed", lambda *_: [])
        assert (await matrix.send(operation, "", cell)).status_code == 404
        monkeypatch.setattr(features, "off_at", nowhere)
        assert (await matrix.send(operation, "", cell)).status_code == 200
