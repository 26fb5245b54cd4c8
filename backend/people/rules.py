"""When someone may sign in, how long they stay signed in, and what counts as a password.

Nothing here reads the database or the clock: callers bring the facts.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from backend.errors import Refusal
from backend.web.actor import STAFF, Role
from backend.web.limits import Limit

CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
RESEND_AFTER = timedelta(minutes=1)
CODES_PER_ADDRESS = Limit(name="code_address", most=1_000, seconds=3_600)
"""A whole school signs in from one address; each phone has its own, much lower limits."""
CODES_PER_PHONE = (
    Limit(name="code_minute", most=1, seconds=60),
    Limit(name="code_hour", most=5, seconds=3_600),
    Limit(name="code_day", most=10, seconds=86_400),
)

PASSWORDS_PER_ADDRESS = Limit(name="password_address", most=300, seconds=600)
FAILURES_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)
FAILURES_BEFORE_CODE_ONLY = 100
STRANGERS = ""
"""The lock of all devices on which a person never signed in. They share one, because a
device names itself: counted one by one, a guesser would take a new name for each try."""
EVERYWHERE = "*"
"""The count of failures in a row on an account, whatever the device."""

ACCESS_LIFE = timedelta(minutes=15)
LOST_REPLY_GRACE = timedelta(seconds=60)
DEVICES = 5
FRESH = timedelta(minutes=10)

PASSWORD_SHORTEST = 12
PASSWORD_LONGEST = 128
_ENOUGH_ELSE = 6
_ENOUGH_DIFFERENT = 5
_COMMON = re.compile(
    r"""
    1qaz2wsx3edc|1qaz2wsx|qazwsxedc|qazwsx|qwertyuiop|qwerty|asdfghjkl|asdfgh|zxcvbnm|zxcvbn|
    1q2w3e4r|password|passw0rd|passwd|p@ssword|p@ssw0rd|iloveyou|letmein|welcome|administrator|
    admin|root|master|monkey|dragon|sunshine|football|baseball|superman|batman|trustno1|whatever|
    changeme|default|secret|login|abcdef|abc123|a1b2c3|test|guest|user|hello|
    woaini|wodemima|mima|nihao|zhongguo|china|beijing|shanghai|jiayou|taobao|weixin|wechat|
    laoshi|jiaoshi|banzhuren|xiaozhang|xuexiao|xuesheng|jiazhang|teacher|school|student|parent|
    tongxing|jiaoyu|youeryuan|zhongxue|xiaoxue|5201314|1314520|520520|666888|888888|666666|
    密码|老师|学校|班主任|校长|同行|我爱你|管理员
    """,
    re.VERBOSE,
)
_RUNS = ("01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz")


class CodeWrong(Refusal):
    code = "code_wrong"
    zh = "验证码不正确，还可以再试{left}次。"
    en = "That code is wrong; {left} tries are left."


class CodeExpired(Refusal):
    code = "code_expired"
    zh = "验证码已失效，请重新获取。"
    en = "That code can no longer be used; please request a new one."


class PasswordWrong(Refusal):
    code = "password_wrong"
    zh = "手机号码或密码不正确。"
    en = "The phone number or the password is wrong."


class SignInLocked(Refusal):
    status = 429
    code = "sign_in_locked"
    zh = "密码错误次数过多，请在{minutes}分钟后重试，或使用短信验证码登录。"
    en = "Too many wrong passwords; try again in {minutes} minutes or sign in with a code."


class CodeSignInNeeded(Refusal):
    code = "code_sign_in_needed"
    zh = "为保护账号安全，请使用短信验证码登录。"
    en = "To protect this account, please sign in with a code."


class AccountClosed(Refusal):
    code = "account_closed"
    zh = "该账号已注销。"
    en = "This account has been closed."


class SessionEnded(Refusal):
    status = 401
    code = "session_ended"
    zh = "登录已失效，请重新登录。"
    en = "This session has ended; please refresh it or sign in again."


class FreshSignInNeeded(Refusal):
    status = 403
    code = "fresh_sign_in_needed"
    zh = "请输入当前密码，或先用短信验证码重新登录。"
    en = "Give the current password, or sign in again with a code first."


class PasswordTooShort(Refusal):
    code = "password_too_short"
    zh = "密码至少需要{shortest}个字符。"
    en = "A password needs at least {shortest} characters."


class PasswordTooCommon(Refusal):
    code = "password_too_common"
    zh = "密码过于常见或与您的信息相近，请换一个。"
    en = "That password is too common or too close to your own details."


class PrivacyNoticeOutdated(Refusal):
    code = "privacy_notice_outdated"
    zh = "隐私告知已更新，请阅读最新版本后再同意。"
    en = "The privacy notice has changed; please read the version in force first."


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """How long a session may last in all, and how long it may go without a refresh.

    Idle time is counted from the last refresh, which an app in use makes every quarter
    of an hour: a session never outlives ``idle``, it may end up to that much earlier.
    """

    absolute: timedelta
    idle: timedelta | None


FAMILY_LIFE = Life(absolute=timedelta(days=30), idle=None)
STAFF_LIFE = Life(absolute=timedelta(hours=24), idle=timedelta(hours=1))
OFFICE_LIFE = Life(absolute=timedelta(hours=12), idle=timedelta(minutes=30))
_OFFICE = {Role.SCHOOL_ADMIN, Role.PRINCIPAL, Role.ZONE_COORDINATOR, Role.DISTRICT_OFFICER}


def life_of(roles: Iterable[str]) -> Life:
    """Return the strictest life any of the roles in force demands."""
    held = {Role(role) for role in roles}
    if held & _OFFICE:
        return OFFICE_LIFE
    return STAFF_LIFE if held & STAFF else FAMILY_LIFE


def is_lost_reply(
    *, presented: int, alive: int, same_device: bool, refreshed_at: datetime, now: datetime
) -> bool:
    """Say whether an old refresh token is an honest repetition.

    It is when the same device asks again, soon, and the generation made for it has not
    been used: then nobody but that device can be waiting for it.
    """
    return presented == alive - 1 and same_device and now - refreshed_at <= LOST_REPLY_GRACE


def check_fresh(*, signed_in_by: str, signed_in_at: datetime, now: datetime) -> None:
    """Raise :class:`FreshSignInNeeded` unless the phone was proven moments ago."""
    if signed_in_by != "code" or now - signed_in_at > FRESH:
        raise FreshSignInNeeded


def check_password(password: str, *, context: Iterable[str]) -> None:
    """Raise unless ``password`` is long enough and more than common words.

    ``context`` are words an acquaintance would try: the name, the phone, the school.
    What is left after taking out such words, common passwords and runs like 12345 must
    still amount to something.
    """
    if len(password) < PASSWORD_SHORTEST:
        raise PasswordTooShort(shortest=PASSWORD_SHORTEST)
    if len(password) > PASSWORD_LONGEST:
        raise PasswordTooCommon
    left = lowered = password.lower()
    for word in sorted({word.lower() for word in context if len(word) >= 2}, key=len, reverse=True):
        left = left.replace(word, "")
    left = _without_runs(_COMMON.sub("", left))
    if len(left) < _ENOUGH_ELSE or len(set(lowered)) < _ENOUGH_DIFFERENT:
        raise PasswordTooCommon


def _without_runs(text: str) -> str:
    kept = re.sub(r"(.)\1{2,}", "", text)
    for run in _RUNS:
        for length in range(len(run), 3, -1):
            for start in range(len(run) - length + 1):
                kept = kept.replace(run[start : start + length], "")
    return kept
