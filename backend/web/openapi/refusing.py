"""Which refusals an operation can answer with, and how the document says so.

A handler declares what its own rules can say; what any door of its kind can say is
added here. ``x-codes`` lists every machine code a status may carry, and tests hold
responses to it.
"""

import re
from collections.abc import Sequence
from typing import Any

from backend.errors import Busy, NotAllowed, NotFound, Refusal, SignInNeeded, TooMany
from backend.web.policy import Policy
from backend.web.problems import (
    TITLES,
    Accident,
    Misdirected,
    TooLarge,
    Unfit,
    WrongMediaType,
)

PROBLEM_TYPE = "application/problem+json"
SHARED: dict[int, type[Refusal]] = {
    400: Unfit,
    401: SignInNeeded,
    403: NotAllowed,
    404: NotFound,
    413: TooLarge,
    415: WrongMediaType,
    421: Misdirected,
    429: TooMany,
    500: Accident,
    503: Busy,
}
SESSION_ENDED = (
    "session_ended",
    "登录已失效，请重新登录。",
    "This session has ended; please refresh it or sign in again.",
)
Code = tuple[str, str, str]
"""A machine code and its sentences in Chinese and English."""


def shared_responses() -> dict[str, dict[str, Any]]:
    """Return ``components.responses``: one for each refusal that any room may give."""
    return {kind.__name__: _response(status, _codes(kind)) for status, kind in SHARED.items()}


def expected(
    policy: Policy, *, writes: bool, has_path_ids: bool, under_v1: bool, may_be_off: bool
) -> set[int]:
    """Return the refusals that a door of this kind can give whatever its room's rules.

    ``may_be_off``: the room is a platform function that a school may switch off.
    """
    found = {400, 500}
    if may_be_off:
        found.add(404)
    if under_v1:
        found.add(503)
    if writes:
        found |= {413, 415}
    if policy in (Policy.SIGNED_IN, Policy.STAFF):
        found |= {401, 421}
        if has_path_ids:
            found |= {403, 404}
    if policy is Policy.STAFF:
        found.add(404)
    return found


def response(status: int, kinds: Sequence[type[Refusal]], *, shared: bool) -> dict[str, Any]:
    """Return the response object for ``status``.

    ``kinds`` are what the handler declares for it; ``shared`` adds what every door of
    its kind can say.
    """
    own = [code for kind in kinds for code in _codes(kind)]
    kind = SHARED.get(status)
    common = _codes(kind) if kind is not None and shared else []
    if kind is not None and set(own) <= set(_codes(kind)):
        return {"$ref": f"#/components/responses/{kind.__name__}"}
    return _response(status, list(dict.fromkeys([*own, *common])))


def _codes(kind: type[Refusal]) -> list[Code]:
    codes = [(kind.code, kind.zh, kind.en)]
    return [*codes, SESSION_ENDED] if kind is SignInNeeded else codes


def _response(status: int, codes: list[Code]) -> dict[str, Any]:
    title = TITLES.get(status, TITLES[409])
    lines = [f"{title[0]} {title[1]}", "", *(f"- `{code}` {zh} {en}" for code, zh, en in codes)]
    made: dict[str, Any] = {"description": "\n".join(lines)}
    if status in (429, 503):
        made["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    code, zh, _ = codes[0]
    made["content"] = {
        PROBLEM_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
                "type": f"urn:tongxing:problem:{code}",
                "title": title[0],
                "status": status,
                "code": code,
                "detail": _filled(zh),
                "instance": "/v1/…",
                "requestId": "9f86d081884c7d65",
                "retryable": status in (429, 503),
                "fieldErrors": [],
                "facts": {},
            },
        }
    }
    made["x-codes"] = [code for code, _, _ in codes]
    return made


def _filled(sentence: str) -> str:
    """Put believable figures into a sentence's fields."""
    return re.sub(r"\{(\w+)\}", lambda field: _FACTS.get(field.group(1), "10"), sentence)


_FACTS = {
    "audience": "海湾实验小学",
    "field": "title",
    "height": "8000",
    "left": "3",
    "minutes": "15",
    "seconds": "30",
    "shortest": "12",
    "width": "6000",
}
