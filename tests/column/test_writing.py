"""Writing, other eyes, and who may do what at which desk."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from backend.database import execute
from seed.cast import Cast
from tests.column.desk import (
    MONDAY,
    RHYTHM,
    TEXT,
    appear,
    approved,
    of_school,
    ok,
    reasons,
    refused,
    school,
    school_column,
    tips,
    titles,
    written,
)
from tests.house import SignIn


async def test_a_school_has_one_column_however_often_it_is_made(as_: SignIn, cast: Cast) -> None:
    first = await school_column(as_, cast)
    assert await school_column(as_, cast, title="家长学堂专栏") == first
    admin = await as_("许建安")
    listed = await ok(admin.get(f"{school(cast)}/column/series"))
    assert [one["title"] for one in listed["items"]] == ["家长学堂专栏"]
    with pytest.raises((IntegrityError, asyncpg.UniqueViolationError)):
        await execute(
            "INSERT INTO column_series (id, district_id, school_id, kind, title, topics, minute, "
            "next_release_at, created_at) SELECT uuidv7(), district_id, school_id, kind, '二', "
            "topics, minute, next_release_at, created_at FROM column_series WHERE id = $1",
            UUID(first),
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"topics": ["traffic"]}, "topics_do_not_fit"),
        ({"cadenceDays": 10, "weekday": 1}, "weekday_does_not_fit"),
        ({"departmentId": str(uuid4())}, "department_unknown"),
        ({"minute": 470}, "does_not_fit"),
        ({"minute": 1200}, "does_not_fit"),
        ({"cadenceDays": 61}, "does_not_fit"),
        ({"perRelease": 4}, "does_not_fit"),
        ({"weekday": 8}, "does_not_fit"),
    ],
)
async def test_a_rhythm_must_make_sense(
    as_: SignIn, cast: Cast, change: dict[str, Any], code: str
) -> None:
    admin = await as_("许建安")
    await refused(admin.put(f"{school(cast)}/column", json={**RHYTHM, **change}), 400, code)


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("parenting", True),
        ("experience", True),
        ("lecture", True),
        ("news", False),
        ("advert", False),
        ("Parenting", False),
        ("", False),
        (None, False),
    ],
)
async def test_the_column_takes_exactly_three_kinds(
    as_: SignIn, cast: Cast, kind: str | None, taken: bool
) -> None:
    column = await school_column(as_, cast)
    admin = await as_("许建安")
    body = {"title": "一篇", "paragraphs": TEXT, "kind": kind}
    answer = await admin.post(f"/column/series/{column}/items", json=body)
    assert answer.status_code == (201 if taken else 400)
    if kind and not taken:
        await _written_directly(cast, column)
        with pytest.raises((IntegrityError, asyncpg.CheckViolationError)):
            await execute("UPDATE column_items SET kind = $1", kind)


async def _written_directly(cast: Cast, column: str) -> None:
    await execute(
        "INSERT INTO column_items (id, series_id, kind, title, paragraphs, attachment_ids, stages, "
        "byline, author_id, created_at, search_text, folded) VALUES (uuidv7(), $1, 'parenting', "
        "'一', '{}', '{}', '{}', '许', $2, now(), '', '')",
        UUID(column),
        cast.id("许建安"),
    )


async def test_tips_take_a_topic_of_their_series_and_no_kind(as_: SignIn, cast: Cast) -> None:
    series = await tips(as_, cast, "drowning", "fraud")
    officer = await as_("沈知微")
    made = await written(officer, series, topic="fraud")
    assert (made["topic"], made["kind"]) == ("fraud", None)
    assert "公安" in made["byline"]
    for wrong in ({"topic": "drugs"}, {"kind": "parenting"}, {"topic": "fraud", "kind": "lecture"}):
        body = {"title": "一则", "paragraphs": TEXT, **wrong}
        await refused(
            officer.post(f"/column/series/{series}/items", json=body), 400, "kind_does_not_fit"
        )


async def test_a_lecture_needs_a_video_or_a_lesson(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    admin = await as_("许建安")
    bare = await written(admin, column, kind="lecture")
    path = f"/column/items/{bare['id']}"
    await refused(admin.put(f"{path}/submission"), 409, "lecture_needs_video")
    linked = {"title": "讲座", "paragraphs": TEXT, "kind": "lecture", "lessonId": str(uuid4())}
    await ok(admin.put(path, json=linked))
    assert (await ok(admin.put(f"{path}/submission")))["state"] == "in_review"
    filmed = await written(admin, column, kind="lecture")
    await _video(cast, filmed["id"], state="preparing")
    sent = await ok(admin.put(f"/column/items/{filmed['id']}/submission"))
    # While it is being prepared, what stands behind it goes first.
    head = await as_("周慕云")
    await approved(head, sent)
    await of_school(as_, column, title="先走一篇")
    queue = await ok(admin.get(f"/column/series/{column}/queue"))
    assert [one["unready"] for one in queue["items"]] == [True, False]
    father = await as_("王立强")
    await appear()
    assert await titles(father) == ["先走一篇"]
    await execute("UPDATE attachments SET state = 'ready'")
    await appear(MONDAY + timedelta(days=7))
    assert len(await titles(father)) == 2


async def _video(cast: Cast, owner: str, *, state: str) -> None:
    await execute(
        "INSERT INTO attachments (id, district_id, uploader_id, owner_id, kind, state, filename, "
        "media_type, byte_size, duration_ms, sha256, original_key, created_at, stored_at, "
        "attached_at) VALUES (uuidv7(), $1, $2, $3, 'video', $4, '讲座.mp4', 'video/mp4', 9, 1000, "
        "repeat('0', 64), $5, now(), now(), now())",
        cast.district.id,
        cast.id("许建安"),
        UUID(owner),
        state,
        owner,
    )


async def test_nobody_reviews_what_they_wrote_or_changed(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    admin, head = await as_("许建安"), await as_("周慕云")
    mine = await written(admin, column)
    path = f"/column/items/{mine['id']}"
    sent = await ok(admin.put(f"{path}/submission"))
    assert not sent["work"]["canReview"]
    decision = {"approved": True, "revision": 1}
    await refused(admin.put(f"{path}/review", json=decision), 403, "own_review")
    await ok(head.put(f"{path}/review", json={**decision, "approved": False, "reason": "补充出处"}))
    # The head puts it right, and with that it is the head's too.
    text = {"title": "改过", "paragraphs": TEXT, "kind": "parenting", "source": "校刊"}
    await ok(head.put(path, json=text))
    await ok(head.put(f"{path}/submission"))
    for editor in (admin, head):
        await refused(
            editor.put(f"{path}/review", json={"approved": True, "revision": 2}),
            403, "own_review",
        )  # fmt: skip
    with pytest.raises((IntegrityError, asyncpg.CheckViolationError)):
        await execute("UPDATE column_items SET reviewed_by = author_id")


async def test_a_class_teacher_writes_and_the_school_decides(as_: SignIn, cast: Cast) -> None:
    column = await school_column(as_, cast)
    teacher, admin = await as_("林晓岚"), await as_("许建安")
    mine = await written(teacher, column, title="班里的读书角")
    path = f"/column/items/{mine['id']}"
    decision = {"approved": True, "revision": 1}
    sent = await ok(teacher.put(f"{path}/submission"))
    await refused(teacher.put(f"{path}/review", json=decision), 403, "not_allowed")
    await refused(teacher.put(f"{path}/withdrawal", json={"reason": "算了"}), 403, "not_allowed")
    await refused(teacher.get(f"{path}/statistics"), 403, "not_allowed")
    assert await reasons("column.review_asked") == 2
    theirs = await written(admin, column, title="编辑部的一篇")
    listed = await ok(teacher.get(f"{school(cast)}/column/items"))
    assert [one["title"] for one in listed["items"]] == ["班里的读书角"]
    await refused(teacher.get(f"/column/items/{theirs['id']}"), 404, "not_found")
    listed = await ok(admin.get(f"{school(cast)}/column/items", params={"standing": "in_review"}))
    assert [one["title"] for one in listed["items"]] == ["班里的读书角"]
    assert (await approved(admin, sent))["state"] == "queued"
    assert await reasons("column.decided") == 1
    # Another teacher, a subject teacher and a parent have no business here.
    for name, status in (("陈启明", 404), ("吴思远", 404), ("王立强", 404), ("何清越", 404)):
        assert (await (await as_(name)).get(path)).status_code == status


async def test_a_return_needs_a_reason_and_a_review_the_text_it_read(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    admin, head = await as_("许建安"), await as_("周慕云")
    mine = await written(admin, column)
    path = f"/column/items/{mine['id']}"
    await refused(
        head.put(f"{path}/review", json={"approved": True, "revision": 1}),
        409, "wrong_item_state",
    )  # fmt: skip
    await ok(admin.put(f"{path}/submission"))
    await refused(
        head.put(f"{path}/review", json={"approved": False, "revision": 1}), 400, "reason_needed"
    )
    returned = await ok(
        head.put(f"{path}/review", json={"approved": False, "revision": 1, "reason": "太短"})
    )
    assert (returned["state"], returned["work"]["reason"]) == ("draft", "太短")
    text = {"title": "长一点", "paragraphs": TEXT * 2, "kind": "parenting"}
    await ok(admin.put(path, json=text))
    await ok(admin.put(f"{path}/submission"))
    facts = await refused(
        head.put(f"{path}/review", json={"approved": True, "revision": 1}), 409, "item_changed"
    )
    assert facts == {"revision": 2}
    for _ in range(2):
        done = await ok(head.put(f"{path}/review", json={"approved": True, "revision": 2}))
        assert (done["state"], done["work"]["place"]) == ("queued", 1)
    await refused(admin.put(path, json=text), 409, "wrong_item_state")


async def test_a_draft_can_be_thrown_away_and_what_was_released_cannot(
    as_: SignIn, cast: Cast
) -> None:
    column = await school_column(as_, cast)
    admin = await as_("许建安")
    mine = await written(admin, column)
    await ok(admin.delete(f"/column/items/{mine['id']}"), 204)
    await refused(admin.get(f"/column/items/{mine['id']}"), 404, "not_found")
    item = await of_school(as_, column)
    await refused(admin.delete(f"/column/items/{item}"), 409, "wrong_item_state")
