"""What the operations of the column are sent, and which rows their paths name."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.authz.rows_column import RHYTHM, STORY, approval
from tests.authz.world import World

ITEMS = {"offered": "above", "offered_draft": "above_draft", "waiting": "queued"}
"""Variants whose item is called otherwise; most bear its name."""
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the series or the item of the column that is meant; ``None`` for another."""
    if parameter == "series_id":
        return str(getattr(place, "above_series" if variant == "above" else "school_series"))
    if parameter == "item_id":
        return str(getattr(place, f"{ITEMS.get(variant, variant)}_item"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _rhythm(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    return {"json": RHYTHM | {"title": "家庭教育指导"}}


def _tips(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    return {"json": RHYTHM | {"title": "平安小贴士", "topics": ["drowning"]}}


def _words(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return words without canaries: what a writer sends is echoed to the writer."""
    files = [str(place.loose_id)] if variant == "attachment" else []
    body = {"title": "慢一点，也没关系", "paragraphs": ["先听孩子说完。"]}
    return {"json": body | {"kind": "parenting", "attachmentIds": files}}


def _story(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    files = [str(place.loose_id)] if variant == "attachment" else []
    body = {"title": "九点熄灯", "paragraphs": ["坚持三周就成了习惯。"], **STORY}
    return {"json": body | {"attachmentIds": files}}


BODIES: dict[str, Body] = {
    "listColumn": lambda w, p, v: {"params": {"q": "CANARY"}} if v == "words" else {},
    "keepSchoolColumn": _rhythm,
    "keepDistrictColumn": _rhythm,
    "changeSeries": _rhythm,
    "makeSchoolTips": _tips,
    "makeDistrictTips": _tips,
    "setSeriesState": lambda w, p, v: _json(state="paused"),
    "moveInQueue": lambda w, p, v: _json(position=1),
    "writeColumnItem": _words,
    "rewriteColumnItem": _words,
    "reviewColumnItem": lambda w, p, v: {"json": approval()},
    "withdrawColumnItem": lambda w, p, v: _json(reason="内容有误"),
    "contributeToColumn": _story,
    "rewriteContribution": _story,
}
