"""What the operations on review panels are sent, and which rows their paths name."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from backend import clock
from tests.authz.rows_panels import STATES, criteria, points
from tests.authz.world import World

VARIANTS = {f"{above}{state}" for above in ("", "above_") for state in STATES}
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the panel or the entry that is meant; ``None`` for anything else."""
    if parameter in ("panel_id", "entry_id"):
        named = variant if variant in VARIANTS else "draft"
        return str(getattr(place, f"{named}_{parameter.removesuffix('_id')}"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _panel(_: World, __: SimpleNamespace, ___: str) -> dict[str, Any]:
    until = (clock.now() + timedelta(days=10)).isoformat()
    return _json(title="优秀案例评议", criteria=criteria(), closesAt=until)


def _entries(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return what is shown; the variant names a file or an entry of the place."""
    entry: dict[str, Any] = {"title": "小菜园里的劳动课"}
    if variant == "attachment":
        entry["attachmentIds"] = [str(place.loose_id)]
    if variant == "entry":
        entry["id"] = str(place.open_entry)
    return _json(entries=[entry])


def _panelists(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return who is to judge: the parent and the teacher of the place, and somebody new."""
    known = [
        {"personId": str(world.people.get(str(name), place.person_id)), "constituency": of}
        for name, of in ((place.parent, "parent"), (place.teacher, "teacher"))
    ]
    new = {"name": "陈工", "phone": "19900008888", "constituency": "enterprise"}
    return _json(panelists=[*known, new])


BODIES: dict[str, Body] = {
    "draftSchoolPanel": _panel,
    "draftDistrictPanel": _panel,
    "rewritePanel": _panel,
    "setPanelEntries": _entries,
    "setPanelists": _panelists,
    "scorePanelEntry": lambda w, p, v: _json(points=points(), comment="很用心"),
}
