"""Errors on the wire: RFC 9457 problem+json in the caller's language.

Every refusal, every misfit and every accident leaves through here, so a phone can
branch on ``code``, show ``detail`` as it stands, and quote ``requestId``.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.datastructures import Headers
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from backend.errors import BadInput, Busy, NotAllowed, NotFound, Refusal, SignInNeeded, TooMany
from backend.web import misfits
from backend.web.structs import Out

log = structlog.get_logger("web")

TITLES = {
    400: ("请求有误", "Bad request"),
    401: ("请先登录", "Unauthorized"),
    403: ("没有权限", "Forbidden"),
    404: ("没有找到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    409: ("无法完成", "Conflict"),
    413: ("内容过大", "Content too large"),
    415: ("不支持的格式", "Unsupported media type"),
    421: ("走错了地方", "Misdirected request"),
    422: ("内容不符", "Unprocessable content"),
    426: ("请升级应用", "Upgrade required"),
    429: ("过于频繁", "Too many requests"),
    500: ("系统错误", "Internal server error"),
    503: ("系统繁忙", "Service unavailable"),
    507: ("存储空间不足", "Insufficient storage"),
}
_CUT_OFF_BY_THE_CALLER = "client disconnected prematurely"
_LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.ConnectionFailureError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    DBConnectionError,
    ConnectionError,
    TimeoutError,
)


class FieldError(Out):
    """One misfit: where (``body.title``) and why, in the caller's language."""

    field: str
    message: str


class Problem(Out):
    """What every refusal looks like (media type ``application/problem+json``)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request_id: str
    retryable: bool
    field_errors: list[FieldError]
    facts: dict[str, Any]


class Unfit(BadInput):
    """The request does not fit its schema; ``field_errors`` say where."""

    code = "does_not_fit"
    zh = "提交的内容不符合要求。"
    en = "The request does not fit what was asked for."


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"
    zh = "此地址不支持该请求方法。"
    en = "This address does not take that method."


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    zh = "提交的内容过大。"
    en = "The request is larger than allowed here."


class WrongMediaType(Refusal):
    status = 415
    code = "wrong_media_type"
    zh = "提交的格式不对：一般为 application/json，文件为 multipart/form-data 或其分片。"
    en = "Please send application/json; files go as multipart/form-data, or in parts."


class Misdirected(Refusal):
    """The token is of another installation: ``facts`` has its ``shard`` and ``url``, if known."""

    status = 421
    code = "misdirected"
    zh = "您登录的是另一个区的平台，请从该区的地址进入。"
    en = "This session belongs to another district's service; please ask there."


class Accident(Refusal):
    """Something broke on our side; it is logged with the request id."""

    status = 500
    code = "accident"
    zh = "系统出现错误，请稍后重试。"
    en = "Something went wrong on our side; please try again."


class Clash(Refusal):
    """The database's last word: the row already exists or breaks a constraint."""

    code = "clash"
    zh = "该操作与已有数据冲突。"
    en = "That clashes with what is already there."


def language(headers: Headers) -> str:
    """Return ``en`` when the caller prefers English to Chinese, otherwise ``zh``."""
    wished: dict[str, float] = {}
    for part in headers.get("accept-language", "")[:400].lower().split(","):
        tag, _, weight = part.partition(";")
        tongue = tag.strip().partition("-")[0]
        if tongue in ("zh", "en"):
            wished.setdefault(tongue, _weight(weight))
    # Of two that are wished alike, the one named first.
    best = max(wished, key=lambda tongue: wished[tongue], default="zh")
    return best if wished.get(best) else "zh"


def _weight(text: str) -> float:
    name, _, value = text.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def answer(
    request: Request[Any, Any, Any], refusal: Refusal, errors: list[FieldError] | None = None
) -> Response[Problem]:
    """Turn a refusal into the response the phone gets."""
    tongue = language(request.headers)
    titles = TITLES.get(refusal.status, TITLES[409])
    headers = {"content-language": "en" if tongue == "en" else "zh-CN"}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(max(refusal.retry_after, 1))
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    body = Problem(
        type=f"urn:tongxing:problem:{refusal.code}",
        title=titles[1] if tongue == "en" else titles[0],
        status=refusal.status,
        code=refusal.code,
        detail=refusal.sentence(tongue),
        instance=request.scope["path"],
        request_id=str(request.scope.get("state", {}).get("request_id", "")),
        retryable=refusal.status in (429, 503) or refusal.retry_after is not None,
        field_errors=errors or [],
        facts=refusal.facts,
    )
    return Response(
        body,
        status_code=refusal.status,
        media_type="application/problem+json",
        headers=headers,
    )


def on_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    return answer(request, refusal)


def on_misfit(request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    tongue = language(request.headers)
    raw = error.extra if isinstance(error.extra, list) else []
    errors = [
        FieldError(
            field=".".join(str(p) for p in (item.get("source", "body"), item.get("key")) if p),
            message=misfits.said(str(item.get("message", "")), tongue),
        )
        for item in raw
        if isinstance(item, dict)
    ]
    if not errors:
        errors = [FieldError(field="body", message=misfits.said(error.detail, tongue))]
    return answer(request, Unfit(), errors)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    known: dict[int, type[Refusal]] = {
        400: Unfit,
        401: SignInNeeded,
        403: NotAllowed,
        404: NotFound,
        405: MethodNotAllowed,
        413: TooLarge,
        415: WrongMediaType,
        503: Busy,
    }
    kind = known.get(400 if error.detail == _CUT_OFF_BY_THE_CALLER else error.status_code)
    if kind is TooMany or kind is None:
        return on_accident(request, error)
    response = answer(request, kind(retry_after=1) if kind is Busy else kind())
    if allowed := (error.headers or {}).get("allow"):
        response.headers["allow"] = allowed
    return response


def on_accident(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Map what the database and the decoder throw; log everything else with its trace."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    if isinstance(error, IntegrityError):
        return answer(request, Clash())
    if isinstance(cause, asyncpg.DataError | OverflowError | UnicodeError | RecursionError):
        return answer(request, Unfit())
    if isinstance(cause, _LOST) or _could_not_connect(cause):
        log.warning("database_unavailable", error=type(cause).__name__)
        return answer(request, Busy(retry_after=1))
    log.error(
        "accident",
        request_id=str(request.scope.get("state", {}).get("request_id", "")),
        method=request.scope["method"],
        path=_loggable(request),
        exc_info=error,
    )
    return answer(request, Accident())


def _loggable(request: Request[Any, Any, Any]) -> str:
    """Return the path, without what is itself a key: the address of somebody's calendar."""
    handler = request.scope.get("route_handler")
    by_link = handler is not None and handler.opt.get("policy") == "signed_link"
    return str(request.scope["path_template" if by_link else "path"])


def _could_not_connect(error: Exception) -> bool:
    """Say whether the database's own address failed us: a socket that is gone, a name
    nobody knows. The same errors from a file of ours are accidents.
    """
    frames = traceback.walk_tb(error.__traceback__) if isinstance(error, OSError) else ()
    return any(frame.f_globals.get("__name__", "").startswith("asyncpg.") for frame, _ in frames)


EXCEPTION_HANDLERS: dict[Any, Callable[..., Response[Problem]]] = {
    Refusal: on_refusal,
    ValidationException: on_misfit,
    HTTPException: on_http,
    Exception: on_accident,
}


@dataclass
class RefusalSpec(ResponseSpec):
    """The refusals one status of a handler may carry; the contract lists their codes."""

    kinds: tuple[type[Refusal], ...] = ()


def refusals(*kinds: type[Refusal]) -> dict[int, ResponseSpec]:
    """Declare a handler's documented refusals, grouped by status.

    What any door of its kind can say (does not fit, sign in, not found, busy …) is added
    by the contract itself; name here what the route's own rules can say.
    """
    by_status: dict[int, list[type[Refusal]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: RefusalSpec(
            data_container=Problem,
            media_type="application/problem+json",
            generate_examples=False,
            kinds=tuple(group),
        )
        for status, group in by_status.items()
    }
