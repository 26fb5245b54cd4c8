"""Casting: open and sealed, seats, households and persons, retries, and who may not."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from backend.ballots.models import Unit
from backend.ballots.rules.charter import ORDINARY, PERSONNEL
from backend.database import execute, fetch, fetch_one
from backend.people.models import Guardianship, Relation
from backend.people.operations import ties
from seed.cast import Cast
from tests.committees.stories import active_committee, ok, refused, seat_of
from tests.committees.voting import (
    ADMIN,
    CHAIR,
    OFFICER,
    PARENTS,
    PRINCIPAL,
    cast_by,
    committee,
    item,
    opened,
    put,
    read,
    run_out,
    sealed,
    soon,
    unseat,
)
from tests.house import SignIn

FIXED = replace(ORDINARY, may_change=False)
HOMES = replace(ORDINARY, unit=Unit.HOUSEHOLD, closes_when_all_voted=False)
A_DAY = {"hours": 30}


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


async def test_an_open_ballot_is_its_voters_to_read_and_to_change(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    voter = await as_(PARENTS[0])
    path = f"/votes/{vote['id']}/ballot"
    [empty] = ok(await voter.get(path))["items"]
    assert (empty["inTheBox"], empty["choice"]) == (False, None)
    first = ok(await put(voter, vote, "for"))
    second = ok(await put(voter, vote, "abstain"))
    assert first == second
    assert (first["unitId"], first["sealedBy"]) == (empty["unitId"], "nobody")
    [mine] = ok(await voter.get(path))["items"]
    assert (mine["inTheBox"], mine["choice"]) == (True, ["abstain"])
    refused(await put(voter, vote, "perhaps"), "bad_choice", 400)
    refused(await put(voter, vote, "for", "against"), "bad_choice", 400)
    assert (await read(voter, vote))["myUnits"][0]["hasVoted"]


async def test_a_lost_answer_is_asked_for_again_and_changes_nothing(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, FIXED)).id)
    voter = await as_(PARENTS[0])
    attempt = str(uuid4())
    first = ok(await put(voter, vote, "for", attempt=attempt))
    assert ok(await put(voter, vote, "for", attempt=attempt)) == first
    refused(await put(voter, vote, "against"), "already_voted")
    [mine] = ok(await voter.get(f"/votes/{vote['id']}/ballot"))["items"]
    assert mine["choice"] == ["for"]


async def test_a_secret_ballot_is_sealed_on_the_phone_and_leaves_nothing_but_its_box(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, PERSONNEL)).id)
    voter = await as_(PARENTS[0])
    before = await everything()
    taken = ok(await put(voter, vote, "for"))
    after = await everything()
    assert taken["sealedBy"] == "phone"
    moved = {table for table, rows in after.items() if rows != before[table]}
    assert moved <= {"sealed_ballots", "sessions"}, "no trail, no idempotency row, no letter"
    [mine] = ok(await voter.get(f"/votes/{vote['id']}/ballot"))["items"]
    assert (mine["inTheBox"], mine["choice"], mine["castAt"]) == (True, None, None)
    columns = await fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'sealed_ballots'"
    )
    assert {row["column_name"] for row in columns} == {"vote_id", "unit_id", "box", "attempt"}


async def test_an_old_app_has_its_ballot_sealed_by_the_house_and_is_told_so(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, PERSONNEL)).id)
    voter = await as_(PARENTS[0])
    path = f"/votes/{vote['id']}/ballot"
    plain = {"choice": ["for"], "attempt": str(uuid4())}
    refused(await voter.put(path, json=plain), "bad_choice", 400)
    taken = ok(await voter.put(path, json={**plain, "receipt": "0af1" * 8}))
    assert taken["sealedBy"] == "house" and "保护较弱" in taken["says"]
    row = await fetch_one("SELECT box FROM sealed_ballots")
    assert row is not None
    assert len(row["box"]) == vote["sealedLength"] + 48
    assert b"for" not in bytes(row["box"]) or b"choice" not in bytes(row["box"])
    for wrong in ({"sealed": "AAAA" * 30}, {"sealed": sealed(vote, "for")[:-8]}):
        refused(await voter.put(path, json={"attempt": str(uuid4()), **wrong}), "bad_box", 400)
    both = {**plain, "sealed": sealed(vote, "for")}
    refused(await voter.put(path, json=both), "does_not_fit", 400)


async def test_those_who_run_and_see_the_body_do_not_vote(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    for name in (ADMIN, PRINCIPAL):
        assert (await read(await as_(name), vote))["myUnits"] == []
        refused(await put(await as_(name), vote, "for"), "not_entitled", 403)
        refused(await (await as_(name)).get(f"/votes/{vote['id']}/ballot"), "not_entitled", 403)
    # A teacher of the school, an officer, a parent of another class, another school, another
    # district.
    for name in ("林晓岚", OFFICER, "赵德胜", "何清越", "孙海燕", "钱进", "曹望舒"):
        who = await as_(name)
        refused(await who.get(f"/votes/{vote['id']}"), "not_found", 404)
        refused(await put(who, vote, "for"), "not_found", 404)
    assert await fetch("SELECT 1 FROM open_ballots") == []


async def test_a_household_has_one_ballot_whichever_guardian_casts_it(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, HOMES)).id, closesAt=soon(**A_DAY))
    assert (vote["unit"], vote["entitled"]) == ("household", 3)
    father, mother = await as_("王立强"), await as_("刘敏")
    ok(await put(father, vote, "for"))
    [hers] = ok(await mother.get(f"/votes/{vote['id']}/ballot"))["items"]
    assert (hers["inTheBox"], hers["choice"]) == (True, ["for"])
    ok(await put(mother, vote, "against"))
    [his] = ok(await father.get(f"/votes/{vote['id']}/ballot"))["items"]
    assert his["choice"] == ["against"]
    assert ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/turnout"))["cast"] == 1


async def test_a_guardian_without_a_seat_votes_and_sees_no_turnout(as_: SignIn, cast: Cast) -> None:
    body = await active_committee(as_, cast, CHAIR, "王立强", "刘敏", secretary="李建国")
    plain = await opened(as_, (await item(cast, body)).id)
    outside = await as_("高远")
    refused(await outside.get(f"/votes/{plain['id']}"), "not_found", 404)
    homes = await opened(as_, (await item(cast, body, HOMES)).id, closesAt=soon(**A_DAY))
    seen = await read(outside, homes)
    assert (seen["entitled"], seen["turnout"], len(seen["myUnits"])) == (3, None, 1)
    assert set(seen["myUnits"][0]["voterIds"]) == {str(cast.id(name)) for name in ("高远", "马静")}
    refused(await outside.get(f"/votes/{homes['id']}/turnout"), "not_allowed", 403)
    ok(await put(outside, homes, "for"))
    await cast_by(as_, plain, dict.fromkeys((CHAIR, "王立强", "刘敏", "李建国"), "for"))
    refused(await outside.get(f"/votes/{plain['id']}"), "not_found", 404)
    ok(await (await as_(CHAIR)).put(f"/votes/{plain['id']}/certification"))
    assert ok(await outside.get(f"/votes/{plain['id']}/result"))["outcome"] == "passed"


async def test_where_ballots_cannot_be_changed_the_second_guardian_is_refused(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    rules = replace(HOMES, may_change=False)
    vote = await opened(as_, (await item(cast, body, rules)).id, closesAt=soon(**A_DAY))
    ok(await put(await as_("王立强"), vote, "for"))
    refused(await put(await as_("刘敏"), vote, "against"), "already_voted")
    [kept] = await fetch("SELECT choice FROM open_ballots")
    assert kept["choice"] == ["for"]


async def test_whoever_belongs_to_two_households_says_for_which(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    await ties.bind(cast.id("王立强"), cast.children["高星辰"].id, Relation.FATHER)
    await ties.restrict(await tie(cast, "高远", "高星辰"), restricted=True, by=None, reason="x")
    vote = await opened(as_, (await item(cast, body, HOMES)).id, closesAt=soon(**A_DAY))
    both = await as_("王立强")
    units = (await read(both, vote))["myUnits"]
    assert len(units) == 2
    refused(await put(both, vote, "for"), "which_unit", 400)
    for unit in units:
        ok(await put(both, vote, "for", unitId=unit["unitId"]))
    elsewhere = (await read(await as_(CHAIR), vote))["myUnits"][0]["unitId"]
    refused(await put(both, vote, "for", unitId=elsewhere), "not_entitled", 403)
    assert ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/turnout"))["cast"] == 2


async def test_persons_vote_each_for_themselves(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    rules = replace(ORDINARY, unit=Unit.PERSON)
    vote = await opened(as_, (await item(cast, body, rules)).id, closesAt=soon(**A_DAY))
    assert vote["entitled"] == 6
    await cast_by(as_, vote, {"王立强": "for", "刘敏": "against"})
    assert ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/turnout"))["cast"] == 2


async def test_an_ended_guardianship_closes_the_vote_to_that_guardian_alone(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    """The electorate stays as it was drawn up, and what was cast stays cast (Q31)."""
    vote = await opened(as_, (await item(cast, body, HOMES)).id, closesAt=soon(**A_DAY))
    ok(await put(await as_("高远"), vote, "for"))
    await execute(
        "UPDATE guardianships SET valid_until = now() WHERE id = $1",
        await tie(cast, "高远", "高星辰"),
    )
    await ties.restrict(await tie(cast, "李建国", "李沐阳"), restricted=True, by=None, reason="x")
    refused(await put(await as_("高远"), vote, "against"), "not_found", 404)
    refused(await put(await as_("李建国"), vote, "against"), "not_found", 404)
    ok(await put(await as_(CHAIR), vote, "for"))
    [kept] = ok(await (await as_("马静")).get(f"/votes/{vote['id']}/ballot"))["items"]
    assert kept["choice"] == ["for"]
    assert (await read(await as_(CHAIR), vote))["entitled"] == 3


async def test_nobody_is_voted_out_by_taking_their_seat_away(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    await unseat(seat_of(body, PARENTS[0])["id"])
    unseated = await as_(PARENTS[0])
    seen = await read(unseated, vote)
    assert (seen["turnout"], len(seen["myUnits"])) == (None, 1), "a voter, but inside no more"
    ok(await put(unseated, vote, "against"))
    await execute(
        "UPDATE guardianships SET valid_until = now() WHERE person_id = $1", cast.id(PARENTS[0])
    )
    refused(await put(unseated, vote, "for"), "not_found", 404)


async def test_a_ballot_after_the_deadline_is_refused_and_counts_nothing(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    for rules, table in ((ORDINARY, "open_ballots"), (PERSONNEL, "sealed_ballots")):
        vote = await opened(as_, (await item(cast, body, rules)).id)
        ok(await put(await as_(CHAIR), vote, "for"))
        await run_out(vote)
        refused(await put(await as_(PARENTS[0]), vote, "for"), "vote_not_open")
        refused(await put(await as_(CHAIR), vote, "against"), "vote_not_open")
        rows = await fetch(f"SELECT 1 FROM {table} WHERE vote_id = $1", UUID(vote["id"]))
        assert len(rows) == 1


async def test_what_is_not_a_ballot_is_refused(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    voter = await as_(PARENTS[0])
    path = f"/votes/{vote['id']}/ballot"
    attempt = str(uuid4())
    for wrong in (
        {},
        {"choice": ["for"]},
        {"attempt": attempt},
        {"attempt": attempt, "choice": []},
        {"attempt": attempt, "choice": ["FOR"]},
        {"attempt": attempt, "choice": ["for"], "castAt": "2026-11-23T00:00:00Z"},
        {"attempt": "1", "choice": ["for"]},
    ):
        refused(await voter.put(path, json=wrong), "does_not_fit", 400)
    box = {"attempt": attempt, "sealed": "QUJD" * 40}
    refused(await voter.put(path, json=box), "bad_choice", 400)


async def tie(cast: Cast, guardian: str, child: str) -> UUID:
    row = await Guardianship.get(person_id=cast.id(guardian), student_id=cast.children[child].id)
    return row.id


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table, as text."""
    tables = await fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        row["tablename"]: await fetch(
            f'SELECT t::text AS said FROM "{row["tablename"]}" t ORDER BY 1'
        )
        for row in tables
    }
