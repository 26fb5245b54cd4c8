"""Minutes on paper: what a Word file and a PDF of them say, and who gets them."""

import io
import re
from datetime import timedelta

import docx
import httpx
import pypdfium2

from backend.committees.models import Minutes
from backend.committees.operations import minutes_filing, minutes_papers
from seed.cast import Cast
from tests.committees.agendas import (
    ADMIN,
    CHAIR,
    OFFICER,
    OTHER_ADMIN,
    OTHER_CLASS,
    PARENT,
    SECRETARY,
    TEACHER,
    board,
)
from tests.committees.minuting import (
    confirmed,
    decided,
    drafted,
    ended,
    item,
    let_objections_pass,
    seat_id,
)
from tests.committees.stories import ok, refused, today
from tests.house import SignIn, Visitor

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def pdf_text(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    return re.sub(r"\s", "", text)


def word_text(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (200, WORD)
    document = docx.Document(io.BytesIO(answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    header = document.sections[0].header.paragraphs[0].text
    return re.sub(
        r"\s", "", "".join([*(line.text for line in document.paragraphs), *cells, header])
    )


async def both(by: Visitor, meeting_id: object) -> tuple[str, str]:
    path = f"/meetings/{meeting_id}/minutes"
    return pdf_text(await by.get(f"{path}.pdf")), word_text(await by.get(f"{path}.docx"))


async def test_both_papers_say_who_came_what_was_decided_and_by_whom(
    as_: SignIn, cast: Cast
) -> None:
    body = await board(as_, cast)
    meeting = await ended(cast, body, there=(CHAIR, SECRETARY, "高远"), online=("高远",))
    about = await item(cast, meeting, recused={"马静": "与供应单位有亲属关系"})
    await item(cast, meeting, title="通报本月活动", outcome=None, conclusion="活动顺利。")
    chair = await as_(CHAIR)
    due = today() + timedelta(days=30)
    task = {"seatId": await seat_id(body, "高远"), "dueOn": due.isoformat()}
    await decided(chair, body, about, **task)
    await drafted(chair, meeting)
    remarks = {"remarks": "会议对志愿者表示感谢。"}
    ok(await chair.put(f"/meetings/{meeting.id}/minutes/remarks", json=remarks))
    said = [
        "家长委员会会议纪要", "应到4人，实到3人（现场2人、线上1人），缺席1人。",
        "审议时到会4人，达到法定人数（需2人）。", "回避：马静（与供应单位有亲属关系）。",
        "采用记名投票方式，有表决权4票，实投4票，有效表决须达3票；赞成3票、反对0票、弃权1票。",
        "结果：通过。", "（二）通报本月活动", "会议意见：活动顺利。", "结果：已通报。",
        "由第二家单位供应午餐，试行一个月。", f"{due.year}年{due.month}月{due.day}日",
        "会议对志愿者表示感谢。", "主持人（签字）", "草稿", "未经会议主持人确认",
    ]  # fmt: skip
    for text in await both(chair, meeting.id):
        assert [sentence for sentence in said if sentence not in text] == []

    done = await confirmed(as_, meeting)

    final = await both(await as_(PARENT), meeting.id)
    for text in final:
        assert "草稿" not in text
        assert done["digest"] in text
        assert f"本纪要由{CHAIR}于" in text
        assert not re.search(r"199\d{8}", text)


async def test_filed_minutes_bear_their_number_and_later_answers(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await confirmed(as_, meeting)
    chair = await as_(CHAIR)
    path = f"/meetings/{meeting.id}/minutes"
    raised = ok(
        await (await as_("高远")).post(f"{path}/objections", json={"text": "措辞欠妥"}), 201
    )
    answer = {"upheld": False, "answer": "与会上一致。"}
    ok(await chair.put(f"{path}/objections/{raised['objections'][0]['id']}/answer", json=answer))
    await let_objections_pass(meeting)
    ok(await chair.put(f"{path}/submission"))
    await minutes_filing.file(meeting.id, by=cast.id(OFFICER))
    number = (await Minutes.get(meeting_id=meeting.id)).filing_number

    for text in await both(await as_(OFFICER), meeting.id):
        assert str(number) in text
        assert "高远：措辞欠妥" in text
        assert "答复（不采纳）：与会上一致。" in text


async def test_papers_are_for_those_who_may_read_the_minutes(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    await drafted(await as_(CHAIR), meeting)
    for form in ("pdf", "docx"):
        path = f"/meetings/{meeting.id}/minutes.{form}"
        for name in (PARENT, TEACHER, OFFICER, OTHER_CLASS, OTHER_ADMIN):
            refused(await (await as_(name)).get(path), "not_found", 404)
        answer = await (await as_(ADMIN)).get(path)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["cache-control"] == "private, no-store"
    await confirmed(as_, meeting)
    for name in (PARENT, TEACHER, OFFICER):
        assert (await (await as_(name)).get(path)).status_code == 200
    for name in (OTHER_CLASS, OTHER_ADMIN):
        refused(await (await as_(name)).get(path), "not_found", 404)


async def test_a_hand_that_never_rests_is_told_to_wait(as_: SignIn, cast: Cast) -> None:
    meeting = await ended(cast, await board(as_, cast))
    chair = await as_(CHAIR)
    await drafted(chair, meeting)
    most = minutes_papers.DOCUMENTS.most
    for _ in range(most):
        assert (await chair.get(f"/meetings/{meeting.id}/minutes.docx")).status_code == 200
    refused(await chair.get(f"/meetings/{meeting.id}/minutes.docx"), "too_many_requests", 429)


async def test_what_people_wrote_is_only_words_on_paper(as_: SignIn, cast: Cast) -> None:
    hostile = "{body} </w:t> ) Tj ET %s **粗** =1+1 {date"
    meeting = await ended(cast, await board(as_, cast), title=hostile[:60], place="{chair}")
    await item(cast, meeting, title=hostile, conclusion=hostile * 20)
    chair = await as_(CHAIR)
    await drafted(chair, meeting)
    for text in await both(chair, meeting.id):
        assert re.sub(r"\s", "", hostile) in text
        assert "在{chair}召开{body}</w:t>" in text


async def test_a_school_words_its_own_minutes(as_: SignIn, cast: Cast) -> None:
    school = cast.schools["海湾"]
    path = f"/schools/{school.id}/minutes-wording"
    admin = await as_(ADMIN)
    words = ok(await admin.get(path))
    keys = ("heading", "opening", "sections", "closing", "signatures")
    said = {key: words[key] for key in keys}
    assert {one["placeholder"] for one in words["placeholders"]} >= {"{body}", "{date}", "{place}"}
    for name in (CHAIR, PARENT):
        refused(await (await as_(name)).get(path), "not_found", 404)
    for name, code, status in ((TEACHER, "not_allowed", 403), (OTHER_ADMIN, "not_found", 404)):
        refused(await (await as_(name)).put(path, json=said), code, status)
        refused(await (await as_(name)).put(f"{path}/preview", json=said), code, status)

    tried = said | {"heading": "{school}家委会记录", "signatures": ["主任", "秘书"]}
    lines = ok(await admin.put(f"{path}/preview", json=tried))["lines"]
    assert lines[0] == "海湾实验小学家委会记录"
    assert "主任：" in lines
    assert ok(await admin.get(path))["version"] == 0
    for broken in ("{bodyy}", "{body", "body}", "{body.__class__}", "{body!r}", "{0}", "{}"):
        for where in (path, f"{path}/preview"):
            answer = await admin.put(where, json=said | {"opening": broken})
            refused(answer, "unknown_placeholder", 422)
    fewer = said["sections"][1:]
    refused(await admin.put(path, json=said | {"sections": fewer}), "sections_incomplete", 422)
    twice = [*said["sections"], said["sections"][0]]
    refused(await admin.put(path, json=said | {"sections": twice}), "sections_incomplete", 422)

    ok(await admin.put(path, json=tried))
    meeting = await ended(cast, await board(as_, cast))
    chair = await as_(CHAIR)
    await drafted(chair, meeting)
    for text in await both(chair, meeting.id):
        assert "海湾实验小学家委会记录" in text
        assert "秘书：" in text


async def test_a_district_tries_its_own_wording_out(as_: SignIn, cast: Cast) -> None:
    path = f"/districts/{cast.district.id}/minutes-wording"
    officer = await as_(OFFICER)
    words = ok(await officer.get(path))
    keys = ("heading", "opening", "sections", "closing", "signatures")
    said = {key: words[key] for key in keys} | {"filingPrefix": "闽翔备"}
    preview = ok(await officer.put(f"{path}/preview", json=said))
    assert preview["lines"][0] == "翔安区家长委员会会议纪要"
    assert ok(await officer.put(path, json=said))["filingPrefix"] == "闽翔备"
    bad = await officer.put(path, json=said | {"filingPrefix": "闽〔1〕"})
    assert bad.status_code == 400
    refused(await (await as_(ADMIN)).put(f"{path}/preview", json=said), "not_allowed", 403)
