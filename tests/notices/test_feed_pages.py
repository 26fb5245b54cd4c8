"""Paging, conditional requests, attachments, and many phones at once."""

import asyncio
import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from backend.database import fetch, fetch_one
from backend.notices.models import Notice
from backend.notices.queries import feed, marks, stands
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.notices.stories import draft, feed_of, publish, published, written


async def pages(reader: Visitor, limit: int) -> list[list[str]]:
    cursor, found = None, []
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = (await reader.get("/feed", params=query)).json()
        found.append([item["id"] for item in answer["items"]])
        cursor = answer["nextCursor"]
        if cursor is None:
            return found


async def test_every_notice_comes_once_over_all_pages_newest_first(as_: SignIn, cast: Cast) -> None:
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    sent = []
    for number in range(7):
        author = teacher if number % 2 else admin
        sent.append(await published(author, draft(cast, title=f"第{number}号通知")))
    assert await pages(await as_("王立强"), 3) == [sent[:3:-1], sent[3:0:-1], sent[:1]]


async def test_a_cursor_opens_only_for_the_person_and_list_it_was_made_for(
    as_: SignIn, cast: Cast
) -> None:
    for _ in range(3):
        await published(await as_("林晓岚"), draft(cast))
    father, other = await as_("李建国"), await as_("王立强")
    cursor = (await father.get("/feed", params={"limit": 1})).json()["nextCursor"]
    for url, reader in (("/feed", other), ("/notices", father)):
        refused = await reader.get(url, params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")
    flipped = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    assert (await father.get("/feed", params={"cursor": flipped})).status_code == 400


async def test_an_unchanged_feed_costs_no_bytes(as_: SignIn, cast: Cast) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notice = await published(teacher, draft(cast))
    etag = (await father.get("/feed")).headers["etag"]
    again = await father.get("/feed", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    await father.put(f"/notices/{notice}/reading", json={"revision": 1})
    changed = await father.get("/feed", headers={"If-None-Match": etag})
    assert changed.status_code == 200


async def test_a_picture_travels_with_its_notice_and_only_with_it(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    drawn = io.BytesIO()
    Image.new("RGB", (900, 600), "orange").save(drawn, "JPEG")
    stored = await teacher.post(
        "/attachments",
        files={"file": ("春游.jpg", drawn.getvalue(), "image/jpeg")},
        data={"schoolId": str(cast.schools["海湾"].id)},
    )
    assert stored.status_code == 201, stored.text
    picture = {"type": "image", "attachmentId": stored.json()["id"], "caption": "春游路线"}
    body = draft(cast)
    notice = await published(teacher, {**body, "blocks": [*body["blocks"], picture]})
    [link] = (await father.get(f"/notices/{notice}")).json()["attachments"]
    assert link["kind"] == "image"
    for url in (link["url"], link["thumbnailUrl"]):
        served = await anyone.get(httpx.URL(f"http://house{url}"))
        assert (served.status_code, served.headers["content-type"][:6]) == (200, "image/")
    stolen = link["url"].replace("original", "thumbnail")
    assert (await anyone.get(httpx.URL(f"http://house{stolen}"))).status_code == 404


async def test_somebody_elses_upload_cannot_be_attached(as_: SignIn, cast: Cast) -> None:
    colleague, teacher = await as_("陈启明"), await as_("林晓岚")
    drawn = io.BytesIO()
    Image.new("RGB", (90, 60), "navy").save(drawn, "PNG")
    stored = await colleague.post(
        "/attachments",
        files={"file": ("a.png", drawn.getvalue(), "image/png")},
        data={"schoolId": str(cast.schools["海湾"].id)},
    )
    for attachment in (stored.json()["id"], str(cast.district.id)):
        body = draft(cast, blocks=[{"type": "image", "attachmentId": attachment}])
        refused = await teacher.post("/notices", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "attachment_missing")


async def test_a_switched_off_function_does_not_exist(as_: SignIn, cast: Cast) -> None:
    notice = await published(await as_("林晓岚"), draft(cast))
    admin, father = await as_("许建安"), await as_("李建国")
    url = f"/schools/{cast.schools['海湾'].id}/features"
    switched = await admin.put(url, json={"functions": {"notices": False}})
    assert switched.status_code == 200, switched.text
    assert (await father.get(f"/notices/{notice}")).status_code == 404
    assert (await father.get("/feed")).status_code == 404
    assert (await (await as_("林晓岚")).post("/notices", json=draft(cast))).status_code == 404
    await admin.put(url, json={"functions": {"notices": True}})
    assert (await father.get(f"/notices/{notice}")).status_code == 200


async def test_publishing_from_eight_phones_at_once_publishes_once(as_: SignIn, cast: Cast) -> None:
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast))
    answers = await asyncio.gather(*(publish(teacher, notice) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    rows = await fetch("SELECT seq FROM notice_postings WHERE notice_id = $1", UUID(notice))
    assert len(rows) == 1


async def test_control_without_the_lock_one_notice_is_hung_up_more_than_once(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = await as_("林晓岚")
    notice = await written(teacher, draft(cast))
    monkeypatch.setattr(Notice, "select_for_update", Notice.all)
    await asyncio.gather(*(publish(teacher, notice) for _ in range(8)))
    rows = await fetch("SELECT seq FROM notice_postings WHERE notice_id = $1", UUID(notice))
    assert len(rows) > 1


async def test_marks_made_at_the_same_moment_are_all_kept(as_: SignIn, cast: Cast) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notices = [await published(teacher, draft(cast)) for _ in range(12)]
    await asyncio.gather(
        *(father.put(f"/notices/{one}/reading", json={"revision": 1}) for one in notices)
    )
    assert (await father.get("/feed")).json()["unread"] == 0


async def test_control_a_mark_that_is_not_merged_in_the_database_is_lost(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    notices = [await published(teacher, draft(cast)) for _ in range(12)]
    forgetful = marks.TAP.replace("with_bit(r.bits, s.seq)", "with_bit('', s.seq)")
    assert forgetful != marks.TAP
    monkeypatch.setattr(marks, "TAP", forgetful)
    await asyncio.gather(
        *(father.put(f"/notices/{one}/reading", json={"revision": 1}) for one in notices)
    )
    assert (await father.get("/feed")).json()["unread"] > 0


@pytest.mark.parametrize(("module", "statement"), [(stands, "STANDS"), (feed, "ONE")])
async def test_control_without_the_consent_clause_a_withdrawn_view_stays_open(
    as_: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch, module: Any, statement: str
) -> None:
    notice = await published(await as_("林晓岚"), draft(cast))
    father, child = await as_("李建国"), cast.children["李沐阳"].id
    await father.delete(f"/me/children/{child}/consent")
    looser: Any = getattr(module, statement).replace("AND consented", "")
    assert looser != getattr(module, statement)
    monkeypatch.setattr(module, statement, looser)
    seen = {
        "STANDS": [item["id"] for item in await feed_of(father)],
        "ONE": [(await father.get(f"/notices/{notice}")).json().get("id")],
    }
    assert seen[statement] == [notice]


async def test_a_read_mark_costs_bits_not_rows(as_: SignIn, cast: Cast) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    for _ in range(10):
        await father.put(
            f"/notices/{await published(teacher, draft(cast))}/reading", json={"revision": 1}
        )
    row = await fetch_one("SELECT count(*) AS rows, max(length(bits)) AS bytes FROM board_marks")
    assert row == {"rows": 1, "bytes": 2}


async def test_a_parent_finds_an_old_notice_by_a_chinese_word_and_by_shelf(
    as_: SignIn, cast: Cast
) -> None:
    teacher, admin, father = await as_("林晓岚"), await as_("许建安"), await as_("李建国")
    text = [{"type": "paragraph", "text": "请带好教联体登记表。"}]
    wanted = await published(teacher, draft(cast, title="周三材料", blocks=text))
    safety = await published(admin, draft(cast, title="防溺水", category="safety"))
    await fetch("UPDATE notices SET state = 'expired' WHERE id = $1 RETURNING id", UUID(wanted))

    async def found(**query: str) -> list[str]:
        answer = await father.get("/feed/archive", params=query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await found(q="教联体") == [wanted]
    assert await found(q="溺水") == [safety]
    assert await found(category="safety") == [safety]
    assert await found(q="paragraph") == []
    assert await found() == [safety, wanted]
    stranger = await as_("孙海燕")
    assert (await stranger.get("/feed/archive", params={"q": "教联体"})).json()["items"] == []


async def test_a_pinned_notice_stands_above_the_first_page_and_nowhere_else(
    as_: SignIn, cast: Cast
) -> None:
    teacher, father = await as_("林晓岚"), await as_("李建国")
    pinned = await published(teacher, draft(cast, title="作息时间", pinned=True))
    newer = [await published(teacher, draft(cast)) for _ in range(3)]
    first = (await father.get("/feed", params={"limit": 2})).json()
    assert [item["id"] for item in first["pinned"]] == [pinned]
    assert [item["id"] for item in first["items"]] == newer[:0:-1]
    assert first["unread"] == 4
    rest = (await father.get("/feed", params={"cursor": first["nextCursor"]})).json()
    assert (rest["pinned"], [item["id"] for item in rest["items"]]) == ([], newer[:1])
    await father.put(f"/notices/{pinned}/reading", json={"revision": 1})
    assert (await father.get("/feed")).json()["unread"] == 3
