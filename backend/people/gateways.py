"""Ways a text message leaves the house. Only the worker holds a gateway."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

import httpx
import msgspec
import structlog

from backend.people.phones import mask
from backend.settings import Settings

log = structlog.get_logger("sms")

TIMESTAMP_HEADER = "X-Tongxing-Timestamp"
SIGNATURE_HEADER = "X-Tongxing-Signature"


class Sms(msgspec.Struct, frozen=True, kw_only=True):
    """One text message: a template registered with the operator and its values.

    ``id`` is the same at every repetition, so that a gateway can drop copies.
    """

    id: UUID
    phone: str
    template: str
    values: Mapping[str, str]


class GatewayTrouble(Exception):
    """The gateway did not take the message now; it may be tried again.

    ``retry_after`` is how many seconds it asked to be left alone, if it did.
    """

    def __init__(self, reason: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class GatewayRefusal(Exception):
    """The gateway will never take this message."""


class Gateway(Protocol):
    """Sends one message, or raises :class:`GatewayTrouble` or :class:`GatewayRefusal`."""

    async def send(self, sms: Sms) -> None: ...

    async def close(self) -> None: ...


class ConsoleGateway:
    """The demo's gateway: the message is one line of the log, code and all."""

    async def send(self, sms: Sms) -> None:
        log.info("sms", phone=mask(sms.phone), template=sms.template, **sms.values)

    async def close(self) -> None:
        """Nothing was opened."""


class HttpGateway:
    """Posts messages as JSON to one address, signed with a shared secret.

    The signature is ``v1=`` and the hexadecimal HMAC-SHA256 of the timestamp header, a
    full stop and the body. A receiver checks it and refuses timestamps that are old.
    """

    def __init__(self, url: str, secret: str, *, timeout: float = 5.0) -> None:
        self._url = url
        self._secret = secret.encode()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout, connect=3.0), follow_redirects=False
        )

    async def send(self, sms: Sms) -> None:
        body = msgspec.json.encode(sms)
        timestamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self._secret, timestamp, body),
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise GatewayTrouble(type(error).__name__) from error
        if answer.is_success:
            return
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            asked = answer.headers.get("retry-after", "")
            raise GatewayTrouble(
                f"status {answer.status_code}",
                retry_after=float(asked) if asked.isdecimal() and len(asked) < 7 else None,
            )
        raise GatewayRefusal(f"status {answer.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the value of the signature header."""
    return f"v1={hmac.new(secret, timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def gateway_for(settings: Settings) -> Gateway:
    """Return the gateway an installation is configured for.

    Raises ``ValueError`` when the HTTP gateway lacks its address or secret.
    """
    if settings.sms_gateway == "console":
        return ConsoleGateway()
    if not settings.sms_url or not settings.sms_secret:
        raise ValueError("the http gateway needs sms_url and sms_secret")
    return HttpGateway(settings.sms_url, settings.sms_secret)
