"""Agenda items: proposed under a matter, accepted, put on agendas, and decided elsewhere."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from backend import clock
from backend.ballots.models import Outcome
from backend.committees.models import AgendaItem
from backend.committees.operations import agenda
from backend.committees.rules.agenda import NotWaitedYet, WrongItemState
from backend.database import execute, fetch_one
from seed.cast import Cast
from tests.committees.agendas import (
    CHAIR,
    EVERYBODY,
    MEMBERS,
    PARENT,
    a_vote,
    accepted,
    board,
    content,
    convened,
    discussing,
    item_of,
    letters,
    placed,
    planned,
    proposed,
    running,
    trail,
)
from tests.committees.stories import ok, refused
from tests.house import SignIn


def path(item: dict[str, Any], verb: str = "") -> str:
    return f"/agenda-items/{item['id']}{'/' if verb else ''}{verb}"


async def test_an_item_names_a_matter_of_the_catalogue(as_: SignIn, cast: Cast) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    at, sent = f"/bodies/{body['id']}/agenda-items", await content()
    refused(await member.post(at, json={**sent, "matterId": body["id"]}), "matter_unknown", 422)
    without = {key: value for key, value in sent.items() if key != "matterId"}
    assert (await member.post(at, json=without)).status_code == 400
    # Another school's own matter is not in this one's catalogue, nor is a retired one.
    await execute(
        "INSERT INTO matters (id, school_id, title, rule_kind) "
        "VALUES (gen_random_uuid(), $1, '莲塘的事', 'ordinary')",
        cast.schools["莲塘"].id,
    )
    other = await fetch_one("SELECT id FROM matters WHERE title = '莲塘的事'")
    assert other is not None
    theirs = await member.post(at, json={**sent, "matterId": str(other["id"])})
    refused(theirs, "matter_unknown", 422)
    # There is nowhere to write a pupil.
    pupil = {**sent, "studentId": str(cast.children["李沐阳"].id)}
    assert (await member.post(at, json=pupil)).status_code == 400
    made = ok(await member.post(at, json=sent), 201)
    assert (made["state"], made["ruleSetId"], made["mine"]) == ("proposed", None, True)
    assert set(await letters(cast, "committees.item_proposed")) == {CHAIR}


async def test_the_chair_accepts_what_names_no_pupil(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    item = await proposed(await as_(MEMBERS[0]), body)
    unchecked = await chair.put(path(item, "acceptance"), json={"namesNoPupil": False})
    refused(unchecked, "names_a_pupil", 422)
    assert (await chair.put(path(item, "acceptance"), json={})).status_code == 400
    for _ in range(2):
        done = ok(await chair.put(path(item, "acceptance"), json={"namesNoPupil": True}))
        assert done["state"] == "accepted"
    told = await letters(cast, "committees.item_answered")
    assert {name: len(rows) for name, rows in told.items()} == {MEMBERS[0]: 1}
    assert item["title"] not in told[MEMBERS[0]][0]["title_zh"]
    assert await trail(item["id"]) == ["committees.item_proposed", "committees.item_accepted"]
    refused(await (await as_(MEMBERS[0])).put(path(item), json=await content()), "wrong_item_state")


async def test_it_is_declined_with_a_reason_or_merged_into_another(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    member = await as_(MEMBERS[1])
    one, two, three = [await proposed(member, body, title=f"议题{n}") for n in "一二三"]
    reason = {"reason": "已由学校后勤处理"}
    assert ok(await chair.put(path(one, "refusal"), json=reason))["reason"] == reason["reason"]
    into = {"intoId": three["id"]}
    for _ in range(2):
        merged = ok(await chair.put(path(two, "merger"), json=into))
        assert (merged["state"], merged["mergedIntoId"]) == ("merged", three["id"])
    for target in (three["id"], one["id"], body["id"]):
        answer = await chair.put(path(three, "merger"), json={"intoId": target})
        refused(answer, "item_merged_elsewhere", 422)
    bodies = [row["body_zh"] for row in (await letters(cast, "committees.item_answered"))["马静"]]
    assert len(bodies) == 2
    assert "已由学校后勤处理" in bodies[0]


async def test_scheduling_freezes_the_newest_rules_of_its_matter(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    defaults = {
        kind: await fetch_one(
            "SELECT id FROM rule_set_versions WHERE kind = $1 AND body_id IS NULL "
            "ORDER BY version DESC LIMIT 1",
            kind,
        )
        for kind in ("ordinary", "charter")
    }
    meeting = await planned(as_, body, days=20)
    for kind in ("ordinary", "charter"):
        item = await placed(as_, await accepted(as_, body, kind=kind), meeting)
        assert item["state"] == "scheduled"
        assert item["ruleSetId"] == str(defaults[kind]["id"])  # type: ignore[index]
    # The body's own goes before everybody's, but not before it is in force.
    await execute(
        "INSERT INTO rule_set_versions (id, body_id, kind, version, rules, in_force_from) "
        "SELECT gen_random_uuid(), $1, 'ordinary', n, v.rules, now() + (n - 1) * interval '1 day' "
        "FROM rule_set_versions v, generate_series(1, 2) n "
        "WHERE v.kind = 'ordinary' AND v.body_id IS NULL",
        body["id"],
    )
    own = await fetch_one("SELECT id FROM rule_set_versions WHERE body_id IS NOT NULL "
                          "AND version = 1")  # fmt: skip
    fresh = await placed(as_, await accepted(as_, body, title="新议题"), meeting)
    assert own is not None
    assert fresh["ruleSetId"] == str(own["id"])


async def test_an_agenda_is_a_tree_of_two_levels_in_order(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting = await planned(as_, body)
    items = {n: await accepted(as_, body, title=f"议题{n}") for n in "一二三四"}
    await placed(as_, items["一"], meeting)
    await placed(as_, items["二"], meeting, position=0)
    await placed(as_, items["三"], meeting, parentId=items["一"]["id"])
    await placed(as_, items["四"], meeting, parentId=items["一"]["id"], position=0)

    async def tree() -> list[tuple[str, list[str]]]:
        found = ok(await chair.get(f"/meetings/{meeting['id']}"))["agenda"]
        return [(top["title"], [one["title"] for one in top["children"]]) for top in found]

    assert await tree() == [("议题二", []), ("议题一", ["议题四", "议题三"])]
    for item, parent in (("二", "三"), ("一", "二"), ("二", "二")):
        sent = {"meetingId": meeting["id"], "parentId": items[parent]["id"]}
        refused(await chair.put(path(items[item], "place"), json=sent), "agenda_too_deep", 422)
    await placed(as_, items["一"], meeting, position=0)
    assert [title for title, _ in await tree()] == ["议题一", "议题二"]
    # What is taken off leaves those below it standing for themselves.
    ok(await chair.put(path(items["一"], "deferral")))
    assert sorted(title for title, below in await tree() if not below) == [
        "议题三", "议题二", "议题四",
    ]  # fmt: skip
    back = await item_of(chair, items["一"])
    assert (back["state"], back["meetingId"], back["parentId"]) == ("deferred", None, None)


async def test_only_on_time_onto_a_meeting_that_is_convened(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    meeting, _ = await convened(as_, body, days=5)
    late = await accepted(as_, body, kind="charter", title="章程修改")
    refusal = refused(
        await chair.put(path(late, "place"), json={"meetingId": meeting["id"]}), "notice_too_short"
    )
    assert refusal["facts"]["days"] == 7
    first = clock.local(clock.now()).date() + timedelta(days=7)
    assert refusal["facts"]["earliest"] == first.isoformat()
    ordinary = await accepted(as_, body, title="普通议题")
    assert (await placed(as_, ordinary, meeting))["state"] == "scheduled"
    assert set(await letters(cast, "committees.item_added")) == set(EVERYBODY)
    other = await planned(as_, body, days=9)
    twice = await chair.put(path(ordinary, "place"), json={"meetingId": other["id"]})
    refused(twice, "already_on_an_agenda")


async def test_in_writing_it_waits_as_long_as_a_meeting_would(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    item = await accepted(as_, body)
    for _ in range(2):
        done = ok(await chair.put(path(item, "written-procedure")))
        assert (done["state"], done["inWriting"], done["meetingId"]) == ("scheduled", True, None)
    today = clock.local(clock.now()).date()
    assert date.fromisoformat(done["mayVoteFrom"]) == today + timedelta(days=3)
    told = await letters(cast, "committees.item_in_writing")
    assert {name: len(rows) for name, rows in told.items()} == dict.fromkeys(EVERYBODY, 1)
    vote = await a_vote(cast, done)
    with pytest.raises(NotWaitedYet):
        await agenda.voting_began(AgendaItem(id=item["id"]).id, vote)
    await execute("UPDATE agenda_items SET scheduled_at = scheduled_at - interval '3 days'")
    assert (await agenda.voting_began(AgendaItem(id=item["id"]).id, vote)).state == "voting"
    # Annulled, it is scheduled as before; there is no meeting to discuss it at.
    await agenda.vote_lapsed(AgendaItem(id=item["id"]).id)
    assert (await item_of(chair, item))["state"] == "scheduled"
    refused(await chair.put(path(item, "discussion")), "wrong_item_state")
    ok(await chair.put(path(item, "deferral")))
    assert (await item_of(chair, item))["inWriting"] is False


async def test_the_proposer_takes_it_back_before_it_is_voted_on(as_: SignIn, cast: Cast) -> None:
    body, member = await board(as_, cast), await as_(MEMBERS[0])
    _, [item] = await running(as_, body, there=EVERYBODY)
    refused(await member.put(path(item, "withdrawal")), "not_your_item", 403)
    chair = await as_(CHAIR)
    await discussing(as_, item)
    vote = await a_vote(cast, item)
    await agenda.voting_began(AgendaItem(id=item["id"]).id, vote)
    refused(await chair.put(path(item, "withdrawal")), "wrong_item_state")
    fresh = await proposed(member, body)
    for _ in range(2):
        assert ok(await member.put(path(fresh, "withdrawal")))["state"] == "withdrawn"
    assert (await trail(fresh["id"])).count("committees.item_withdrawn") == 1


async def test_a_vote_carries_an_item_through_and_those_who_suggested_it_are_told(
    as_: SignIn, cast: Cast
) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    wish = {"title": "多一些蔬菜", "text": "午餐蔬菜偏少。"}
    parent = await as_(PARENT)
    put = ok(await parent.post(f"/bodies/{body['id']}/suggestions", json=wish), 201)
    sent = {**await content(), "namesNoPupil": True}
    taken = ok(await chair.put(f"/suggestions/{put['id']}/acceptance", json=sent))
    meeting, _ = await convened(as_, body)
    item = await placed(as_, {"id": taken["itemId"]}, meeting)
    await execute("UPDATE meetings SET starts_at = now()")
    ok(await chair.put(f"/meetings/{meeting['id']}/start"))
    await discussing(as_, item)
    row = await AgendaItem.get(id=item["id"])
    with pytest.raises(WrongItemState):
        await agenda.decided(row.id, Outcome.PASSED, ["赞成"])
    vote = await a_vote(cast, item)
    for _ in range(2):
        assert (await agenda.voting_began(row.id, vote)).vote_id == vote
    with pytest.raises(WrongItemState):
        await agenda.voting_began(row.id, await a_vote(cast, item))
    await agenda.decided(row.id, Outcome.TIED, [])
    await agenda.reopened(row.id)
    assert (await item_of(chair, item))["outcome"] is None
    await agenda.decided(row.id, Outcome.PASSED, ["赞成"])
    seen = await item_of(chair, item)
    assert (seen["state"], seen["outcome"], seen["chosen"]) == ("decided", "passed", ["赞成"])
    told = await letters(cast, "committees.suggestion_resolved")
    assert [(name, len(rows)) for name, rows in told.items()] == [(PARENT, 2)]
    # What is decided is seen by the guardians of the class, without who proposed it.
    outside = await item_of(parent, item)
    assert (outside["outcome"], outside["proposerName"], outside["hasQuorum"]) == (
        "passed", None, None,
    )  # fmt: skip
    for verb in (agenda.executing, agenda.finished):
        for _ in range(2):
            await verb(row.id)
    assert (await item_of(chair, item))["state"] == "done"
    # An objection may be upheld even when somebody has already set to work.
    await agenda.reopened(row.id)
    assert (await item_of(chair, item))["state"] == "voting"


async def test_what_found_no_quorum_is_put_again_once(as_: SignIn, cast: Cast) -> None:
    body, chair = await board(as_, cast), await as_(CHAIR)
    _, [item] = await running(as_, body)
    await discussing(as_, item)
    key = AgendaItem(id=item["id"]).id
    refused(await chair.post(path(item, "retabling")), "may_not_be_put_again")
    await agenda.voting_began(key, await a_vote(cast, item))
    await agenda.decided(key, Outcome.NO_QUORUM, [])
    answers = await asyncio.gather(*(chair.post(path(item, "retabling")) for _ in range(4)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(made) == 1, [answer.text for answer in answers]
    [again] = made
    assert (again["state"], again["retableOfId"], again["retables"]) == ("accepted", item["id"], 1)
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, "may_not_be_put_again")
