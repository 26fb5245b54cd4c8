"""A term at one school, from the first shift to the last hazard: every family finds its place.

Two API processes, two workers and the push provider are real processes; everybody signs in
by text message. Hours that nobody can wait for go by through ``Village.begins_in``; the
database is touched nowhere else.
"""

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import icalendar
import pytest
import zxingcpp
from PIL import Image

from backend import clock
from tests.conftest import Clone
from tests.journeys.test_one_notice_reaches_every_family import ready, slow_provider
from tests.journeys.town import town, until
from tests.journeys.village import Village, at, soon

ADMIN, TEACHER = "许建安", "林晓岚"
FATHER, HOLDER, NEXT, LATER, MOTHER = "王立强", "李建国", "赵德胜", "高远", "周婷"
VOLUNTEERS = (FATHER, HOLDER, NEXT, LATER, MOTHER)
FAMILIES = (*VOLUNTEERS, "刘敏", "马静")
OFFERED, CHANGED, CALLED_OFF = (
    "有一个名额为您保留，请尽快确认",
    "您报名的一项安排有变动",
    "您报名的一项安排已取消",
)
APPROVED, SOON, OPENED = (
    "您的志愿者申请有新进展",
    "您有一项安排即将开始",
    "学校有新的活动可以报名",
)
WORK, NEWS = "有一项工作待您处理", "您反映的情况有新进展"
PRIVATE = (*FAMILIES, "王子墨", "王子萱", "海湾", "护学岗", "巡查", "东门", "扶手", "公开课", "台风")


def next_monday() -> date:
    """Return the Monday after next: far enough ahead for everybody to be asked in turn."""
    today = clock.local(clock.now()).date()
    return today + timedelta(days=14 - today.weekday())


@pytest.fixture(scope="module")
async def village(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Village]:
    dsn = await clone("places")
    with town(dsn, tmp_path_factory.mktemp("places")) as built:
        built.start_provider()
        built.run("seed")
        built.start("api", "backend.cli", "serve", "--processes", "2")
        built.start("worker-1", "backend.cli", "worker")
        built.start("worker-2", "backend.cli", "worker")
        built.run("tests.journeys.errands", "term", next_monday().isoformat())
        until(lambda: ready(built))
        peopled = Village(built, dsn)
        await peopled.settle()
        yield peopled
        await built.hang_up()


async def test_a_place_for_every_family(village: Village) -> None:
    guard = await a_term_of_shifts_is_made_and_families_line_up(village)
    await a_place_given_back_finds_the_next_family(village, guard)
    patrol, hazard = await a_day_on_duty(village)
    await the_day_becomes_hours_and_a_certificate(village, patrol)
    await a_family_of_two_children_visits_the_open_day(village, guard)
    await the_hazard_is_brought_to_nought(village, hazard)
    await village.told_exactly_once()
    assert [word for word in PRIVATE if word in village.said_outside()] == []


async def a_term_of_shifts_is_made_and_families_line_up(village: Village) -> str:
    """One call makes the term; each family sees where it stands and why."""
    admin, monday = village[ADMIN], next_monday()
    term = {
        "duty": "guard", "place": "东门", "starts": "07:20", "ends": "08:00",
        "firstDay": monday.isoformat(), "lastDay": (monday + timedelta(days=13)).isoformat(),
        "capacity": 2, "neededSchool": 1, "neededPolice": 1,
    }  # fmt: skip
    url = f"/schools/{village.school}/shift-templates"
    tried = await admin.made(url, {**term, "dryRun": True})
    made = await admin.made(url, term)
    days = [(monday + timedelta(days=n)).isoformat() for n in (0, 1, 3, 4, 5, 7, 8, 9, 10)]
    assert made["days"] == tried["days"] == days
    assert [(one["reason"], one["label"]) for one in made["skipped"]] == [
        ("holiday", "校运会"), ("out_of_term", "")
    ]  # fmt: skip

    shifts = f"/schools/{village.school}/shifts"
    father = village[FATHER]
    listed = (await father.get(shifts))["items"]
    assert len(listed) == 9
    guard: str = next(one["slot"]["id"] for one in listed if days[2] in china(one["slot"]))
    assert {one["slot"]["standing"]["zh"] for one in listed} == {
        "参加前还需要：成为本校家长志愿者。"
    }
    problem = await father.refused(f"/slots/{guard}/booking")
    assert (problem["code"], problem["detail"]) == ("needs", "参加前还需要：成为本校家长志愿者。")

    for name in VOLUNTEERS:
        applied = await village[name].put(f"/schools/{village.school}/volunteer")
        assert applied["state"] == "applied"
    waiting = await admin.get(f"/schools/{village.school}/volunteers", standing="applied")
    assert [one["name"] for one in waiting["items"]] == list(VOLUNTEERS)
    for one in waiting["items"]:
        await admin.put(f"/volunteers/{one['id']}/decision", {"approved": True})
        village.tells(APPROVED, one["id"], one["name"])
    await village.heard()

    booking = f"/slots/{guard}/booking"
    states = [(await village[name].put(booking)) for name in VOLUNTEERS[:4]]
    assert [(one["state"], one["ahead"]) for one in states] == [
        ("confirmed", None), ("confirmed", None), ("waitlisted", 0), ("waitlisted", 1)
    ]  # fmt: skip
    assert (await village[LATER].put(booking))["id"] == states[3]["id"]
    seen = [(await village[name].get(f"/slots/{guard}")) for name in (FATHER, LATER, MOTHER)]
    assert [one["standing"]["zh"] for one in seen] == [
        "您已报名，名额已确认。",
        "您正在候补，尚未报上。",
        "名额已满，可以候补。",
    ]
    assert seen[1]["booking"]["line"]["zh"] == "名额已满，正在候补，按先后顺序递补。"
    peers = (await father.get(f"/shifts/{guard}"))["peers"]
    assert [peer["name"] for peer in peers] == ["王先生", "李先生"]
    queue = (await admin.get(f"/slots/{guard}/bookings"))["items"]
    assert [one["name"] for one in queue] == list(VOLUNTEERS[:4])
    return guard


async def a_place_given_back_finds_the_next_family(village: Village, guard: str) -> None:
    booking = f"/slots/{guard}/booking"
    await village[HOLDER].drop(booking)
    village.tells(OFFERED, guard, NEXT)
    assert await village.heard() < 10
    letter = (await village[NEXT].letters())[0]
    assert letter["title"] == OFFERED and "尚未确认不算报上名" in letter["body"]
    held = await village[NEXT].get(letter["link"])
    assert (held["standing"]["code"], held["booking"]["state"]) == ("mine", "offered")
    assert (await village[LATER].get(booking))["ahead"] == 0
    accepted = await village[NEXT].put(f"{booking}/acceptance")
    assert (accepted["state"], accepted["line"]["zh"]) == ("confirmed", "您已接受名额。")
    assert (await village[LATER].get(booking))["state"] == "waitlisted"


async def a_day_on_duty(village: Village) -> tuple[str, str]:
    """Reminded once, in by ticket, a finding, out by the door's code; phones merge twice."""
    admin, host, father = village[ADMIN], village[TEACHER], village[FATHER]
    begins, ends = soon(3, 60)
    patrol = await admin.made(
        f"/schools/{village.school}/shifts",
        {
            "duty": "patrol", "startsAt": begins, "endsAt": ends, "place": "三号楼",
            "capacity": 2, "teacherId": host.person_id, "opensAt": clock.now().isoformat(),
        },
    )  # fmt: skip
    slot: str = patrol["slot"]["id"]
    for name in (FATHER, NEXT):
        assert (await village[name].put(f"/slots/{slot}/booking"))["state"] == "confirmed"
    await village.begins_in(slot, timedelta(minutes=3))
    errand = ("tests.journeys.errands", "run", "bookings.remind")
    await asyncio.gather(*(asyncio.to_thread(village.town.run, *errand) for _ in range(2)))
    village.tells(SOON, slot, FATHER, NEXT)
    await village.heard()

    door = await host.get(f"/slots/{slot}/door")
    assert [entry["name"] for entry in door["items"]] == [FATHER, NEXT]
    ticket = await father.get(f"/slots/{slot}/booking/ticket")
    picture = await father.http.get(f"/slots/{slot}/booking/ticket.png")
    assert decoded(picture.content) == ticket["ticket"]
    assert ticket["publicKey"] == door["publicKey"]
    [listed] = [entry for entry in door["items"] if entry["name"] == NEXT]
    scans = [scan("in", ticket=ticket["ticket"]), scan("in", bookingId=listed["bookingId"])]
    url = f"/slots/{slot}/scans"
    first = await host.made(url, {"scans": scans})
    again = await host.made(url, {"scans": scans})
    assert [one["outcome"] for one in first["items"]] == ["checked_in", "checked_in"]
    assert again == first
    other = await admin.made(url, {"scans": [scan("in", ticket=ticket["ticket"])]})
    assert other["items"][0]["outcome"] == "already_in"

    await village.begins_in(slot, -timedelta(minutes=47))
    log = await father.get(f"/shifts/{slot}/duty-log")
    tick = {"itemId": log["checks"][1]["id"], "at": clock.now().isoformat()}
    found = {
        "key": str(uuid4()), "text": "三楼楼梯扶手松动", "severity": "medium", "place": "三号楼"
    }  # fmt: skip
    said = {"version": 0, "ticks": [tick], "remarks": "其余正常", "findings": [found]}
    log = await father.put(f"/shifts/{slot}/duty-log", said)
    assert (await father.put(f"/shifts/{slot}/duty-log", said)) == log
    [finding] = log["findings"]
    village.tells(WORK, finding["hazardId"], ADMIN)
    code = (await host.get(f"/slots/{slot}/door"))["codes"][0]["code"]
    out = await father.put(f"/slots/{slot}/booking/check-out", {"code": code})
    assert out["checkedOutAt"] and 47 <= out["minutes"] <= 49
    await village.heard()
    return slot, finding["hazardId"]


async def the_day_becomes_hours_and_a_certificate(village: Village, patrol: str) -> None:
    father, town = village[FATHER], village.town
    await village.begins_in(patrol, -timedelta(minutes=91))
    async with asyncio.timeout(30):
        while (await father.get(f"/slots/{patrol}"))["state"] != "closed":
            await asyncio.sleep(0.3)
    served = [(await village[name].get("/me/service")) for name in (FATHER, NEXT, MOTHER)]
    assert [one["shifts"] for one in served] == [1, 1, 0]
    assert 47 <= served[0]["minutes"] <= 49
    assert served[1]["minutes"] == 60
    today = clock.local(clock.now()).date()
    certificate = await father.made(
        "/me/service-certificates",
        {
            "schoolId": village.school, "until": today.isoformat(),
            "from": (today - timedelta(days=1)).isoformat(),
        },
    )  # fmt: skip
    drawn = await father.http.get(f"/me/service-certificates/{certificate['id']}/image")
    url = decoded(drawn.content)
    assert url == certificate["url"]
    async with httpx.AsyncClient() as stranger:
        page = await stranger.get(url)
    assert (page.status_code, "证明有效" in page.text, "王**" in page.text) == (200, True, True)
    told = page.text + str(page.headers)
    assert [word for word in ("王立强", "王子墨", "王子萱", "三年级") if word in told] == []
    assert town.processes["worker-1"].poll() is None


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
    chinese, maths, letters, sports = (titled(shown, word) for word in ("语文", "数学", "识字", "体育"))
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
    assert refused["code"] == "full"
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
    await admin.put(f"/slots/{chinese}/times", hours)
    village.tells(CHANGED, chinese, FATHER, HOLDER, LATER)
    await village.heard()
    [uid] = [key for key, event in before.items() if "语文" in event["summary"]]
    moved = (await events(father.http, feed))[uid]
    assert moved["sequence"] > before[uid]["sequence"]
    assert moved["dtstart"].dt == datetime.fromisoformat(hours["startsAt"])
    assert moved["location"] == "海湾实验小学 报告厅"

    await called_off_while_a_worker_dies(village, chinese)
    gone = (await events(father.http, feed))[uid]
    assert (gone["status"], gone["sequence"] > moved["sequence"]) == ("CANCELLED", True)
    stands = (await father.get(f"/slots/{chinese}"))["standing"]
    assert (stands["code"], stands["zh"]) == ("called_off", "学校已取消：台风停课")


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


async def the_hazard_is_brought_to_nought(village: Village, hazard: str) -> None:
    """Confirmed, assigned, put right; the next volunteer looks again, and none is left open."""
    admin, owner, father, mother = (village[n] for n in (ADMIN, TEACHER, FATHER, MOTHER))
    register = f"/schools/{village.school}/hazards"
    assert (await admin.get(register))["counts"]["reported"] == 1
    url = f"/hazards/{hazard}"
    assert (await admin.put(f"{url}/decision", {"confirmed": True}))["state"] == "confirmed"
    assert (await admin.get(register))["counts"]["open"] == 1
    due = (clock.local(clock.now()) + timedelta(days=3)).date().isoformat()
    await admin.put(f"{url}/assignment", {"ownerId": owner.person_id, "dueOn": due})
    village.tells(WORK, hazard, TEACHER)
    done = await owner.put(f"{url}/work", {"done": True, "note": "扶手已加固"})
    assert done["state"] == "recheck"

    begins, ends = soon(20, 60)
    body = {"duty": "patrol", "startsAt": begins, "endsAt": ends, "place": "操场"}
    slot = (await admin.made(f"/schools/{village.school}/shifts", body))["slot"]["id"]
    await mother.put(f"/slots/{slot}/booking")
    await village.begins_in(slot, timedelta(minutes=20))
    [asked] = (await mother.get(f"/shifts/{slot}/rechecks"))["items"]
    assert (asked["id"], asked["text"]) == (hazard, "三楼楼梯扶手松动")
    refused = await owner.refused(f"{url}/recheck", {"ok": True})
    assert refused["code"] == "not_allowed"
    closed = await mother.put(f"{url}/recheck", {"ok": True, "note": "已稳固"})
    assert closed["state"] == "closed"
    counts = (await admin.get(register))["counts"]
    assert (counts["open"], counts["reported"], counts["closed"]) == (0, 0, 1)
    [mine] = (await father.get("/me/hazards"))["reported"]
    assert mine["state"] == "closed"
    for _ in ("confirmed", "assigned", "put right", "closed"):
        village.tells(NEWS, hazard, FATHER, push=False)
    await village.heard()


def china(slot: dict[str, Any]) -> str:
    return clock.local(datetime.fromisoformat(slot["startsAt"])).isoformat()


def scan(kind: str, **what: str) -> dict[str, Any]:
    return {"nonce": uuid4().hex, "kind": kind, "scannedAt": clock.now().isoformat(), **what}


def decoded(picture: bytes) -> str:
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return str(code.text)


def titled(sessions: list[dict[str, Any]], word: str) -> str:
    return str(next(one["id"] for one in sessions if word in one["title"]))


def items(proposal: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"sessionId": visit["sessionId"], "studentIds": visit["studentIds"]}
        for visit in proposal["visits"]
    ]


def slot_shown(village: Village, slot: str) -> int:
    return len({key for key in village.shown() if key[1:] == (CALLED_OFF, slot)})


async def events(http: httpx.AsyncClient, feed: str) -> dict[str, Any]:
    """Return a subscribed calendar's events by UID, asked for without any token."""
    async with httpx.AsyncClient(base_url=http.base_url) as calendar:
        answer = await calendar.get(feed)
    assert answer.status_code == 200, answer.text
    parsed = icalendar.Calendar.from_ical(answer.content)
    return {str(event["uid"]): event for event in parsed.walk("VEVENT")}


async def the_grades_of(village: Village) -> tuple[str, str]:
    """Return the ids of the first and the third grade, as the school's own staff find them."""
    grades = (await village[ADMIN].get(f"/schools/{village.school}/classes"))["items"]
    named = {grade["name"]: str(grade["id"]) for grade in grades}
    return named["一年级"], named["三年级"]
