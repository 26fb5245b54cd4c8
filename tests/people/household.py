"""A phone with the app on it, and the postbag its codes arrive in."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from backend import clock
from backend.database import execute
from backend.people.gateways import Sms
from backend.people.jobs import send_sms
from backend.people.tokens import Keys

PASSWORD = "lantern-Ferry-88-quilt"


class Postbag:
    """A gateway that keeps what it is given, as the operator's phone would."""

    def __init__(self) -> None:
        self.sent: list[Sms] = []

    async def send(self, sms: Sms) -> None:
        self.sent.append(sms)

    async def close(self) -> None:
        """Nothing was opened."""

    def code_for(self, phone: str) -> str:
        return next(s.values["code"] for s in reversed(self.sent) if s.phone.endswith(phone))


@dataclass
class Phone:
    """One device with the app on it."""

    http: httpx.AsyncClient
    postbag: Postbag
    keys: Keys
    device_id: str
    tokens: dict[str, Any] = field(default_factory=dict)

    async def ask_for_code(self, number: str) -> httpx.Response:
        return await self.http.post(
            "/v1/auth/codes", json={"phone": number, "deviceId": self.device_id}
        )

    async def give_code(self, request_id: str, code: str) -> httpx.Response:
        body = {"requestId": request_id, "code": code, **self.device}
        return await self.http.post("/v1/auth/sessions", json=body)

    async def sign_in(self, number: str) -> httpx.Response:
        """Ask for a code, let the worker send it, and give it back."""
        await execute("DELETE FROM limits")
        asked = await self.ask_for_code(number)
        await send_sms(self.postbag, self.keys, clock.now())
        answer = await self.give_code(asked.json()["requestId"], self.postbag.code_for(number))
        self.keep(answer)
        return answer

    async def sign_in_by_password(self, number: str, password: str) -> httpx.Response:
        body = {"phone": number, "password": password, **self.device}
        answer = await self.http.post("/v1/auth/password-sessions", json=body)
        self.keep(answer)
        return answer

    async def refresh(self, token: str | None = None) -> httpx.Response:
        body = {"refreshToken": token or self.tokens["refreshToken"], "deviceId": self.device_id}
        return await self.http.post("/v1/auth/refresh", json=body)

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens['accessToken']}"}
        return await self.http.request(method, f"/v1{path}", headers=headers, **options)

    def keep(self, answer: httpx.Response) -> None:
        if answer.is_success:
            self.tokens = answer.json()

    @property
    def device(self) -> dict[str, str]:
        return {
            "deviceId": self.device_id,
            "deviceName": f"Phone {self.device_id}",
            "platform": "android",
        }

    @property
    def session_id(self) -> UUID:
        return UUID(self.tokens["sessionId"])


async def let_time_pass(interval: str) -> None:
    """Let time pass: every session was refreshed that much earlier."""
    await execute(
        f"UPDATE sessions SET refreshed_at = refreshed_at - interval '{interval}', "
        f"created_at = created_at - interval '{interval}', "
        f"expires_at = expires_at - interval '{interval}'"
    )
    await execute(f"UPDATE access_tokens SET expires_at = expires_at - interval '{interval}'")
