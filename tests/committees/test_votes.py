"""Putting an item to the vote: drafts, openings, turnout, reminders, closing, annulling."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backend import clock
from backend.ballots.models import Mode, Unit
from backend.ballots.rules.charter import ORDINARY, PERSONNEL
from backend.committees.jobs import votes as jobs
from backend.committees.models import AgendaItem, ItemState, Recusal, RuleKind
from backend.database import fetch
from backend.identifiers import uuid7
from backend.settings import Settings
from seed.cast import Cast
from tests.committees.stories import ok, refused, seat_of
from tests.committees.voting import (
    ADMIN,
    CHAIR,
    EVERYBODY,
    PARENTS,
    SECRETARY,
    cast_by,
    committee,
    drafted,
    item,
    opened,
    put,
    read,
    row_id,
    run_out,
    soon,
    told,
    unseat,
)
from tests.house import SignIn

AT_ONCE = replace(ORDINARY, objection_days=0)


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


async def test_a_draft_takes_title_mode_and_unit_from_the_item_and_its_rules(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body, PERSONNEL, kind=RuleKind.PERSONNEL)
    vote = await drafted(as_, row.id)
    assert (vote["title"], vote["mode"], vote["unit"]) == (row.title, "secret", "seat")
    assert (vote["state"], vote["method"], vote["entitled"]) == ("draft", "motion", 0)
    assert [one["key"] for one in vote["options"]] == ["for", "against"]
    assert "密钥即销毁" in vote["secrecy"] and "不能防范" in vote["secrecy"]
    assert vote["rules"][0] == "参加投票的超过应投票数的1/2，结果有效。"
    member = await as_(PARENTS[0])
    assert (await read(member, vote))["state"] == "draft"
    english = await member.get(f"/votes/{vote['id']}", headers={"Accept-Language": "en"})
    assert english.json()["rules"][-1] == "A ballot may be changed until the vote closes."


async def test_what_the_rules_demand_cannot_be_drafted_away(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    chair = await as_(CHAIR)
    secret = await item(cast, body, PERSONNEL, kind=RuleKind.PERSONNEL)
    there = f"/agenda-items/{secret.id}/vote"
    refused(
        await chair.post(there, json={"closesAt": soon(), "mode": "open"}),
        "secret_ballot_demanded", 422,
    )  # fmt: skip
    homes = await item(cast, body, replace(ORDINARY, unit=Unit.HOUSEHOLD))
    refused(
        await chair.post(
            f"/agenda-items/{homes.id}/vote", json={"closesAt": soon(), "unit": "seat"}
        ),
        "unit_not_allowed", 422,
    )  # fmt: skip
    plain = await item(cast, body)
    there = f"/agenda-items/{plain.id}/vote"
    wider = ok(
        await chair.post(there, json={"closesAt": soon(), "mode": "secret", "unit": "household"}),
        201,
    )
    assert (wider["mode"], wider["unit"]) == ("secret", "household")
    problem = refused(await chair.post(there, json={"closesAt": soon()}), "already_put")
    assert problem["facts"]["voteId"] == wider["id"]
    for wrong in ({"hours": -1}, {"days": 61}):
        answer = await chair.put(f"/votes/{wider['id']}", json={"closesAt": soon(**wrong)})
        refused(answer, "closes_too_soon" if wrong.get("hours") else "closes_too_late", 422)


async def test_a_draft_is_rewritten_and_thrown_away_by_the_chair_alone(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body)
    vote = await drafted(as_, row.id)
    path = f"/votes/{vote['id']}"
    wanted = {
        "title": "选择午餐供应单位",
        "method": "single",
        "options": [{"label": "甲"}, {"label": "乙", "key": "b"}, {"label": "丙"}],
        "closesAt": soon(hours=30),
    }
    chair = await as_(CHAIR)
    again = ok(await chair.put(path, json=wanted))
    assert [one["key"] for one in again["options"]] == ["o1", "b", "o2"]
    for name in (SECRETARY, PARENTS[0], ADMIN):
        who = await as_(name)
        refused(await who.put(path, json=wanted), "not_allowed", 403)
        refused(await who.delete(path), "not_allowed", 403)
        refused(await who.put(f"{path}/opening", json={}), "not_allowed", 403)
    ok(await chair.delete(path), 204)
    refused(await chair.get(path), "not_found", 404)
    assert (await drafted(as_, row.id))["id"] != vote["id"]


async def test_an_item_is_put_to_the_vote_once_its_turn_has_come(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    chair = await as_(CHAIR)
    early = await item(cast, body, state=ItemState.PROPOSED)
    refused(
        await chair.post(f"/agenda-items/{early.id}/vote", json={"closesAt": soon()}),
        "wrong_item_state",
    )
    waiting = await item(cast, body, state=ItemState.SCHEDULED)
    vote = await drafted(as_, waiting.id)
    refused(await chair.put(f"/votes/{vote['id']}/opening", json={}), "wrong_item_state")
    await AgendaItem.filter(id=waiting.id).update(state=ItemState.DISCUSSING)
    hasty = {"closesAt": soon(minutes=5)}
    refused(await chair.put(f"/votes/{vote['id']}/opening", json=hasty), "closes_too_soon", 422)
    done = ok(await chair.put(f"/votes/{vote['id']}/opening", json={}))
    assert (done["state"], done["entitled"]) == ("open", len(EVERYBODY))
    assert (await AgendaItem.get(id=waiting.id)).state == ItemState.VOTING


async def test_a_written_vote_waits_for_its_notice_and_lasts_a_day(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    chair = await as_(CHAIR)
    row = await item(
        cast, body, state=ItemState.SCHEDULED, in_writing=True, scheduled_at=clock.now()
    )
    vote = await drafted(as_, row.id, closesAt=soon(hours=40))
    path = f"/votes/{vote['id']}/opening"
    refused(await chair.put(path, json={}), "not_announced_long_enough")
    await AgendaItem.filter(id=row.id).update(scheduled_at=clock.now() - timedelta(days=4))
    refused(await chair.put(path, json={"closesAt": soon(hours=23)}), "closes_too_soon", 422)
    assert ok(await chair.put(path, json={"closesAt": soon(hours=25)}))["state"] == "open"


async def test_the_electorate_is_the_seats_without_whoever_stands_aside(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body)
    aside = seat_of(body, PARENTS[0])
    await Recusal.create(
        id=uuid7(),
        item_id=row.id,
        seat_id=UUID(aside["id"]),
        reason="亲属在供应单位任职",
        recorded_by=cast.id(CHAIR),
        recorded_at=clock.now(),
    )
    vote = await opened(as_, row.id)
    assert vote["entitled"] == len(EVERYBODY) - 1
    assert vote["recused"] == [{"name": PARENTS[0], "reason": "亲属在供应单位任职"}]
    recused = await as_(PARENTS[0])
    assert (await read(recused, vote))["myUnits"] == []
    refused(await put(recused, vote, "for"), "not_entitled", 403)
    voter = await as_(PARENTS[1])
    seen = await read(voter, vote)
    [unit] = seen["myUnits"]
    lines = [unit["salt"], unit["refId"], *sorted(unit["voterIds"])]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == unit["commitment"]
    rows = await fetch(
        "SELECT id, commitment FROM voting_units WHERE vote_id = $1", UUID(vote["id"])
    )
    told = sorted(f"{one['id']}:{one['commitment']}" for one in rows)
    digest = hashlib.sha256("\n".join([vote["id"], *told]).encode()).hexdigest()
    assert seen["electorateDigest"] == digest
    assert unit["voterIds"] == [str(cast.id(PARENTS[1]))]


async def test_too_few_for_secrecy_and_nobody_at_all_are_refused(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    chair = await as_(CHAIR)
    row = await item(cast, body, replace(PERSONNEL, mode=Mode.SECRET), kind=RuleKind.PERSONNEL)
    for name in PARENTS[:2]:
        await unseat(seat_of(body, name)["id"])
    vote = await drafted(as_, row.id)
    problem = refused(
        await chair.put(f"/votes/{vote['id']}/opening", json={}), "electorate_too_small"
    )
    assert problem["facts"] == {"entitled": 4, "smallest": 5}
    assert (await AgendaItem.get(id=row.id)).state == ItemState.DISCUSSING


async def test_a_vote_closes_when_everybody_has_voted_or_time_is_up(
    as_: SignIn, cast: Cast, body: dict[str, Any], settings: Settings
) -> None:
    first = await opened(as_, (await item(cast, body, AT_ONCE)).id)
    await cast_by(as_, first, dict.fromkeys(EVERYBODY, "for"))
    seen = await read(await as_(CHAIR), first)
    assert (seen["state"], seen["closeReason"], seen["outcome"]) == (
        "counted", "everybody", "passed",
    )  # fmt: skip
    second = await opened(as_, (await item(cast, body)).id)
    await cast_by(as_, second, {CHAIR: "for"})
    assert await jobs.settle(settings) == 0
    await run_out(second)
    refused(await put(await as_(SECRETARY), second, "for"), "vote_not_open")
    assert await jobs.settle(settings) == 1
    seen = await read(await as_(CHAIR), second)
    assert (seen["state"], seen["closeReason"], seen["outcome"]) == (
        "counted", "deadline", "no_quorum",
    )  # fmt: skip
    assert seen["turnout"] == 1
    assert await jobs.settle(settings) == 0


async def test_the_chair_closes_a_vote_only_where_the_rules_let_them(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    chair = await as_(CHAIR)
    strict = await opened(as_, (await item(cast, body)).id)
    refused(await chair.put(f"/votes/{strict['id']}/closure"), "too_early_to_close")
    free = await opened(as_, (await item(cast, body, replace(ORDINARY, chair_may_close=True))).id)
    refused(await (await as_(ADMIN)).put(f"/votes/{free['id']}/closure"), "not_allowed", 403)
    seen = ok(await chair.put(f"/votes/{free['id']}/closure"))
    assert (seen["state"], seen["closeReason"], seen["outcome"]) == (
        "counted", "chair", "no_quorum",
    )  # fmt: skip


async def test_an_annulled_vote_stays_sealed_and_its_item_may_be_put_again(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body, PERSONNEL, kind=RuleKind.PERSONNEL)
    vote = await opened(as_, row.id)
    await cast_by(as_, vote, dict.fromkeys(EVERYBODY[:2], "for"))
    path = f"/votes/{vote['id']}/annulment"
    why = {"reason": "题目表述有误"}
    for name, code, status in ((PARENTS[0], "not_allowed", 403), ("赵德胜", "not_found", 404)):
        refused(await (await as_(name)).put(path, json=why), code, status)
    gone = ok(await (await as_(ADMIN)).put(path, json=why))
    assert (gone["state"], gone["annulledReason"]) == ("annulled", "题目表述有误")
    assert gone["keyDestroyedAt"] is not None
    assert (await read(await as_(PARENTS[1]), vote))["annulledReason"] == "题目表述有误"
    refused(await (await as_(CHAIR)).put(path, json=why), "vote_not_under_way")
    boxes = await fetch("SELECT 1 FROM sealed_ballots WHERE vote_id = $1", row_id(vote))
    assert len(boxes) == 2
    assert await told("committees.vote_annulled") == {cast.id(name) for name in EVERYBODY}
    assert (await AgendaItem.get(id=row.id)).state in (ItemState.SCHEDULED, ItemState.DEFERRED)
    await AgendaItem.filter(id=row.id).update(state=ItemState.DISCUSSING)
    assert (await opened(as_, row.id))["id"] != vote["id"]
