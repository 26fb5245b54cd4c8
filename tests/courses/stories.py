"""Telling stories about courses: written, handed in, reviewed and published over HTTP."""

from typing import Any
from uuid import UUID

import httpx

from backend import clock
from backend.bookings.models import SlotKind
from backend.database import fetch
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind, Readiness
from seed.cast import Cast
from tests.bookings.slots import a_slot
from tests.house import SignIn, Visitor

AUTHOR, REVIEWER = "林晓岚", "许建安"
TEXT = ["每天和孩子说十分钟话，不谈分数。"] * 3


async def a_medium(
    cast: Cast,
    by: str = AUTHOR,
    *,
    seconds: float = 300,
    kind: str = Kind.VIDEO,
    state: str = Readiness.READY,
    school: str | None = "海湾",
) -> str:
    """Return the id of a file ``by`` has handed in, as long as said; nothing is on the disk."""
    name = uuid7()
    played = kind in (Kind.VIDEO, Kind.AUDIO)
    row = await Attachment.create(
        district_id=cast.schools[school].district_id if school else cast.district.id,
        school_id=cast.schools[school].id if school else None,
        uploader_id=cast.id(by),
        kind=kind,
        state=state,
        filename=f"家长课.{'mp4' if played else 'jpg'}",
        media_type="video/mp4" if played else "image/jpeg",
        byte_size=1_000_000,
        width=None if kind == Kind.AUDIO else 1280,
        height=None if kind == Kind.AUDIO else 720,
        prepare_error="unreadable" if state == Readiness.FAILED else "",
        duration_ms=int(seconds * 1000) if played and state == Readiness.READY else None,
        sha256="0" * 64,
        original_key=f"stories/{name}",
        thumbnail_key=f"stories/{name}.small" if kind == Kind.IMAGE else None,
        created_at=clock.now(),
        stored_at=clock.now(),
    )
    return str(row.id)


async def a_session(cast: Cast, school: str = "海湾", **more: Any) -> str:
    """Return the id of an open session of the school, ten days from now."""
    wanted = {
        "school_id": cast.schools[school].id,
        "kind": SlotKind.SESSION,
        "title": "家庭教育讲座",
        "place": "报告厅",
        "capacity": 50,
    }
    return str(await a_slot(cast, **{**wanted, **more}))


def video(medium: str | None, title: str = "第一课 怎样听孩子说话", **more: Any) -> dict[str, Any]:
    return {"kind": "video", "title": title, "attachmentId": medium, **more}


def article(title: str = "每天十分钟", **more: Any) -> dict[str, Any]:
    return {"kind": "article", "title": title, "paragraphs": TEXT, **more}


def quiz(title: str = "小测验", *questions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a quiz with a question of each kind, unless others are given."""
    asked = list(questions) or [single(), multiple(), in_order()]
    return {"kind": "quiz", "title": title, "questions": asked, **more}


def live(slot_id: str, title: str = "专题讲座", **more: Any) -> dict[str, Any]:
    return {"kind": "live", "title": title, "slotId": slot_id, **more}


def _asked(kind: str, text: str, answer: list[str], *options: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "text": text,
        "options": [{"key": "abcdef"[at], "text": option} for at, option in enumerate(options)],
        "answer": answer,
        "explanation": "见第一课。",
    }


def single() -> dict[str, Any]:
    return _asked("single", "孩子说话时最先做什么？", ["b"], "打断", "看着孩子", "看手机")


def multiple() -> dict[str, Any]:
    return _asked("multiple", "哪些算倾听？", ["a", "c"], "复述", "评判", "点头")


def in_order() -> dict[str, Any]:
    return _asked("order", "按先后排列。", ["b", "a", "c"], "复述", "停下手里的事", "一起想办法")


def course(title: str = "会倾听的父母", **more: Any) -> dict[str, Any]:
    """Return a course as its author sends it, for parents of 小学."""
    return {"title": title, "topic": "parenting", "stages": ["primary"], **more}


async def write(
    author: Visitor, cast: Cast, body: dict[str, Any], school: str = "海湾"
) -> httpx.Response:
    return await author.post(f"/schools/{cast.schools[school].id}/courses", json=body)


async def written(
    author: Visitor, cast: Cast, *lessons: dict[str, Any], school: str = "海湾", **more: Any
) -> dict[str, Any]:
    """Return a draft with these lessons, as its author sees it."""
    made = ok(await write(author, cast, course(**more), school), 201)
    for lesson in lessons:
        await add(author, made["id"], lesson)
    return await seen(author, made["id"])


async def add(author: Visitor, course_id: str, lesson: dict[str, Any]) -> dict[str, Any]:
    return ok(await author.post(f"/courses/{course_id}/lessons", json=lesson), 201)


async def handed_in(author: Visitor, course_id: str) -> dict[str, Any]:
    return ok(await author.put(f"/courses/{course_id}/submission"))


async def approved(reviewer: Visitor, course_id: str) -> dict[str, Any]:
    return ok(await reviewer.put(f"/courses/{course_id}/review", json={"approved": True}))


async def a_course(
    as_: SignIn,
    cast: Cast,
    *lessons: dict[str, Any],
    author: str = AUTHOR,
    reviewer: str = REVIEWER,
    school: str = "海湾",
    **more: Any,
) -> dict[str, Any]:
    """Return a published course as its author sees it, with its lessons' ids as ``lessonIds``.

    Without ``lessons`` it has a video of five minutes, an article and a quiz.
    """
    if not lessons:
        lessons = (video(await a_medium(cast, author, school=school)), article(), quiz())
    writer = await as_(author)
    draft = await written(writer, cast, *lessons, school=school, **more)
    await handed_in(writer, draft["id"])
    await approved(await as_(reviewer), draft["id"])
    found = await seen(writer, draft["id"])
    return {**found, "lessonIds": [line["id"] for line in await listed(writer, draft["id"])]}


async def revised(
    as_: SignIn,
    lesson_id: str,
    content: dict[str, Any],
    *,
    author: str = AUTHOR,
    reviewer: str = REVIEWER,
) -> dict[str, Any]:
    """Publish a new revision of a published lesson; returns it as its author sees it."""
    writer, other = await as_(author), await as_(reviewer)
    ok(await writer.put(f"/lessons/{lesson_id}/draft", json={"version": 0, **content}))
    ok(await writer.put(f"/lessons/{lesson_id}/submission"))
    ok(await other.put(f"/lessons/{lesson_id}/review", json={"approved": True}))
    return await lesson(writer, lesson_id)


async def seen(visitor: Visitor, course_id: str) -> dict[str, Any]:
    return ok(await visitor.get(f"/courses/{course_id}"))


async def lesson(visitor: Visitor, lesson_id: str) -> dict[str, Any]:
    return ok(await visitor.get(f"/lessons/{lesson_id}"))


async def listed(visitor: Visitor, course_id: str) -> list[dict[str, Any]]:
    """Return the lines of the course's lessons as ``visitor`` sees them."""
    lines: list[dict[str, Any]] = ok(await visitor.get(f"/courses/{course_id}/lessons"))["items"]
    return lines


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: httpx.Response, code: str, status: int = 409) -> dict[str, Any]:
    """Return the facts of a refusal, having checked that it is this one."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    facts: dict[str, Any] = answer.json()["facts"]
    return facts


async def letters_to(cast: Cast, name: str, occasion: str) -> list[dict[str, Any]]:
    """Return the letters of an occasion in somebody's inbox, oldest first."""
    return await fetch(
        "SELECT i.title_zh, i.body_zh, i.link FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id "
        "WHERE i.person_id = $1 AND l.occasion = $2 ORDER BY i.id",
        cast.id(name),
        occasion,
    )


async def trail(subject_id: str) -> list[str]:
    """Return the actions in the trail about one course or lesson, oldest first."""
    rows = await fetch(
        "SELECT action FROM audit_entries WHERE subject_id = $1 ORDER BY at, id", UUID(subject_id)
    )
    return [row["action"] for row in rows]
