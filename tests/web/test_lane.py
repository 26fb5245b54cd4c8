"""The short way says what the long way says, and keeps what the long way keeps."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar, get

from backend.app import build
from backend.courses.operations import beats
from backend.database import execute
from backend.settings import Settings
from backend.web.guard import guard
from backend.web.lane import Errand, Lane, Reply, lanes
from backend.web.policy import Policy
from seed.cast import Cast
from tests.courses.shelf import on_the_shelf
from tests.courses.viewing import opened
from tests.house import SignIn, Visitor
from tests.notices.stories import draft, published
from tests.volunteering.stories import a_shift, volunteers

ELSEWHERE = str(uuid4())
JSON = {"content-type": "application/json"}


@pytest.fixture
async def long_way(settings: Settings, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """The same house without its short ways."""
    transport = httpx.ASGITransport(app=guard(build(settings, dsn)))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://house/v1") as client:
        yield client


class Ways:
    """Sends a request both ways, and holds the answers to be one and the same."""

    def __init__(self, phone: Visitor, long_way: httpx.AsyncClient) -> None:
        self.phone, self.long_way = phone, long_way

    async def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        headers = {"authorization": self.phone.headers["authorization"], **more.pop("headers", {})}
        short = await self.phone.request(method, url, headers=headers, **more)
        long = await self.long_way.request(method, url, headers=headers, **more)
        assert _said(short) == _said(long)
        return short


def _said(answer: httpx.Response) -> tuple[Any, ...]:
    headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
    body: Any = answer.content
    if answer.headers.get("content-type") == "application/problem+json":
        body = {k: v for k, v in answer.json().items() if k != "requestId"}
    return answer.status_code, headers, body


async def test_the_feed_is_the_same_both_ways(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient
) -> None:
    teacher, ways = await as_("林晓岚"), Ways(await as_("李建国"), long_way)
    for mode in ("none", "tap", "both", "read", "per_child"):
        choices = {"choices": ["来", "不来"]} if mode == "per_child" else {}
        await published(teacher, draft(cast, confirmMode=mode, **choices))
    first = await ways.ask("GET", "/feed")
    assert (first.status_code, len(first.json()["items"])) == (200, 5)
    etag = first.headers["etag"]
    assert (await ways.ask("GET", "/feed", headers={"if-none-match": etag})).status_code == 304
    assert (await ways.ask("GET", "/feed", params={"limit": 2})).json()["nextCursor"]
    assert (await ways.ask("GET", "/feed", params={"limit": 0})).status_code == 400
    assert (await ways.ask("GET", "/feed", headers={"authorization": "x"})).status_code == 401
    assert (await ways.ask("GET", "/feed", headers={"authorization": ""})).status_code == 401


async def test_reading_is_the_same_both_ways(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient
) -> None:
    teacher, ways = await as_("林晓岚"), Ways(await as_("李建国"), long_way)
    for mode in ("none", "read"):
        url = f"/notices/{await published(teacher, draft(cast, confirmMode=mode))}/reading"
        assert (await ways.ask("PUT", url, json={"revision": 1})).status_code == 204
        for body in (
            b"",
            b"{}",
            b'{"revision":"1"}',
            b'{"revision":0}',
            b"[",
            b'{"revision":1,"x":1}',
        ):
            answer = await ways.ask("PUT", url, content=body, headers=JSON)
            assert answer.status_code == 400, body
        assert (await ways.ask("PUT", url, content=b"x", headers={})).status_code == 415
    absent = await ways.ask("PUT", f"/notices/{ELSEWHERE}/reading", json={"revision": 1})
    assert absent.status_code == 404


async def test_confirming_is_the_same_both_ways(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient
) -> None:
    """Each notice is confirmed the short way, and then once more the long way."""
    teacher, ways = await as_("林晓岚"), Ways(await as_("李建国"), long_way)
    for mode, status in (("tap", 200), ("both", 200), ("read", 200), ("none", 409)):
        url = f"/notices/{await published(teacher, draft(cast, confirmMode=mode))}/confirmation"
        told = await ways.ask("PUT", url, json={"revision": 1})
        assert told.status_code == status, told.text
        if status == 200:
            assert (told.json()["confirmedByMe"], told.json()["isRead"]) == (True, True)
        for body in (b"{}", b'{"revision":1,"answers":[{}]}', b"["):
            assert (await ways.ask("PUT", url, content=body, headers=JSON)).status_code == 400
        assert (await ways.ask("PUT", url, json={"revision": 2})).status_code == 409
    per_child = draft(cast, confirmMode="per_child", choices=["来", "不来"])
    url = f"/notices/{await published(teacher, per_child)}/confirmation"
    assert (await ways.ask("PUT", url, json={"revision": 1})).status_code == 400
    absent = await ways.ask("PUT", f"/notices/{ELSEWHERE}/confirmation", json={"revision": 1})
    assert absent.status_code == 404


async def test_a_place_is_the_same_both_ways(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient
) -> None:
    await volunteers(as_, cast, "李建国", duties=["patrol"])
    shift = await a_shift(await as_("许建安"), cast)
    ways = Ways(await as_("李建国"), long_way)
    url = f"/slots/{shift['slot']['id']}/booking"
    taken = await ways.ask("PUT", url, json={})
    assert (taken.status_code, taken.json()["state"]) == (200, "confirmed")
    for language in ("zh-CN", "en"):
        refused = await ways.ask(
            "PUT", f"/slots/{ELSEWHERE}/booking", json={}, headers={"accept-language": language}
        )
        assert refused.status_code == 404
    assert (await ways.ask("PUT", url, json={"party": 0})).status_code == 400
    assert (
        await ways.ask("PUT", url.upper().replace("/SLOTS", "/slots"), json={})
    ).status_code == 404


async def test_beats_are_the_same_both_ways(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = await on_the_shelf(cast, lessons=1)
    phone = await as_("王立强")
    viewing, ways = await opened(phone, course.lessons[0]), Ways(phone, long_way)
    url, body = (
        f"{viewing.url}/beats",
        {"beats": [{"seq": 1, "from": 0, "to": 900}], "position": 900},
    )
    await ways.phone.put(url, json=body)
    assert (await ways.ask("PUT", url, json=body)).json()["coveredMs"] == 900
    ended = await ways.ask("PUT", url.replace(str(viewing.play), ELSEWHERE), json=body)
    assert (ended.status_code, ended.json()["code"]) == (409, "play_ended")

    async def broken(_: object) -> object:
        raise ConnectionError

    monkeypatch.setattr(beats, "report", broken)
    assert (await ways.ask("PUT", url, json=body)).status_code == 503


async def test_the_short_way_keeps_the_switch_of_its_room(
    as_: SignIn, cast: Cast, long_way: httpx.AsyncClient
) -> None:
    ways = Ways(await as_("李建国"), long_way)
    assert (await ways.ask("GET", "/feed")).status_code == 200
    school = cast.schools["海湾"].id
    await execute(
        "INSERT INTO feature_switches (id, school_id, function, is_on) "
        "VALUES (uuidv7(), $1, 'notices', false)",
        school,
    )
    assert (await ways.ask("GET", "/feed")).status_code == 404


@get("/open", opt={"policy": Policy.PUBLIC})
async def ajar() -> None:
    """Anybody may look."""


async def _nothing(_: Errand) -> Reply:
    return Reply()


async def _nobody(_: str) -> None:
    return None


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/open"), ("PUT", "/open"), ("GET", "/elsewhere")]
)
def test_there_is_no_short_way_round_a_policy_or_to_nowhere(method: str, path: str) -> None:
    with pytest.raises(RuntimeError, match="no short way"):
        lanes(Litestar([ajar]), [Lane(method, path, _nothing)], _nobody)


async def test_a_body_that_is_looked_at_arrives_whole_on_the_long_way(
    as_: SignIn, cast: Cast
) -> None:
    """A reading that counts as a receipt is read by the lane and written by the handler."""
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notice = await published(teacher, draft(cast, confirmMode="read"))
    assert (await father.put(f"/notices/{notice}/reading", json={"revision": 1})).status_code == 204
    (item,) = (await father.get("/feed")).json()["items"]
    assert (UUID(item["id"]), item["isRead"], item["settled"]) == (UUID(notice), True, True)
