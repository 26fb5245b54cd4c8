"""The life of a panel: every step from every state, by table."""

from typing import Any
from uuid import UUID

import pytest

from backend.database import fetch_one
from seed.cast import Cast
from tests.committees.panel_stories import (
    FULL,
    JUDGES,
    closed,
    drafted,
    entry,
    judges,
    opened,
    path_of,
    published,
    score,
    written,
)
from tests.committees.stories import ADMIN, ok, refused
from tests.house import SignIn, Visitor

MAKERS = {"draft": drafted, "open": opened, "closed": closed, "published": published}
DRAFT, OPEN, CLOSED, PUBLISHED = MAKERS

# What is done, and what becomes of a panel in each state; None: refused.
STEPS: list[tuple[str, dict[str, str | None]]] = [
    ("rewrite", {DRAFT: DRAFT, OPEN: None, CLOSED: None, PUBLISHED: None}),
    ("entries", {DRAFT: DRAFT, OPEN: None, CLOSED: None, PUBLISHED: None}),
    ("panelists", {DRAFT: DRAFT, OPEN: None, CLOSED: None, PUBLISHED: None}),
    ("opening", {DRAFT: OPEN, OPEN: OPEN, CLOSED: None, PUBLISHED: None}),
    ("closing", {DRAFT: None, OPEN: CLOSED, CLOSED: CLOSED, PUBLISHED: None}),
    ("publication", {DRAFT: None, OPEN: None, CLOSED: PUBLISHED, PUBLISHED: PUBLISHED}),
    ("discard", {DRAFT: "gone", OPEN: None, CLOSED: None, PUBLISHED: None}),
    ("results", {DRAFT: None, OPEN: None, CLOSED: CLOSED, PUBLISHED: PUBLISHED}),
]


async def do(office: Visitor, cast: Cast, panel: dict[str, Any], what: str) -> Any:
    path = f"/panels/{panel['id']}"
    if what == "rewrite":
        return await office.put(path, json=written(title="改过的评议"))
    if what == "entries":
        return await office.put(f"{path}/entries", json={"entries": [entry()]})
    if what == "panelists":
        return await office.put(f"{path}/panelists", json=judges(cast))
    if what == "discard":
        return await office.delete(path)
    if what == "results":
        return await office.get(f"{path}/results")
    return await office.put(f"{path}/{what}")


async def state_of(panel: dict[str, Any]) -> str:
    row = await fetch_one("SELECT state FROM panels WHERE id = $1", UUID(panel["id"]))
    return row["state"] if row else "gone"


@pytest.mark.parametrize("state", MAKERS)
async def test_every_step_is_taken_or_refused(as_: SignIn, cast: Cast, state: str) -> None:
    office = await as_(ADMIN)
    for what, leads in STEPS:
        panel = await MAKERS[state](as_, cast)
        answer = await do(office, cast, panel, what)
        if leads[state] is None:
            problem = refused(answer, "wrong_panel_state")
            assert problem["facts"] == {"state": state}, what
            assert await state_of(panel) == state, what
        else:
            assert answer.status_code in (200, 204), (what, answer.text)
            assert await state_of(panel) == leads[state], what


@pytest.mark.parametrize("state", [DRAFT, CLOSED, PUBLISHED])
async def test_scores_are_taken_by_an_open_panel_alone(as_: SignIn, cast: Cast, state: str) -> None:
    panel = await MAKERS[state](as_, cast)
    answer = await score(await as_("王立强"), panel["shown"][0], FULL)
    if state == DRAFT:
        # Whoever shall judge does not know of it yet.
        refused(answer, "not_found", 404)
    else:
        refused(answer, "panel_not_open")


@pytest.mark.parametrize(
    ("entries", "panelists", "lacking"),
    [(0, 5, ["entries"]), (1, 2, ["panelists"]), (0, 0, ["entries", "panelists"])],
)
async def test_a_panel_opens_with_something_to_judge_and_three_who_judge_it(
    as_: SignIn, cast: Cast, entries: int, panelists: int, lacking: list[str]
) -> None:
    office = await as_(ADMIN)
    panel = ok(await office.post(path_of(cast), json=written()), 201)
    path = f"/panels/{panel['id']}"
    ok(await office.put(f"{path}/entries", json={"entries": [entry()] * entries}))
    named = judges(cast, *JUDGES[:panelists]) if panelists else {"panelists": []}
    ok(await office.put(f"{path}/panelists", json=named))
    problem = refused(await office.put(f"{path}/opening"), "panel_incomplete")
    assert problem["facts"] == {"lacking": lacking}


async def test_a_panel_closes_after_it_opens(as_: SignIn, cast: Cast) -> None:
    office = await as_(ADMIN)
    refused(await office.post(path_of(cast), json=written(days=-1)), "panel_closes_too_soon", 422)
    panel = await drafted(as_, cast)
    refused(
        await office.put(f"/panels/{panel['id']}", json=written(days=-1)),
        "panel_closes_too_soon", 422,
    )  # fmt: skip
    await closes_in_draft(panel)
    refused(await office.put(f"/panels/{panel['id']}/opening"), "panel_closes_too_soon", 422)


async def closes_in_draft(panel: dict[str, Any]) -> None:
    """Let a draft lie until the day it would have closed."""
    await fetch_one(
        "UPDATE panels SET closes_at = now() - interval '1 hour' WHERE id = $1 RETURNING id",
        UUID(panel["id"]),
    )


async def test_drafting_twice_with_one_key_drafts_once(as_: SignIn, cast: Cast) -> None:
    office = await as_(ADMIN)
    body, key = written(), {"Idempotency-Key": "a-panel-of-ours"}
    first = ok(await office.post(path_of(cast), json=body, headers=key), 201)
    again = ok(await office.post(path_of(cast), json=body, headers=key), 201)
    assert first == again
    assert len(ok(await office.get(path_of(cast)))["items"]) == 1
