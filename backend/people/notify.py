"""Whom we tell about what happened to an account, and in which words."""

from uuid import UUID

import notifications
from notifications import Message, Priority


async def session_reused(person_id: UUID, session_id: UUID) -> None:
    """A used refresh token came back: somebody else may hold a copy."""
    await notifications.tell(
        [person_id],
        Message(
            occasion="security.session_reuse",
            category="security",
            title_zh="账号安全提醒",
            title_en="Account security",
            body_zh="您的一台设备的登录凭证被重复使用，该设备已被退出登录。如非本人操作，请退出所有设备。",
            body_en=(
                "A device's sign-in was used twice, so that device has been signed out. "
                "If this was not you, sign out everywhere."
            ),
            link="/me/sessions",
            priority=Priority.URGENT,
        ),
        once=f"security.session_reuse:{session_id}",
    )


async def password_changed(person_id: UUID, occasion_id: UUID) -> None:
    """The password is a new one; whoever did not do that should know."""
    await notifications.tell(
        [person_id],
        Message(
            occasion="security.password_changed",
            category="security",
            title_zh="账号安全提醒",
            title_en="Account security",
            body_zh="您的登录密码已修改，其他设备均已退出登录。如非本人操作，请立即使用短信验证码登录并重设密码。",
            body_en=(
                "Your password was changed and your other devices were signed out. If this "
                "was not you, sign in with a code and set a new password now."
            ),
            link="/me/sessions",
            priority=Priority.URGENT,
        ),
        once=f"security.password_changed:{occasion_id}",
    )
