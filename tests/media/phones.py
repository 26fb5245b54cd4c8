"""Uploading and downloading as a phone does it."""

from typing import Any

import httpx

from tests.house import Visitor
from tests.media import corpus

PHOTO = corpus.encode(corpus.quarters(), "JPEG")
TEACHER, COLLEAGUE, OFFICER = "林晓岚", "何清越", "沈知微"
PARENT, CHAIR = "刘敏", "周婷"


async def upload(
    phone: Visitor,
    data: bytes,
    name: str = "春游.jpg",
    media_type: str = "image/jpeg",
    key: str | None = None,
    **form: str,
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    parts = {"file": (name, data, media_type)}
    return await phone.post("/attachments", files=parts, data=form, headers=headers)


async def photo(teacher: Visitor, school: str) -> dict[str, Any]:
    answer = await upload(teacher, PHOTO, schoolId=school)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def fetch_link(client: httpx.AsyncClient, url: str, **headers: str) -> httpx.Response:
    return await client.get(f"http://house{url}", headers=headers)
