"""Negative controls of votes, minutes and panels: with a defence broken on purpose, the matrix
says so.
"""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.ballots.queries import turnout
from backend.ballots.rules.bundle import rules_of
from backend.committees.controllers import panel_judging, paper, results
from backend.committees.models import PanelScore
from backend.committees.permissions import bodies, minutes, panels, votes
from backend.committees.permissions.bodies import BodySight
from backend.committees.permissions.votes import VoteSight
from backend.committees.queries import decisions
from backend.committees.queries import panels as panel_lists
from backend.committees.queries import votes as queries
from backend.committees.schemas.panels import PanelScoreOut
from backend.database import fetch
from backend.schools import features
from backend.schools.models import FeatureSwitch, Function
from backend.web.actor import Actor
from tests.authz.expecting import Cell
from tests.authz.matrix import Matrix
from tests.authz.state import undone

Sabotage = tuple[Any, str, Any]


def _yes(*_: Any, **__: Any) -> bool:
    return True


async def _sure(*_: Any) -> bool:
    return True


async def _anybodys(vote_id: UUID, _: UUID) -> list[turnout.UnitOfPerson]:
    """Return the units of whoever votes first, in the place of one's own."""
    rows = await fetch(
        "SELECT person_id FROM voters WHERE vote_id = $1 ORDER BY person_id LIMIT 1", vote_id
    )
    return await turnout.units_of(vote_id, rows[0]["person_id"]) if rows else []


async def _everybodys_scores(_: Any) -> dict[UUID, PanelScoreOut]:
    rows = await PanelScore.all().order_by("id")
    return {one.entry_id: PanelScoreOut(points=[], comment=one.comment) for one in rows}


def _shown(vote: Any) -> Any:
    return msgspec.structs.replace(rules_of(vote), names_shown=True)


INSIDE = (BodySight, "inside", property(_yes))
LEVEL = (bodies, "_is_level", _yes)
AT_WORK = (Actor, "works_at", _yes)
CHAIRS = (VoteSight, "chairs", property(_yes))
UNITS = (queries, "my_units", _anybodys)
RUNS = (panels, "runs_panels_of", _yes)
CASES: list[tuple[str, Sabotage, str]] = [
    # What is in work, shown to those outside.
    ("getVote/draft", INSIDE, "own parent: shows foreign canaries"),
    ("getVote/secret", INSIDE, "own parent: shows foreign canaries ['VQA1X']"),
    ("listBodyVotes", INSIDE, "own subject_teacher: shows foreign canaries"),
    ("getVoteTurnout/secret", INSIDE, "own parent: answered 200, expected 403"),
    ("getMinutes/confirmed", INSIDE, "own parent: shows foreign canaries ['MKA1X']"),
    ("getDecisionChain", INSIDE, "own grade_lead: shows foreign canaries ['EDA1X']"),
    ("listDecisions", (decisions, "_PUBLIC", "true"), "own parent: shows foreign canaries"),
    (
        "getMinutes/drafted", (minutes, "MinutesState", SimpleNamespace(DRAFT="")),
        "own parent: shows foreign canaries",
    ),
    # Another class's, another school's.
    ("getVote/certified", LEVEL, "other_class parent: shows foreign canaries"),
    ("getVoteBundle/named", LEVEL, "other_school parent: shows foreign canaries"),
    ("getMinutes/confirmed", LEVEL, "other_district parent: shows foreign canaries"),
    ("getVoteResult/certified", AT_WORK, "other_school class_teacher: shows foreign canaries"),
    ("listDecisions", AT_WORK, "other_class parent: shows foreign canaries"),
    # Numbers before their time, and whose they are.
    (
        "getVote/counted", (votes, "_is_published_to", _sure),
        "own subject_teacher: answered 200, expected 404",
    ),
    (
        "getVoteResult/doubted", (VoteSight, "sees_result", property(_yes)),
        "own parent: answered 200, expected 409",
    ),
    ("getVoteResult/published", (results, "rules_of", _shown), "own parent: shows foreign"),
    ("getPaperBallots/houses", (paper, "sees_units", _yes), "own admin: shows foreign canaries"),
    (
        "listObjections/doubted", (VoteSight, "officer", property(_yes)),
        "own parent_no_consent: shows foreign canaries",
    ),
    # Verbs of the chair, of the voters, of those who answer.
    ("certifyVote/counted", CHAIRS, "own admin: answered 200, expected 403"),
    ("closeVote/secret", CHAIRS, "own parent: answered 200, expected 403"),
    ("publishVote/certified", CHAIRS, "own parent: answered 200, expected 403"),
    ("getMyBallot/open", UNITS, "own admin: answered 200, expected 403"),
    ("getVote/open", UNITS, "own parent: shows foreign canaries"),
    (
        "answerObjection/doubted", (VoteSight, "runs", property(_yes)),
        "own parent_no_consent: answered 200, expected 404",
    ),
    # Panels, and what others gave.
    ("getPanel", RUNS, "own grade_lead: shows foreign canaries"),
    ("getPanelResults/closed", RUNS, "own parent: answered 200, expected 403"),
    ("getPanel/published", (panels, "_belongs", _sure), "other_district parent: shows foreign"),
    ("listSchoolPanels", (panel_lists, "_SHOWN", "true"), "own parent: shows foreign canaries"),
    (
        "getPanel/open", (panel_judging, "_scores", _everybodys_scores),
        "own parent: shows foreign canaries",
    ),
]  # fmt: skip


async def _complaints(matrix: Matrix, key: str) -> list[str]:
    """Ask all cells of an entry; what a broken defence lets happen is undone."""
    try:
        async with undone():
            return await matrix.complaints(key)
    finally:
        matrix.base = ""
    raise AssertionError


@pytest.mark.parametrize(
    ("key", "broken", "said"), CASES, ids=[f"{key}-{broken[1]}" for key, broken, _ in CASES]
)
async def test_a_guard_that_is_gone_is_reported(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, key: str, broken: Sabotage, said: str
) -> None:
    monkeypatch.setattr(*broken)
    complaints = await _complaints(matrix, key)
    assert any(one.startswith(f"{key} {said}") for one in complaints), complaints[:6]


async def test_nobody_votes_for_others_even_if_the_rule_is_forgotten(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the list of one's own units stands the electorate itself."""
    matrix.absent.clear()
    boxes = "SELECT count(*) AS n FROM sealed_ballots"
    before = await fetch(boxes)
    monkeypatch.setattr(*UNITS)
    async with undone():
        for who in ("admin", "class_teacher", "officer", "parent_restricted"):
            cell = Cell(who, "own", frozenset({403}))
            answer = await matrix.send(matrix.operations["castBallot"], "secret", cell)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_entitled"), who
        assert await fetch(boxes) == before


async def test_a_switch_that_nobody_asks_is_noticed(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of ``test_where_the_school_wants_no_committees_there_are_none``."""
    own, cell = matrix.world.places["own"], Cell("chair", "own", frozenset({404}))
    operation, switched = matrix.operations["getVote"], Function.COMMITTEES
    async with undone():
        await FeatureSwitch.create(school_id=own.school_id, function=switched, is_on=False)
        assert (await matrix.send(operation, "open", cell)).status_code == 404
        monkeypatch.setattr(Actor, "closed", lambda *_: [])
        monkeypatch.setattr(features, "check", _sure)
        assert (await matrix.send(operation, "open", cell)).status_code == 200
