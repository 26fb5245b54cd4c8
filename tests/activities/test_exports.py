"""Lists as workbooks: made in the background, safe to open, gone after a day."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from backend import clock
from backend.activities import jobs
from backend.activities.models import ActivityExport
from backend.activities.operations import exports
from backend.audit.models import AuditEntry
from backend.database import execute
from backend.media.storage import Files, open_files
from backend.media.workbook import Sheet
from backend.settings import Settings
from seed.cast import Cast
from tests.activities.stories import open_day, opened, register, session
from tests.house import SignIn, Visitor

REASON = {"reason": "打印入校名单"}


@pytest.fixture
def files(settings: Settings) -> Files:
    return open_files(settings)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for the jobs."""

    def pass_by(time: timedelta) -> None:
        moment = clock.now() + time
        monkeypatch.setattr(clock, "now", lambda: moment)

    return pass_by


async def _asked(organiser: Visitor, activity: dict[str, Any]) -> dict[str, Any]:
    answer = await organiser.post(f"/activities/{activity['id']}/exports", json=REASON)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def _filled(as_: SignIn, cast: Cast, **more: Any) -> dict[str, Any]:
    """An open day with two families, one of which has a name to be careful with."""
    questions = [
        {"key": "topic", "label": "=想了解什么"},
        {"key": "lunch", "label": "是否用餐", "kind": "yes_no"},
    ]
    body = open_day(cast, session("参观", capacity=9), questions=questions, **more)
    activity = await opened(await as_("许建安"), cast, body)
    only = activity["sessions"][0]["id"]
    await execute("UPDATE persons SET name = '=1+1' WHERE id = $1", cast.id("高远"))
    answers = {"topic": '=HYPERLINK("http://x.example")', "lunch": "yes"}
    taken = await register(await as_("高远"), cast, only, "高星辰", answers=answers)
    assert taken.status_code == 200, taken.text
    await register(await as_("李建国"), cast, only, "李沐阳", party=2)
    return activity


async def test_an_export_is_queued_made_and_downloaded(
    as_: SignIn, cast: Cast, files: Files
) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    asked = await _asked(admin, activity)
    assert (asked["state"], asked["percent"], asked["link"]) == ("queued", 0, None)
    assert await jobs.make_exports(files) == 1
    assert await jobs.make_exports(files) == 0
    done = (await admin.get(f"/exports/{asked['id']}")).json()
    assert (done["state"], done["percent"], done["rows"]) == ("done", 100, 2)
    left = datetime.fromisoformat(done["linkExpiresAt"]) - clock.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    got = await admin.get(done["link"].removeprefix("/v1"))
    assert got.status_code == 200
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["cache-control"] == "private, no-store"
    sheet = openpyxl.load_workbook(io.BytesIO(got.content)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [
        "场次", "时间", "地点", "状态", "家长", "手机号", "孩子", "班级", "人数",
        "=想了解什么", "是否用餐", "报名时间", "签到时间",
    ]  # fmt: skip
    assert rows[1][3:11] == [
        "已报名", "=1+1", "+8619900000108", "高星辰", "三年级1班", 1,
        '=HYPERLINK("http://x.example")', "是",
    ]  # fmt: skip
    assert (rows[2][4], rows[2][8]) == ("李建国", 2)
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value}
    assert kinds <= {"s", "n"}, "nothing is a formula"


async def test_the_reason_stays_on_record(as_: SignIn, cast: Cast) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    path, key = f"/activities/{activity['id']}/exports", {"Idempotency-Key": "list-for-the-gate"}
    answers = [await admin.post(path, json=REASON, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await ActivityExport.all().count() == 1
    [entry] = await AuditEntry.filter(action="activities.export_asked")
    assert (entry.facts["reason"], entry.person_id) == ("打印入校名单", cast.id("许建安"))
    assert (await admin.post(path, json={"reason": ""})).status_code == 400
    assert (await admin.post(path, json={})).status_code == 400


async def test_only_the_organisers_own_list_has_telephone_numbers(
    as_: SignIn, cast: Cast, files: Files
) -> None:
    activity, principal = await _filled(as_, cast), await as_("周慕云")
    asked = await _asked(principal, activity)
    await jobs.make_exports(files)
    done = (await principal.get(f"/exports/{asked['id']}")).json()
    got = await principal.get(done["link"].removeprefix("/v1"))
    sheet = openpyxl.load_workbook(io.BytesIO(got.content)).active
    assert sheet is not None
    values = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "手机号" not in values
    assert not any("199000" in str(value) for value in values)


async def test_an_export_is_for_whoever_asked_and_its_link_for_their_session(
    as_: SignIn, cast: Cast, files: Files, anyone: Visitor
) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    path = f"/activities/{activity['id']}/exports"
    for name, status in (("林晓岚", 403), ("高远", 404), ("何清越", 404), ("沈知微", 404)):
        assert (await (await as_(name)).post(path, json=REASON)).status_code == status, name
    asked = await _asked(admin, activity)
    await jobs.make_exports(files)
    for name in ("周慕云", "林晓岚", "高远", "何清越"):
        answer = await (await as_(name)).get(f"/exports/{asked['id']}")
        assert answer.status_code == 404, name
    link = (await admin.get(f"/exports/{asked['id']}")).json()["link"].removeprefix("/v1")
    assert (await anyone.get(link)).status_code == 200, "the link is the proof"
    assert (await (await as_("周慕云")).get(link)).status_code == 404
    assert (await anyone.get(link[:-3] + "AAA")).status_code == 404
    assert (await anyone.get(link.partition("?")[0])).status_code == 404
    await execute("UPDATE sessions SET revoked_at = now() WHERE id = $1", admin.session_id)
    assert (await anyone.get(link)).status_code == 404


async def test_a_link_is_over_after_a_quarter_of_an_hour(
    as_: SignIn,
    cast: Cast,
    files: Files,
    anyone: Visitor,
    later: Callable[[timedelta], None],
) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    asked = await _asked(admin, activity)
    await jobs.make_exports(files)
    link = (await admin.get(f"/exports/{asked['id']}")).json()["link"].removeprefix("/v1")
    later(timedelta(minutes=14))
    assert (await anyone.get(link)).status_code == 200
    later(timedelta(minutes=2))
    assert (await anyone.get(link)).status_code == 404


async def test_a_dead_workers_export_is_taken_up_and_at_last_given_up(
    as_: SignIn, cast: Cast, files: Files, later: Callable[[timedelta], None]
) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    asked = await _asked(admin, activity)
    first = await jobs.claim(clock.now())
    assert first is not None
    assert await jobs.claim(clock.now()) is None, "it is held"
    later(exports.LEASE + timedelta(seconds=1))
    second = await jobs.claim(clock.now())
    assert second == (first[0], 2)
    with pytest.raises(exports.LeaseLost):
        await exports.make(*first, files)
    await exports.make(*second, files)
    assert (await ActivityExport.get(id=asked["id"])).state == "done"
    other = await _other(cast, activity)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert await jobs.claim(clock.now()) is not None
        later(exports.LEASE + timedelta(seconds=1))
    assert await jobs.make_exports(files) == 1
    assert (await ActivityExport.get(id=other.id)).state == "failed"


async def test_files_are_gone_after_a_day_and_the_reason_is_not(
    as_: SignIn, cast: Cast, files: Files, later: Callable[[timedelta], None]
) -> None:
    activity, admin = await _filled(as_, cast), await as_("许建安")
    asked = await _asked(admin, activity)
    await jobs.make_exports(files)
    key = (await ActivityExport.get(id=asked["id"])).file_key
    assert key is not None
    assert await jobs.sweep_exports(files) == 0
    later(timedelta(hours=25))
    assert await jobs.sweep_exports(files) == 1
    assert await jobs.sweep_exports(files) == 0
    with pytest.raises(FileNotFoundError):
        await files.head(key)
    left = await ActivityExport.get(id=asked["id"])
    assert (left.state, left.file_key, left.reason) == ("done", None, "打印入校名单")


async def test_long_lists_end_at_the_cap_and_say_so(
    as_: SignIn, cast: Cast, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", 1)
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    activity, admin = await _filled(as_, cast), await as_("许建安")
    asked = await _asked(admin, activity)
    await jobs.make_exports(files)
    done = (await admin.get(f"/exports/{asked['id']}")).json()
    assert (done["rows"], done["truncated"]) == (1, True)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "http://x.example", "007", "_x0041_", "一\n二", "1e9"]
)
def test_text_stays_the_text_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.xlsx"
    sheet = Sheet(path, "名单", [("列", 10)])
    sheet.append([text, 3, None, "a\x00\x1fb"])
    sheet.close()
    kept = openpyxl.load_workbook(path).active
    assert kept is not None
    # The reader leaves the escape of text that looks like one as it stands in the file.
    assert (unescape(kept["A2"].value), kept["A2"].data_type) == (text, "s")
    assert kept["A2"].quotePrefix
    assert (kept["B2"].value, kept["C2"].value, kept["D2"].value) == (3, None, "ab")


async def _other(cast: Cast, activity: dict[str, Any]) -> ActivityExport:
    return await ActivityExport.create(
        activity_id=activity["id"],
        person_id=cast.id("许建安"),
        reason="再来一份",
        created_at=clock.now(),
    )
