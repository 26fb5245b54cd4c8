"""Large files of each class of the world: on their way in, and a film with its stream."""

from types import SimpleNamespace
from typing import Any

from backend import clock
from backend.identifiers import uuid7
from backend.media import links
from backend.media.models import Attachment, Kind
from backend.media.storage import open_files
from tests.authz.rows_duties import done
from tests.authz.world import World, mark

PART = b"%PDF-1.7\n% x\n%%EOF\n"
"""The only part of each upload: a document needs no preparing."""


async def fill(world: World) -> None:
    """Let each class teacher have begun an upload, sent another, completed a third."""
    for place in list(world.places.values()):
        place.begun_upload = await _begun(world, place)
        place.sent_upload = await _begun(world, place)
        place.complete_upload = await _begun(world, place)
        teacher = world.phones[place.teacher]
        for upload in (place.sent_upload, place.complete_upload):
            await done(teacher.put(f"/uploads/{upload}/parts/1", **part()))
        await done(teacher.put(f"/uploads/{place.complete_upload}/completion"))
        await _film(world, place)


def part() -> dict[str, Any]:
    return {"content": PART, "headers": {"Content-Type": "application/octet-stream"}}


async def _begun(world: World, place: SimpleNamespace) -> str:
    body = {
        "filename": mark(place.realm, "课件.pdf"),
        "byteSize": len(PART),
        "schoolId": str(place.school_id),
    }
    made = await done(world.phones[place.teacher].post("/uploads", json=body))
    return str(made["id"])


async def _film(world: World, place: SimpleNamespace) -> None:
    """A film that the class teacher handed in, with links signed for their phone."""
    teacher, number = world.phones[place.teacher], uuid7()
    assert teacher.person_id
    files, room = open_files(world.settings), f"fe/{number.hex}"
    said = mark(place.realm, "#EXTM3U ").encode()
    for name in ("film.mp4", "hls-1/master.m3u8"):
        await files.put(f"{room}/{name}", said)
    await Attachment.create(
        id=number,
        district_id=place.district_id,
        school_id=place.school_id,
        uploader_id=teacher.person_id,
        kind=Kind.VIDEO,
        filename=mark(place.realm, "第一讲.mp4"),
        media_type="video/mp4",
        byte_size=len(said),
        duration_ms=60_000,
        sha256="0" * 64,
        original_key=f"{room}/film.mp4",
        stream_key=f"{room}/hls-1",
        prepared_percent=100,
        created_at=clock.now(),
        stored_at=clock.now(),
    )
    place.film_id = number
    place.film_link = world.link(place.teacher, number)
    place.stream_link = world.link(place.teacher, number, links.STREAM)
