"""What the operations on activities, sessions and exports are sent."""

from types import SimpleNamespace
from typing import Any

from tests.authz.rows_activities import FAR, session
from tests.authz.world import World

ROWS = {"activity_id": "activity", "session_id": "session"}
"""Parameters whose variant names the row; an activity is the ``open`` one otherwise."""


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the activity or session the variant names; ``None`` for another parameter.

    A session without a variant is somebody's at the house, not one of an activity.
    """
    kind = ROWS.get(parameter)
    if kind is None or (parameter == "session_id" and not variant):
        return None
    name = {"": "open", "class": "open", "picture": "held", "speaker": "free"}.get(variant, variant)
    return str(getattr(place, f"{name}_{kind}"))


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _plain(place: SimpleNamespace) -> dict[str, Any]:
    """Return an activity without canaries: what an organiser sends is echoed to them."""
    return {
        "kind": "parents_meeting",
        "title": "家长会",
        "nodeIds": [str(place.class_id)],
        "questions": [{"key": "topic", "label": "想了解什么"}],
        "sessions": [session(FAR + 20)],
    }


def _write(w: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return an activity of the place; the variant may name the one part that is of it."""
    if variant in ("invitee", "host"):
        home = _plain(w.places["own"])
        name = place.parent if variant == "invitee" else place.teacher
        someone = str(w.people.get(name, name))  # an absent place has an id in its stead
        if variant == "invitee":
            return {"json": home | {"mode": "invited", "inviteeIds": [someone]}}
        return {"json": home | {"sessions": [session(FAR + 20) | {"hostIds": [someone]}]}}
    return {"json": _plain(place)}


def _add(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    nodes = [str(place.class_id)] if variant == "class" else []
    return {"json": session(FAR + 30) | {"nodeIds": nodes}}


def _wish(place: SimpleNamespace) -> dict[str, Any]:
    return {"studentIds": [str(place.student_id)]}


def _somebody(w: World, place: SimpleNamespace) -> Any:
    """Return the parent of the place, or an id nobody bears."""
    return w.people.get(place.parent, place.parent)


BODIES = {
    "writeActivity": _write,
    "rewriteActivity": _write,
    "addActivitySession": _add,
    "callOffActivity": lambda w, p, v: _json(reason="台风"),
    "summariseActivity": lambda w, p, v: _json(
        text="家长们参观了课堂。", pictureIds=[str(p.loose_id)] if v == "picture" else []
    ),
    "registerForSession": lambda w, p, v: {"json": _wish(p)},
    "registerForActivity": lambda w, p, v: _json(
        items=[_wish(p) | {"sessionId": str(p.free_session)}]
    ),
    "planActivity": lambda w, p, v: _json(children=[{"studentId": str(p.student_id)}]),
    "setSessionProgramme": lambda w, p, v: _json(
        speakers=[{"name": "叶知秋"}]
        + ([{"name": "讲师", "personId": str(_somebody(w, p))}] if v == "speaker" else []),
        delivery="online",
        link="https://meeting.example.edu.cn/j/1",
    ),
    "addSessionRecording": lambda w, p, v: _json(attachmentId=str(p.video_id)),
    "giveFeedback": lambda w, p, v: _json(rating=5, text="很好"),
    "exportRegistrations": lambda w, p, v: _json(reason="打印签到表"),
    "downloadExport": lambda w, p, v: {"params": {"link": str(p.export_link)}},
}
