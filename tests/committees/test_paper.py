"""Paper ballots over HTTP: entered, confirmed by somebody else, and counted apart."""

from typing import Any

import pytest
from msgspec.structs import replace

from backend.ballots.models import Unit
from backend.ballots.rules.charter import ORDINARY
from backend.committees.jobs import votes as jobs
from backend.settings import Settings
from seed.cast import Cast
from tests.committees.stories import ok, refused
from tests.committees.voting import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    OFFICER,
    PARENTS,
    SECRETARY,
    cast_by,
    committee,
    item,
    opened,
    put,
    read,
    run_out,
    soon,
)
from tests.house import SignIn


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


async def units(as_: SignIn, vote: dict[str, Any], name: str = CHAIR) -> dict[str, str]:
    """Return the electorate's units by label, as somebody gets them to enter paper from."""
    seen = ok(await (await as_(name)).get(f"/votes/{vote['id']}/paper"))
    return {one["label"]: one["unitId"] for one in seen["units"]}


async def test_paper_is_entered_by_one_confirmed_by_another_and_counted_apart(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    path = f"/votes/{vote['id']}/paper"
    chair, secretary = await as_(CHAIR), await as_(SECRETARY)
    known = await units(as_, vote)
    assert set(known) == set(EVERYBODY)
    on_paper = [known[PARENTS[0]], known[PARENTS[1]]]
    entry: dict[str, Any] = {
        "unitIds": on_paper,
        "choices": [{"choice": ["for"], "count": 1}, {"choice": ["against"], "count": 1}],
    }
    for name in (PARENTS[2], ADMIN):
        refused(await (await as_(name)).put(path, json=entry), "not_allowed", 403)
        assert ok(await (await as_(name)).get(path))["units"] == []
    refused(await (await as_(OFFICER)).get(path), "not_found", 404)
    short = {**entry, "choices": entry["choices"][:1]}
    refused(await chair.put(path, json=short), "paper_miscounted", 400)

    ok(await put(await as_(PARENTS[0]), vote, "for"))
    problem = refused(await chair.put(path, json=entry), "voted_by_phone")
    assert problem["facts"]["units"] == PARENTS[0]
    entry = {"unitIds": on_paper[1:], "choices": [{"choice": ["against"], "count": 1}]}
    assert ok(await chair.put(path, json=entry))["state"] == "entered"
    refused(await secretary.put(path, json=entry), "paper_entered")
    refused(await put(await as_(PARENTS[1]), vote, "for"), "voted_on_paper")
    [mine] = ok(await (await as_(PARENTS[1])).get(f"/votes/{vote['id']}/ballot"))["items"]
    assert (mine["onPaper"], mine["choice"]) == (True, None)

    ok(await chair.delete(path), 204)
    ok(await put(await as_(PARENTS[1]), vote, "for"))
    refused(await chair.put(path, json=entry), "voted_by_phone")
    entry = {"unitIds": [known[PARENTS[2]]], "choices": [{"choice": ["against"], "count": 1}]}
    ok(await secretary.put(path, json=entry))
    again = {"choices": entry["choices"]}
    refused(await secretary.put(f"{path}/confirmation", json=again), "paper_needs_another")
    second = await as_(PARENTS[3])
    assert ok(await second.get(path))["choices"] is None, "counted again, not copied"
    other = {"choices": [{"choice": ["for"], "count": 1}]}
    refused(await second.put(f"{path}/confirmation", json=other), "paper_differs")
    sure = ok(await second.put(f"{path}/confirmation", json=again))
    assert sure["choices"] == entry["choices"]
    assert ok(await (await as_(ADMIN)).get(path))["choices"] is None
    assert (sure["state"], sure["enteredBy"], sure["confirmedBy"]) == (
        "confirmed", SECRETARY, PARENTS[3],
    )  # fmt: skip
    await cast_by(as_, vote, {CHAIR: "for", SECRETARY: "for", PARENTS[3]: "for"})
    result = ok(await chair.get(f"/votes/{vote['id']}/result"))
    assert (result["cast"], result["ofPaper"]) == (6, 1)
    assert [one["votes"] for one in result["options"]] == [5, 1]
    refused(await chair.put(path, json=entry), "paper_too_late")


async def test_a_closed_vote_waits_for_the_second_pair_of_eyes(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    path = f"/votes/{vote['id']}/paper"
    chair = await as_(CHAIR)
    known = await units(as_, vote)
    names = EVERYBODY[2:]
    entry = {
        "unitIds": [known[name] for name in names],
        "choices": [{"choice": ["for"], "count": len(names)}],
    }
    ok(await chair.put(path, json=entry))
    await run_out(vote)
    assert await jobs.settle(settings) == 1
    assert (await read(chair, vote))["state"] == "closed"
    refused(await chair.put(f"/votes/{vote['id']}/certification"), "vote_not_counted")
    ok(await (await as_(ADMIN)).put(f"{path}/confirmation", json={"choices": entry["choices"]}))
    seen = await read(chair, vote)
    assert (seen["state"], seen["outcome"], seen["turnout"]) == ("counted", "passed", 4)


async def test_households_are_listed_by_name_to_their_own_class_alone(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    rules = replace(ORDINARY, unit=Unit.HOUSEHOLD)
    vote = await opened(as_, (await item(cast, body, rules)).id, closesAt=soon(hours=30))
    assert set(await units(as_, vote)) == {"王子墨", "李沐阳", "高星辰"}
    assert await units(as_, vote, PARENTS[0]) == {}


async def test_whoever_guesses_what_was_entered_is_stopped(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    path = f"/votes/{vote['id']}/paper"
    known = await units(as_, vote)
    entry = {
        "unitIds": [known[name] for name in PARENTS],
        "choices": [{"choice": ["for"], "count": 2}, {"choice": ["against"], "count": 2}],
    }
    ok(await (await as_(CHAIR)).put(path, json=entry))
    admin = await as_(ADMIN)
    for _ in range(5):
        guess = {"choices": [{"choice": ["for"], "count": 4}]}
        refused(await admin.put(f"{path}/confirmation", json=guess), "paper_differs")
    right = {"choices": entry["choices"]}
    refused(await admin.put(f"{path}/confirmation", json=right), "too_many_requests", 429)
