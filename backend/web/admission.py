"""Admission: who would have to wait too long is told so at once, and cheaply.

A process that takes more than it can settle settles less and less of it in time. So each
request is let in by the time it would wait: what is in the house already, each request at
the price learnt for its lane, and how late the event loop is. Three rules decide:

- *Controlled delay* (RFC 8289): a queue that forms and drains is good, for it absorbs a
  burst; one that stands is bad. A lane that was nearly empty a moment ago may
  queue up to ``burst``; one that was not, up to ``steady``.
- *Bulkheads*: only a lane's own queue counts for that, so no lane takes the others' room.
- *Patience*: whoever waits for all lanes together longer than the lane is worth, is refused.

Places, ballots and viewing reports are taken by a whole school in the same second and
settled in batches; three thousand of them are one burst, and none of them is refused.
"""

import asyncio
import secrets
import time
from typing import Any, Final
from weakref import WeakSet

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.observability import metrics
from backend.web.guard import PART_PATHS, UPLOAD_PATHS
from backend.web.turning_away import turn_away

log = structlog.get_logger("web")

TICK = 0.1
"""Seconds between two looks at what a request costs."""
CALM = 1.0
"""Seconds for which a lane that was nearly empty is fit for a burst, or as long as that."""
FEW = 64
"""So many in the house are no queue, however slow the machine: batches need company."""
BUSY = 16
"""From so many on, what is settled in a second is all that can be settled in a second."""
GAIN, FORGET = 0.2, 0.002
CHEAPEST, DEAREST = 0.00005, 0.02
CROWDED = 0.002
"""So that three thousand fit into a burst, whatever the house has been through."""
LONGEST_SPREAD = 30

_OPEN = ("/health/", "/metrics")
_CROWD = ("/booking", "/ballot", "/beats", "/registration")
_PASSWORD = ("/v1/auth/password-sessions", "/v1/me/password")
_DRAWN = (".pdf", ".png", ".docx", ".xlsx", "/document", "/image", "/exports", "/file", "/bundle")


class Lane:
    """One kind of request and its queue. Times are in seconds.

    ``price`` is what a request costs the process, learnt while it is busy; ``own`` is the
    price of those inside. ``most`` is a bulkhead by number, for what waits for a phone's
    line or a pool of its own and not for the process; such a lane has no price.
    """

    __slots__ = (
        "burst", "calm", "calm_at", "dearest", "done", "first", "inside", "most", "name", "own",
        "patience", "price", "refused", "steady", "total_refused",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        price: float = 0.0,
        *,
        steady: float = 0.0,
        burst: float = 0.0,
        patience: float = 0.0,
        most: int = 1_000_000,
        dearest: float = DEAREST,
    ) -> None:
        self.name, self.first, self.price, self.dearest = name, price, price, dearest
        self.steady, self.burst, self.patience, self.most = steady, burst, patience, most
        self.inside, self.done, self.refused, self.total_refused = 0, 0, 0, 0
        self.own, self.calm_at, self.calm = 0.0, 0.0, max(CALM, burst)


class Admission:
    """The door of one API process, before its application (pure ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.auth = Lane("auth", 0.0020, steady=0.1, burst=6.1, patience=8)
        self.read = Lane("read", 0.0015, steady=0.1, burst=0.5, patience=2)
        self.write = Lane("write", 0.0015, steady=0.1, burst=0.5, patience=5)
        self.crowd = Lane("crowd", 0.0007, steady=1, burst=6.1, patience=15, dearest=CROWDED)
        self.hello = Lane("hello", 0.0015, steady=2, burst=6, patience=8)
        self.password = Lane("password", most=40)
        self.upload = Lane("upload", most=100)
        self.export = Lane("export", most=24)
        self.file = Lane("file", most=2_000)
        self.live = Lane("live", most=12_000)
        self.queued: Final = (self.auth, self.read, self.write, self.crowd, self.hello)
        by_number = (self.password, self.upload, self.export, self.file, self.live)
        self.lanes: Final = (*self.queued, *by_number)
        self.inside, self.wait = 0, 0.0
        self.spread = 2
        self._was_inside = self._settled = 0
        self._due = self._looked_at = self._second = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        _doors.add(self)

    async def __call__(self, any_scope: Scope, receive: Receive, send: Send) -> None:
        scope: Any = any_scope
        kind = scope["type"]
        if kind == "http":
            path: str = scope["path"]
            if path.startswith(_OPEN):
                await self._app(scope, receive, send)
                return
            lane = self.lane(scope["method"], path)
            price = self.admit(lane)
            if price is None:
                await self._refuse(scope, send, "http.response")
                return
            try:
                await self._app(scope, receive, send)
            finally:
                self.leave(lane, price)
        elif kind == "websocket":
            await self._open_channel(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def lane(self, method: str, path: str) -> Lane:
        """Return the lane of a request."""
        if path.startswith("/v1/auth/"):
            return self.password if path == _PASSWORD[0] else self.auth
        if method in ("GET", "HEAD", "OPTIONS"):
            if path.startswith("/v1/attachments/"):
                return self.file
            return self.export if path.endswith(_DRAWN) else self.read
        if path.endswith(_CROWD):
            return self.crowd
        if UPLOAD_PATHS.match(path) or PART_PATHS.match(path):
            return self.upload
        if path == _PASSWORD[1]:
            return self.password
        return self.export if path.endswith(_DRAWN) else self.write

    def admit(self, lane: Lane) -> float | None:
        """Let a request in and return what it is expected to cost, or ``None``: refused."""
        price = lane.price
        if not price:
            if lane.inside >= lane.most:
                lane.refused += 1
                return None
            lane.inside += 1
            return 0.0
        now = time.monotonic()
        late = now - self._due
        if late > 0.0 and self._begins_to_watch(now):
            late = 0.0
        own = lane.own
        if own <= lane.steady / 10:
            lane.calm_at = now
        if self.inside >= FEW and (
            own > (lane.burst if now - lane.calm_at < lane.calm else lane.steady)
            or self.wait + max(late, 0.0) > lane.patience
        ):
            lane.refused += 1
            return None
        self.inside += 1
        lane.inside += 1
        lane.own = own + price
        self.wait += price
        return price

    def leave(self, lane: Lane, price: float) -> None:
        """A request that :meth:`admit` let in for ``price`` is over."""
        lane.inside -= 1
        lane.done += 1
        if price:
            self.inside -= 1
            lane.own -= price
            self.wait -= price

    def _begins_to_watch(self, now: float) -> bool:
        """Look at the clock from now on, unless this loop does already."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return False
        self._loop, self._looked_at, self._due, self._second = loop, now, now + TICK, now
        loop.call_later(TICK, self._look)
        return True

    def _look(self) -> None:
        """Learn from the last tenth of a second, and look again in another one."""
        now = time.monotonic()
        elapsed, self._looked_at, self._due = now - self._looked_at, now, now + TICK
        asyncio.get_running_loop().call_later(TICK, self._look)
        self.learn(elapsed)
        if now - self._second >= 1.0:
            self._second = now
            self._reckon()

    def _reckon(self) -> None:
        """Once a second: say who was refused, and when such people shall come back."""
        refused = {lane.name: lane.refused for lane in self.lanes if lane.refused}
        # The more are sent away, the further their return is spread.
        wanted = 2 + 2 * sum(refused.values()) // max(self._settled, 1)
        self.spread = min(max(wanted, self.spread - 1), LONGEST_SPREAD)
        if refused:
            log.warning("overloaded", refused=refused, wait=round(self.wait, 3))
        for lane in self.lanes:
            lane.total_refused += lane.refused
            lane.refused = 0
            # Sums of fractions drift in the course of a year.
            lane.own = lane.own if lane.inside else 0.0
        self.wait = sum(lane.own for lane in self.queued)
        self._settled = 0

    def learn(self, elapsed: float) -> None:
        """Correct the prices by what was settled in ``elapsed`` seconds.

        While the process is busy the prices of what it settled must add up to the time
        it took. Each lane answers for the difference by its part of the sum. When it is
        not busy nothing can be learnt, and what was learnt is slowly forgotten.
        """
        is_busy = min(self._was_inside, self.inside) >= BUSY
        self._was_inside = self.inside
        expected = sum(lane.done * lane.price for lane in self.queued)
        wrong = min(max(elapsed / expected, 0.25), 4.0) if expected else 1.0
        for lane in self.queued:
            if is_busy and expected:
                part = lane.done * lane.price / expected
                lane.price = min(max(lane.price * wrong ** (GAIN * part), CHEAPEST), lane.dearest)
            elif not is_busy:
                lane.price += (lane.first - lane.price) * FORGET
            self._settled, lane.done = self._settled + lane.done, 0

    async def _open_channel(self, scope: Any, receive: Receive, send: Send) -> None:
        """A live channel is work until its phone was greeted, and then only a number."""
        price = self.admit(self.hello) if self.live.inside < self.live.most else None
        if price is None:
            self.live.refused += 1
            await self._refuse(scope, send, "websocket.http.response")
            return
        self.live.inside += 1
        owed: float | None = price

        async def send_and_see(message: Any) -> None:
            nonlocal owed
            if owed is not None and message["type"] == "websocket.send":
                self.leave(self.hello, owed)
                owed = None
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self.live.inside -= 1
            if owed is not None:
                self.leave(self.hello, owed)

    async def _refuse(self, scope: Any, send: Any, kind: str) -> None:
        await turn_away(scope, send, kind, 1 + secrets.randbelow(self.spread))


_doors: WeakSet[Admission] = WeakSet()


def refusals() -> dict[str, int]:
    """Return how many of each lane this process has sent away since it began."""
    told: dict[str, int] = {}
    for door in tuple(_doors):
        for lane in door.lanes:
            told[lane.name] = told.get(lane.name, 0) + lane.total_refused + lane.refused
    return told


metrics.count(
    "tongxing_requests_turned_away",
    "Requests told to come back later because they would have waited too long.",
    "lane",
    refusals,
)
