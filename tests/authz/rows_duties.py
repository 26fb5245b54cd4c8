"""What parents do on duty in each class of the world, and what is written down about it.

Realms of its own, before the place's: ``V`` a volunteer's profile, ``L`` and ``G`` what a
log and one of guidance say, ``H`` a hazard and ``S`` its steps, ``P`` who stands at a guard
post, ``Q`` what is not published yet.
"""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from backend import clock
from backend.bookings.models import Booking
from backend.database import execute
from backend.identifiers import uuid7
from backend.volunteering.models import (
    CallStep,
    DutyLog,
    Hazard,
    ShiftAsk,
    ShiftCall,
    ShiftTemplate,
    Volunteer,
)
from tests.authz.world import World, mark
from tests.house import Visitor
from tests.media.phones import PHOTO
from tests.volunteering.duty import run_from
from tests.volunteering.stories import next_weekday, served

HAZARDS = ("reported", "confirmed", "assigned", "recheck", "closed")
"""Every place has a hazard in each of these states."""


def today() -> date:
    """Return the schools' own date."""
    return clock.local(clock.now()).date()


async def fill(world: World) -> None:
    """Let each class have volunteers, a station day, shifts ahead, now and over."""
    for number, place in enumerate(list(world.places.values())):
        place.person_id = world.people[place.parent]
        place.teacher_id = world.people[place.teacher]
        school = place.realm[:2]
        helpers = ["parent", "chair"] if place.realm == "A1X" else [place.parent]
        for name in helpers:
            place.volunteer_id = await _volunteer(world, place, name)
        place.volunteer_id = (await Volunteer.get(person_id=place.person_id)).id
        await _days(world, place, number, school)
        await _shifts(world, place, number, school, helpers)
        await _on_duty(world, place, number, school, helpers)
        await _served(world, place, number)
        place.template_id = await _template(world, place, number, school)
    await _left_behind(world)


async def _volunteer(world: World, place: SimpleNamespace, name: str) -> UUID:
    realm = f"V{place.realm}" + ("K" if name == "chair" else "")
    text = {"note": mark(realm, "注"), "skills": [mark(realm)], "lectureTopics": [mark(realm)]}
    body = {"duties": ["guidance"], "weekdays": [1, 2, 3, 4, 5, 6, 7], **text}
    url = f"/schools/{place.school_id}/volunteer"
    made = await done(world.phones[name].put(url, json=body))
    yes = {"approved": True, "duties": ["guidance"]}
    admin = world.phones[place.admin]
    active = await done(admin.put(f"/volunteers/{made['id']}/decision", json=yes))
    assert active["state"] == "active"
    return UUID(made["id"])


async def done(sent: Any) -> Any:
    """Await an answer that must be a success; returns its body."""
    answer = await sent
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def _days(world: World, place: SimpleNamespace, number: int, school: str) -> None:
    """One station day that families see, with a guard post; a plan; one that is over."""
    admin, url = world.phones[place.admin], f"/schools/{place.school_id}/station-days"
    organiser = str(place.teacher_id)

    async def plan(ahead: int, realm: str) -> str:
        day = (today() + timedelta(days=ahead + number)).isoformat()
        body = {"day": day, "note": mark(realm, "注"), "organiserId": organiser}
        made: str = (await done(admin.post(url, json=body)))["id"]
        return made

    place.day_id, place.planned_day_id = await plan(10, school), await plan(20, f"Q{place.realm}")
    place.over_day_id = await plan(30, school)
    place.day_starts_at = next_weekday(10 + number).isoformat()
    at_gate = {"capacity": 6, "minimum": 4, "stationDayId": place.day_id}
    gate = shift(place, "guard", place.day_starts_at, school, **at_gate)
    draft_at = next_weekday(20 + number).isoformat()
    draft = shift(place, "patrol", draft_at, f"Q{place.realm}", stationDayId=place.planned_day_id)
    shifts = f"/schools/{place.school_id}/shifts"
    place.shift_id = (await done(admin.post(shifts, json=gate)))["slot"]["id"]
    place.draft_shift_id = (await done(admin.post(shifts, json=draft)))["slot"]["id"]
    await done(admin.put(f"/station-days/{place.day_id}/publication"))
    holders = [{"side": "police", "name": mark(f"P{place.realm}", "警"), "unit": "派出所"}]
    post = f"/shifts/{place.shift_id}/guard-post"
    await done(admin.put(post, json={"holders": holders}))
    await execute(
        "UPDATE station_days SET state = 'closed', published_at = now() WHERE id = $1",
        UUID(place.over_day_id),
    )


def shift(
    place: SimpleNamespace, duty: str, starts_at: str, realm: str, **more: Any
) -> dict[str, Any]:
    """Return a shift that the class's teacher organises, as an administrator sends it."""
    return {
        "duty": duty,
        "startsAt": starts_at,
        "place": mark(realm, f"{place.realm[-1]}门"),
        "briefing": mark(realm, "请准时"),
        "organiserId": str(place.teacher_id),
        **more,
    }


async def _shifts(
    world: World, place: SimpleNamespace, number: int, school: str, helpers: list[str]
) -> None:
    """The guard post is manned; for another shift a call goes out, which asks the parent."""
    admin = world.phones[place.admin]
    for name in helpers:
        await done(world.phones[name].put(f"/slots/{place.shift_id}/booking", json={}))
    body = shift(place, "canteen", next_weekday(5 + number, 15).isoformat(), school)
    made = await done(admin.post(f"/schools/{place.school_id}/shifts", json=body))
    place.called_shift_id = made["slot"]["id"]
    now = clock.now()
    await ShiftCall.create(
        shift_id=place.called_shift_id, opened_by=place.teacher_id, opened_at=now, rounds=1,
        step=CallStep.PAST, next_round_at=now + timedelta(hours=1),
    )  # fmt: skip
    await ShiftAsk.create(
        shift_id=place.called_shift_id, school_id=place.school_id, person_id=place.person_id,
        step=CallStep.PAST, asked_at=now,
    )  # fmt: skip


async def _on_duty(
    world: World, place: SimpleNamespace, number: int, school: str, helpers: list[str]
) -> None:
    """A shift that runs now, with the parent's log and what it found; and one of guidance."""
    parent = world.phones[place.parent]
    # Whoever rechecks does so at the same work or place: neighbours are told apart by both.
    duty = "patrol" if place.realm != "A1Y" else "canteen"
    place.running_shift_id = await running(world, place, duty, school, helpers, number)
    # The administrator's name is known to the whole school, so whoever sees it may.
    await execute(
        "UPDATE shifts SET teacher_id = $2 WHERE id = $1",
        UUID(place.running_shift_id),
        world.people[place.admin],
    )
    place.guidance_shift_id = await running(
        world, place, "guidance", school, [place.parent], number + 10
    )
    photo, place.photo_id = [await _photo(parent, place) for _ in range(2)]
    found = [
        {
            "key": str(uuid4()),
            "text": mark(f"H{place.realm}", "隐患"),
            "severity": "medium",
            "place": mark(f"H{place.realm}", "处"),
            "photoIds": [photo] if state == "recheck" else [],
        }
        for state in HAZARDS
    ]
    log = {"version": 0, "remarks": mark(f"L{place.realm}", "记"), "findings": found}
    url = f"/shifts/{place.running_shift_id}/duty-log"
    written = await done(parent.put(url, json=log))
    by_key = {one["key"]: one["hazardId"] for one in written["findings"]}
    for state, finding in zip(HAZARDS, found, strict=True):
        hazard = by_key[finding["key"]]
        setattr(place, f"{state}_hazard_id", hazard)
        await lead(world, place, hazard, state)
    guided = {"version": 0, "remarks": mark(f"G{place.realm}", "谈话")}
    await done(parent.put(f"/shifts/{place.guidance_shift_id}/duty-log", json=guided))


async def running(
    world: World, place: SimpleNamespace, duty: str, school: str, helpers: list[str], number: int
) -> str:
    """Make a shift whose volunteers are checked in and on duty since half an hour."""
    admin = world.phones[place.admin]
    body = shift(place, duty, next_weekday(40 + number).isoformat(), school)
    made = await done(admin.post(f"/schools/{place.school_id}/shifts", json=body))
    shift_id: str = made["slot"]["id"]
    for name in helpers:
        await done(world.phones[name].put(f"/slots/{shift_id}/booking", json={}))
    await execute("UPDATE bookings SET state = 'confirmed' WHERE slot_id = $1", UUID(shift_id))
    await run_from(shift_id, clock.now() - timedelta(minutes=30))
    return shift_id


async def _photo(parent: Visitor, place: SimpleNamespace) -> str:
    name = f"{mark(f'H{place.realm}')}.jpg"
    files = {"file": (name, PHOTO, "image/jpeg")}
    url = f"/shifts/{place.running_shift_id}/photos"
    photo: str = (await done(parent.post(url, files=files)))["id"]
    return photo


async def lead(world: World, place: SimpleNamespace, hazard: str, state: str) -> None:
    """Let the school take a hazard as far as ``state``; each step bears a note."""
    note = {"note": mark(f"S{place.realm}", "步")}
    due = (today() + timedelta(days=7)).isoformat()
    teacher = {"ownerId": str(place.teacher_id), "dueOn": due}
    steps = [
        ("confirmed", place.admin, "decision", {"confirmed": True}),
        ("assigned", place.admin, "assignment", teacher),
        ("recheck", place.teacher, "work", {"done": True}),
        ("closed", place.admin, "recheck", {"ok": True}),
    ]
    for became, who, act, body in steps[: HAZARDS.index(state)]:
        made = await done(world.phones[who].put(f"/hazards/{hazard}/{act}", json=body | note))
        assert made["state"] == became


async def _served(world: World, place: SimpleNamespace, number: int) -> None:
    """A shift three weeks ago."""
    admin, parent = world.phones[place.admin], world.phones[place.parent]
    body = shift(place, "patrol", next_weekday(60 + number).isoformat(), place.realm[:2])
    made = await done(admin.post(f"/schools/{place.school_id}/shifts", json=body))
    await done(parent.put(f"/slots/{made['slot']['id']}/booking", json={}))
    await served(made)
    place.over_shift_id = made["slot"]["id"]


def period(place: SimpleNamespace) -> dict[str, str]:
    """Return the forty days up to now, at the place's school."""
    first = today() - timedelta(days=40)
    return {
        "schoolId": str(place.school_id), "from": first.isoformat(), "until": today().isoformat(),
    }  # fmt: skip


async def _template(world: World, place: SimpleNamespace, number: int, school: str) -> UUID:
    template = await ShiftTemplate.create(
        school_id=place.school_id, duty="patrol", place=mark(school, "门"), weekdays=[1],
        starts_minute=420 + number, ends_minute=480 + number, capacity=2,
        first_day=today(), last_day=today() + timedelta(days=20),
        organiser_id=world.people[place.admin],
    )  # fmt: skip
    made: UUID = template.id
    return made


async def _left_behind(world: World) -> None:
    """What a teacher who has left organised and was to see to; a barred guardian's duty."""
    own, teacher = world.places["own"], world.people["ex_teacher"]
    for name, place in world.places.items():
        if name != "own":
            place.left_shift_id, place.left_day_id, place.left_hazard_id = uuid7(), uuid7(), uuid7()
            place.barred_hazard_id = uuid7()
    admin, school = world.phones["admin"], f"/schools/{own.school_id}"
    mine = {"organiserId": str(teacher)}
    day = {"day": (today() + timedelta(days=50)).isoformat(), "note": mark("QA1X", "注"), **mine}
    own.left_day_id = (await done(admin.post(f"{school}/station-days", json=day)))["id"]
    # Of things that are seen by few; a shift not published yet is.
    body = shift(own, "patrol", next_weekday(51).isoformat(), "QA1X", isDraft=True) | mine
    own.left_shift_id = (await done(admin.post(f"{school}/shifts", json=body)))["slot"]["id"]
    log = await DutyLog.get(shift_id=own.running_shift_id, person_id=own.person_id)
    own.left_hazard_id = await _hazard(log, "assigned", teacher)
    own.barred_hazard_id = await _barred(own, world.people["parent_restricted"])


async def _barred(own: SimpleNamespace, person_id: UUID) -> UUID:
    """Somebody was on duty, wrote a log and reported a hazard, and then was barred."""
    now, shift_id = clock.now(), UUID(own.running_shift_id)
    await Booking.create(
        slot_id=shift_id, school_id=own.school_id, person_id=person_id, state="checked_in",
        may_overlap=True, checked_in_at=now, starts_at=now, ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    log = await DutyLog.create(
        shift_id=shift_id, school_id=own.school_id, person_id=person_id, duty="patrol",
        remarks=mark("LA1X", "记"), version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    note = mark("VA1X", "注")
    await Volunteer.create(
        school_id=own.school_id, person_id=person_id, state="active", note=note
    )  # fmt: skip
    return await _hazard(log, "reported", None)


async def _hazard(log: DutyLog, state: str, owner_id: UUID | None) -> UUID:
    hazard = await Hazard.create(
        school_id=log.school_id, log_id=log.id, finding_key=uuid7(), reporter_id=log.person_id,
        duty=log.duty, place=mark("HA1X", "处"), text=mark("HA1X", "隐患"), severity="low",
        state=state, owner_id=owner_id, due_on=today(), reported_at=clock.now(),
        updated_at=clock.now(),
    )  # fmt: skip
    made: UUID = hazard.id
    return made
