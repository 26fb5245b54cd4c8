"""What the operations on shared courses, tracks and assignments are sent."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.authz.world import World

FIXED = {"platform": "aibaoxing"}
"""Parameters that name no row."""
ROWS = {
    "course_id": {
        "elsewhere": "elsewhere", "adopted": "adopted", "theirs": "shared", "grade": "district",
        "school": "district", "office": "district", "done_class": "done",
        "district_class": "district",
    },
    "assignment_id": {"theirs": "theirs"},
    "track_id": {"district": "district", "ended": "ended"},
}  # fmt: skip
"""Variants that name a row: ``theirs`` of ``course_id`` is the place's ``shared_course_id``."""
NODES = {"grade": "grade_id", "school": "school_id", "office": "school_id"}
"""Variants that name a place of the tree; any other means the class."""
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return what a path parameter is filled with; others are ``None``."""
    name = ROWS.get(parameter, {}).get(variant)
    return None if name is None else str(getattr(place, f"{name}_{parameter}"))


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _node(place: SimpleNamespace, variant: str) -> str:
    return str(getattr(place, NODES.get(variant, "class_id")))


def _counted(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    of_a_place = variant in NODES or variant.endswith("class")
    return {"params": {"nodeId": _node(place, variant)}} if of_a_place else {}


def _arranged(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    course = place.district_course_id if variant == "district" else place.course_id
    return _json(title="新系列", courses=[{"courseId": str(course)}], version=1)


ENTRY = {
    "externalId": "A-1", "title": "亲子沟通", "url": "https://example.cn/1", "topic": "parenting",
}  # fmt: skip
BODIES: dict[str, Body] = {
    "shareCourse": lambda w, p, v: _json(licence="CC BY 4.0"),
    "importCatalogue": lambda w, p, v: _json(name="爱宝行", entries=[ENTRY]),
    "makeTrack": lambda w, p, v: _json(stage="primary", topic="parenting", title="一年级起步"),
    "arrangeTrack": _arranged,
    "assignCourse": lambda w, p, v: _json(nodeId=_node(p, v)),
    "moveAssignment": lambda w, p, v: _json(dueOn=None),
    "getCourseCompletion": _counted,
}
