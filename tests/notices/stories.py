"""Telling stories about notices: what an author does, over HTTP, in one call each."""

from typing import Any

import httpx

from seed.cast import Cast
from tests.house import Visitor


def draft(cast: Cast, *classes: str, **more: Any) -> dict[str, Any]:
    """Return a notice for the families of some classes of the cast."""
    return {
        "audiences": [
            {"nodeId": str(cast.classes[name].id), "who": "families"}
            for name in classes or ("海湾/三年级/1班",)
        ],
        "category": "class",
        "title": "周五下午家长会",
        "blocks": [{"type": "paragraph", "text": "请各位家长准时参加，地点在三年级1班教室。"}],
        **more,
    }


CORRECTION = {
    "revision": 1,
    "title": "周五下午家长会改到周四",
    "blocks": [{"type": "paragraph", "text": "时间改为周四下午四点。"}],
    "material": True,
    "explanation": "时间有误",
}
"""A material one of the first version."""


async def written(author: Visitor, body: dict[str, Any]) -> str:
    answer = await author.post("/notices", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def published(author: Visitor, body: dict[str, Any], **more: Any) -> str:
    """Write, preview and publish; returns the notice's id."""
    notice = await written(author, body)
    answer = await publish(author, notice, **more)
    assert answer.status_code == 200, answer.text
    return notice


async def publish(author: Visitor, notice: str, **more: Any) -> httpx.Response:
    preview = await author.get(f"/notices/{notice}/audience")
    assert preview.status_code == 200, preview.text
    token = preview.json()["previewToken"]
    return await author.put(f"/notices/{notice}/publication", json={"previewToken": token, **more})


async def feed_of(reader: Visitor) -> list[dict[str, Any]]:
    answer = await reader.get("/feed")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def reach_of(author: Visitor, notice: str) -> dict[str, Any]:
    answer = await author.get(f"/notices/{notice}/reach")
    assert answer.status_code == 200, answer.text
    reach: dict[str, Any] = answer.json()
    return reach
