"""The recipient's side: the home feed, reading, confirming, catching up."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from backend import clock
from backend.errors import Refusal, TooMany
from backend.notices import rules
from backend.notices.controllers.answers import changed, feed_item, notice_out
from backend.notices.controllers.homepage import homepage
from backend.notices.models import Category
from backend.notices.operations import receipts
from backend.notices.operations.reading import confirm_plainly, read_plainly
from backend.notices.permissions import Sight, notice_in_sight, notice_received
from backend.notices.queries import feed
from backend.notices.schemas.reading import (
    AnswerIn,
    CatchUpIn,
    CatchUpOut,
    ConfirmationIn,
    FeedPage,
    NoticeOut,
    ReadingIn,
    Refused,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.conditional import KEEPING, UNCHANGED, conditional
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.lane import Errand, Lane, Reply
from backend.web.limits import Limit, WhenAway, spend
from backend.web.policy import Policy
from backend.web.problems import language, refusals
from backend.web.structs import Cursor, PageSize, Words

CATCH_UPS = Limit(name="catch_up", most=60, seconds=60, when_away=WhenAway.OPEN)
FIRST_PAGE = 20
"""How many notices a page holds when nobody says how many."""


class Feed(Controller):
    """The caller's home feed over all their children and offices."""

    path = "/feed"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getFeed",
        summary="首页通知 Home feed",
        responses=refusals(BadCursor) | UNCHANGED,
    )
    async def get_feed(
        self,
        request: Request[Actor, None, State],
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = FIRST_PAGE,
    ) -> Response[FeedPage]:
        """The newest notices, each once with the children it concerns. 304 by ETag."""
        answered = await homepage(
            actor,
            cursors,
            cursor=cursor,
            limit=limit,
            known=request.headers.get("if-none-match", ""),
            now=clock.now(),
        )
        headers = {"etag": answered.etag, **KEEPING}
        written: Any = answered.page or b""
        return Response(written, status_code=200 if written else 304, headers=headers)

    @get(
        "/archive",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="searchNotices",
        summary="查找通知 Search everything received",
        responses=refusals(BadCursor),
    )
    async def search_notices(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        q: FromQuery[Words | None] = None,
        category: FromQuery[Category | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> FeedPage:
        """Current and past notices that reached the caller, by shelf and by words."""
        purpose = f"archive:{actor.person_id}"
        before = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await feed.archive(
            actor.person_id, before=before, limit=limit + 1, category=category, words=q
        )
        items = [feed_item(row) for row in rows[:limit]]
        return FeedPage(
            pinned=[],
            items=items,
            unread=await feed.unread(actor.person_id, clock.now()),
            next_cursor=_behind(cursors, purpose, rows, limit),
        )

    @put(
        "/catch-up",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="catchUp",
        summary="补传离线操作 Send what was done offline",
        responses=refusals(TooMany),
    )
    async def catch_up(
        self,
        request: Request[Actor, None, State],
        data: JSONBody[CatchUpIn],
        actor: NamedDependency[Actor],
    ) -> CatchUpOut:
        """Readings and confirmations kept while offline; each may be sent again safely."""
        await spend(CATCH_UPS, str(actor.person_id), clock.now())
        seen = {item.notice_id: item.revision for item in data.read}
        read = await receipts.read(actor, seen) if seen else []
        confirmed, refused = [], []
        for item in {item.notice_id: item for item in data.confirmed}.values():
            try:
                await _confirm(
                    actor, await _received(actor, item.notice_id), item.revision, item.answers
                )
                confirmed.append(item.notice_id)
            except Refusal as refusal:
                refused.append(
                    Refused(
                        notice_id=item.notice_id,
                        code=refusal.code,
                        detail=refusal.sentence(language(request.headers)),
                    )
                )
        return CatchUpOut(
            read=read,
            confirmed=confirmed,
            refused=refused,
            unread=await feed.unread(actor.person_id, clock.now()),
        )


class MyReading(Controller):
    """One notice as it reached the caller."""

    path = "/notices/{notice_id:uuid}"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getNotice",
        summary="查看通知 Read a notice",
        responses=UNCHANGED,
    )
    async def get_notice(
        self,
        request: Request[Actor, None, State],
        actor: NamedDependency[Actor],
        sight: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> Response[NoticeOut]:
        """The whole notice. Looking changes nothing: reading is marked by a PUT."""
        return conditional(request, await notice_out(sight, actor, settings, clock.now()))

    @put(
        "/reading",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="markNoticeRead",
        summary="标记已读 Mark as read",
        status_code=204,
    )
    async def mark_notice_read(
        self,
        data: JSONBody[ReadingIn],
        actor: NamedDependency[Actor],
        notice_id: FromPath[UUID],
    ) -> None:
        """Mark the version that was on the screen read, on all the caller's devices."""
        if await read_plainly(actor, notice_id, data.revision):
            return
        # Marking finds by itself what reached the caller; only a refusal needs its reason.
        if not await receipts.read(actor, {notice_id: data.revision}):
            await notice_received(await notice_in_sight(actor, notice_id))

    @put(
        "/confirmation",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="confirmNotice",
        summary="确认通知 Confirm for the household",
        dependencies={"received": Provide(notice_received)},
        responses=refusals(
            rules.NotAsked, rules.AnswerNeeded, rules.WrongState, rules.NoticeChanged
        ),
    )
    async def confirm_notice(
        self,
        data: JSONBody[ConfirmationIn],
        actor: NamedDependency[Actor],
        received: NamedDependency[Sight],
        settings: NamedDependency[Settings],
    ) -> NoticeOut:
        """Confirm, with one answer per child where the notice asks for it."""
        await _confirm(actor, received, data.revision, data.answers)
        return await changed(actor, received.notice.id, settings)


def feed_lane(cursors: Cursors) -> Lane:
    """Return the short way to :meth:`Feed.get_feed`: the first page."""

    async def run(errand: Errand) -> Reply:
        answered = await homepage(
            errand.actor,
            cursors,
            cursor=None,
            limit=FIRST_PAGE,
            known=errand.headers.get(b"if-none-match", b"").decode("latin-1"),
            now=clock.now(),
        )
        headers = ((b"etag", answered.etag.encode()), *_KEEPING)
        return Reply(answered.page or b"", 200 if answered.page else 304, headers)

    return Lane("GET", "/v1/feed", run)


async def _read(errand: Errand) -> Reply | None:
    plain = await read_plainly(errand.actor, errand.ids[0], errand.data.revision)
    return Reply(status=204) if plain else None


READING = Lane("PUT", "/v1/notices/{notice_id:uuid}/reading", _read, ReadingIn)
"""The short way to :meth:`MyReading.mark_notice_read`, where nothing stands in it."""


def confirming_lane(settings: Settings) -> Lane:
    """Return the short way to :meth:`MyReading.confirm_notice`: a tap."""

    async def run(errand: Errand) -> Reply | None:
        actor, notice_id, data = errand.actor, errand.ids[0], errand.data
        if data.answers or not await confirm_plainly(actor, notice_id, data.revision):
            return None
        return Reply(await changed(actor, notice_id, settings))

    return Lane("PUT", "/v1/notices/{notice_id:uuid}/confirmation", run, ConfirmationIn)


_KEEPING = tuple((name.encode(), value.encode()) for name, value in KEEPING.items())


def _behind(cursors: Cursors, purpose: str, rows: list[dict[str, Any]], limit: int) -> str | None:
    """Return the cursor behind a page of which one row too many was asked for."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursors.seal(purpose, Position(last["published_at"], last["id"]))


async def _confirm(actor: Actor, sight: Sight, revision: int, given: list[AnswerIn]) -> None:
    answers = {answer.student_id: answer.choice for answer in given}
    await receipts.confirm(actor, sight.notice.id, revision, answers, sight.children)


async def _received(actor: Actor, notice_id: UUID) -> Sight:
    return await notice_received(await notice_in_sight(actor, notice_id))
