"""Steps of the story around an open day: a plan, a calendar, a change, a cancellation."""

import asyncio
import signal
from datetime import datetime, timedelta
from typing import Any

import httpx
import icalendar

from backend import clock
from tests.journeys.town import slow_provider, until
from tests.journeys.village import (
    ADMIN,
    FAMILIES,
    FATHER,
    HOLDER,
    LATER,
    MOTHER,
    Village,
    next_monday,
)

OPENED = "学校有新的活动可以报名"
CHANGED, CALLED_OFF = "您报名的一项安排有变动", "您报名的一项安排已取消"


async def a_family_of_two_children_visits_the_open_day(village: Village, guard: str) -> None:
    admin, father, mother = village[ADMIN], village[FATHER], village[MOTHER]
    day = datetime.combine(next_monday() + timedelta(days=1), datetime.min.time(), clock.CHINA)
    first, third = await the_grades_of(village)

    def session(title: str, begins: str, ends: str, grade: str, seats: int) -> dict[str, Any]:
        hours = {"startsAt": at(day, begins), "endsAt": at(day, ends)}
        return {"title": title, **hours, "capacity": seats, "nodeIds": [grade], "room": "教室"}

    body = {
        "kind": "open_day", "title": "秋季家长开放日", "nodeIds": [village.school],
        "questions": [
            {"key": "lunch", "label": "是否在校用餐", "kind": "yes_no", "required": True}
        ],
        "sessions": [
            session("语文公开课", "09:00", "09:40", third, 5),
            session("数学公开课", "09:50", "10:30", third, 1),
            session("识字公开课", "09:00", "09:40", first, 5),
            session("体育公开课", "10:40", "11:20", first, 5),
        ],
    }  # fmt: skip
    draft = await admin.made(f"/schools/{village.school}/activities", body)
    activity = f"/activities/{draft['id']}"
    await admin.put(f"{activity}/opening")
    village.tells(OPENED, draft["id"], *FAMILIES, inbox=False)
    await village.heard()

    shown = (await father.get(activity))["sessions"]
    subjects = ("语文", "数学", "识字", "体育")
    chinese, maths, letters, sports = (titled(shown, subject) for subject in subjects)
    son, daughter = father.children["王子墨"], father.children["王子萱"]
    wish = {"children": [{"studentId": son, "wishes": [maths]},
                         {"studentId": daughter, "wishes": [letters]}]}  # fmt: skip
    best = (await father.put(f"{activity}/plan", wish))["proposals"][0]
    assert best["wishesMet"] == 2
    assert {visit["sessionId"] for visit in best["visits"]} == {maths, letters}
    yes = {"answers": {"lunch": "yes"}}
    # Somebody is quicker: the plan as it was is refused whole, a new one is booked whole.
    own = {"studentIds": list(mother.children.values()), **yes}
    assert (await mother.put(f"/sessions/{maths}/registration", own))["state"] == "confirmed"
    refused = await father.refused(f"{activity}/registrations", {"items": items(best), **yes})
    assert refused["code"] == "full" and "“数学公开课”名额已满" in refused["detail"]
    held = [one["booking"]["slotId"] for one in (await father.get("/me/bookings"))["items"]]
    assert held == [guard]
    second = (await father.put(f"{activity}/plan", wish))["proposals"][0]
    assert {visit["sessionId"] for visit in second["visits"]} == {chinese, sports}
    booked = await father.put(f"{activity}/registrations", {"items": items(second), **yes})
    assert [one["state"] for one in booked["items"]] == ["confirmed", "confirmed"]
    for name in (HOLDER, LATER):
        children = {"studentIds": list(village[name].children.values()), **yes}
        await village[name].put(f"/sessions/{chinese}/registration", children)

    feed = str((await father.put("/me/calendar-feed"))["url"]).removeprefix("/v1")
    before = await events(father.http, feed)
    titles = {str(event["summary"]) for event in before.values()}
    assert {"护学岗", "秋季家长开放日 语文公开课", "秋季家长开放日 体育公开课"} <= titles
    hours = {"startsAt": at(day, "08:10"), "endsAt": at(day, "08:50"), "place": "报告厅"}
    seen = await admin.put(f"/slots/{chinese}/times", hours)
    assert seen["standing"]["code"] == "for_families"
    village.tells(CHANGED, chinese, FATHER, HOLDER, LATER)
    await village.heard()
    [uid] = [key for key, event in before.items() if "语文" in event["summary"]]
    moved = (await events(father.http, feed))[uid]
    assert moved["sequence"] > before[uid]["sequence"]
    assert moved["dtstart"].dt == datetime.fromisoformat(hours["startsAt"])
    assert moved["location"] == "海湾实验小学 报告厅"
    assert "（原12月" in (letter := (await father.letters())[0]["body"]) and "，教室）" in letter

    await called_off_while_a_worker_dies(village, chinese)
    gone = (await events(father.http, feed))[uid]
    assert (gone["status"], gone["sequence"] > moved["sequence"]) == ("CANCELLED", True)
    stands = (await father.get(f"/slots/{chinese}"))["standing"]
    assert (stands["code"], stands["zh"]) == ("called_off", "学校已取消：台风停课")
    late = await mother.refused(f"/sessions/{chinese}/registration", own)
    assert late["detail"] == "学校已取消：台风停课"


async def called_off_while_a_worker_dies(village: Village, slot: str) -> None:
    """One worker is stopped so that the other surely carries the pushes, and that one killed."""
    built = village.town
    sleeper = built.processes["worker-2"]
    await slow_provider(built, 0.7)
    sleeper.send_signal(signal.SIGSTOP)
    try:
        await village[ADMIN].put(f"/slots/{slot}/cancellation", {"reason": "台风停课"})
        village.cut = slot
        await asyncio.to_thread(until, lambda: slot_shown(village, slot) > 0, every=0.02)
        built.kill("worker-1")
    finally:
        sleeper.send_signal(signal.SIGCONT)
    assert 0 < slot_shown(village, slot) < 3, "the worker was not killed in the middle"
    await slow_provider(built, 0.0)
    village.tells(CALLED_OFF, slot, FATHER, HOLDER, LATER)
    await village.heard()


async def the_grades_of(village: Village) -> tuple[str, str]:
    """Return the ids of the first and the third grade, as the school's own staff find them."""
    grades = (await village[ADMIN].get(f"/schools/{village.school}/classes"))["items"]
    named = {grade["name"]: str(grade["id"]) for grade in grades}
    return named["一年级"], named["三年级"]


async def events(http: httpx.AsyncClient, feed: str) -> dict[str, Any]:
    """Return a subscribed calendar's events by UID, asked for without any token."""
    async with httpx.AsyncClient(base_url=http.base_url) as calendar:
        answer = await calendar.get(feed)
    assert answer.status_code == 200, answer.text
    parsed = icalendar.Calendar.from_ical(answer.content)
    return {str(event["uid"]): event for event in parsed.walk("VEVENT")}


def titled(sessions: list[dict[str, Any]], word: str) -> str:
    return str(next(one["id"] for one in sessions if word in one["title"]))


def items(proposal: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"sessionId": visit["sessionId"], "studentIds": visit["studentIds"]}
        for visit in proposal["visits"]
    ]


def slot_shown(village: Village, slot: str) -> int:
    return len({key for key in village.shown() if key[1:] == (CALLED_OFF, slot)})


def at(day: datetime, clock_time: str) -> str:
    """Return a moment of ``day`` by the school's clock, such as ``09:50``."""
    hour, minute = clock_time.split(":")
    return day.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0).isoformat()
