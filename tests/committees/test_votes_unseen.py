"""Before a vote closes nobody learns a number but the turnout: every answer is looked through."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.ballots.rules.charter import ORDINARY, PERSONNEL, RuleSet
from backend.committees.models import RuleKind
from backend.database import execute
from seed.cast import Cast
from tests.committees.stories import active_committee, ok
from tests.committees.voting import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    OFFICER,
    PRINCIPAL,
    cast_by,
    item,
    opened,
)
from tests.house import SignIn, Visitor

READS = ("", "/turnout", "/result", "/bundle", "/picture.png", "/paper", "/objections", "/ballot")
TEACHER = "林晓岚"
MARKED = {"zzfor": 4, "zzagainst": 1}
"""How the story's ballots fall: nowhere may an option stand next to a number, or say so many."""


@pytest.mark.parametrize("rules", [ORDINARY, PERSONNEL], ids=["open", "secret"])
async def test_no_answer_about_a_vote_under_way_tells_a_number(
    as_: SignIn, cast: Cast, rules: RuleSet
) -> None:
    body = await active_committee(as_, cast, CHAIR, *EVERYBODY[2:], secretary=EVERYBODY[1])
    row = await item(cast, body, rules, kind=RuleKind.PERSONNEL)
    options = [{"key": key, "label": f"选项{key}"} for key in MARKED]
    vote = await opened(as_, row.id, method="single", options=options)
    voters = EVERYBODY[1:]
    said = ["zzfor"] * 4 + ["zzagainst"]
    await cast_by(as_, vote, dict(zip(voters, said, strict=True)))
    for name in (CHAIR, ADMIN, PRINCIPAL, OFFICER, TEACHER, *voters):
        who = await as_(name)
        for what in READS:
            answer = await who.get(f"/votes/{vote['id']}{what}")
            own = what == "/ballot" and name in voters
            assert leaks(answer, own=own) == [], (name, what)
        for path in (f"/bodies/{body['id']}/votes", "/me/votes", "/me/inbox"):
            assert leaks(await who.get(path), own=False) == [], (name, path)
    assert ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/turnout"))["cast"] == 5


async def test_the_search_finds_a_count_once_there_is_one(as_: SignIn, cast: Cast) -> None:
    """Were a number told, the search above would see it."""
    body = await active_committee(as_, cast, CHAIR, *EVERYBODY[2:], secretary=EVERYBODY[1])
    row = await item(cast, body)
    options = [{"key": key, "label": f"选项{key}"} for key in MARKED]
    vote = await opened(as_, row.id, method="single", options=options)
    said = ["zzfor"] * 4 + ["zzagainst", "abstain"]
    await cast_by(as_, vote, dict(zip(EVERYBODY, said, strict=True)))
    chair = await as_(CHAIR)
    assert leaks(await chair.get(f"/votes/{vote['id']}/result"), own=False) != []
    mine = await (await as_(EVERYBODY[1])).get(f"/votes/{vote['id']}/ballot")
    assert leaks(mine, own=False) != [] and leaks(mine, own=True) == []


async def test_a_seat_that_sees_and_a_row_that_lies_show_no_tally(as_: SignIn, cast: Cast) -> None:
    """Even with a tally in the row, a vote that is open tells none."""
    body = await active_committee(as_, cast, CHAIR, *EVERYBODY[2:], secretary=EVERYBODY[1])
    vote = await opened(as_, (await item(cast, body)).id)
    await execute(
        "UPDATE votes SET outcome = 'passed', chosen = '{for}', "
        'tally = \'{"votes": {"zzfor": 4}}\' WHERE id = $1',
        UUID(vote["id"]),
    )
    for name in (CHAIR, ADMIN, EVERYBODY[2]):
        who: Visitor = await as_(name)
        assert ok(await who.get(f"/votes/{vote['id']}"))["outcome"] is None
        for what in ("/result", "/picture.png", "/bundle"):
            assert (await who.get(f"/votes/{vote['id']}{what}")).status_code == 409
        listed = ok(await who.get(f"/bodies/{body['id']}/votes"))["items"]
        assert [one["outcome"] for one in listed] == [None]


def leaks(answer: httpx.Response, *, own: bool) -> list[str]:
    """Return where an answer says what was cast: an option with a number, or a choice.

    ``own``: a choice may be the reader's own.
    """
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return [] if answer.status_code >= 400 else ["a file"]
    return list(_walk(answer.json(), "", own))


def _walk(value: Any, where: str, own: bool) -> list[str]:
    found: list[str] = []
    if isinstance(value, dict):
        texts = {item for item in value.values() if isinstance(item, str)}
        numbers = [key for key, item in value.items() if _is_number(item)]
        if texts & set(MARKED) and numbers:
            found.append(f"{where}: {numbers}")
        for key, item in value.items():
            if key in MARKED and _is_number(item):
                found.append(f"{where}.{key}")
            if key in ("votes", "tally", "choices", "ballots") and item:
                found.append(f"{where}.{key}")
            if key == "choice" and item and not own:
                found.append(f"{where}.choice")
            found += _walk(item, f"{where}.{key}", own)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found += _walk(item, f"{where}[{place}]", own)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
