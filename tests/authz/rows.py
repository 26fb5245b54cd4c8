"""What happens in each class of the world: its notices, files, inbox items, claims, groups."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend.database import fetch_one
from backend.identifiers import uuid7
from backend.roster import jobs as roster
from backend.roster.spreadsheet.columns import Kind
from backend.roster.spreadsheet.template import template
from tests.authz import (
    rows_activities,
    rows_certificates,
    rows_column,
    rows_committees,
    rows_courses,
    rows_duties,
    rows_files,
    rows_library,
    rows_minutes,
    rows_panels,
    rows_places,
    rows_votes,
)
from tests.authz.world import World, mark
from tests.house import Visitor
from tests.notices import stories

SETTINGS = {"noticeApproval": "none", "quietFrom": None, "quietUntil": None}


async def fill(world: World) -> None:
    """Let each class write notices in every state, and leave the rows around them."""
    for place in list(world.places.values()):
        await _media(world, place)
        await _notices(world, place)
        await _roster(world, place)
    await _left_behind(world)
    for name in ("own", "other_district"):
        await _from_the_district(world, name)
    await rows_duties.fill(world)
    await rows_certificates.fill(world)
    await rows_places.fill(world)
    await rows_activities.fill(world)
    await rows_courses.fill(world)
    await rows_library.fill(world)
    await rows_column.fill(world)
    await rows_files.fill(world)
    await rows_committees.fill(world)
    await rows_votes.fill(world)
    await rows_minutes.fill(world)
    await rows_panels.fill(world)
    for place in world.places.values():
        place.item_id = await _item(world.people[place.admin])
        place.session_id = (await world.visitor(place.teacher)).session_id
        # Last of all: families that came meanwhile belong to the audience.
        preview = await world.phones[place.teacher].get(f"/notices/{place.draft}/audience")
        place.preview = preview.json()["previewToken"]


async def _media(world: World, place: SimpleNamespace) -> None:
    teacher = world.phones[place.teacher]
    place.attachment_id = await upload(teacher, place)
    place.loose_id = await upload(teacher, place)


async def upload(phone: Visitor, place: SimpleNamespace) -> str:
    """Hand in a PDF that bears the canary of its class, in its name and in its bytes."""
    answer = await phone.post("/attachments", **pdf(place.realm, schoolId=str(place.school_id)))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def pdf(realm: str, **form: str) -> dict[str, Any]:
    name = mark(realm) if realm else "通知"
    content = f"%PDF-1.7\n% {name}\n%%EOF\n".encode()
    return {"files": {"file": (f"{name}.pdf", content, "application/pdf")}, "data": form}


def notice(place: SimpleNamespace, realm: str, **more: Any) -> dict[str, Any]:
    """Return a notice to the families of a class, as its author sends it."""
    return {
        "audiences": [{"nodeId": str(place.class_id), "who": "families"}],
        "category": "class",
        "title": mark(realm, "题"),
        "blocks": [{"type": "paragraph", "text": mark(realm, "文")}],
        "confirmMode": "tap",
        **more,
    }


async def _notices(world: World, place: SimpleNamespace) -> None:
    teacher, admin = world.phones[place.teacher], world.phones[place.admin]
    file = {"type": "file", "attachmentId": place.attachment_id}
    body = notice(place, place.realm)
    body["blocks"].append(file)
    place.published = await stories.published(teacher, body)
    place.link = world.link(place.teacher, place.attachment_id)
    await world.phones[place.parent].put(
        f"/notices/{place.published}/confirmation", json={"revision": 1}
    )
    place.draft = await stories.written(teacher, notice(place, f"{place.realm}D"))
    settings = f"/schools/{place.school_id}/settings"
    await admin.put(settings, json={**SETTINGS, "noticeApproval": "all"})
    place.pending = await stories.written(teacher, notice(place, f"{place.realm}P"))
    waiting = await stories.publish(teacher, place.pending)
    assert waiting.json()["state"] == "pending", waiting.text
    await admin.put(settings, json=SETTINGS)
    wide = [{"nodeId": str(place.school_id), "who": "families"}]
    place.school_wide = await stories.published(
        admin, notice(place, place.realm[:2], audiences=wide)
    )


async def _left_behind(world: World) -> None:
    """A notice whose author has since left the school."""
    own = world.places["own"]
    own.left = await stories.published(world.phones["ex_teacher"], notice(own, "A1XE"))
    for name, place in world.places.items():
        if name != "own":
            place.left = uuid7()


async def _from_the_district(world: World, name: str) -> None:
    """The district's notice waits at the door of each of its schools."""
    first = world.places[name]
    places = [p for p in world.places.values() if p.district_id == first.district_id]
    realm = f"{first.realm[0]}V"
    wide = [
        {"nodeId": str(school), "who": "families"}
        for school in dict.fromkeys(p.school_id for p in places)
    ]
    made = await stories.published(
        world.phones[first.officer], notice(first, realm, audiences=wide, category="district")
    )
    for place in places:
        place.district = made


async def _item(person_id: UUID) -> UUID:
    row = await fetch_one(
        "SELECT id FROM post_inbox_item WHERE person_id = $1 ORDER BY id LIMIT 1", person_id
    )
    assert row is not None
    item: UUID = row["id"]
    return item


async def _roster(world: World, place: SimpleNamespace) -> None:
    """A group, a code, a claim made with it by a stranger, and two imports per school."""
    teacher, admin = world.phones[place.teacher], world.phones[place.admin]
    members = {"studentIds": [str(place.student_id)], "personIds": []}
    group = {"name": mark(place.realm, "组"), **members}
    made = await teacher.post(f"/schools/{place.school_id}/groups", json=group)
    assert made.status_code == 201, made.text
    place.group_id = made.json()["id"]
    invite = (await teacher.post(f"/classes/{place.class_id}/invites")).json()
    place.invite_id, place.code = invite["id"], invite["code"]
    await world.person(f"claimant_{place.realm}", f"{place.realm}J")
    claimant = await world.visitor(f"claimant_{place.realm}")
    claim = {
        "code": place.code,
        "childName": mark(f"{place.realm}F", "童"),
        "relation": "grandparent",
    }
    place.claim_id = (await claimant.post("/claims", json=claim)).json()["id"]
    neighbours = [p for p in world.places.values() if p.admin == place.admin and p is not place]
    imported = getattr(neighbours[0], "import_id", None) if neighbours else None
    if imported is not None:
        place.import_id, place.faulty_id = imported, neighbours[0].faulty_id
        place.applied_id = neighbours[0].applied_id
        return
    if place.realm == "A1X":
        place.faulty_id = await _import(admin, place, "")
        place.applied_id = await _import(admin, place, "李思思")
        applied = await admin.put(f"/roster-imports/{place.applied_id}/application")
        assert applied.status_code == 200, applied.text
    place.import_id = await _import(admin, place, "王小明")
    place.__dict__.setdefault("faulty_id", place.import_id)
    place.__dict__.setdefault("applied_id", place.import_id)


async def _import(admin: Visitor, place: SimpleNamespace, pupil: str) -> str:
    answer = await admin.post(
        f"/schools/{place.school_id}/roster-imports", **workbook(place.realm, pupil)
    )
    assert answer.status_code == 202, answer.text
    await roster.read_waiting()
    return str(answer.json()["id"])


def workbook(realm: str, pupil: str = "王小明") -> dict[str, Any]:
    """Return a roster of one pupil, whose number bears the canary; without a name it is faulty."""
    pupils = [[mark(f"{realm}R"), pupil, "五年级", "1班"]]
    content = template({Kind.CLASSES: [["五年级", "1班", "", ""]], Kind.PUPILS: pupils})
    return {"files": {"file": (f"{mark(realm[:2])}.xlsx", content, "application/octet-stream")}}
