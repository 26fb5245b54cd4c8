"""Following a vote: reminders, turnout, lists, and what is finished after a crash."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backend import clock
from backend.ballots.models import CloseReason
from backend.ballots.operations import closing
from backend.ballots.rules.charter import ORDINARY, PERSONNEL
from backend.committees.jobs import votes as jobs
from backend.committees.models import AgendaItem, ItemState
from backend.database import execute, fetch, transaction
from backend.people.models import Relation
from backend.people.operations import ties
from backend.schools.models import FeatureSwitch, Function
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
    row_id,
    run_out,
    soon,
    told,
)
from tests.house import SignIn

AT_ONCE = replace(ORDINARY, objection_days=0)


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


async def test_those_who_have_not_voted_are_reminded_and_nobody_else(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body)
    vote = await opened(as_, row.id)
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY[:4], "for"))
    chair = await as_(CHAIR)
    path = f"/votes/{vote['id']}/reminder"
    assert ok(await chair.put(path)) == {"told": 2}
    assert await told("committees.vote_reminded") == {cast.id(name) for name in EVERYBODY[4:]}
    assert await told("committees.vote_opened") == {cast.id(name) for name in EVERYBODY}
    refused(await chair.put(path), "reminded_lately")
    refused(await (await as_(SECRETARY)).put(path), "not_allowed", 403)
    past = clock.now() - timedelta(hours=12, seconds=1)
    await execute("UPDATE votes SET reminded_at = $2 WHERE id = $1", row_id(vote), past)
    assert ok(await chair.put(path)) == {"told": 2}


async def test_the_house_reminds_once_a_day_before_the_deadline(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body)
    vote = await opened(as_, row.id, closesAt=soon(hours=47))
    assert await jobs.remind_due() == 0
    await execute(
        "UPDATE votes SET closes_at = now() + interval '23 hours' WHERE id = $1", row_id(vote)
    )
    assert await jobs.remind_due() == 0, "it was opened a moment ago"
    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "UPDATE votes SET opened_at = now() - interval '2 days' WHERE id = $1", row_id(vote)
        )
    await cast_by(as_, vote, {CHAIR: "for"})
    assert await jobs.remind_due() == 1
    assert cast.id(CHAIR) not in await told("committees.vote_reminded")
    assert await jobs.remind_due() == 0


async def test_turnout_is_for_those_inside(as_: SignIn, cast: Cast, body: dict[str, Any]) -> None:
    row = await item(cast, body)
    vote = await opened(as_, row.id)
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY[:3], "against"))
    path = f"/votes/{vote['id']}/turnout"
    for name in (CHAIR, PARENTS[2], ADMIN):
        seen = ok(await (await as_(name)).get(path))
        assert (seen["entitled"], seen["cast"], seen["quorumNeeded"]) == (6, 3, 4)
        assert not seen["hasQuorum"]
        assert seen["constituencies"] == [{"constituency": "parent", "entitled": 6, "cast": 3}]
    for name in ("林晓岚", OFFICER, "赵德胜", "何清越"):
        refused(await (await as_(name)).get(path), "not_found", 404)


async def test_votes_are_listed_for_the_body_and_for_those_who_owe_a_ballot(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    over = await opened(as_, (await item(cast, body, AT_ONCE)).id)
    await cast_by(as_, over, dict.fromkeys(EVERYBODY, "for"))
    later = await opened(as_, (await item(cast, body)).id, closesAt=soon(hours=3))
    sooner = await opened(as_, (await item(cast, body)).id, closesAt=soon(hours=2))
    voted = await opened(as_, (await item(cast, body)).id, closesAt=soon(hours=1))
    member = await as_(PARENTS[0])
    ok(await put(member, voted, "for"))
    mine = ok(await member.get("/me/votes"))["items"]
    assert [one["id"] for one in mine] == [one["id"] for one in (sooner, later, voted, over)]
    assert [one["owed"] for one in mine] == [1, 1, 0, 0]
    path = f"/bodies/{body['id']}/votes"
    page = ok(await member.get(path, params={"limit": 3}))
    assert [one["id"] for one in page["items"]] == [one["id"] for one in (voted, sooner, later)]
    rest = ok(await member.get(path, params={"cursor": page["nextCursor"]}))
    assert [(one["id"], one["outcome"]) for one in rest["items"]] == [(over["id"], "passed")]
    outside = await as_("林晓岚")
    assert ok(await outside.get(path))["items"] == []
    ok(await (await as_(CHAIR)).put(f"/votes/{over['id']}/certification"))
    assert [one["id"] for one in ok(await outside.get(path))["items"]] == [over["id"]]


async def test_a_push_is_not_sent_to_whoever_has_voted_meanwhile(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, PERSONNEL)).id)
    people = [cast.id(name) for name in EVERYBODY]
    ok(await put(await as_(CHAIR), vote, "for"))
    for occasion, left in (
        ("committees.vote_opened", people[1:]),
        ("committees.vote_reminded", people[1:]),
        ("committees.vote_certified", people),
    ):
        assert await jobs.still_wanted(occasion, row_id(vote), people) == set(left)


async def test_what_a_crash_cut_short_is_finished(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings
) -> None:
    """Counting and annulling commit for themselves; letters and items follow all the same."""
    chair = cast.id(CHAIR)
    counted = await opened(as_, (await item(cast, body)).id)
    await run_out(counted)
    await closing.close(row_id(counted), CloseReason.DEADLINE, by=None, settings=settings)
    gone = await opened(as_, (row := await item(cast, body)).id)
    await closing.annul(row_id(gone), "题目有误", by=chair, settings=settings)
    assert await told("committees.vote_closed") == set()
    assert (await AgendaItem.get(id=row.id)).state == ItemState.VOTING
    for _ in range(2):
        await jobs.settle(settings)
    assert await told("committees.vote_closed") == {chair}
    assert await told("committees.vote_annulled") == {cast.id(name) for name in EVERYBODY}
    assert (await AgendaItem.get(id=row.id)).state == ItemState.SCHEDULED


async def test_letters_name_neither_the_body_nor_the_question(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY, "for"))
    ok(await (await as_(CHAIR)).put(f"/votes/{vote['id']}/certification"))
    rows = await fetch(
        "SELECT title_zh, title_en, category FROM post_letter WHERE subject_id = $1", row_id(vote)
    )
    assert len(rows) == 3
    for row in rows:
        assert row["category"] == "committee"
        for part in (vote["title"], vote["bodyName"], "赞成", *EVERYBODY):
            assert part not in row["title_zh"] + row["title_en"]


async def test_where_committees_are_switched_off_there_are_no_votes(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    voter = await as_(PARENTS[2])
    await FeatureSwitch.create(
        school_id=cast.schools["海湾"].id, function=Function.COMMITTEES, is_on=False
    )
    for path in ("", "/ballot", "/turnout", "/result", "/paper"):
        refused(await voter.get(f"/votes/{vote['id']}{path}"), "not_found", 404)
    refused(await put(voter, vote, "for"), "not_found", 404)
    # Somebody who belongs to another school as well still finds nothing of this one.
    await ties.bind(cast.id(PARENTS[2]), cast.children["孙一诺"].id, Relation.FATHER)
    refused(await put(voter, vote, "for"), "not_found", 404)
    assert ok(await voter.get("/me/votes"))["items"] == []
