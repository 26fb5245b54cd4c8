"""Sending files in parts, as a phone does."""

import base64
import hashlib
import os
from typing import Any

import httpx

from tests.house import Visitor

FILM_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"
RAW = {"Content-Type": "application/octet-stream"}


def film(size: int) -> bytes:
    """Return what looks like a film to whoever sees only its beginning."""
    return FILM_HEAD + os.urandom(size - len(FILM_HEAD))


async def begin(
    phone: Visitor, data: bytes, school: str, name: str = "第一讲.mp4", **more: Any
) -> dict[str, Any]:
    body = {"filename": name, "byteSize": len(data), "schoolId": school, **more}
    answer = await phone.post("/uploads", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def part_of(data: bytes, begun: dict[str, Any], number: int) -> bytes:
    size: int = begun["partBytes"]
    return data[(number - 1) * size : number * size]


async def send(
    phone: Visitor, begun: dict[str, Any], number: int | str, part: bytes, **headers: str
) -> httpx.Response:
    url = f"/uploads/{begun['id']}/parts/{number}"
    return await phone.put(url, content=part, headers=RAW | headers)


async def send_all(phone: Visitor, begun: dict[str, Any], data: bytes) -> None:
    for number in range(1, begun["parts"] + 1):
        answer = await send(phone, begun, number, part_of(data, begun, number))
        assert answer.status_code == 204, answer.text


async def complete(phone: Visitor, begun: dict[str, Any]) -> httpx.Response:
    return await phone.put(f"/uploads/{begun['id']}/completion")


def content_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
