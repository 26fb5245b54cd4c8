"""Mainland mobile numbers: how people type them, how we keep them, how we show them."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from backend.errors import BadInput

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]")
_MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")


class BadPhone(BadInput):
    code = "bad_phone"
    zh = "请填写正确的大陆手机号码。"
    en = "Please give a mainland China mobile number."


def normalise(typed: str) -> str:
    """Return ``typed`` as ``+8613800138000``.

    Full-width digits, spaces, dashes and the prefixes +86, 0086 and 86 are tolerated.
    Raises :class:`BadPhone` for everything that is not an assigned mobile number.
    """
    bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed))
    match = _MAINLAND.fullmatch(bare)
    if match is None:
        raise BadPhone(field="phone")
    if not _is_assigned(match[1][:7]):
        raise BadPhone(field="phone")
    return f"+86{match[1]}"


@lru_cache(maxsize=4096)
def _is_assigned(segment: str) -> bool:
    """Say whether mobile numbers begin with these seven digits: they are given out by them."""
    number = phonenumbers.parse(f"{segment}0000", "CN")
    return bool(phonenumbers.number_type(number) == PhoneNumberType.MOBILE)


def mask(phone: str) -> str:
    """Return a normalised number as it may be shown: ``138****8000``."""
    return f"{phone[3:6]}****{phone[-4:]}"
