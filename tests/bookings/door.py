"""What stories at the door share: a family with a ticket, a host with a phone."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from backend.database import fetch_one
from tests.house import SignIn, Visitor

SOON = timedelta(minutes=10)


async def booked(phone: Visitor, slot: UUID, **more: Any) -> dict[str, Any]:
    answer = await phone.put(f"/slots/{slot}/booking", json=more)
    assert answer.status_code == 200 and answer.json()["state"] == "confirmed", answer.text
    return dict(answer.json())


async def ticket_of(phone: Visitor, slot: UUID) -> str:
    answer = await phone.get(f"/slots/{slot}/booking/ticket")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


def scan(kind: str, when: datetime, *, nonce: str | None = None, **what: Any) -> dict[str, Any]:
    return {
        "nonce": nonce or secrets.token_hex(8),
        "kind": kind,
        "scannedAt": when.astimezone(UTC).isoformat(),
        **{key: str(value) for key, value in what.items()},
    }


async def merged(host: Visitor, slot: UUID, *scans: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await host.post(f"/slots/{slot}/scans", json={"scans": list(scans)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def outcomes(host: Visitor, slot: UUID, *scans: dict[str, Any]) -> list[str]:
    return [item["outcome"] for item in await merged(host, slot, *scans)]


async def row_of(slot: UUID) -> dict[str, Any]:
    row = await fetch_one("SELECT * FROM bookings WHERE slot_id = $1", slot)
    assert row is not None
    return row


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


async def ticket_of_booked(as_: SignIn, slot: UUID, name: str = "王立强") -> str:
    await booked(await as_(name), slot)
    return await ticket_of(await as_(name), slot)
