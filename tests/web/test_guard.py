"""The body guard, and what its absence would cost."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, delete, post
from litestar.params import FromPath, JSONBody

from backend.web.guard import MAX_BODY, MAX_DEPTH, MAX_NODES, guard
from seed.cast import Cast
from tests.house import SignIn

JSON = {"content-type": "application/json"}
HUNDRED_THOUSAND_DEEP = b"[" * 100_000 + b"]" * 100_000
HALF_A_MILLION_WIDE = b"{" + b",".join(b'"k%d":1' % number for number in range(500_000)) + b"}"
QUOTES_WITHOUT_END = b'{"x": "' + b'\\"' * 120_000


@post("/anything", sync_to_thread=False)
def anything(data: JSONBody[dict[str, Any] | list[Any]]) -> int:
    """Take any JSON there is, and say how much."""
    return len(data)


@delete("/sessions", sync_to_thread=False)
def sign_out_everywhere() -> None:
    """Forget all of them."""


@delete("/sessions/{one:str}", sync_to_thread=False)
def sign_out(one: FromPath[str]) -> None:
    """Forget one."""


@pytest.fixture
async def bare() -> AsyncIterator[httpx.AsyncClient]:
    """A room without the guard."""
    async with _client(_room(), guarded=False) as client:
        yield client


@pytest.fixture
async def guarded() -> AsyncIterator[httpx.AsyncClient]:
    """The same room behind it."""
    async with _client(_room(), guarded=True) as client:
        yield client


def _room(**more: Any) -> Litestar:
    handlers = [anything, sign_out_everywhere, sign_out]
    return Litestar(handlers, openapi_config=None, logging_config=None, **more)


def _client(room: Litestar, *, guarded: bool) -> httpx.AsyncClient:
    app: Any = guard(room) if guarded else room
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://room")


async def _timed(client: httpx.AsyncClient, body: bytes) -> tuple[int, float]:
    began = time.perf_counter()
    answer = await client.post("/anything", content=body, headers=JSON)
    return answer.status_code, time.perf_counter() - began


async def test_a_body_too_deep_is_refused_that_would_break_the_decoder(
    bare: httpx.AsyncClient, guarded: httpx.AsyncClient
) -> None:
    assert (await _timed(bare, HUNDRED_THOUSAND_DEEP))[0] == 500
    assert (await _timed(guarded, HUNDRED_THOUSAND_DEEP))[0] == 400


async def test_a_body_too_wide_is_refused_that_would_stop_everyone_else(
    bare: httpx.AsyncClient, guarded: httpx.AsyncClient
) -> None:
    status, slow = await _timed(bare, HALF_A_MILLION_WIDE)
    assert status == 201
    status, quick = await _timed(guarded, HALF_A_MILLION_WIDE)
    assert status == 413
    assert quick * 10 < slow, f"{quick:.4f} s with the guard, {slow:.4f} s without"


async def test_a_text_that_never_ends_is_looked_at_once(guarded: httpx.AsyncClient) -> None:
    """A scan that started again at each quote would take minutes."""
    status, took = await _timed(guarded, QUOTES_WITHOUT_END)
    assert status in (400, 413)
    assert took < 5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, 201),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 400),
        (b"[" + b"1," * (MAX_NODES - 1) + b"1]", 201),
        (b"[" + b"1," * MAX_NODES + b"1]", 400),
        (b'["' + b"x" * (MAX_BODY - 4) + b'"]', 201),
        (b'["' + b"x" * (MAX_BODY - 3) + b'"]', 413),
        (b'["' + b'[{,\\"' * 9_000 + b'"]', 201),
        (b'["\xff"]', 400),
    ],
)
async def test_the_bounds_are_exact(guarded: httpx.AsyncClient, body: bytes, status: int) -> None:
    """And what stands inside texts counts for nothing."""
    assert (await _timed(guarded, body))[0] == status


async def test_a_body_is_cut_off_whatever_length_it_declared(guarded: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1024

    answer = await guarded.post("/anything", content=pieces(), headers=JSON)
    assert answer.status_code == 413
    lied = {**JSON, "content-length": "2; 3"}
    assert (await guarded.post("/anything", content=b"{}", headers=lied)).status_code == 400


async def test_a_lost_id_does_not_widen_what_is_meant(
    bare: httpx.AsyncClient, guarded: httpx.AsyncClient
) -> None:
    for path in ("/sessions/", "/sessions//", "//sessions"):
        assert (await bare.delete(f"http://room{path}")).status_code == 204, path
        assert (await guarded.delete(f"http://room{path}")).status_code == 404, path
    assert (await guarded.delete("/sessions/1")).status_code == 204


async def test_every_answer_names_its_request_and_forbids_sniffing(
    guarded: httpx.AsyncClient,
) -> None:
    answers = [await guarded.delete("/sessions"), await guarded.get("/nowhere")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 2
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)


async def test_a_client_without_put_and_delete_says_so_on_a_post(as_: SignIn, cast: Cast) -> None:
    father = await as_("李建国")
    wishes = (await father.get("/me/preferences")).json()
    put = {"X-HTTP-Method-Override": "put"}
    changed = await father.post(
        "/me/preferences", json={**wishes, "digestAt": "19:30"}, headers=put
    )
    assert (changed.status_code, changed.json()["digestAt"]) == (200, "19:30")
    gone = await father.post("/me/push-device", headers={"X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204


@pytest.mark.parametrize("override", ["PATCH", "GET", "TRACE", "put, delete", ""])
async def test_an_override_to_anything_else_is_not_heard(
    as_: SignIn, cast: Cast, override: str
) -> None:
    father = await as_("李建国")
    answer = await father.post("/me/preferences", headers={"X-HTTP-Method-Override": override})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_an_override_counts_on_posts_alone(as_: SignIn, cast: Cast) -> None:
    father = await as_("李建国")
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert (await father.get("/me/sessions", headers=headers)).status_code == 200
    assert len((await father.get("/me/sessions")).json()["items"]) == 1


async def test_patch_is_not_spoken_here(as_: SignIn, cast: Cast) -> None:
    father = await as_("李建国")
    answer = await father.request("PATCH", "/me/preferences", json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert {"GET", "PUT"} <= set(answer.headers["allow"].split(", "))
