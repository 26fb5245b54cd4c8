"""What each class of the world is invited to: activities in every state, registrations.

An activity bears the canary of its class; a draft ``D`` besides, one by invitation ``I``,
and what families write the ``F`` of families.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend import clock
from backend.activities import jobs
from backend.database import execute
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind
from backend.media.storage import open_files
from tests.activities.stories import held
from tests.authz.world import World, mark
from tests.house import Visitor

FAR = 100
"""So many days ahead is the first of them: nothing else in the world is so late."""


async def fill(world: World) -> None:
    """Let each class have its activities; its parent registers."""
    for place in list(world.places.values()):
        teacher = world.phones[place.teacher]
        await _open(world, place)
        draft = activity(place, f"{place.realm}D", session(FAR + 1))
        place.draft_activity = (await _written(teacher, place, draft))["id"]
        invited = activity(place, f"{place.realm}I", session(FAR + 2), mode="invited")
        invited["inviteeIds"] = [str(world.people[place.parent])]
        place.invited_activity = (await _opened(teacher, place, invited))["id"]
        await _held(world, place)
        await _export(world, place)
    await _wide(world)


def session(days: int, hours: int = 0, room: str = "") -> dict[str, Any]:
    """Return a session of an hour, so many days ahead and hours later."""
    begins = clock.now() + timedelta(days=days, hours=hours)
    return {
        "title": f"第{hours + 1}场",
        "room": room,
        "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(hours=1)).isoformat(),
        "capacity": 3,
    }


def activity(
    place: SimpleNamespace, realm: str, *sessions: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return a parents' meeting of a class, as its organiser sends it."""
    return {
        "kind": "parents_meeting",
        "title": mark(realm, "会"),
        "paragraphs": [mark(realm, "文")],
        "nodeIds": [str(place.class_id)],
        "questions": [{"key": "topic", "label": mark(realm, "问")}],
        "sessions": list(sessions),
        **more,
    }


async def _written(
    organiser: Visitor, place: SimpleNamespace, body: dict[str, Any]
) -> dict[str, Any]:
    answer = await organiser.post(f"/schools/{place.school_id}/activities", json=body)
    assert answer.status_code == 201, answer.text
    written: dict[str, Any] = answer.json()
    return written


async def _opened(
    organiser: Visitor, place: SimpleNamespace, body: dict[str, Any]
) -> dict[str, Any]:
    draft = await _written(organiser, place, body)
    answer = await organiser.put(f"/activities/{draft['id']}/opening")
    assert answer.status_code == 200, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


async def _register(world: World, place: SimpleNamespace, session_id: str) -> None:
    answers = {"topic": mark(f"{place.realm}F", "答")}
    body = {"studentIds": [str(place.student_id)], "answers": answers}
    answer = await world.phones[place.parent].put(f"/sessions/{session_id}/registration", json=body)
    assert answer.json()["state"] == "confirmed", answer.text


async def _open(world: World, place: SimpleNamespace) -> None:
    """Two sessions: of one the parent has a place, the other is free."""
    room = mark(place.realm, "室")
    body = activity(place, place.realm, session(FAR, 0, room), session(FAR, 2, room))
    opened = await _opened(world.phones[place.teacher], place, body)
    place.open_activity = opened["id"]
    place.taken_session, place.free_session = [one["id"] for one in opened["sessions"]]
    await _register(world, place, place.taken_session)


async def _held(world: World, place: SimpleNamespace) -> None:
    """One that took place: the parent came and has said what they thought."""
    # An activity is moved into the past by a week; the hour is nobody's.
    body = activity(place, place.realm, session(1))
    opened = await _opened(world.phones[place.teacher], place, body)
    place.held_activity = opened["id"]
    session_id = opened["sessions"][0]["id"]
    await _came(world, place, session_id)
    await held(opened)
    place.held_session = session_id
    place.video_id = await _video(world, place)
    recorded = await world.phones[place.teacher].put(
        f"/sessions/{session_id}/recording",
        json={"attachmentId": str(await _video(world, place))},
    )
    assert recorded.status_code == 200, recorded.text
    opinion = {"rating": 4, "text": mark(f"{place.realm}F", "评")}
    url = f"/activities/{place.held_activity}/feedback"
    answer = await world.phones[place.parent].put(url, json=opinion)
    assert answer.status_code == 200, answer.text


async def _video(world: World, place: SimpleNamespace) -> UUID:
    """A video that the class teacher has handed in."""
    made = await Attachment.create(
        id=uuid7(),
        district_id=place.district_id,
        school_id=place.school_id,
        uploader_id=world.people[place.teacher],
        kind=Kind.VIDEO,
        filename=mark(place.realm, "录像.mp4"),
        media_type="video/mp4",
        byte_size=1000,
        width=640,
        height=360,
        duration_ms=60_000,
        sha256="0" * 64,
        original_key=uuid7().hex,
        created_at=clock.now(),
        stored_at=clock.now(),
    )
    return made.id


async def _came(world: World, place: SimpleNamespace, session_id: str) -> None:
    await _register(world, place, session_id)
    came = await execute(
        "UPDATE bookings SET state = 'checked_in', checked_in_at = starts_at WHERE slot_id = $1",
        UUID(session_id),
    )
    assert came == 1


async def _export(world: World, place: SimpleNamespace) -> None:
    """The organiser's list of those who registered, with telephone numbers, made already."""
    teacher = world.phones[place.teacher]
    url, reason = f"/activities/{place.open_activity}/exports", {"reason": "打印签到表"}
    asked = await teacher.post(url, json=reason)
    assert asked.status_code == 201, asked.text
    place.export_id = asked.json()["id"]
    await jobs.make_exports(open_files(world.settings))
    assert (await teacher.get(f"/exports/{place.export_id}")).json()["link"]
    place.export_link = world.link(place.teacher, place.export_id)


async def _wide(world: World) -> None:
    """An activity of each whole school, to which parents of all its classes come."""
    made: dict[UUID, dict[str, Any]] = {}
    for place in world.places.values():
        if place.school_id not in made:
            school = {"nodeIds": [str(place.school_id)], "kind": "open_day"}
            body = activity(place, place.realm[:2], session(FAR + 3), **school)
            made[place.school_id] = await _opened(world.phones[place.admin], place, body)
        opened = made[place.school_id]
        place.wide_activity = opened["id"]
        await _register(world, place, opened["sessions"][0]["id"])
