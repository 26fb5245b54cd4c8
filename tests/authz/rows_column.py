"""What each school and district of the world publishes for families, and what waits there.

Released texts bear the canary of whoever they are for. What is in work bears ``W`` before
its writer's realm, and what a parent handed in ``C`` before the class of their child.
"""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend import clock
from backend.column.models import ColumnItem, ColumnRelease, Placement
from backend.column.operations import items
from backend.database import execute
from backend.identifiers import uuid7
from tests.authz.rows_duties import done
from tests.authz.world import World, mark
from tests.house import Visitor

RHYTHM = {"minute": 600, "cadenceDays": 7}
STORY = {
    "namedAs": "anonymous",
    "declaration": 1,
    "namesNoPupil": True,
    "consents": True,
}


async def fill(world: World) -> None:
    """Let every school and district have its column, with items at every stage of work."""
    for place in list(world.places.values()):
        admin, officer = world.phones[place.admin], world.phones[place.officer]
        school, district = place.realm[:2], place.realm[0]
        made = await done(
            admin.put(
                f"/schools/{place.school_id}/column",
                json=RHYTHM | {"title": mark(school, "栏")},
            )
        )
        place.school_series = made["id"]
        made = await done(
            officer.put(
                f"/districts/{place.district_id}/column",
                json=RHYTHM | {"title": mark(district, "栏")},
            )
        )
        place.above_series = made["id"]
        await _of_teachers(world, place)
        await _of_parents(world, place)
    # The district's are the same for all its schools, and there once.
    made_above: dict[UUID, dict[str, str]] = {}
    for place in world.places.values():
        if place.district_id not in made_above:
            made_above[place.district_id] = await _of_district(world, place)
        vars(place).update(made_above[place.district_id])
        place.adopted_item = await _adopted(world, place)


def text(realm: str) -> dict[str, Any]:
    """Return an item's words as its writer sends them."""
    return {"title": mark(realm, "题"), "paragraphs": [mark(realm, "文")], "kind": "parenting"}


async def written(writer: Visitor, series: str, body: dict[str, Any]) -> str:
    made = await done(writer.post(f"/column/series/{series}/items", json=body))
    return str(made["id"])


async def _of_teachers(world: World, place: SimpleNamespace) -> None:
    teacher, admin = world.phones[place.teacher], world.phones[place.admin]
    for name in ("draft", "review", "queued", "withdrawn", "released"):
        realm = place.realm[:2] if name == "released" else f"W{place.realm}"
        item = await written(teacher, place.school_series, text(realm))
        setattr(place, f"{name}_item", item)
        if name != "draft":
            await done(teacher.put(f"/column/items/{item}/submission"))
        if name in ("queued", "withdrawn", "released"):
            await done(admin.put(f"/column/items/{item}/review", json=approval()))
        if name in ("withdrawn", "released"):
            await _released(item)
        if name == "withdrawn":
            reason = {"reason": mark(f"W{place.realm}", "有误")}
            await done(admin.put(f"/column/items/{item}/withdrawal", json=reason))
    place.mine_item = await written(admin, place.school_series, text(f"W{place.realm[:2]}"))
    await done(admin.put(f"/column/items/{place.mine_item}/submission"))


async def _of_parents(world: World, place: SimpleNamespace) -> None:
    """Three in work, and one that everybody at the school reads without its writer's name."""
    parent, admin = world.phones[place.parent], world.phones[place.admin]
    for name in ("contributed", "returned", "taken", "published"):
        realm = place.realm[:2] if name == "published" else f"C{place.realm}"
        body = {"title": mark(realm, "题"), "paragraphs": [mark(realm, "文")], **STORY}
        url = f"/schools/{place.school_id}/column/contributions"
        item = (await done(parent.post(url, json=body)))["id"]
        setattr(place, f"{name}_item", item)
        # Nobody has so much to say in a day.
        await execute("DELETE FROM limits WHERE name = 'column_contributions'")
        if name == "returned":
            no = approval() | {"approved": False, "reason": mark(realm, "请补充")}
            await done(admin.put(f"/column/items/{item}/review", json=no))
        if name == "published":
            await done(admin.put(f"/column/items/{item}/review", json=approval()))
            await _released(item)
        if name == "taken":
            await done(parent.delete(f"/me/column/contributions/{item}/consent"))


async def _of_district(world: World, place: SimpleNamespace) -> dict[str, str]:
    """A draft, one for every school, one for the junior schools, one that schools took up."""
    officer, district = world.phones[place.officer], place.realm[0]
    draft = await written(officer, place.above_series, text(f"W{district}"))
    found = {"above_draft_item": draft}
    for name, realm, stages in (
        ("above", district, []),
        ("junior", "A2" if district == "A" else district, ["junior"]),
        ("liked", district, []),
    ):
        item = await written(officer, place.above_series, text(realm) | {"stages": stages})
        await done(officer.put(f"/column/items/{item}/submission"))
        await items.review(
            UUID(item), approved=True, revision=1, reason="", by=world.people[place.admin]
        )
        await _released(item)
        found[f"{name}_item"] = item
    return found


async def _adopted(world: World, place: SimpleNamespace) -> str:
    url = f"/column/series/{place.school_series}/adoptions/{place.liked_item}"
    await done(world.phones[place.admin].put(url))
    return str(place.liked_item)


def approval() -> dict[str, Any]:
    return {"approved": True, "revision": 1}


async def _released(item_id: str) -> None:
    """Let a queued item have appeared, as on an occasion of its own."""
    now = clock.now()
    item = await ColumnItem.get(id=item_id)
    release = await ColumnRelease.create(
        id=uuid7(), series_id=item.series_id, due_at=now, released_at=now, items=1
    )
    await Placement.filter(item_id=item.id).update(release_id=release.id, released_at=now)
    await ColumnItem.filter(id=item.id).update(state="released", released_at=now)
