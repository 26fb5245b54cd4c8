"""Which URLs: the inbox, this phone's push address, and when its owner may be disturbed."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Router, delete, get, put
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.inbox import operations
from backend.inbox.schemas import (
    InboxPage,
    ItemOut,
    PreferencesIn,
    PreferencesOut,
    PushDeviceIn,
    PushDeviceOut,
    ReadIn,
    ReadOut,
    UnreadOut,
)
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import language, refusals
from backend.web.structs import Cursor, PageSize
from notifications import addresses, inbox


class Inbox(Controller):
    """The caller's own letters."""

    path = "/inbox"
    opt = {"policy": Policy.SIGNED_IN}
    tags = ["Inbox"]

    @get(operation_id="listInbox", summary="收件箱", responses=refusals(BadCursor))
    async def list_items(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        since: FromQuery[UUID | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> InboxPage:
        """since 为手机上已有的最新一条的 id，只返回比它更新的；cursor 用于向后翻页。"""
        purpose = f"inbox:{actor.person_id}"
        before = cursors.open(purpose, cursor, UUID) if cursor else None
        found = await inbox.page(actor.person_id, before=before, since=since, limit=limit + 1)
        items = found[:limit]
        tongue = language(request.headers)
        return InboxPage(
            items=[ItemOut.of(item, tongue) for item in items],
            unread=await inbox.unread_count(actor.person_id),
            next_cursor=cursors.seal(purpose, items[-1].id) if len(found) > limit else None,
        )

    @get("/unread-count", operation_id="getUnreadCount", summary="未读条数")
    async def unread_count(self, actor: NamedDependency[Actor]) -> UnreadOut:
        return UnreadOut(unread=await inbox.unread_count(actor.person_id))

    @put("/read", operation_id="markInboxRead", summary="标为已读")
    async def mark_read(self, data: JSONBody[ReadIn], actor: NamedDependency[Actor]) -> ReadOut:
        """可重复提交；已读的消息保持原来的阅读时间。"""
        ids, unread = await operations.mark_read(actor.person_id, data.ids, clock.now())
        return ReadOut(ids=ids, unread=unread)


class PushDevice(Controller):
    """The push address of the phone this session lives on."""

    path = "/me/push-device"
    opt = {"policy": Policy.SIGNED_IN}
    tags = ["Inbox"]

    @put(operation_id="registerPushDevice", summary="登记推送设备")
    async def register(
        self, data: JSONBody[PushDeviceIn], actor: NamedDependency[Actor]
    ) -> PushDeviceOut:
        """同一令牌若已登记在别的账号下，会转到当前账号。"""
        device_id = await operations.register_device(
            actor.person_id,
            actor.session_id,
            data.token,
            provider=data.provider,
            platform=data.platform,
            language=data.language,
            now=clock.now(),
        )
        return PushDeviceOut(id=device_id, provider=data.provider, platform=data.platform)

    @delete(operation_id="forgetPushDevice", summary="注销推送设备")
    async def forget(self, actor: NamedDependency[Actor]) -> None:
        await operations.forget_device(actor.session_id, clock.now())


class MyPreferences(Controller):
    """When and about what the caller wishes to be disturbed."""

    path = "/me/preferences"
    opt = {"policy": Policy.SIGNED_IN}
    tags = ["Inbox"]

    @get(operation_id="getPreferences", summary="通知偏好")
    async def show(self, actor: NamedDependency[Actor]) -> PreferencesOut:
        return PreferencesOut.of(await addresses.preferences(actor.person_id))

    @put(operation_id="setPreferences", summary="修改通知偏好")
    async def replace(
        self, data: JSONBody[PreferencesIn], actor: NamedDependency[Actor]
    ) -> PreferencesOut:
        """整体替换；学校的免打扰规则更严格时以学校为准，紧急通知除外。"""
        wishes = data.wishes()
        await addresses.prefer(actor.person_id, wishes)
        return PreferencesOut.of(wishes)


routes = Router(
    path="/",
    route_handlers=[Inbox, PushDevice, MyPreferences],
    cache_control=CacheControlHeader(no_store=True),
)
