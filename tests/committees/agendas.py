"""Telling stories about agendas: a board of class 三年级1班 that proposes, convenes and meets.

周婷 chairs it, 王立强 keeps its papers, 高远 and 马静 are members. 刘敏 and 李建国 are guardians
of the class without a seat; 赵德胜 belongs to the sister class.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock
from backend.database import execute, fetch, fetch_one
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.committees.stories import active_committee, ok
from tests.house import SignIn, Visitor

CHAIR, SECRETARY, MEMBERS = "周婷", "王立强", ("高远", "马静")
EVERYBODY = (CHAIR, SECRETARY, *MEMBERS)
PARENT, OTHER_CLASS, OTHER_SCHOOL, OTHER_ADMIN = "李建国", "赵德胜", "孙海燕", "何清越"
ADMIN, TEACHER, OFFICER, FAR_OFFICER = "许建安", "林晓岚", "沈知微", "曹望舒"


async def board(as_: SignIn, cast: Cast) -> dict[str, Any]:
    """Return the active committee of 三年级1班, as its administrator reads it."""
    return await active_committee(as_, cast, CHAIR, *MEMBERS, secretary=SECRETARY)


async def matter(kind: str = "ordinary") -> str:
    """Return the id of a matter of everybody's catalogue that is decided by such rules."""
    row = await fetch_one(
        "SELECT id FROM matters WHERE rule_kind = $1 AND school_id IS NULL "
        "AND district_id IS NULL ORDER BY title LIMIT 1",
        kind,
    )
    assert row is not None
    return str(row["id"])


async def content(title: str = "是否调整午餐供应单位", kind: str = "ordinary") -> dict[str, Any]:
    return {"matterId": await matter(kind), "title": title, "text": "请比较三家的试餐结果。"}


async def proposed(by: Visitor, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an item somebody has proposed."""
    path = f"/bodies/{body['id']}/agenda-items"
    return ok(await by.post(path, json=await content(**more)), 201)


async def accepted(
    as_: SignIn, body: dict[str, Any], by: str = CHAIR, **more: Any
) -> dict[str, Any]:
    """Return an item the chair has accepted."""
    item = await proposed(await as_(by), body, **more)
    path = f"/agenda-items/{item['id']}/acceptance"
    return ok(await (await as_(CHAIR)).put(path, json={"namesNoPupil": True}))


def hours(days: float = 5, title: str = "第三次会议", **more: Any) -> dict[str, Any]:
    """Return what a meeting in so many days says."""
    begins = clock.now() + timedelta(days=days)
    return {
        "title": title,
        "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(minutes=90)).isoformat(),
        "place": "二楼会议室",
        "onlineUrl": "https://meeting.example.edu.cn/j/48213907",
        **more,
    }


async def planned(as_: SignIn, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    keeper = await as_(SECRETARY)
    return ok(await keeper.post(f"/bodies/{body['id']}/meetings", json=hours(**more)), 201)


async def placed(
    as_: SignIn, item: dict[str, Any], meeting: dict[str, Any], **more: Any
) -> dict[str, Any]:
    path = f"/agenda-items/{item['id']}/place"
    return ok(await (await as_(CHAIR)).put(path, json={"meetingId": meeting["id"], **more}))


async def convened(
    as_: SignIn, body: dict[str, Any], *titles: str, kind: str = "ordinary", **more: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a convened meeting and its items, in order."""
    meeting = await planned(as_, body, **more)
    items = []
    for title in titles or ("是否调整午餐供应单位",):
        item = await accepted(as_, body, title=title, kind=kind)
        items.append(await placed(as_, item, meeting))
    chair = await as_(CHAIR)
    return ok(await chair.put(f"/meetings/{meeting['id']}/convocation")), items


async def its_time_comes(meeting: dict[str, Any]) -> None:
    """Let the hour of a meeting come, as the clock would."""
    await execute(
        "UPDATE meetings SET starts_at = now(), ends_at = now() + interval '2 hours' WHERE id = $1",
        UUID(meeting["id"]),
    )


async def running(
    as_: SignIn, body: dict[str, Any], *titles: str, there: tuple[str, ...] = (), **more: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a meeting that has begun and its items; ``there`` are those who have come."""
    meeting, items = await convened(as_, body, *titles, **more)
    await its_time_comes(meeting)
    for name in there:
        path = f"/meetings/{meeting['id']}/attendance"
        ok(await (await as_(name)).put(path, json={"mode": "in_person"}))
    return ok(await (await as_(CHAIR)).put(f"/meetings/{meeting['id']}/start")), items


async def discussing(as_: SignIn, item: dict[str, Any]) -> dict[str, Any]:
    return ok(await (await as_(CHAIR)).put(f"/agenda-items/{item['id']}/discussion"))


async def a_vote(cast: Cast, item: dict[str, Any]) -> UUID:
    """Return a vote on an item, as its holders would keep it; nothing is counted here."""
    made = uuid7()
    await execute(
        "INSERT INTO votes (id, district_id, school_id, subject_id, title, method, options, mode, "
        "unit, rules, rule_set_id, created_by, created_at, closes_at, recused, chosen) "
        "VALUES ($1, $2, $3, $4, '议题', 'motion', '[]', 'open', 'seat', '{}', $5, $6, $7, $8, "
        "'[]', '{}')",
        made,
        cast.district.id,
        cast.schools["海湾"].id,
        UUID(item["id"]),
        UUID(item["ruleSetId"]),
        cast.id(CHAIR),
        clock.now(),
        clock.now() + timedelta(days=1),
    )
    return made


async def letters(cast: Cast, occasion: str) -> dict[str, list[dict[str, Any]]]:
    """Return the letters of an occasion by the name of whose inbox they lie in."""
    rows = await fetch(
        "SELECT i.person_id, i.title_zh, i.body_zh, i.link FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE l.occasion = $1 ORDER BY i.id",
        occasion,
    )
    names = {person.id: name for name, person in cast.people.items()}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(names[row["person_id"]], []).append(row)
    return found


async def trail(subject_id: str) -> list[str]:
    """Return the actions in the trail about one thing, oldest first."""
    rows = await fetch(
        "SELECT action FROM audit_entries WHERE subject_id = $1 ORDER BY at, id", UUID(subject_id)
    )
    return [row["action"] for row in rows]


async def item_of(visitor: Visitor, item: dict[str, Any]) -> dict[str, Any]:
    return ok(await visitor.get(f"/agenda-items/{item['id']}"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
