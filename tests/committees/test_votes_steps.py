"""Every step that the life of a vote forbids is refused with a code, by table."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from backend.ballots.rules.charter import ORDINARY
from backend.committees.jobs import votes as jobs
from backend.settings import Settings
from seed.cast import Cast
from tests.committees.stories import ok
from tests.committees.voting import (
    CHAIR,
    EVERYBODY,
    cast_by,
    committee,
    drafted,
    item,
    opened,
    pass_window,
    read,
    run_out,
    soon,
)
from tests.house import SignIn, Visitor

Step = Callable[[Visitor, str], Awaitable[httpx.Response]]
ANYBODY = "00000000-0000-4000-8000-000000000000"
STEPS: dict[str, tuple[Step, set[str], str]] = {
    "rewrite": (
        lambda who, path: who.put(path, json={"closesAt": soon()}), {"draft"}, "vote_not_draft",
    ),
    "open": (lambda who, path: who.put(f"{path}/opening", json={}), {"draft"}, "vote_not_draft"),
    "cast": (
        lambda who, path: who.put(
            f"{path}/ballot", json={"choice": ["for"], "attempt": str(uuid4())}
        ),
        {"open"}, "vote_not_open",
    ),
    "remind": (lambda who, path: who.put(f"{path}/reminder"), {"open"}, "vote_not_open"),
    "enter_paper": (
        lambda who, path: who.put(
            f"{path}/paper",
            json={"unitIds": [ANYBODY], "choices": [{"choice": ["for"], "count": 1}]},
        ),
        {"open"}, "paper_too_late",
    ),
    "close": (lambda who, path: who.put(f"{path}/closure"), {"open"}, "vote_not_open"),
    "settle_tie": (
        lambda who, path: who.put(f"{path}/tie", json={"settledFor": "for"}),
        {"counted"}, "vote_not_counted",
    ),
    "object": (
        lambda who, path: who.post(f"{path}/objections", json={"reason": "票数有误"}),
        {"counted", "certified"}, "objections_closed",
    ),
    "certify": (
        lambda who, path: who.put(f"{path}/certification"), {"counted"}, "vote_not_counted",
    ),
    "publish": (
        lambda who, path: who.put(f"{path}/publication"), {"certified"}, "vote_not_certified",
    ),
    "annul": (
        lambda who, path: who.put(f"{path}/annulment", json={"reason": "题目有误"}),
        {"open", "closed"}, "vote_not_under_way",
    ),
    "discard": (lambda who, path: who.delete(path), {"draft"}, "vote_not_draft"),
}  # fmt: skip
STATES = ("draft", "open", "closed", "counted", "certified", "published", "annulled")


@pytest.mark.parametrize("state", STATES)
async def test_what_a_state_forbids_is_refused_and_changes_nothing(
    as_: SignIn, cast: Cast, settings: Settings, state: str
) -> None:
    vote = await in_state(as_, cast, settings, state)
    chair = await as_(CHAIR)
    path = f"/votes/{vote['id']}"
    before = await read(chair, vote)
    assert before["state"] == state
    forbidden = {name for name, (_, allowed, _) in STEPS.items() if state not in allowed}
    assert len(forbidden) >= 7
    for name in STEPS:
        if name not in forbidden:
            continue
        step, _, code = STEPS[name]
        # A draft has no electorate yet, so nobody is in it.
        wanted = (403, "not_entitled") if (state, name) == ("draft", "cast") else (409, code)
        answer = await step(chair, path)
        assert (answer.status_code, answer.json()["code"]) == wanted, (state, name, answer.text)
        assert await read(chair, vote) == before, (state, name)


async def in_state(as_: SignIn, cast: Cast, settings: Settings, state: str) -> dict[str, Any]:
    """Return a vote that has come as far as ``state``."""
    body = await committee(as_, cast)
    row = await item(cast, body, replace(ORDINARY, objection_days=3))
    chair = await as_(CHAIR)
    if state == "draft":
        return await drafted(as_, row.id)
    vote = await opened(as_, row.id)
    path = f"/votes/{vote['id']}"
    if state == "closed":
        units = ok(await chair.get(f"{path}/paper"))["units"]
        entry = {"unitIds": [units[0]["unitId"]], "choices": [{"choice": ["for"], "count": 1}]}
        ok(await chair.put(f"{path}/paper", json=entry))
        await run_out(vote)
        await jobs.settle(settings)
    elif state == "annulled":
        ok(await chair.put(f"{path}/annulment", json={"reason": "题目有误"}))
    elif state != "open":
        await cast_by(as_, vote, dict.fromkeys(EVERYBODY, "for"))
        if state in ("certified", "published"):
            ok(await chair.put(f"{path}/certification"))
        if state == "published":
            await pass_window(vote)
            ok(await chair.put(f"{path}/publication"))
    return vote
