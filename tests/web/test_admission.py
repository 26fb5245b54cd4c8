"""The door: whom it lets in, whom it sends away, and what either costs."""

import asyncio
import time
from typing import Any

import msgspec
import pytest

from backend.web.admission import FEW, TICK, Admission, Lane

PLACE = "/v1/slots/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/booking"
MARK = "/v1/notices/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/reading"


class House:
    """An application that answers nobody before it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.opened = asyncio.Event()
        self.door: Any = Admission(self._answer)  # type: ignore[arg-type]

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun += 1
        await self.opened.wait()
        if scope["type"] == "websocket":
            await send({"type": "websocket.send", "text": "hello"})
            await receive()
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, method: str, path: str, **headers: str) -> list[dict[str, Any]]:
        """Return the messages somebody was sent."""
        said: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        fields = [(name.replace("_", "-").encode(), h.encode()) for name, h in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": fields}
        await self.door(scope, None, send)
        return said

    async def statuses(self, number: int, method: str, path: str) -> list[int]:
        """Return what so many were told who came at once; the house answers them all."""
        asked = [asyncio.create_task(self.ask(method, path)) for _ in range(number)]
        await asyncio.sleep(0)
        assert self.begun + sum(one.done() for one in asked) == number
        self.opened.set()
        return [said[0]["status"] for said in await asyncio.gather(*asked)]


@pytest.mark.parametrize("went_before", ["nothing", "a slow hour"])
async def test_three_thousand_wishes_in_one_moment_are_all_let_in(went_before: str) -> None:
    house = House()
    if went_before == "a slow hour":
        house.door.crowd.price = house.door.crowd.dearest
    told = await house.statuses(3_000, "PUT", PLACE)
    assert told == [200] * 3_000


async def test_more_feeds_at_once_than_half_a_second_holds_are_refused_at_the_door() -> None:
    house = House()
    told = await house.statuses(1_000, "GET", "/v1/feed")
    taken = round(house.door.read.burst / house.door.read.first)
    assert abs(told.count(200) - taken) <= 2
    assert told.count(503) == 1_000 - told.count(200)


async def test_a_queue_that_stands_is_kept_shorter_than_one_that_comes_and_goes() -> None:
    door = House().door
    assert door.admit(door.read) is not None
    stand(door, door.read, 0.2)
    assert door.admit(door.read) is not None
    door.read.calm_at -= 1.5
    assert door.admit(door.read) is None


async def test_a_few_are_let_in_however_slow_the_house_is() -> None:
    door = House().door
    door.read.price = 0.02
    assert [door.admit(door.read) is None for _ in range(FEW)] == [False] * FEW
    assert door.admit(door.read) is None


async def test_no_lane_takes_the_room_of_another() -> None:
    door = House().door
    stand(door, door.read, 0.6)
    assert door.admit(door.read) is None
    for lane in (door.write, door.auth, door.crowd, door.upload, door.export, door.file):
        assert door.admit(lane) is not None, lane.name


async def test_a_late_event_loop_counts_as_waiting() -> None:
    house = House()
    door: Admission = house.door
    assert door.admit(door.read) is not None
    stand(door, door.write, 0.01)
    # Nobody gets to look at the clock meanwhile.
    time.sleep(door.read.patience + 2 * TICK)  # noqa: ASYNC251
    assert door.admit(door.read) is None
    assert door.admit(door.write) is not None


async def test_health_checks_pass_a_house_that_is_full() -> None:
    house = House()
    for lane in house.door.queued:
        stand(house.door, lane, 60)
    house.opened.set()
    for path in ("/health/live", "/health/ready"):
        assert (await house.ask("GET", path))[0]["status"] == 200
    assert (await house.ask("GET", "/v1/feed"))[0]["status"] == 503


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("GET", "/v1/feed", "read"),
        ("GET", "/docs", "read"),
        ("PUT", MARK, "write"),
        ("POST", "/v1/auth/refresh", "auth"),
        ("POST", "/v1/auth/password-sessions", "password"),
        ("PUT", PLACE, "crowd"),
        ("PUT", "/v1/votes/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/ballot", "crowd"),
        ("POST", "/v1/attachments", "upload"),
        ("PUT", "/v1/uploads/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/parts/1", "upload"),
        ("GET", "/v1/meetings/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/minutes.pdf", "export"),
        ("POST", "/v1/activities/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/exports", "export"),
        ("GET", "/v1/attachments/019ab3c4-a27d-7bfc-a810-40d591c2a7d5/original", "file"),
    ],
)
def test_every_request_has_its_lane(method: str, path: str, lane: str) -> None:
    assert House().door.lane(method, path).name == lane


@pytest.mark.parametrize(("wish", "tongue"), [("en-GB", "en"), ("zh-CN,en;q=0.5", "zh-CN")])
async def test_a_refusal_is_a_problem_that_says_when_to_come_back(wish: str, tongue: str) -> None:
    house = House()
    stand(house.door, house.door.read, 60)
    path = '/v1/"feed'
    start, body = await house.ask("GET", path, accept_language=wish)
    headers = dict(start["headers"])
    problem = msgspec.json.decode(body["body"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert headers[b"content-language"].decode() == tongue
    assert 1 <= int(headers[b"retry-after"]) <= 30
    assert problem["requestId"] == headers[b"x-request-id"].decode()
    assert (problem["code"], problem["status"], problem["instance"]) == ("busy", 503, path)
    assert problem["retryable"] is True
    assert problem["title"] == ("Service unavailable" if tongue == "en" else "系统繁忙")


async def test_a_live_channel_is_work_only_until_its_phone_was_greeted() -> None:
    house = House()
    door: Admission = house.door
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "websocket", "path": "/v1/live", "headers": []}
    hang_up = asyncio.Event()
    channel = asyncio.create_task(house.door(scope, hang_up.wait, send))
    await asyncio.sleep(0)
    assert (door.inside, door.live.inside) == (1, 1)
    house.opened.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert (door.inside, door.live.inside) == (0, 1)
    door.live.most = 1
    await house.door(scope, hang_up.wait, send)
    assert [message["type"] for message in said[1:]] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    hang_up.set()
    await channel
    assert (door.inside, door.live.inside, door.wait) == (0, 0, 0)


def test_prices_are_learnt_while_it_is_busy_and_forgotten_afterwards() -> None:
    door = House().door
    door.inside = 100
    for _ in range(100):
        # A read takes 4 ms and a write 2: in a tenth of a second 15 of the one, 20 of the other.
        door.read.done, door.write.done = 15, 20
        door.learn(TICK)
    assert 15 * door.read.price + 20 * door.write.price == pytest.approx(TICK, rel=0.05)
    assert door.read.price > door.read.first
    door.inside = 0
    for _ in range(3_000):
        door.learn(TICK)
    assert door.read.price == pytest.approx(door.read.first, rel=0.05)


async def test_the_door_costs_microseconds() -> None:
    async def app(*_: Any) -> None:
        return

    async def send(_: Any) -> None:
        return

    async def cost(asked: Any, path: str, method: str = "GET") -> float:
        scope: Any = {"type": "http", "method": method, "path": path, "headers": []}
        best = 1.0
        for _ in range(5):
            begun = time.process_time()
            for _ in range(5_000):
                await asked(scope, None, send)
            best = min(best, (time.process_time() - begun) / 5_000)
        return best * 1e6

    door = Admission(app)  # type: ignore[arg-type]
    nothing = await cost(app, "/v1/feed")
    for method, path in (("GET", "/v1/feed"), ("PUT", PLACE), ("POST", MARK)):
        assert await cost(door, path, method) - nothing <= 5
    stand(door, door.read, 60)
    assert await cost(door, "/v1/feed") - nothing <= 60
    assert door.read.refused >= 25_000


def stand(door: Admission, lane: Lane, seconds: float) -> None:
    """Let so many seconds of work be in a lane."""
    lane.own += seconds
    door.wait += seconds
    door.inside += FEW
