"""Hours of service and the certificates of them."""

import secrets
from datetime import date

from backend.errors import BadInput, Refusal

RULE_ZH = "服务时长按每次签到至签退计算，以班次起止时间为限。"
RULE_EN = "Hours run from check-in to check-out, within the hours of the shift."
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters that are mistaken for digits or for each other."""
_MISREAD = str.maketrans("OIL", "011")
CODE_LENGTH = 16
"""Five bits a character: 80 bits that nobody guesses."""


class NothingToCertify(Refusal):
    code = "nothing_to_certify"
    zh = "该时间段内没有已完成的志愿服务时长，不能开具证明。"
    en = "There are no completed hours of service in that period."


class BadServicePeriod(BadInput):
    code = "bad_service_period"
    zh = "起止日期有误：开始不能晚于结束，结束不能晚于今天。"
    en = "The period begins before it ends, and ends today at the latest."


class CertificateRevoked(Refusal):
    """Its holder reads why in their list; a refusal ends up in the phone's own log."""

    code = "certificate_revoked"
    zh = "该证明已被学校撤销，原因见“我的志愿服务证明”。"
    en = "The school has revoked this certificate; your list of certificates says why."


def check_period(first: date, last: date, today: date) -> None:
    """Raises :class:`BadServicePeriod`."""
    if not first <= last <= today:
        raise BadServicePeriod(field="until")


def new_code() -> str:
    """Return a code that cannot be guessed and can be read out over the telephone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def grouped(code: str) -> str:
    """Return a code as it is printed: ``K7QF-3M9T-WX2C-H4RD``."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def ungrouped(shown: str) -> str | None:
    """Return the code behind what somebody typed, ``None`` for what can be no code.

    Case, spaces and dashes do not matter, nor letters taken for digits.
    """
    typed = shown.upper().replace("-", "").replace(" ", "").translate(_MISREAD)
    return typed if len(typed) == CODE_LENGTH and set(typed) <= set(ALPHABET) else None


def masked(name: str) -> str:
    """Return what strangers see of a name: ``王**``, whatever its length."""
    return f"{name[:1]}**"


def spelled(minutes: int) -> tuple[str, str]:
    """Return an amount of service and its unit, never more than was done: ``18.5 小时``."""
    if minutes < 60:
        return str(minutes), "分钟"
    tenths = minutes * 10 // 60
    return (f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)), "小时"
