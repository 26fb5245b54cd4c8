"""What the demo's families are invited to: guard posts, a 驻校日, an open day, 家长课堂."""

from datetime import datetime, time, timedelta
from uuid import UUID

from backend import clock
from backend.activities.models import Activity, Delivery
from backend.activities.operations import afterwards, drafts, opening, registering
from backend.activities.operations.drafts import SessionPlan
from backend.activities.operations.programmes import Programme
from backend.bookings.models import Booking, ScanKind
from backend.bookings.operations import attendance, places
from backend.bookings.operations.places import Ask
from backend.database import execute, fetch
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
    await _parent_classes(cast, school)


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
        school, in_days(9).date(), "本月家长驻校日", organiser_id=organiser, by=organiser
    )
    for duty, hour, place in (
        ("canteen", 11, "一楼食堂"),
        ("patrol", 10, "教学楼与操场"),
        ("after_school", 16, "三年级1班教室"),
        ("guidance", 15, "家长接待室"),
    ):
        plan = ShiftPlan(
            duty=duty,
            starts_at=in_days(9, hour),
            place=place,
            teacher_id=teacher if duty == "after_school" else None,
            station_day_id=day.id,
        )
        await shifts.create(school, plan, by=organiser)
    await days.publish(day.id, by=organiser)


async def _open_day(cast: Cast, school: UUID) -> None:
    sessions = [
        SessionPlan(
            title=title,
            room=room,
            starts_at=in_days(12, hour),
            ends_at=in_days(12, hour) + timedelta(minutes=50),
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
    activity = await _opened(
        cast,
        school,
        "open_day",
        "秋季家长开放日",
        "走进课堂，看看孩子的一天。每个家庭最多两人，请凭票入校。",
        sessions,
    )
    rows = await fetch(
        "SELECT s.id FROM slots s WHERE s.kind = 'session' AND s.title LIKE '%科学实验' LIMIT 1"
    )
    for name, child, party in (("李建国", "李沐阳", 2), ("刘敏", "王子墨", 1)):
        wish = registering.Wish(
            session_id=rows[0]["id"], student_ids=[cast.children[child].id], party=party
        )
        await registering.register(await _parent(cast, name), activity, wish, {})


async def _parent_classes(cast: Cast, school: UUID) -> None:
    """One 家长课堂 the evening before yesterday, to which two families came, and one ahead."""
    teacher = {
        "name": "林晓岚",
        "title": "三年级1班班主任",
        "kind": "backbone_teacher",
        "personId": str(cast.id("林晓岚")),
    }
    mother = {
        "name": "周婷",
        "title": "家长讲师团",
        "kind": "excellent_parent",
        "personId": str(cast.id("周婷")),
    }
    held = await _opened(
        cast,
        school,
        "parent_class",
        "家长课堂：晚饭后的一小时",
        "作业、屏幕和睡前，怎样商量着来。讲完留半小时互相出主意。",
        [_lesson("阶梯教室", 1, Programme(speakers=[teacher]))],
    )
    await _register(cast, held, ("李建国", "李沐阳"), ("刘敏", "王子墨"))
    await _two_days_ago(cast, held)
    await _opened(
        cast,
        school,
        "parent_class",
        "家长课堂：听懂孩子的“不”",
        "到校或在线参加都可以，在线的家长报名后在这里看到会议地址。",
        [
            _lesson(
                "图书馆二楼",
                16,
                Programme(
                    speakers=[mother, teacher],
                    delivery=Delivery.BOTH,
                    link="https://meeting.example.edu.cn/j/20261209",
                ),
            )
        ],
    )


def _lesson(room: str, days: int, programme: Programme) -> SessionPlan:
    return SessionPlan(
        title="晚间场",
        room=room,
        starts_at=in_days(days, 19),
        ends_at=in_days(days, 20) + timedelta(minutes=30),
        capacity=60,
        programme=programme,
    )


async def _two_days_ago(cast: Cast, activity: Activity) -> None:
    """Let three days go by for an activity of tomorrow, its families ticked off at the door."""
    earlier = "interval '3 days'"
    slots = "SELECT id FROM slots WHERE about_id = $1"
    for table, key, columns in (
        ("slots", "id", ("starts_at", "ends_at", "opens_at", "closes_at", "cancel_until")),
        ("bookings", "slot_id", ("starts_at", "ends_at")),
    ):
        moved = ", ".join(f"{column} = {column} - {earlier}" for column in columns)
        await execute(f"UPDATE {table} SET {moved} WHERE {key} IN ({slots})", activity.id)
    for booking in await Booking.filter(slot__about_id=activity.id):
        await attendance.by_hand(booking, ScanKind.IN, booking.starts_at, by=cast.id("林晓岚"))
    await fetch(f"SELECT tidy_slot(s.id, $2) FROM slots s WHERE id IN ({slots})",
                activity.id, clock.now())  # fmt: skip
    await afterwards.move_on(activity.id)
    admin = await queries.actor_of(cast.id("许建安"), "许建安")
    text = "两个家庭到场，商定了“先说好、再开始”的三条约定，讲义已放在班级资料里。"
    await afterwards.summarise(admin, activity.id, text, [])


async def _opened(
    cast: Cast, school: UUID, kind: str, title: str, text: str, sessions: list[SessionPlan]
) -> Activity:
    """Write an activity for the whole school and open it."""
    admin = await queries.actor_of(cast.id("许建安"), "许建安")
    content = drafts.Content(
        kind=kind,
        title=title,
        paragraphs=[text],
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
    return activity


async def _register(cast: Cast, activity: Activity, *families: tuple[str, str]) -> None:
    """Let guardians book the activity's only session for a child each."""
    [session] = await fetch("SELECT id FROM slots WHERE about_id = $1", activity.id)
    for name, child in families:
        wish = registering.Wish(session_id=session["id"], student_ids=[cast.children[child].id])
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


def in_days(number: int, hour: int = 9) -> datetime:
    """Return a full hour of the wall clock, so many days from today."""
    day = clock.local(clock.now()).date() + timedelta(days=number)
    return datetime.combine(day, time(hour), tzinfo=clock.CHINA)
