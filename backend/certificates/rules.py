"""What a certificate says, the number it is known by, and what strangers see of a name."""

import secrets
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend.certificates.models import Certificate, CertificateKind
from backend.errors import Refusal
from backend.media.paper.certificate import Figure

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without the letters that are mistaken for digits or for each other."""
_MISREAD = str.maketrans("OIL", "011")
CODE_LENGTH = 16
"""Five bits a character: 80 bits that nobody guesses."""
PERIODS = {CertificateKind.SERVICE: "服务期间", CertificateKind.COURSE: "学习期间"}
"""What the days of a certificate are called before the public."""


class CertificateRevoked(Refusal):
    """Its holder reads why in their list; a refusal ends up in the phone's own log."""

    code = "certificate_revoked"
    zh = "该证书已被开具单位撤销，原因见“我的证书”。"
    en = "Its issuer has revoked this certificate; your list of certificates says why."


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who certifies: a school, or the district where ``school_id`` is ``None``.

    ``name`` is printed; it may be that of the school's own parent school.
    """

    district_id: UUID
    school_id: UUID | None
    name: str


class Line(msgspec.Struct, frozen=True):
    """One line of the public page: ``课程``, ``好习惯从家庭开始``."""

    label: str
    value: str


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate says, composed by the room that knows what was done.

    ``body`` are lines, ``figures`` large numbers, ``details`` small ones that share lines,
    ``rule`` is how it was earned, at the foot. ``title``, ``figures``, ``lines`` and ``rule``
    are shown to anybody who holds the number: no child and no full name belongs there.
    ``basis`` keeps the plain numbers behind the words, for recounting; it is never shown.
    """

    title: str
    subtitle: str
    body: list[str]
    figures: list[Figure]
    details: list[str] = []
    thanks: str
    rule: str
    lines: list[Line] = []
    basis: dict[str, Any] = {}


def words_of(certificate: Certificate) -> Words:
    """Return what was said on the day a certificate was issued."""
    return msgspec.convert(certificate.facts, Words)


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


def written_out(day: date) -> str:
    """Return a date as papers write it: ``2026年9月1日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def spelled(minutes: int) -> tuple[str, str]:
    """Return an amount of time and its unit, never more than was done: ``18.5 小时``."""
    if minutes < 60:
        return str(minutes), "分钟"
    tenths = minutes * 10 // 60
    return (f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)), "小时"
