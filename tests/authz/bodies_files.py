"""What the operations on files are sent, and which rows their paths name."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.authz.rows_files import PART, part
from tests.authz.world import World
from tests.media.phones import PHOTO

FIXED = {"number": "1", "segment": "master.m3u8"}
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return the upload, film or link that is meant; ``None`` for another parameter."""
    if parameter == "upload_id":
        return str(getattr(place, f"{variant}_upload"))
    if parameter == "attachment_id" and variant == "film":
        return str(place.film_id)
    if parameter == "link":
        return str(place.stream_link)
    return None


def _home(place: SimpleNamespace, variant: str) -> dict[str, str]:
    if variant == "district":
        return {"districtId": str(place.district_id)}
    return {"schoolId": str(place.school_id)}


def _upload(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    name, content = ("春游.jpg", PHOTO) if variant == "picture" else ("通知.pdf", PART)
    return {"files": {"file": (name, content)}, "data": _home(place, variant)}


def _begin(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    file = {"filename": "第一讲.pdf", "byteSize": len(PART)}
    return {"json": file | _home(place, variant)}


def _link(_: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return {"params": {"link": str(place.film_link if variant == "film" else place.link)}}


BODIES: dict[str, Body] = {
    "uploadAttachment": _upload,
    "downloadAttachment": _link,
    "beginUpload": _begin,
    "sendPart": lambda w, p, v: part(),
}
