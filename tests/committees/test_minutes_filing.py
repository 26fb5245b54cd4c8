"""Minutes on their way to the district: submitted, filed, sent back, counted (N23)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend import clock
from backend.committees.models import Body, Meeting, Minutes
from backend.committees.operations import minutes as operations
from backend.committees.operations import minutes_filing
from backend.committees.rules.minutes import prefix_of
from backend.database import execute, fetch
from backend.errors import Refusal
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    FAR_OFFICER,
    OFFICER,
    OTHER_ADMIN,
    PARENT,
    SECRETARY,
    TEACHER,
    board,
    letters,
)
from tests.committees.minuting import (
    confirmed,
    ended,
    let_objections_pass,
    submitted,
)
from tests.committees.stories import ok, refused
from tests.house import SignIn

YEAR = clock.local(clock.now()).year


async def test_minutes_are_submitted_once_nobody_may_object_any_more(
    as_: SignIn, cast: Cast
) -> None:
    meeting = await ended(cast, await board(as_, cast))
    path = f"/meetings/{meeting.id}/minutes"
    secretary, chair = await as_(SECRETARY), await as_(CHAIR)
    await confirmed(as_, meeting)
    refused(await secretary.put(f"{path}/submission"), "objections_open")
    raised = ok(await secretary.post(f"{path}/objections", json={"text": "时间有误"}), 201)
    await let_objections_pass(meeting)
    problem = refused(await secretary.put(f"{path}/submission"), "objections_open")
    assert problem["facts"]["open"] == 1
    answer = f"{path}/objections/{raised['objections'][0]['id']}/answer"
    ok(await chair.put(answer, json={"upheld": False, "answer": "以签到时间为准。"}))

    for name in ("高远", ADMIN, OFFICER, PARENT):
        refused(await (await as_(name)).put(f"{path}/submission"), "not_allowed", 403)
    for _ in range(2):
        assert ok(await secretary.put(f"{path}/submission"))["state"] == "submitted"


async def test_an_officer_files_under_a_number_or_sends_back(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    first, second = await ended(cast, body), await ended(cast, body, title="第四次会议")
    await submitted(as_, first)
    officer = await as_(OFFICER)
    path = f"/meetings/{first.id}/minutes"

    listed = ok(await officer.get(f"/districts/{cast.district.id}/minutes"))
    assert [row["meetingId"] for row in listed["items"]] == [str(first.id)]
    for name in (CHAIR, PARENT):
        refused(await (await as_(name)).put(f"{path}/filing"), "not_found", 404)
    for name in (ADMIN, TEACHER):
        refused(await (await as_(name)).put(f"{path}/filing"), "not_allowed", 403)
    for name in (FAR_OFFICER, OTHER_ADMIN):
        refused(await (await as_(name)).put(f"{path}/filing"), "not_found", 404)
        answer = await (await as_(name)).put(f"{path}/return", json={"reason": "缺少签名"})
        refused(answer, "not_found", 404)

    for _ in range(2):
        filed = ok(await officer.put(f"{path}/filing"))
        assert filed["filingNumber"] == f"翔安教联备〔{YEAR}〕1号"
    told = await letters(cast, "committees.minutes_filed")
    assert sorted(told) == sorted((CHAIR, SECRETARY))
    refused(await officer.put(f"{path}/return", json={"reason": "缺少"}), "wrong_minutes_state")

    await submitted(as_, second)
    path = f"/meetings/{second.id}/minutes"
    for _ in range(2):
        back = ok(await officer.put(f"{path}/return", json={"reason": "缺少责任人"}))
        assert (back["state"], back["returnedReason"]) == ("returned", "缺少责任人")
    secretary, chair = await as_(SECRETARY), await as_(CHAIR)
    for _ in range(2):
        assert ok(await secretary.put(f"{path}/correction"))["state"] == "draft"
    fixed = ok(await secretary.put(f"{path}/remarks", json={"remarks": "责任人：马静。"}))
    ok(await chair.put(f"{path}/confirmation", json={"digest": fixed["digest"]}))
    refused(await secretary.put(f"{path}/submission"), "objections_open")
    await let_objections_pass(second)
    ok(await secretary.put(f"{path}/submission"))
    assert ok(await officer.put(f"{path}/filing"))["filingNumber"] == f"翔安教联备〔{YEAR}〕2号"


async def test_returned_minutes_may_be_submitted_again_as_they_are(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    was = await submitted(as_, meeting)
    officer, chair = await as_(OFFICER), await as_(CHAIR)
    path = f"/meetings/{meeting.id}/minutes"
    ok(await officer.put(f"{path}/return", json={"reason": "请附签到表"}))
    again = ok(await chair.put(f"{path}/submission"))
    assert (again["state"], again["digest"]) == ("submitted", was["digest"])


async def test_twelve_officers_at_once_draw_twelve_numbers_without_a_gap(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    meetings = [await ended(cast, body, title=f"第{number}次会议") for number in range(1, 13)]
    for meeting in meetings:
        await _submitted_in_the_database(cast, meeting)

    async def file(meeting: Meeting) -> None:
        await minutes_filing.file(meeting.id, by=cast.id(OFFICER))

    await asyncio.gather(*(file(meeting) for meeting in meetings for _ in range(2)))

    rows = await Minutes.all().values_list("filing_number", flat=True)
    expected = {f"翔安教联备〔{YEAR}〕{number}号" for number in range(1, 13)}
    assert (len(rows), set(rows)) == (12, expected)


async def test_a_filing_that_fails_leaves_no_gap(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    first, second = await ended(cast, body), await ended(cast, body, title="第四次会议")
    for meeting in (first, second):
        await _submitted_in_the_database(cast, meeting)
    await execute("ALTER TABLE minutes ADD CONSTRAINT not_now CHECK (filing_number IS NULL)")
    try:
        with pytest.raises(Exception, match="not_now"):
            await minutes_filing.file(first.id, by=cast.id(OFFICER))
    finally:
        await execute("ALTER TABLE minutes DROP CONSTRAINT not_now")
    await minutes_filing.file(second.id, by=cast.id(OFFICER))
    assert (await Minutes.get(meeting_id=second.id)).filing_number == f"翔安教联备〔{YEAR}〕1号"


async def test_a_prefix_is_one_districts_for_a_year(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    meeting = await ended(cast, body)
    await _submitted_in_the_database(cast, meeting)
    officer = await as_(OFFICER)
    path = f"/districts/{cast.district.id}/minutes-wording"
    words = ok(await officer.get(path))
    said = {key: words[key] for key in ("heading", "opening", "sections", "closing", "signatures")}
    assert ok(await officer.put(path, json=said | {"filingPrefix": "闽翔备"}))["version"] == 1
    refused(await (await as_(FAR_OFFICER)).get(path), "not_found", 404)
    refused(await (await as_(ADMIN)).get(path), "not_allowed", 403)

    far = cast.other_district.id
    await execute("INSERT INTO minutes_filings VALUES ($1, $2, '闽翔备', 3)", far, YEAR)
    filing = f"/meetings/{meeting.id}/minutes/filing"
    refused(await officer.put(filing), "filing_prefix_taken")
    await execute("DELETE FROM minutes_filings")
    assert ok(await officer.put(filing))["filingNumber"] == f"闽翔备〔{YEAR}〕1号"


@pytest.mark.parametrize(
    ("name", "chosen", "prefix"),
    [("翔安区", "", "翔安教联备"), ("翔安区", "闽翔备", "闽翔备"), ("东区", "", "东区教联备"),
     ("市区", "", "市区教联备"), ("区", "", "区教联备")],
)  # fmt: skip
def test_a_prefix_comes_of_the_districts_name(name: str, chosen: str, prefix: str) -> None:
    assert prefix_of(name, chosen) == prefix


async def test_the_officers_list_is_paged_latest_first(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    for number in range(5):
        meeting = await ended(cast, body, title=f"第{number}次会议")
        await _submitted_in_the_database(cast, meeting)
    officer = await as_(OFFICER)
    path = f"/districts/{cast.district.id}/minutes"
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ok(await officer.get(path, params=query))
        seen += [row["title"] for row in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert seen == [f"第{number}次会议" for number in reversed(range(5))]
    assert ok(await officer.get(path, params={"standing": "filed"}))["items"] == []
    refused(await officer.get(path, params={"cursor": "x" * 20}), "bad_cursor", 400)
    refused(await (await as_(FAR_OFFICER)).get(path), "not_found", 404)


async def test_held_meetings_and_filed_minutes_are_counted(as_: SignIn, cast: Cast) -> None:
    body = await board(as_, cast)
    group = await _district_body(cast, "task_force")
    held = [await ended(cast, body), await _district_meeting(cast, group)]
    await _district_meeting(cast, group)
    await _district_meeting(cast, await _district_body(cast, "joint_meeting"))
    await ended(cast, body, title="还在进行", state="running", ended_at=None, there=())
    for meeting in held:
        await _submitted_in_the_database(cast, meeting)
        await minutes_filing.file(meeting.id, by=cast.id(OFFICER))

    officer = await as_(OFFICER)
    path = f"/districts/{cast.district.id}/minutes/counts"
    counted = ok(await officer.get(path))
    assert (counted["held"], counted["filed"]) == (3, 1)
    lines = {row["kind"]: (row["held"], row["confirmed"], row["filed"], row["schoolName"])
             for row in counted["lines"]}  # fmt: skip
    assert lines == {
        "task_force": (2, 1, 1, ""), "joint_meeting": (1, 0, 0, ""),
        "parent_committee": (1, 1, 1, "海湾实验小学"),
    }  # fmt: skip
    before = {"last": (clock.local(clock.now()).date() - timedelta(days=2)).isoformat()}
    assert ok(await officer.get(path, params=before))["lines"] == []

    own = f"/schools/{cast.schools['海湾'].id}/minutes/counts"
    for name in (ADMIN, OFFICER):
        mine = ok(await (await as_(name)).get(own))
        assert (mine["held"], [row["kind"] for row in mine["lines"]]) == (0, ["parent_committee"])
    refused(await (await as_(TEACHER)).get(own), "not_allowed", 403)
    for name in (OTHER_ADMIN, FAR_OFFICER, PARENT):
        refused(await (await as_(name)).get(own), "not_found", 404)
        refused(await (await as_(name)).get(path), *_closed(name))


def _closed(name: str) -> tuple[str, int]:
    return ("not_allowed", 403) if name == OTHER_ADMIN else ("not_found", 404)


async def _submitted_in_the_database(cast: Cast, meeting: Meeting) -> None:
    await operations.draft_minutes(meeting.id)
    await execute(
        "UPDATE minutes SET state = 'confirmed', digest = repeat('0', 64), wording = '{}', "
        "confirmed_at = now() - interval '4 days', confirmed_by = $2, "
        "objections_until = now() - interval '1 day' WHERE meeting_id = $1",
        meeting.id,
        cast.id(CHAIR),
    )
    await minutes_filing.submit(meeting.id, by=cast.id(CHAIR))


async def _district_body(cast: Cast, kind: str) -> Body:
    today = clock.local(clock.now()).date()
    row: dict[str, Any] = {
        "id": uuid7(), "kind": kind, "level": "district", "district_id": cast.district.id,
        "name": f"翔安区{kind}", "state": "active", "term_from": today - timedelta(days=30),
        "term_until": today + timedelta(days=300), "founded_by": cast.id(OFFICER),
        "created_at": clock.now(), "activated_at": clock.now(),
    }  # fmt: skip
    return await Body.create(**row)


async def _district_meeting(cast: Cast, body: Body) -> Meeting:
    end = clock.now() - timedelta(minutes=1)
    begun = end - timedelta(hours=1)
    by = cast.id(OFFICER)
    return await Meeting.create(
        id=uuid7(), body_id=body.id, title="专班会议", starts_at=begun, ends_at=end,
        state="ended", created_by=by, created_at=begun, convened_at=begun, convened_by=by,
        started_at=begun, ended_at=end, entitled=0,
    )  # fmt: skip


async def test_a_filed_number_stays_whatever_is_tried(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await _submitted_in_the_database(cast, meeting)
    await minutes_filing.file(meeting.id, by=cast.id(OFFICER))
    for change in ("filing_number = '别的'", "filed_at = now()", "state = 'returned'"):
        with pytest.raises(Exception, match=r"minutes|number"):
            await execute(f"UPDATE minutes SET {change} WHERE meeting_id = $1", meeting.id)
    with pytest.raises(Refusal):
        await minutes_filing.send_back(meeting.id, "晚了", by=cast.id(OFFICER))
    rows = await fetch("SELECT filing_number FROM minutes WHERE meeting_id = $1", meeting.id)
    assert [row["filing_number"] for row in rows] == [f"翔安教联备〔{YEAR}〕1号"]
