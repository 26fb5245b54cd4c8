"""What the operations on minutes and decisions are sent, and which rows their paths name."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from backend.committees.rules.wording import STANDARD
from tests.authz.rows_duties import today
from tests.authz.rows_minutes import NAMES
from tests.authz.world import World

Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the meeting, the objection or the decision that is meant."""
    if parameter == "meeting_id" and variant in NAMES:
        return str(getattr(place, f"{variant}_minutes"))
    if parameter == "objection_id" and variant in NAMES:
        return str(place.confirmed_objection)
    if parameter == "decision_id" and variant == "done":
        return str(place.done_decision)
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _confirmation(_: World, place: SimpleNamespace, __: str) -> dict[str, Any]:
    digest = place.drafted_digest if isinstance(place.drafted_digest, str) else "0" * 64
    return _json(digest=digest)


def _wording(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    sections = [{"section": part.section.value, "title": part.title} for part in STANDARD.sections]
    return _json(
        heading="{body}会议记录", opening=STANDARD.opening, sections=sections,
        closing=STANDARD.closing, signatures=["主持人"],
    )  # fmt: skip


def _decision(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a decision about an item of the place; or about one's own, to be carried out by
    somebody of the place.
    """
    due = {"dueOn": (today() + timedelta(days=10)).isoformat()}
    owner: dict[str, Any] = {}
    if variant == "seat":
        owner = {"seatId": str(place.seat_id), **due}
    if variant == "teacher":
        owner = {"personId": str(place.teacher_id), **due}
    item = world.places["own"].decided_item if owner else place.decided_item
    return _json(itemId=str(item), text="由第二家单位供应午餐。", **owner)


BODIES: dict[str, Body] = {
    "writeMinutesRemarks": lambda w, p, v: _json(remarks="感谢各位委员。"),
    "confirmMinutes": _confirmation,
    "objectToMinutes": lambda w, p, v: _json(text="第二项的结论与讨论不符"),
    "answerMinutesObjection": lambda w, p, v: _json(upheld=False, answer="已核对录音"),
    "returnMinutes": lambda w, p, v: _json(reason="缺少签到表"),
    "writeMinutesWording": _wording,
    "previewMinutesWording": _wording,
    "writeDistrictMinutesWording": _wording,
    "previewDistrictMinutesWording": _wording,
    "enterDecision": _decision,
    "completeDecision": lambda w, p, v: _json(note="已签约"),
}
