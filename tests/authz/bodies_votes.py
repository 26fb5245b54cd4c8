"""What the operations on votes are sent, and which rows their paths name."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from backend import clock
from tests.authz.rows_votes import NAMES
from tests.authz.world import World

VOTES = {*NAMES, "theirs"}
OBJECTIONS = {"doubted": "doubted", "upheld": "doubted"}
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the vote or the objection that is meant; ``None`` for anything else."""
    if parameter == "vote_id":
        return str(getattr(place, f"{variant if variant in VOTES else 'open'}_vote"))
    if parameter == "objection_id" and variant in OBJECTIONS:
        return str(getattr(place, f"{OBJECTIONS[variant]}_objection"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _soon(**more: Any) -> dict[str, Any]:
    return {"closesAt": (clock.now() + timedelta(days=3)).isoformat(), **more}


def _question(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    return _json(title="是否调整午餐供应单位", **_soon())


def _ballot(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a ballot; ``theirs`` is cast for somebody else's unit."""
    unit = {"unitId": str(place.theirs_unit)} if variant == "theirs" else {}
    receipt = secrets.token_hex(16)
    return _json(attempt=str(uuid4()), choice=["a"], receipt=receipt, **unit)


def _paper(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    unit = getattr(place, f"{variant if variant in NAMES else 'open'}_unit")
    return _json(unitIds=[str(unit)], choices=[{"choice": ["a"], "count": 1}])


BODIES: dict[str, Body] = {
    "draftVote": _question,
    "rewriteVote": _question,
    "openVote": lambda w, p, v: _json(**_soon()),
    "annulVote": lambda w, p, v: _json(reason="题目有误"),
    "castBallot": _ballot,
    "enterPaperBallots": _paper,
    "confirmPaperBallots": lambda w, p, v: _json(choices=[{"choice": ["a"], "count": 1}]),
    "settleTie": lambda w, p, v: _json(settledFor="a"),
    "objectToVote": lambda w, p, v: _json(reason="参加人数与现场不符"),
    "answerObjection": lambda w, p, v: _json(upheld=v == "upheld", answer="已核对"),
}
