"""Steps of the story at school: a term of guard shifts, a day on duty, a hazard."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from backend import clock
from tests.journeys.village import (
    ADMIN,
    FATHER,
    HOLDER,
    LATER,
    MOTHER,
    NEXT,
    TEACHER,
    VOLUNTEERS,
    Village,
    decoded,
    next_monday,
    soon,
)

OFFERED, SOON = "有一个名额为您保留，请尽快确认", "您有一项安排即将开始"
APPROVED, WORK, NEWS = "您的志愿者申请有新进展", "有一项工作待您处理", "您反映的情况有新进展"
RECHECK = "您的班次有一项需要复查"
NEEDED = "参加前还需要：学校通过您的家长志愿者申请。"


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
    assert {one["slot"]["standing"]["zh"] for one in listed} == {NEEDED}
    problem = await father.refused(f"/slots/{guard}/booking")
    assert (problem["code"], problem["detail"]) == ("needs", NEEDED)

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
    twice = ["bookings.remind"] * 2
    await asyncio.to_thread(village.town.run, "tests.journeys.errands", *twice)
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
    father = village[FATHER]
    await village.begins_in(patrol, -timedelta(minutes=91))
    for _ in range(100):
        settled = await father.get(f"/slots/{patrol}")
        if settled["state"] == "closed":
            break
        await asyncio.sleep(0.2)
    assert settled["booking"]["line"]["zh"] == "已参加。"
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
    drawn = await father.http.get(f"/me/certificates/{certificate['id']}/image")
    url = decoded(drawn.content)
    assert url == certificate["url"]
    async with httpx.AsyncClient() as stranger:
        page = await stranger.get(url)
    assert (page.status_code, "证书有效" in page.text, "王**" in page.text) == (200, True, True)
    told = page.text + str(page.headers)
    assert [word for word in ("王立强", "王子墨", "王子萱", "三年级") if word in told] == []


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
    twice = ["volunteering.rechecks"] * 2
    await asyncio.to_thread(village.town.run, "tests.journeys.errands", *twice)
    village.tells(RECHECK, slot, MOTHER)
    await village.heard()
    [asked] = (await mother.get((await mother.letters())[0]["link"]))["items"]
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
