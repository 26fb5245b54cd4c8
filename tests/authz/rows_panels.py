"""What each school and district of the world lets people judge, and what they gave.

Realms of their own, before the place's: ``JD`` a draft, ``JO`` what is being judged,
``JC`` what is closed, ``JP`` what is published; ``JM``, ``JT`` and ``JK`` are
remarks of the parent, the teacher and somebody from outside; ``JJ`` who judges.
"""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

from backend import clock
from backend.committees.models import Constituency, Panel, PanelEntry, Panelist
from backend.committees.operations import panel_scores, panels
from backend.committees.operations.panels import PanelContent
from backend.committees.rules.panels import Criterion
from backend.identifiers import uuid7
from backend.schools.models import District, School
from tests.authz.world import World, mark

STATES = ("draft", "open", "closed", "published")
POINTS = {"c1": 30, "c2": 20}


async def fill(world: World) -> None:
    """Let every school and district have a panel in each state; a district's once."""
    known: dict[UUID, dict[str, UUID]] = {}
    for place in world.places.values():
        place.outside_judge = await world.person(f"judge_{place.realm}", f"JJ{place.realm}")
        school = await School.get(id=place.school_id)
        vars(place).update(await _panels(world, place, school, "", place.realm))
        if place.district_id not in known:
            known[place.district_id] = await _panels(
                world, place, await District.get(id=place.district_id), "above_", place.realm[0]
            )
        vars(place).update(known[place.district_id])


async def _panels(
    world: World, place: SimpleNamespace, of: School | District, prefix: str, realm: str
) -> dict[str, UUID]:
    """Return the ids of a panel in every state and of its first entry, by state."""
    office = world.people[place.admin if isinstance(of, School) else place.officer]
    found: dict[str, UUID] = {}
    for state in STATES:
        panel, entry = await _panel(world, place, of, f"J{state[0].upper()}{realm}", by=office)
        found[f"{prefix}{state}_panel"], found[f"{prefix}{state}_entry"] = panel.id, entry.id
        if state == "draft":
            continue
        await panels.open_panel(panel.id, by=office)
        await _judged(panel, entry, realm)
        if state in ("closed", "published"):
            await panels.close(panel.id, by=office)
        if state == "published":
            await panels.publish(panel.id, by=office)
    return found


async def _panel(
    world: World, place: SimpleNamespace, of: School | District, realm: str, *, by: UUID
) -> tuple[Panel, PanelEntry]:
    content = PanelContent(
        title=mark(realm, "评议"), text=mark(realm, "说明"),
        criteria=[
            Criterion(key=f"c{number}", label=mark(realm, "标准"), most=40) for number in (1, 2)
        ],
        closes_at=clock.now() + timedelta(days=10),
    )  # fmt: skip
    panel = await panels.draft(of, content, by=by)
    entry = await PanelEntry.create(
        id=uuid7(), panel_id=panel.id, position=1, title=mark(realm, "案例"),
        presenter=mark(realm, "展示"), text=mark(realm, "文"),
    )  # fmt: skip
    for name, constituency in (
        (place.parent, Constituency.PARENT),
        (place.teacher, Constituency.TEACHER),
        (f"judge_{place.realm}", Constituency.PUBLIC),
    ):
        await Panelist.create(
            id=uuid7(), panel_id=panel.id, person_id=world.people[name],
            name=mark(f"JJ{place.realm}", "评"), constituency=constituency,
        )  # fmt: skip
    return panel, entry


async def _judged(panel: Panel, entry: PanelEntry, realm: str) -> None:
    """Everybody scores, and remarks something that nobody else but the office may read."""
    opened = await Panel.get(id=panel.id)
    letters = {"parent": "JM", "teacher": "JT", "public": "JK"}
    for one in await Panelist.filter(panel_id=panel.id):
        remark = mark(f"{letters[one.constituency]}{realm}", "评语")
        await panel_scores.score(opened, entry, one, dict(POINTS), remark)


def criteria() -> list[dict[str, object]]:
    """Return criteria as an office sends them."""
    return [{"label": "育人实效", "most": 40}, {"label": "家长参与", "most": 40}]


def points() -> list[dict[str, object]]:
    return [{"key": key, "points": number} for key, number in POINTS.items()]
