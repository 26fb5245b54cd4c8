"""What the parent school of each class of the world offers, and how it is being written.

Realms of its own, before the place's: ``C`` what is published, ``D`` a draft, ``W`` what
waits for its review, ``T`` what other schools may take over, ``K`` answers of a quiz and
``N`` what a reviewer said. A district's own courses bear ``CA`` and ``DA``.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from backend import clock
from backend.courses.models import (
    Adoption,
    Course,
    CourseCompletion,
    CourseEnrolment,
    CourseReview,
    HostKind,
    Lesson,
    ParentSchool,
    Question,
    Revision,
)
from backend.courses.operations.beats import open_play
from backend.courses.operations.searching import refresh_search
from backend.database import transaction
from backend.identifiers import uuid7
from backend.media.models import Attachment, Kind
from backend.schools.models import School
from tests.authz.world import World, mark

PLAY = "00000000-0000-7000-8000-0000000000a1"
"""What every phone of the world calls the play it has open."""
MINUTE = 60_000


async def fill(world: World) -> None:
    """Let each class's teacher write courses in every state; its parent learns."""
    for place in list(world.places.values()):
        await _hosts(place)
        await _published(world, place)
        await _unpublished(world, place)
        await _ended(world, place)
        await _from_the_district(world, place)
        place.cover_id = await _picture(world, place)
    await _known_elsewhere(world)
    await _left_behind(world)


async def _hosts(place: SimpleNamespace) -> None:
    """The school's own parent school, the district's, and a community's."""
    district, school = place.realm[0], place.realm[:2]
    row = await School.get(id=place.school_id)
    place.town_id = row.town_id
    for kind, more in (
        (HostKind.SCHOOL, {"school_id": place.school_id}),
        (HostKind.DISTRICT, {}),
        (HostKind.COMMUNITY, {"town_id": row.town_id}),
    ):
        realm = school if kind == HostKind.SCHOOL else district
        host, _ = await ParentSchool.get_or_create(
            district_id=place.district_id, kind=kind, **more,
            # What a school is called, its district knows; who heads it besides, its staff.
            defaults={
                "name": mark(district, f"{kind}{realm}"), "head": mark(realm, "校长"),
                "opened_on": clock.now().date(),
            },
        )  # fmt: skip
        setattr(place, f"{kind}_host", host)
    place.parent_school_id = place.community_host.id
    place.school_parent_school_id = place.school_host.id
    place.district_parent_school_id = place.district_host.id


async def _course(
    world: World,
    place: SimpleNamespace,
    name: str,
    realm: str,
    state: str = "published",
    **more: Any,
) -> Course:
    """Write a course that the class's teacher wrote and its administrator let pass."""
    now = clock.now()
    is_out = state in ("published", "retired")
    host: ParentSchool = more.pop("host", place.school_host)
    author = more.pop("author_id", world.people[place.teacher])
    reviewer = world.people[place.admin] if is_out else None
    if state == "retired":
        more |= {"retired_at": now, "retired_reason": mark(realm, "旧")}
    course = await Course.create(
        host_id=host.id, district_id=host.district_id, school_id=host.school_id, state=state,
        title=mark(realm, "课"), summary=mark(realm, "介绍"), topic="parenting", version=1,
        author_id=author, writer_ids=[author], reviewer_id=reviewer, created_at=now,
        submitted_at=None if state == "draft" else now, published_at=now if is_out else None,
        **{"delivery": "both", **more},
    )  # fmt: skip
    setattr(place, f"{name}_id", course.id)
    return course


async def _lesson(
    world: World, place: SimpleNamespace, name: str, course: Course, realm: str, **more: Any
) -> Lesson:
    """Put a lesson at the end of a course, in the state the course is in."""
    is_out = course.state in ("published", "retired")
    lesson = await Lesson.create(
        course_id=course.id, position=1 + await Lesson.filter(course_id=course.id).count(),
        state="published" if is_out else course.state, revision=int(is_out),
        created_at=clock.now(),
    )  # fmt: skip
    await _revision(world, place, lesson, realm, state=lesson.state, number=1, **more)
    setattr(place, f"{name}_id", lesson.id)
    return lesson


async def _revision(
    world: World, place: SimpleNamespace, lesson: Lesson, realm: str, **more: Any
) -> Revision:
    now, author = clock.now(), (await Course.get(id=lesson.course_id)).author_id
    is_out = more["state"] == "published"
    reviewer = world.people[place.admin] if is_out else None
    return await Revision.create(
        lesson_id=lesson.id, title=mark(realm, "节"), paragraphs=[mark(realm, "文")],
        version=1, author_id=author, writer_ids=[author], created_at=now, reviewer_id=reviewer,
        published_at=now if is_out else None,
        **{"kind": "article", "duration_ms": MINUTE, **more},
    )  # fmt: skip


async def _published(world: World, place: SimpleNamespace) -> None:
    """A course under way with a quiz, one with changes beside what is out, one to renew."""
    realm = f"C{place.realm}"
    course = await _course(world, place, "course", realm)
    lesson = await _lesson(world, place, "lesson", course, realm)
    asks = await _lesson(world, place, "asks_lesson", course, realm, kind="quiz", duration_ms=None)
    revised = await _lesson(world, place, "revised_lesson", course, realm)
    changed = await _lesson(world, place, "changed_lesson", course, realm)
    place.lesson_ids = [str(one.id) for one in (lesson, asks, revised, changed)]
    place.question_id = await _question(asks, realm, f"K{place.realm}")
    again, waits = f"D{place.realm}", f"W{place.realm}"
    reason = mark(f"N{place.realm}", "请改")
    draft = {"state": "draft", "number": 2, "return_reason": reason}
    await _revision(world, place, revised, again, **draft)
    waiting = await _revision(world, place, changed, waits, state="in_review", number=2)
    await _question_of(waiting, waits, waits)
    await CourseReview.create(
        course_id=course.id, lesson_id=revised.id, revision=2, writer_ids=[course.author_id],
        submitted_at=clock.now(), reviewer_id=world.people[place.admin], approved=False,
        reason=reason, reviewed_at=clock.now(),
    )  # fmt: skip
    parent = world.people[place.parent]
    await open_play(parent, lesson, course, UUID(PLAY))
    outside = {"kind": "external", "external_url": "https://example.cn/"}
    await _found(await _course(world, place, "outside_course", realm, **outside))
    done = await _course(world, place, "done_course", realm, valid_days=30)
    await _completed(parent, done)
    for one in (course, done):
        await _found(one)


async def _completed(person_id: UUID, course: Course) -> None:
    """It was completed weeks ago, and lapses in ten days."""
    now = clock.now()
    await CourseEnrolment.create(
        course_id=course.id, person_id=person_id, enrolled_at=now, last_seen_at=now
    )
    await CourseCompletion.create(
        course_id=course.id, person_id=person_id, rule_version=1, lessons=1, completed_at=now,
        valid_until=now + timedelta(days=10), warned_at=now,
    )  # fmt: skip


async def _question(lesson: Lesson, realm: str, answers: str) -> UUID:
    revision = await Revision.get(lesson_id=lesson.id, number=lesson.revision)
    return await _question_of(revision, realm, answers)


async def _question_of(revision: Revision, realm: str, answers: str) -> UUID:
    """Ask one question; what explains its answer bears the canary of ``answers``."""
    question = await Question.create(
        revision_id=revision.id, position=1, kind="single", text=mark(realm, "问"),
        options=[{"key": key, "text": mark(realm, key)} for key in ("right", "wrong")],
        answer=["right"], explanation=mark(answers, "解"),
    )  # fmt: skip
    return question.id


async def _unpublished(world: World, place: SimpleNamespace) -> None:
    """A draft that was returned once, and a course that waits for its review."""
    reason = mark(f"N{place.realm}", "请改")
    for name, state in (("draft", "draft"), ("waiting", "in_review")):
        realm = f"{name[0].upper()}{place.realm}"
        more = {"return_reason": reason} if state == "draft" else {}
        course = await _course(world, place, f"{name}_course", realm, state, **more)
        lesson = await _lesson(world, place, f"{name}_lesson", course, realm, **more)
        await _question_of(await Revision.get(lesson_id=lesson.id), realm, realm)
        await _found(course)


async def _ended(world: World, place: SimpleNamespace) -> None:
    """A course that was retired after the parent had taken it up."""
    realm, now = f"C{place.realm}", clock.now()
    course = await _course(world, place, "retired_course", realm, "retired")
    await _lesson(world, place, "retired_lesson", course, realm)
    await CourseEnrolment.create(
        course_id=course.id, person_id=world.people[place.parent], enrolled_at=now,
        last_seen_at=now,
    )  # fmt: skip


async def _from_the_district(world: World, place: SimpleNamespace) -> None:
    """A course of the district's own, and a draft of one."""
    known = await Course.filter(host_id=place.district_host.id).order_by("state")
    if known:
        draft, out = known
        place.district_course_id, place.district_draft_course_id = out.id, draft.id
        place.district_lesson_id = (await Lesson.get(course_id=out.id)).id
        place.district_draft_lesson_id = (await Lesson.get(course_id=draft.id)).id
        return
    by = {"host": place.district_host, "author_id": world.people[place.officer]}
    for name, letter, state in (
        ("district", "C", "published"),
        ("district_draft", "D", "draft"),
    ):
        realm = f"{letter}{place.realm[0]}"
        course = await _course(world, place, f"{name}_course", realm, state, **by)
        await _lesson(world, place, f"{name}_lesson", course, realm)
        await _found(course)


async def _known_elsewhere(world: World) -> None:
    """Every place shares a course; that of class A1X has been taken over by school A2."""
    places, now = world.places, clock.now()
    for place in places.values():
        realm = f"T{place.realm}"
        more = {"shared_at": now, "licence": mark(realm, "许可")}
        course = await _course(world, place, "shared_course", realm, **more)
        lesson = await _lesson(world, place, "shared_lesson", course, realm)
        await _question(lesson, realm, f"K{place.realm}")
        await _found(course)
    there = places["other_school"]
    await Adoption.create(
        course_id=places["own"].shared_course_id, school_id=there.school_id,
        adopted_by=world.people[there.admin], adopted_at=now,
    )  # fmt: skip
    # Guardians of another class of the same school, and of another school of the district.
    for name, neighbour, stranger in (
        ("own", "other_class", "other_school"),
        ("other_class", "own", "other_school"),
        ("other_school", "other_district", "own"),
        ("other_district", "other_school", "other_school"),
    ):
        places[name].neighbour_id = world.people[places[neighbour].parent]
        places[name].stranger_id = world.people[places[stranger].parent]


async def _left_behind(world: World) -> None:
    """A draft whose author has left the school since."""
    own = world.places["own"]
    by = {"author_id": world.people["ex_teacher"]}
    course = await _course(world, own, "left_course", "DA1X", "draft", **by)
    await _lesson(world, own, "left_lesson", course, "DA1X")
    for name, place in world.places.items():
        if name != "own":
            place.left_course_id, place.left_lesson_id = uuid7(), uuid7()


async def _picture(world: World, place: SimpleNamespace) -> UUID:
    """A picture that the class's teacher has handed in."""
    made = await Attachment.create(
        district_id=place.district_id, school_id=place.school_id, kind=Kind.IMAGE,
        uploader_id=world.people[place.teacher], filename=mark(place.realm, "封面.jpg"),
        media_type="image/jpeg", byte_size=1000, width=640, height=360, sha256="0" * 64,
        original_key=uuid7().hex, thumbnail_key=uuid7().hex, created_at=clock.now(),
        stored_at=clock.now(),
    )  # fmt: skip
    return made.id


async def _found(course: Course) -> None:
    async with transaction():
        await refresh_search(course.id)
