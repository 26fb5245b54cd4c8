"""Minutes: drafted by the system, confirmed by the chair, objected to, on paper."""

from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from backend.committees.jobs import minutes as jobs
from backend.committees.models import MeetingState, Minutes, MinutesState
from backend.database import execute, fetch, transaction
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    OTHER_SCHOOL,
    PARENT,
    SECRETARY,
    TEACHER,
    board,
    letters,
)
from tests.committees.minuting import (
    as_nobody_may,
    confirmed,
    decided,
    drafted,
    ended,
    item,
    let_objections_pass,
    seat_id,
)
from tests.committees.stories import ok, refused, today
from tests.house import SignIn


async def test_the_minutes_of_an_ended_meeting_write_themselves(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting = await ended(cast, body, there=(CHAIR, SECRETARY, "高远"), online=("高远",))
    await item(cast, meeting, recused={"马静": "与供应单位有亲属关系"})
    await item(cast, meeting, title="通报本月活动", outcome=None)

    assert await jobs.draft_minutes() == 1
    assert await jobs.draft_minutes() == 0

    seen = ok(await (await as_(SECRETARY)).get(f"/meetings/{meeting.id}/minutes"))
    found = seen["record"]
    assert (seen["state"], found["chair"], found["secretary"]) == ("draft", CHAIR, SECRETARY)
    modes = {one["name"]: one["mode"] for one in found["attendees"]}
    assert modes == {CHAIR: "in_person", SECRETARY: "in_person", "高远": "online", "马静": None}
    first, second = found["items"]
    assert (first["number"], first["quorumNeeded"], first["hasQuorum"]) == ("1", 2, True)
    assert first["recused"] == [{"name": "马静", "reason": "与供应单位有亲属关系"}]
    votes = {option["label"]: option["votes"] for option in first["vote"]["options"]}
    assert (votes, first["vote"]["abstained"]) == ({"赞成": 3, "反对": 0}, 1)
    assert (second["state"], second["vote"], second["outcome"]) == ("noted", None, None)
    assert list(await letters(cast, "committees.minutes_drafted")) == [SECRETARY]


async def test_items_stand_in_the_order_of_their_tree(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    above = await item(cast, meeting, title="总体方案")
    await item(cast, meeting, title="经费")
    await item(cast, meeting, title="人员", parent_id=above.id)
    await item(cast, meeting, title="撤回的", outcome=None, state="withdrawn")

    found = (await drafted(await as_(CHAIR), meeting))["record"]["items"]

    assert [(one["number"], one["title"]) for one in found] == [
        ("1", "总体方案"), ("1.1", "人员"), ("2", "经费"),
    ]  # fmt: skip


async def test_a_draft_is_the_bodys_own_and_what_is_confirmed_everybodys(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await drafted(await as_(CHAIR), meeting)
    path = f"/meetings/{meeting.id}/minutes"
    outside = (PARENT, TEACHER, OFFICER)
    never = (OTHER_CLASS, OTHER_SCHOOL, OTHER_ADMIN)

    for name in (CHAIR, SECRETARY, "高远", ADMIN):
        ok(await (await as_(name)).get(path))
    for name in (*outside, *never):
        for form in ("", ".pdf", ".docx"):
            refused(await (await as_(name)).get(path + form), "not_found", 404)

    await confirmed(as_, meeting)

    for name in (CHAIR, ADMIN, *outside):
        seen = ok(await (await as_(name)).get(path))
        assert (seen["state"], seen["unsettled"]) == ("confirmed", [])
    for name in never:
        refused(await (await as_(name)).get(path), "not_found", 404)


async def test_chair_and_secretary_write_and_the_chair_alone_confirms(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    path = f"/meetings/{meeting.id}/minutes"
    draft = await drafted(await as_(SECRETARY), meeting)
    remarks = {"remarks": "会议对志愿者表示感谢。"}

    refused(await (await as_("高远")).put(f"{path}/remarks", json=remarks), "not_allowed", 403)
    refused(await (await as_(ADMIN)).put(f"{path}/draft"), "not_allowed", 403)
    written = ok(await (await as_(SECRETARY)).put(f"{path}/remarks", json=remarks))
    assert (written["remarks"], written["digest"] != draft["digest"]) == (remarks["remarks"], True)
    assert (written["canWrite"], written["canConfirm"]) == (True, False)

    word = {"digest": written["digest"]}
    refused(await (await as_(SECRETARY)).put(f"{path}/confirmation", json=word), "not_allowed", 403)
    chair = await as_(CHAIR)
    refused(
        await chair.put(f"{path}/confirmation", json={"digest": draft["digest"]}),
        "minutes_changed",
    )
    for _ in range(2):
        done = ok(await chair.put(f"{path}/confirmation", json=word))
        assert (done["state"], done["digest"], done["confirmedBy"]) == (
            "confirmed", word["digest"], CHAIR,
        )  # fmt: skip
    refused(
        await (await as_(SECRETARY)).put(f"{path}/remarks", json=remarks), "wrong_minutes_state"
    )
    refused(await chair.put(f"{path}/draft"), "wrong_minutes_state")


async def test_confirming_closes_the_meeting_and_nothing_else_does(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    with pytest.raises(Exception, match="closed by its confirmed minutes"):
        await execute(
            "UPDATE meetings SET state = 'closed', closed_at = now() WHERE id = $1", meeting.id
        )

    await confirmed(as_, meeting)

    await meeting.refresh_from_db()
    assert (meeting.state, meeting.closed_at is not None) == (MeetingState.CLOSED, True)
    told = await letters(cast, "committees.minutes_confirmed")
    assert sorted(told) == sorted((CHAIR, SECRETARY, "高远", "马静"))


async def test_what_is_still_voted_on_or_not_certified_stands_in_the_way(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    counted = {"state": "counted", "certified_at": None, "certified_by": None}
    open_still = {"state": "open", "tally": None, "outcome": "", "counted_at": None,
                  "certified_at": None, "certified_by": None}  # fmt: skip
    still = await item(cast, meeting, title="还在表决", outcome=None, state="voting",
                       vote=open_still)  # fmt: skip
    waits = await item(cast, meeting, title="等待确认", outcome=None, state="voting", vote=counted)
    await item(cast, meeting, title="已经确认")
    chair = await as_(CHAIR)
    draft = await drafted(chair, meeting)
    path = f"/meetings/{meeting.id}/minutes/confirmation"
    assert (draft["unsettled"], draft["canConfirm"]) == ([still.title, waits.title], False)

    problem = refused(await chair.put(path, json={"digest": draft["digest"]}), "items_unsettled")
    assert problem["facts"]["titles"] == [still.title, waits.title]

    await execute("UPDATE votes SET state = 'certified', certified_at = now(), "
                  "certified_by = $1, tally = coalesce(tally, '{}'), outcome = 'failed', "
                  "counted_at = now() WHERE state <> 'certified'", cast.id(CHAIR))  # fmt: skip
    await execute("UPDATE agenda_items SET state = 'decided', outcome = 'failed' "
                  "WHERE state = 'voting'")  # fmt: skip
    refused(await chair.put(path, json={"digest": draft["digest"]}), "minutes_changed")
    fresh = await drafted(chair, meeting)
    ok(await chair.put(path, json={"digest": fresh["digest"]}))


async def test_what_confirmed_minutes_say_cannot_be_changed_in_the_database(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await confirmed(as_, meeting)
    changes = (
        "record = '{}'", "remarks = '另外'", "wording = '{}'", "digest = repeat('0', 64)",
        "confirmed_by = body_id", "confirmed_at = now()", "objections_until = now()",
        "meeting_id = gen_random_uuid()", "state = 'filed'",
    )  # fmt: skip
    for change in changes:
        with pytest.raises(Exception, match="minutes"):
            await execute(f"UPDATE minutes SET {change} WHERE meeting_id = $1", meeting.id)
    with pytest.raises(Exception, match="not removed"):
        await execute("DELETE FROM minutes WHERE meeting_id = $1", meeting.id)


async def test_the_database_knows_the_steps_of_minutes_too(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await confirmed(as_, meeting)
    await let_objections_pass(meeting)
    allowed = {
        ("draft", "confirmed"), ("confirmed", "draft"), ("confirmed", "submitted"),
        ("submitted", "filed"), ("submitted", "returned"), ("returned", "submitted"),
        ("returned", "draft"),
    }  # fmt: skip
    refused_steps = set()
    for before in MinutesState:
        await as_nobody_may(_IN_STATE, before, cast.id(CHAIR))
        for after in MinutesState:
            try:
                async with transaction():
                    await execute("UPDATE minutes SET state = $1", after)
                    raise _Back
            except IntegrityError as error:
                if "do not go from" in str(error):
                    refused_steps.add((before.value, after.value))
            except _Back:
                pass
    every = {(before.value, after.value) for before in MinutesState for after in MinutesState}
    assert every - refused_steps == allowed | {(state.value, state.value) for state in MinutesState}


class _Back(Exception):
    """Take back what was only tried."""


_IN_STATE = """
UPDATE minutes SET state = $1::text, submitted_at = now(), submitted_by = $2::uuid,
    returned_reason = '缺少',
    digest = CASE WHEN $1::text = 'draft' THEN '' ELSE repeat('0', 64) END,
    wording = CASE WHEN $1::text = 'draft' THEN NULL ELSE '{}'::jsonb END,
    confirmed_at = CASE WHEN $1::text = 'draft' THEN NULL ELSE now() - interval '4 days' END,
    objections_until = CASE WHEN $1::text = 'draft' THEN NULL ELSE now() - interval '1 day' END,
    confirmed_by = CASE WHEN $1::text = 'draft' THEN NULL ELSE $2::uuid END,
    filed_at = CASE WHEN $1::text = 'filed' THEN now() END,
    filed_by = CASE WHEN $1::text = 'filed' THEN $2::uuid END,
    filing_number = CASE WHEN $1::text = 'filed' THEN '一号' END
"""


async def test_a_new_wording_is_for_drafts_and_confirmed_minutes_keep_theirs(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    old, new = await ended(cast, body), await ended(cast, body, title="第四次会议")
    was = await confirmed(as_, old)
    admin = await as_(ADMIN)
    path = f"/schools/{cast.schools['海湾'].id}/minutes-wording"
    words = ok(await admin.get(path))
    assert (words["version"], words["heading"]) == (0, "{body}会议纪要")
    said = {key: words[key] for key in ("opening", "sections", "closing", "signatures")}
    said["sections"] = said["sections"][::-1]

    for _ in range(2):
        put = ok(await admin.put(path, json=said | {"heading": "{school}{meeting}记录"}))
        assert (put["version"], put["sections"][0]["section"]) == (1, "objections")

    assert (await drafted(await as_(CHAIR), new))["heading"] == "海湾实验小学第四次会议记录"
    kept = ok(await admin.get(f"/meetings/{old.id}/minutes"))
    assert (kept["heading"], kept["digest"]) == (was["heading"], was["digest"])


async def test_a_member_objects_and_the_chair_upholds_or_rejects(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    chair, member = await as_(CHAIR), await as_("高远")
    path = f"/meetings/{meeting.id}/minutes"
    draft = await drafted(chair, meeting)
    early = await member.post(f"{path}/objections", json={"text": "到会人数有误"})
    refused(early, "wrong_minutes_state")
    await confirmed(as_, meeting)
    for name in (PARENT, ADMIN, OFFICER):
        answer = await (await as_(name)).post(f"{path}/objections", json={"text": "到会人数有误"})
        refused(answer, "not_allowed", 403)

    first = ok(await member.post(f"{path}/objections", json={"text": "到会人数有误"}), 201)
    second = ok(await member.post(f"{path}/objections", json={"text": "措辞欠妥"}), 201)
    one, two = (entry["id"] for entry in second["objections"])
    assert (len(first["objections"]), second["objections"][0]["name"]) == (1, "高远")
    hidden = ok(await (await as_(PARENT)).get(path))
    assert hidden["objections"] == []
    no = {"upheld": False, "answer": "措辞与会上一致。"}
    refused(await member.put(f"{path}/objections/{two}/answer", json=no), "not_allowed", 403)

    rejected = ok(await chair.put(f"{path}/objections/{two}/answer", json=no))
    assert (rejected["state"], rejected["digest"]) == ("confirmed", draft["digest"])
    yes = {"upheld": True, "answer": "按签到记录更正。"}
    for _ in range(2):
        upheld = ok(await chair.put(f"{path}/objections/{one}/answer", json=yes))
        assert upheld["state"] == "draft"
    other_word = await chair.put(f"{path}/objections/{one}/answer", json=no)
    refused(other_word, "objection_answered")
    await meeting.refresh_from_db()
    assert meeting.state == MeetingState.ENDED
    refused(await (await as_(PARENT)).get(path), "not_found", 404)

    anew = await confirmed(as_, meeting)
    assert anew["digest"] != draft["digest"]
    noted = [(entry["text"], entry["upheld"]) for entry in anew["record"]["objections"]]
    assert noted == [("措辞欠妥", False), ("到会人数有误", True)]
    assert list(await letters(cast, "committees.minutes_answered")) == ["高远"]


async def test_after_the_window_nobody_objects(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await confirmed(as_, meeting)
    await let_objections_pass(meeting)
    path = f"/meetings/{meeting.id}/minutes/objections"
    late = await (await as_("高远")).post(path, json={"text": "到会人数有误"})
    refused(late, "too_late_to_object")


async def test_decisions_and_their_owners_stand_in_the_minutes(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting = await ended(cast, body)
    about = await item(cast, meeting)
    chair = await as_(CHAIR)
    task = {"seatId": await seat_id(body, "马静"), "dueOn": today().isoformat()}
    made = await decided(chair, body, about, **task)

    draft = await drafted(chair, meeting)
    assert draft["record"]["decisions"] == [
        {"number": 1, "item": "1", "text": made["text"], "owner": "马静",
         "dueOn": task["dueOn"], "digest": made["digest"]}
    ]  # fmt: skip
    await confirmed(as_, meeting)
    late = await chair.post(f"/bodies/{body['id']}/decisions",
                            json={"itemId": str(about.id), "text": "补记一项"})  # fmt: skip
    refused(late, "minutes_fixed")


async def test_whoever_keeps_the_papers_is_reminded_once_a_day_after_a_week(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await jobs.draft_minutes()
    assert await jobs.remind_of_minutes() == 0

    await execute("UPDATE meetings SET started_at = started_at - interval '8 days', "
                  "ended_at = ended_at - interval '8 days' WHERE id = $1", meeting.id)  # fmt: skip
    assert [await jobs.remind_of_minutes() for _ in range(2)] == [1, 0]
    await execute("UPDATE minutes SET reminded_at = now() - interval '1 day'")
    await execute("UPDATE post_letter SET once = once || ':yesterday' "
                  "WHERE occasion = 'committees.minutes_overdue'")  # fmt: skip
    assert await jobs.remind_of_minutes() == 1
    told = await letters(cast, "committees.minutes_overdue")
    assert {name: len(rows) for name, rows in told.items()} == {SECRETARY: 2}

    ok(await (await as_(CHAIR)).get(f"/meetings/{meeting.id}/minutes"))
    await confirmed(as_, meeting)
    await execute("UPDATE minutes SET reminded_at = now() - interval '1 day'")
    assert await jobs.remind_of_minutes() == 0


async def test_nothing_is_drafted_of_a_meeting_that_still_runs(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast), state="running", ended_at=None, there=())
    assert await jobs.draft_minutes() == 0
    chair = await as_(CHAIR)
    refused(await chair.put(f"/meetings/{meeting.id}/minutes/draft"), "meeting_not_ended")
    refused(await chair.get(f"/meetings/{meeting.id}/minutes"), "not_found", 404)
    assert await Minutes.all().count() == 0


async def test_a_small_secret_vote_is_minuted_without_its_split(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    kept: dict[str, Any] = {"entitled": 5, "cast": 4, "of_paper": 0, "quorum_needed": 3,
            "has_quorum": True, "base": "cast", "outcome": "passed", "chosen": []}  # fmt: skip
    await item(cast, meeting, vote={
        "mode": "secret", "tally": kept, "entitled": 5, "public_key": "a" * 64,
    })  # fmt: skip

    vote = (await drafted(await as_(CHAIR), meeting))["record"]["items"][0]["vote"]

    assert (vote["mode"], vote["cast"], vote["abstained"]) == ("secret", 4, None)
    assert [option["votes"] for option in vote["options"]] == [None, None]


async def test_every_act_leaves_its_trace(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await confirmed(as_, meeting)
    minutes = await Minutes.get(meeting_id=meeting.id)
    rows = await fetch(
        "SELECT action, person_id FROM audit_entries WHERE subject_id = $1 ORDER BY at, id",
        minutes.id,
    )
    assert [row["action"] for row in rows] == [
        "committees.minutes_drafted", "committees.minutes_confirmed",
    ]  # fmt: skip
    assert {row["person_id"] for row in rows} == {cast.id(CHAIR)}
