"""Firebase Cloud Messaging through the real firebase-admin.

Three habits of the library are fenced in here: it fetches access tokens with a blocking
client inside the event loop, it repeats 500 and 503 by itself for seconds while the rest
of the batch waits, and ``delete_app`` cannot be called in a running loop.
"""

import asyncio
import functools
import time
import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, timedelta
from typing import Any

import firebase_admin
import structlog
from firebase_admin import credentials, exceptions, messaging
from firebase_admin._http_client import HttpxAsyncClient
from firebase_admin._retry import HttpxRetry
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from notifications.channels.base import Parcel, Result
from notifications.message import Outcome

log = structlog.get_logger("push.fcm")

_REFRESH_BEFORE = 300.0
_BREAKER_SECONDS = 30.0
_APNS_COLLAPSE_BYTES = 64


class _BorrowedToken(Credentials):
    """Carries a token fetched elsewhere, and never fetches one inside the event loop."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.refused = False

    def before_request(
        self, request: object, method: str, url: str, headers: MutableMapping[str, str]
    ) -> None:
        headers["authorization"] = f"Bearer {self.token}"

    def refresh(self, request: object) -> None:
        # The library calls this when the provider answers 401: the next batch fetches a
        # new token in a thread, and this one is tried again by the queue.
        self.refused = True


class FcmChannel:
    """Pushes through one Firebase project.

    ``service_account`` is the content of the project's key file. ``endpoint`` replaces
    the address messages are posted to; ``{0}`` stands for the project id. ``timeout``
    (seconds) bounds each request, ``token_timeout`` the fetching of an access token.
    """

    name = "fcm"
    max_batch = 100
    """As many as go out at once: further ones would wait for a line while their time runs."""

    def __init__(
        self,
        service_account: Mapping[str, Any],
        *,
        endpoint: str | None = None,
        timeout: float = 10.0,
        token_timeout: float = 10.0,
        app_name: str = "tongxing",
    ) -> None:
        self._service_account = dict(service_account)
        self._endpoint = endpoint
        self._timeout = timeout
        self._token_timeout = token_timeout
        self._app_name = app_name
        self._app: Any = None
        self._google: Any = None
        self._client: Any = None
        self._token = _BorrowedToken()
        self._token_lock = asyncio.Lock()
        self._hold_until = 0.0

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        """Return the message as FCM's HTTP v1 API will receive it."""
        body: Mapping[str, object] = messaging._MessagingService.encode_message(_message(parcel))
        return body

    async def open(self) -> None:
        """Prepare the client; raises ``ValueError`` for a key file that is none."""
        certificate = credentials.Certificate(self._service_account)
        self._google = certificate.get_credential()
        self._app = firebase_admin.initialize_app(
            certificate, {"httpTimeout": self._timeout}, name=self._app_name
        )
        service = messaging._get_messaging_service(self._app)
        self._client = HttpxAsyncClient(
            credential=self._token,
            retry_config=HttpxRetry(max_retries=0),
            timeout=self._timeout,
        )
        unused, service._async_client = service._async_client, self._client
        await unused.aclose()
        if self._endpoint:
            service._fcm_url = self._endpoint.format(self._app.project_id)

    async def send(self, batch: Sequence[Parcel]) -> list[Result]:
        """Send up to 100 parcels; results come back in the same order."""
        results: list[Result] = []
        sendable: list[tuple[int, messaging.Message]] = []
        for position, parcel in enumerate(batch):
            try:
                message = _message(parcel)
                messaging._MessagingService.encode_message(message)
            except ValueError as error:
                # The library would refuse the whole batch for one bad message.
                results.append(Result(outcome=Outcome.REJECTED, detail=str(error)))
                continue
            sendable.append((position, message))
            results.append(Result(outcome=Outcome.TRANSIENT))
        if not sendable:
            return results
        if trouble := await self._fresh_token():
            answers = [trouble for _ in sendable]
        else:
            answers = await self._post([message for _, message in sendable])
        for (position, _), answer in zip(sendable, answers, strict=True):
            results[position] = answer
        return results

    async def close(self) -> None:
        """Close the HTTP client and forget the app."""
        if self._app is None:
            return
        app, self._app = self._app, None
        await self._client.aclose()
        # delete_app() calls asyncio.run(), which a running loop refuses.
        firebase_admin._apps.pop(app.name, None)

    async def _post(self, messages: list[messaging.Message]) -> list[Result]:
        try:
            answer = await messaging.send_each_async(messages, app=self._app)
        except exceptions.FirebaseError as error:
            # One unforeseen answer spoils the library's whole batch; nobody knows which
            # of the others went out, and their tag hides a repetition.
            return [_classify(error) for _ in messages]
        return [_classify(response.exception) for response in answer.responses]

    async def _fresh_token(self) -> Result | None:
        """Fetch a token in a thread when the present one is old; return the trouble, if any."""
        async with self._token_lock:
            if not self._token.refused and self._lasts():
                return None
            if time.monotonic() < self._hold_until:
                return Result(outcome=Outcome.TRANSIENT, detail="no access token")
            request = functools.partial(Request(), timeout=self._token_timeout)
            try:
                async with asyncio.timeout(self._token_timeout):
                    await asyncio.to_thread(self._google.refresh, request)
            except (GoogleAuthError, TimeoutError) as error:
                self._hold_until = time.monotonic() + _BREAKER_SECONDS
                log.warning("fcm_token_refused", error=type(error).__name__)
                return Result(outcome=Outcome.TRANSIENT, detail="no access token")
            self._token.token = self._google.token
            self._token.refused = False
            return None

    def _lasts(self) -> bool:
        expiry = self._google.expiry
        if self._token.token is None or expiry is None:
            return False
        # google-auth keeps naive UTC times.
        return bool(expiry.replace(tzinfo=UTC).timestamp() - time.time() > _REFRESH_BEFORE)


def _message(parcel: Parcel) -> messaging.Message:
    apns_headers = {"apns-collapse-id": parcel.tag[:_APNS_COLLAPSE_BYTES]}
    if parcel.silent:
        notification = None
        android = messaging.AndroidConfig(
            collapse_key=parcel.tag, priority="normal", ttl=timedelta(seconds=parcel.lifetime)
        )
        apns_headers |= {"apns-push-type": "background", "apns-priority": "5"}
        aps = messaging.Aps(content_available=True)
    else:
        notification = messaging.Notification(title=parcel.title)
        android = messaging.AndroidConfig(
            collapse_key=parcel.tag,
            priority="high" if parcel.urgent else "normal",
            ttl=timedelta(seconds=parcel.lifetime),
            notification=messaging.AndroidNotification(tag=parcel.tag),
        )
        apns_headers["apns-priority"] = "10"
        aps = messaging.Aps(sound="default")
    with warnings.catch_warnings():
        # The library would rather have installation ids than tokens; phones send tokens.
        warnings.simplefilter("ignore", DeprecationWarning)
        return messaging.Message(
            token=parcel.token,
            notification=notification,
            data=dict(parcel.data),
            android=android,
            apns=messaging.APNSConfig(headers=apns_headers, payload=messaging.APNSPayload(aps=aps)),
        )


def _classify(error: Exception | None) -> Result:
    detail = type(error).__name__
    match error:
        case None:
            return Result(outcome=Outcome.ACCEPTED)
        case messaging.UnregisteredError() | messaging.SenderIdMismatchError():
            return Result(outcome=Outcome.GONE, detail=detail)
        case messaging.QuotaExceededError() | exceptions.ResourceExhaustedError():
            return Result(outcome=Outcome.THROTTLED, retry_after=_retry_after(error), detail=detail)
        case messaging.ThirdPartyAuthError() | exceptions.InvalidArgumentError():
            return Result(outcome=Outcome.REJECTED, detail=detail)
        case exceptions.PermissionDeniedError() | exceptions.NotFoundError():
            # A 404 that names no token means that the project is wrong, not the phone.
            return Result(outcome=Outcome.REJECTED, detail=detail)
    return Result(outcome=Outcome.TRANSIENT, retry_after=_retry_after(error), detail=detail)


def _retry_after(error: Exception) -> float | None:
    response = getattr(error, "http_response", None)
    given = response.headers.get("retry-after") if response is not None else None
    return float(given) if given and given.isdecimal() else None
