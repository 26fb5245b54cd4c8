"""What the demo's families are invited to: weeks of guard posts, a 驻校日, an open day."""

from datetime import datetime, time, timedelta
from uuid import UUID

from backend import clock
from backend.activities.operations import drafts, opening, registering
from backend.activities.operations.drafts import SessionPlan
from backend.bookings.operations import places
from backend.bookings.operations.places import Ask
from backend.database import fetch
from backend.people import queries
from backend.volunteering.models import Shift
from backend.volunteering.operations import days, profiles, shifts, templates
from backend.volunteering.operations.profiles import Profile
from backend.volunteering.operations.shifts import ShiftPlan
from backend.volunteering.operations.templates import Pattern
from backend.web.actor import Actor, Tie
from seed.cast import Cast

VOLUNTEERS = {
    "王立强": ("guard", "patrol", "canteen"),
    "刘敏": ("guard", "canteen", "guidance"),
    "李建国": ("guard", "patrol"),
    "周婷": ("guard", "after_school"),
}
"""Who of the cast helps out, and with what."""


async def plant(cast: Cast) -> None:
    """Grow volunteers, shifts, an open day and who has booked what; once."""
    if await Shift.exists():
        return
    school = cast.schools["海湾"].id
    organiser = cast.id("许建安")
    await _volunteers(cast, school, organiser)
    await _guard_posts(cast, school, organiser)
    await _station_day(school, organiser, cast.id("林晓岚"))
    await _open_day(cast, school)


async def _volunteers(cast: Cast, school: UUID, organiser: UUID) -> None:
    for name, duties in VOLUNTEERS.items():
        wish = Profile(duties=duties, weekdays=[1, 3, 5], note="早上有空")
        made = await profiles.apply(school, cast.id(name), wish)
        await profiles.decide(made.id, approved=True, duties=duties, by=organiser)


async def _guard_posts(cast: Cast, school: UUID, organiser: UUID) -> None:
    """Four weeks of the morning guard, two at the gate; the first morning is full already."""
    today = clock.local(clock.now()).date()
    pattern = Pattern(
        duty="guard",
        place="东门",
        starts_minute=7 * 60 + 20,
        ends_minute=8 * 60,
        first_day=today + timedelta(days=1),
        last_day=today + timedelta(days=28),
        capacity=2,
        minimum=2,
        needed_school=1,
        needed_police=1,
    )
    await templates.make(school, pattern, by=organiser)
    rows = await fetch(
        "SELECT id FROM slots WHERE school_id = $1 ORDER BY starts_at LIMIT 2", school
    )
    for row, names in zip(rows, (("刘敏", "李建国", "王立强"), ("王立强",)), strict=False):
        for name in names:
            await places.take(Ask(slot=row["id"], person=cast.id(name), reach=[school]))


async def _station_day(school: UUID, organiser: UUID, teacher: UUID) -> None:
    day = await days.plan(
        school, _in_days(9).date(), "本月家长驻校日", organiser_id=organiser, by=organiser
    )
    for duty, hour, place in (
        ("canteen", 11, "一楼食堂"),
        ("patrol", 10, "教学楼与操场"),
        ("after_school", 16, "三年级1班教室"),
        ("guidance", 15, "家长接待室"),
    ):
        plan = ShiftPlan(
            duty=duty,
            starts_at=_in_days(9, hour),
            place=place,
            teacher_id=teacher if duty == "after_school" else None,
            station_day_id=day.id,
        )
        await shifts.create(school, plan, by=organiser)
    await days.publish(day.id, by=organiser)


async def _open_day(cast: Cast, school: UUID) -> None:
    admin = await queries.actor_of(cast.id("许建安"), "许建安")
    sessions = [
        SessionPlan(
            title=title,
            room=room,
            starts_at=_in_days(12, hour),
            ends_at=_in_days(12, hour) + timedelta(minutes=50),
            capacity=capacity,
            node_ids=[cast.grades[f"海湾/{grade}"].id],
        )
        for title, room, hour, capacity, grade in (
            ("语文课", "三年级1班教室", 9, 30, "三年级"),
            ("科学实验", "科学教室", 10, 2, "三年级"),
            ("音乐课", "音乐教室", 9, 20, "一年级"),
            ("体育课", "操场", 11, 30, "一年级"),
        )
    ]
    content = drafts.Content(
        kind="open_day",
        title="秋季家长开放日",
        paragraphs=["走进课堂，看看孩子的一天。每个家庭最多两人，请凭票入校。"],
        node_ids=[school],
        mode="first_come",
        needs_approval=False,
        invitee_ids=[],
        invites_committees=False,
        questions=[],
        quotas=[],
        max_party=2,
        sessions_per_child=2,
        sessions_per_family=None,
        opens_at=None,
        closes_at=None,
        cancel_hours=24,
        sessions=sessions,
    )
    activity = await drafts.write(admin, school, content)
    await opening.open_activity(admin, activity.id)
    await activity.refresh_from_db()
    rows = await fetch(
        "SELECT s.id FROM slots s WHERE s.kind = 'session' AND s.title LIKE '%科学实验' LIMIT 1"
    )
    for name, child, party in (("李建国", "李沐阳", 2), ("刘敏", "王子墨", 1)):
        wish = registering.Wish(
            session_id=rows[0]["id"], student_ids=[cast.children[child].id], party=party
        )
        await registering.register(await _parent(cast, name), activity, wish, {})


async def _parent(cast: Cast, name: str) -> Actor:
    """Return a guardian as the verbs expect a caller who has signed in."""
    rows = await fetch(
        "SELECT student_id, school_id, class_id, grade_id, consented FROM family_ties "
        "WHERE person_id = $1",
        cast.id(name),
    )
    ties = tuple(Tie(**row) for row in rows)
    return Actor(person_id=cast.id(name), session_id=UUID(int=0), name=name, ties=ties)


def _in_days(number: int, hour: int = 9) -> datetime:
    """Return a full hour of the wall clock, so many days from today."""
    day = clock.local(clock.now()).date() + timedelta(days=number)
    return datetime.combine(day, time(hour), tzinfo=clock.CHINA)
