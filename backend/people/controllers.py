"""Which URLs: coming in, the caller's own account and devices, their children's consents."""

from litestar import Controller, Request, Router, delete, get, post, put
from litestar.datastructures import CacheControlHeader, State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.errors import Busy, TooMany
from backend.people import misdirection, queries, rules
from backend.people.authentication import caller_address
from backend.people.models import Person, Session
from backend.people.operations import codes, consents, passwords, sessions, sign_in
from backend.people.permissions import child_in_sight, myself, session_in_sight, this_session
from backend.people.phones import BadPhone, normalise
from backend.people.schemas import (
    CodeIn,
    CodeOut,
    CodeSignInIn,
    ConsentIn,
    ConsentOut,
    MeOut,
    MyChildOut,
    MyChildPage,
    PasswordIn,
    PasswordSignInIn,
    PrivacyNoticeOut,
    RefreshIn,
    SeatOut,
    SessionOut,
    SessionPage,
    SignedInOut,
)
from backend.people.tokens import Keys, keys_for
from backend.settings import Settings
from backend.web.actor import Actor, Tie
from backend.web.policy import Policy
from backend.web.problems import Misdirected, refusals

Caller = Request[Actor | None, None, State]


async def provide_keys(settings: NamedDependency[Settings]) -> Keys:
    return keys_for(settings.secret_key, settings.shard)


class SignIn(Controller):
    """Coming in needs no token: the phone has none yet, or an old one."""

    path = "/auth"
    opt = {"policy": Policy.PUBLIC}
    tags = ["Sign-in"]

    @post(
        "/codes",
        status_code=202,
        operation_id="requestSignInCode",
        summary="申请短信验证码",
        responses=refusals(BadPhone, TooMany),
    )
    async def request_code(
        self,
        data: JSONBody[CodeIn],
        request: Caller,
        settings: NamedDependency[Settings],
        keys: NamedDependency[Keys],
    ) -> CodeOut:
        """号码是否已注册，回答都一样；验证码由后台进程发送。"""
        address = caller_address(request, settings.trusted_proxies)
        phone = normalise(data.phone)
        made = await codes.request_code(phone, data.device_id, address, keys=keys, now=clock.now())
        return CodeOut.of(made)

    @post(
        "/sessions",
        operation_id="signInWithCode",
        summary="用验证码登录",
        responses=refusals(rules.CodeExpired, rules.CodeWrong, rules.AccountClosed),
    )
    async def sign_in_with_code(
        self, data: JSONBody[CodeSignInIn], keys: NamedDependency[Keys]
    ) -> SignedInOut:
        """首次登录的号码会得到一个新账号，之后可用班级邀请码申请加入。"""
        device = sessions.Device(key=data.device_id, name=data.device_name, platform=data.platform)
        return SignedInOut.of(
            await sign_in.sign_in_with_code(
                data.request_id, data.code, device, keys=keys, now=clock.now()
            )
        )

    @post(
        "/password-sessions",
        operation_id="signInWithPassword",
        summary="用密码登录",
        responses=refusals(
            BadPhone,
            rules.PasswordWrong,
            rules.CodeSignInNeeded,
            rules.SignInLocked,
            TooMany,
            Busy,
        ),
    )
    async def sign_in_with_password(
        self,
        data: JSONBody[PasswordSignInIn],
        request: Caller,
        settings: NamedDependency[Settings],
        keys: NamedDependency[Keys],
    ) -> SignedInOut:
        """连续输错五次后锁定，时间逐次加倍；曾登录过的设备不受陌生设备影响。"""
        device = sessions.Device(key=data.device_id, name=data.device_name, platform=data.platform)
        return SignedInOut.of(
            await sign_in.sign_in_with_password(
                normalise(data.phone),
                data.password,
                device,
                caller_address(request, settings.trusted_proxies),
                keys=keys,
                now=clock.now(),
            )
        )

    @post(
        "/refresh",
        status_code=200,
        operation_id="refreshSession",
        summary="换取新的令牌",
        responses=refusals(rules.SessionEnded, Misdirected),
    )
    async def refresh(
        self,
        data: JSONBody[RefreshIn],
        settings: NamedDependency[Settings],
        keys: NamedDependency[Keys],
    ) -> SignedInOut:
        """回复丢失时可在一分钟内重试；令牌被再次使用则该设备退出登录。"""
        misdirection.check(data.refresh_token, settings)
        return SignedInOut.of(
            await sessions.refresh(data.refresh_token, data.device_id, keys=keys, now=clock.now())
        )


class Me(Controller):
    """The caller's own account and devices."""

    path = "/me"
    opt = {"policy": Policy.SIGNED_IN}
    tags = ["Me"]

    @get(
        operation_id="getMe",
        summary="当前用户",
        dependencies={"person": Provide(myself)},
    )
    async def show(self, actor: NamedDependency[Actor], person: NamedDependency[Person]) -> MeOut:
        seats = [SeatOut.of(row) for row in await queries.seats_of(actor.person_id)]
        return MeOut.of(person, actor.session_id, is_staff=actor.is_staff, seats=seats)

    @get("/sessions", operation_id="listMySessions", summary="已登录的设备")
    async def list_sessions(self, actor: NamedDependency[Actor]) -> SessionPage:
        mine = await sessions.list_sessions(actor.person_id, clock.now())
        return SessionPage(items=[SessionOut.of(session, actor.session_id) for session in mine])

    @delete("/sessions", operation_id="signOutEverywhere", summary="退出所有设备")
    async def sign_out_everywhere(self, actor: NamedDependency[Actor]) -> None:
        await sessions.revoke_all(actor.person_id, clock.now())

    @delete("/session", operation_id="signOut", summary="退出本设备")
    async def sign_out(self, actor: NamedDependency[Actor]) -> None:
        await sessions.revoke_session(actor.session_id, actor.person_id, clock.now())

    @delete(
        "/sessions/{session_id:uuid}",
        operation_id="revokeMySession",
        summary="让一台设备退出登录",
        dependencies={"session": Provide(session_in_sight)},
    )
    async def revoke_session(
        self, session: NamedDependency[Session], actor: NamedDependency[Actor]
    ) -> None:
        await sessions.revoke_session(session.id, actor.person_id, clock.now())

    @put(
        "/password",
        status_code=204,
        operation_id="setMyPassword",
        summary="设置密码",
        dependencies={"session": Provide(this_session)},
        responses=refusals(
            rules.PasswordTooShort,
            rules.PasswordTooCommon,
            rules.PasswordWrong,
            rules.CodeSignInNeeded,
            rules.FreshSignInNeeded,
            rules.SignInLocked,
            Busy,
        ),
    )
    async def set_password(
        self,
        data: JSONBody[PasswordIn],
        actor: NamedDependency[Actor],
        session: NamedDependency[Session],
        keys: NamedDependency[Keys],
    ) -> None:
        """其他设备会全部退出登录。"""
        await passwords.set_password(
            actor.person_id, session, data.password, data.current, keys=keys, now=clock.now()
        )


class Children(Controller):
    """The caller's children, and consent for each."""

    path = "/me/children"
    opt = {"policy": Policy.SIGNED_IN}
    tags = ["Consent"]

    @get(operation_id="listMyChildren", summary="我的孩子")
    async def list_children(self, actor: NamedDependency[Actor]) -> MyChildPage:
        rows = await queries.children_of(actor.person_id)
        return MyChildPage(
            items=[MyChildOut.of(row) for row in rows],
            privacy_version=await queries.privacy_version(clock.now()),
        )

    @put(
        "/{student_id:uuid}/consent",
        operation_id="giveConsent",
        summary="为孩子同意隐私告知",
        dependencies={"child": Provide(child_in_sight)},
        responses=refusals(rules.PrivacyNoticeOutdated),
    )
    async def give_consent(
        self,
        data: JSONBody[ConsentIn],
        child: NamedDependency[Tie],
        actor: NamedDependency[Actor],
    ) -> ConsentOut:
        accepted_at = await consents.accept(
            actor.person_id, child.student_id, child.school_id, data.version, clock.now()
        )
        return ConsentOut(
            student_id=child.student_id, version=data.version, consented_at=accepted_at
        )

    @delete(
        "/{student_id:uuid}/consent",
        operation_id="withdrawConsent",
        summary="撤回对孩子的同意",
        dependencies={"child": Provide(child_in_sight)},
    )
    async def withdraw_consent(
        self, child: NamedDependency[Tie], actor: NamedDependency[Actor]
    ) -> None:
        await consents.withdraw(actor.person_id, child.student_id, child.school_id, clock.now())


@get(
    "/privacy-notice",
    operation_id="getPrivacyNotice",
    summary="现行隐私告知",
    opt={"policy": Policy.PUBLIC},
    tags=["Consent"],
)
async def privacy_notice() -> PrivacyNoticeOut:
    return PrivacyNoticeOut.of(await consents.notice_in_force(clock.now()))


routes = Router(
    path="/",
    route_handlers=[SignIn, Me, Children, privacy_notice],
    dependencies={"keys": Provide(provide_keys)},
    cache_control=CacheControlHeader(no_store=True),
)
