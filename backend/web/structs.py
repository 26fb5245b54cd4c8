"""Base Structs and the scalar types every field at the door is made of.

A field that is not one of these, or narrower, has no business in a request: text is
bounded, free of control and bidirectional characters and NFC-normalised; integers fit
PostgreSQL; moments carry an offset.
"""

import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

_FORBIDDEN = {
    *(chr(code) for code in range(0x20) if chr(code) not in "\n\t"),
    "\x7f",
    *(chr(code) for code in range(0x202A, 0x202F)),
    *(chr(code) for code in range(0x2066, 0x206A)),
    "\u200b",
    "\u200e",
    "\u200f",
    "\ufeff",
}


class In(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of every request body: unknown members are refused, text is checked."""

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            check_text(field, getattr(self, field))


class Out(msgspec.Struct, kw_only=True, rename="camel", gc=False):
    """Base of every response body: every member is always present.

    None holds another in a circle, so the collector of circles need not look at them.
    """


def check_text(field: str, value: object) -> None:
    """Refuse hidden characters; raises ``ValueError``, which msgspec reports with its path."""
    if isinstance(value, str):
        if any(ch in _FORBIDDEN or "\ud800" <= ch <= "\udfff" for ch in value):
            raise ValueError(f"{field} contains characters that cannot be shown")
        if not unicodedata.is_normalized("NFC", value):
            raise ValueError(f"{field} is not in Unicode normal form NFC")
    elif isinstance(value, list):
        for item in value:
            check_text(field, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(field, key)
            check_text(field, item)


Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
PageSize = Annotated[int, Meta(ge=1, le=100)]
Moment = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=40)]
Title = Annotated[str, Meta(min_length=1, max_length=60)]
Reason = Annotated[str, Meta(min_length=2, max_length=200)]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Phone = Annotated[str, Meta(min_length=11, max_length=20, pattern=r"^\+?[0-9][0-9 \-]{9,18}$")]
Secret = Annotated[str, Meta(min_length=1, max_length=128)]
Token = Annotated[str, Meta(min_length=20, max_length=120, pattern=r"^[A-Za-z0-9_.\-]+$")]
Cursor = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_\-]+$")]
Words = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]
Ids = Annotated[list[UUID], Meta(min_length=1, max_length=200)]
