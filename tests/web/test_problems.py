"""Refusals and accidents as the phone gets them."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.datastructures import Headers
from litestar.exceptions import InternalServerException
from litestar.params import FromPath, FromQuery, JSONBody
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError, OperationalError

from backend.errors import Busy, NotFound, TooMany
from backend.web import misfits
from backend.web.guard import guard
from backend.web.problems import EXCEPTION_HANDLERS, language
from backend.web.strictness import LiteralRequest, parameters_fit
from backend.web.structs import In, PageSize, Title

SECRET = "13800138000"
CUT_OFF = "client disconnected prematurely"
THROWN: dict[str, tuple[Exception, int, str]] = {
    "a surprise": (RuntimeError(SECRET), 500, "accident"),
    "a wrong type": (TypeError(SECRET), 500, "accident"),
    "a refusal": (NotFound(), 404, "not_found"),
    "a limit": (TooMany(retry_after=7, seconds=7), 429, "too_many_requests"),
    "a busy house": (Busy(retry_after=1), 503, "busy"),
    "bad data": (OperationalError(asyncpg.DataError("invalid byte 0x00")), 400, "does_not_fit"),
    "a number too large": (OverflowError("int too large"), 400, "does_not_fit"),
    "a constraint": (IntegrityError(asyncpg.UniqueViolationError("twice")), 409, "clash"),
    "a deadlock": (asyncpg.DeadlockDetectedError("deadlock"), 503, "busy"),
    "a lock held": (asyncpg.LockNotAvailableError("lock"), 503, "busy"),
    "a lost connection": (asyncpg.ConnectionDoesNotExistError("gone"), 503, "busy"),
    "a server gone": (ConnectionRefusedError("no one there"), 503, "busy"),
    "a timeout": (TimeoutError(), 503, "busy"),
    # A phone that loses its network while it sends a photo is no accident of ours.
    "an upload cut off": (InternalServerException(CUT_OFF), 400, "does_not_fit"),
    "a mistake of the framework": (InternalServerException(SECRET), 500, "accident"),
}


class Note(In):
    title: Title
    pinned: bool = False
    stars: int = 0


@get("/throws/{what:str}", sync_to_thread=False)
def throws(what: FromPath[str]) -> None:
    """Break in the way that is asked for."""
    raise THROWN[what][0]


@get("/notes", sync_to_thread=False)
def notes(limit: FromQuery[PageSize] = 20, only: FromQuery[Title | None] = None) -> list[int]:
    """Echo the page's size."""
    return [limit]


@post("/notes", sync_to_thread=False)
def write(data: JSONBody[Note]) -> Note:
    """Echo the note."""
    return data


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A house of three rooms with the manners of the real one."""
    app = Litestar(
        [throws, notes, write],
        exception_handlers=EXCEPTION_HANDLERS,
        guards=[parameters_fit],
        request_class=LiteralRequest,
        openapi_config=None,
        logging_config=None,
    )
    transport = httpx.ASGITransport(app=guard(app))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as one:
        yield one


@pytest.mark.parametrize("what", THROWN)
async def test_whatever_is_thrown_leaves_as_a_problem(client: httpx.AsyncClient, what: str) -> None:
    _, status, code = THROWN[what]
    answer = await client.get(f"/throws/{what}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert ("retry-after" in answer.headers) is (status in (429, 503))
    assert body["retryable"] is (status in (429, 503))
    assert SECRET not in answer.text


async def test_an_accident_leaves_exactly_one_line_with_its_request_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), capture_logs() as lines:
        answer = await client.get("/throws/a surprise")
    said = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert len(lines) + len(said) == 1
    [line] = lines
    assert (line["event"], line["log_level"]) == ("accident", "error")
    assert line["request_id"] == answer.json()["requestId"]
    assert isinstance(line["exc_info"], RuntimeError)


async def test_a_refusal_is_no_accident(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get("/throws/a refusal")
        await client.get("/nowhere")
        await client.post("/notes", json={})
    assert lines == []


async def test_a_misfit_says_where_and_why_in_both_languages(client: httpx.AsyncClient) -> None:
    zh = await client.post("/notes", json={"title": "字" * 61})
    en = await client.post("/notes", json={"title": "字" * 61}, headers={"Accept-Language": "en"})
    assert zh.json()["fieldErrors"] == [{"field": "body.title", "message": "最多 60 个字符"}]
    [error] = en.json()["fieldErrors"]
    assert error["message"] == "Expected `str` of length <= 60"
    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh-CN", "en")


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "body", "缺少必填项 title"),
        ({"title": "a", "owner": 1}, "body", "含有不认识的项 owner"),
        ({"title": "a", "pinned": 0}, "body.pinned", "应为是或否，实为整数"),
        ({"title": "a", "stars": "1e3"}, "body.stars", "应为整数，实为文字"),
        ({"title": "a\u202e"}, "body", "含有无法显示的字符"),
        ([], "body", "应为对象，实为列表"),
    ],
)
async def test_goodwill_does_not_reach_into_bodies(
    client: httpx.AsyncClient, body: Any, field: str, message: str
) -> None:
    answer = await client.post("/notes", json=body)
    assert answer.status_code == 400
    assert answer.json()["fieldErrors"] == [{"field": field, "message": message}]


async def test_without_strictness_the_framework_means_well() -> None:
    """The control: what the two strict parts refuse, the framework alone takes."""
    lax = Litestar([notes, write], exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    transport = httpx.ASGITransport(app=lax)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        taken = await client.post("/notes", json={"title": "a", "pinned": 0, "stars": "1e3"})
        assert taken.json() == {"title": "a", "pinned": False, "stars": 1000}
        assert (await client.get("/notes?limit=0")).json() == [0]
        assert (await client.get("/notes?limit=1e3")).json() == [1000]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1e3", "limit=2&limit=3", "only="])
async def test_a_query_keeps_its_bounds(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/notes?{query}")
    assert answer.status_code == 400
    [error] = answer.json()["fieldErrors"]
    assert error["field"] == f"query.{query.partition('=')[0]}"
    assert (await client.get("/notes?limit=100&only=a")).json() == [100]


@pytest.mark.parametrize(
    ("wish", "tongue"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("en-GB", "en"),
        ("en;q=0.1, zh;q=0.9", "zh"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("fr, en;q=0.5", "en"),
        ("fr-CA, de", "zh"),
        ("en, zh", "en"),
        ("*", "zh"),
        ("en;q=0", "zh"),
        ("en;q=nonsense", "zh"),
        (";;,,=", "zh"),
    ],
)
def test_the_language_is_the_one_preferred(wish: str, tongue: str) -> None:
    assert language(Headers({"accept-language": wish})) == tongue


def test_a_misfit_never_repeats_the_value_that_was_sent() -> None:
    for message in ("Invalid enum value '13800138000'", "Invalid value '13800138000'"):
        for tongue in ("zh", "en"):
            assert SECRET not in misfits.said(message, tongue)


def test_each_sentence_of_the_decoder_has_a_chinese_one() -> None:
    cases: list[tuple[Any, str]] = [
        (int, '"x"'),
        (int | None, "1.5"),
        (bool, "null"),
        (list[int], "{}"),
        (dict[str, int], "[]"),
        (PageSize, "0"),
        (PageSize, "101"),
        (Title, '""'),
        (int, "1e999"),
        (int, "{"),
    ]
    for kind, body in cases:
        with pytest.raises(msgspec.MsgspecError) as caught:
            msgspec.json.decode(body, type=kind)
        message = str(caught.value).partition(" - at")[0]
        assert "不符合要求" not in misfits.said(message, "zh"), message
        assert misfits.said(message, "en") == message


async def test_a_body_that_breaks_off_is_no_accident() -> None:
    """Litestar tells it by words alone, so they are held to here."""
    parts = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    said: list[Any] = []

    @post("/lengths")
    async def lengths(request: Request[Any, Any, Any]) -> int:
        return len(await request.body())

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    app = Litestar([lengths], exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    scope: Any = {
        "type": "http", "method": "POST", "path": "/lengths", "raw_path": b"/lengths",
        "query_string": b"", "headers": [], "state": {},
    }  # fmt: skip
    with capture_logs() as logged:
        await app(scope, receive, send)
    assert (said[0]["status"], logged) == (400, [])
