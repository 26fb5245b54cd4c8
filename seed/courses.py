"""What the demo's parents learn: a school's course with a film, the district's, an outside one."""

import hashlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend import clock
from backend.courses.models import (
    Course,
    CourseDelivery,
    CourseKind,
    HostKind,
    Lesson,
    LessonKind,
    ParentSchool,
    Topic,
)
from backend.courses.operations import (
    assigning,
    beats,
    courses,
    hosts,
    importing,
    lessons,
    quizzes,
    reviews,
    sharing,
    tracks,
)
from backend.courses.operations.courses import CourseContent, CourseRule
from backend.courses.operations.hosts import HostContent
from backend.courses.operations.revisions import LessonContent
from backend.courses.operations.tracks import TrackPlace
from backend.courses.queries import assigning as places
from backend.courses.queries import quizzes as questions
from backend.courses.rules.importing import Entry
from backend.courses.rules.quizzes import veiled
from backend.media.cinema.preparing import prepare_next
from backend.media.operations import uploads
from backend.media.storage import open_files
from backend.people import queries
from backend.people.models import Person
from backend.schools.models import Stage
from backend.settings import Settings
from backend.volunteering.operations import kinds, shifts
from backend.volunteering.operations.kinds import KindText
from backend.volunteering.operations.shifts import ShiftPlan
from backend.web.actor import Actor
from seed import film
from seed.cast import Cast
from seed.column import SECOND_OFFICER
from seed.invitations import in_days

OPENED = date(2026, 9, 1)
FILM_SECONDS = 48
CALM = [
    "孩子发脾气的时候，大人的声音往往也会高起来。先让自己慢下来，是送给孩子的第一份礼物。",
    "试一试：吸气四拍，呼气四拍，做六次。做的时候不说教，只陪着他一起呼吸。",
    "等两个人都平静了，再问一句：“刚才发生了什么？”听完，再一起想办法。",
]
SHELVES = [
    "图书角的书按颜色分架：红色是绘本，蓝色是科普，黄色是故事。归还的书先擦拭，再上架。",
    "遇到破损的书放进修补筐，不必当场处理。孩子借书由他们自己登记，大人在旁边看着就好。",
]
DINNER = [
    "晚饭后的一小时，先商量好三件事：作业几点开始，屏幕几点关，谁来洗碗。",
    "约定写下来贴在冰箱上，大人也照着做。一周以后坐下来，看看哪一条需要改。",
]


async def plant(cast: Cast, settings: Settings) -> None:
    """Grow the parent school with what is learnt there; once, after the column."""
    if await ParentSchool.exists():
        return
    admin = await _staff(cast.id("许建安"), "许建安")
    school = cast.schools["海湾"]
    host = await hosts.set_own(
        admin, school, HostContent(name="海湾家长学校", head="周慕云", opened_on=OPENED)
    )
    teacher = await _staff(cast.id("林晓岚"), "林晓岚")
    calm = await _calm(cast, settings, host, teacher, admin)
    await _library_duty(cast, host, teacher, admin)
    shared = await _district_course(cast)
    await sharing.adopt(admin, school, shared.id)
    outside = await _outside(admin, host)
    await _track(admin, host, [calm.id, shared.id, outside])
    await _assigned(cast, teacher, calm)
    await _begun(cast, settings, calm)


async def _calm(
    cast: Cast, settings: Settings, host: ParentSchool, writer: Actor, reviewer: Actor
) -> Course:
    """A film, a text and a quiz; what one guardian learns counts for the other."""
    clip = await _film(cast, settings, writer)
    course = _course("先慢下来", "孩子发脾气时，大人可以先做的三件小事。", Topic.MIND)
    rule = CourseRule(
        threshold=90, offline_seconds=1200, family_counts=True, certifies=True, valid_days=None
    )
    question = {
        "kind": "single",
        "text": "孩子发脾气时，最先做什么？",
        "options": [
            {"key": "a", "text": "马上讲道理"},
            {"key": "b", "text": "先让自己慢下来，陪着他"},
            {"key": "c", "text": "转身离开"},
        ],
        "answer": ["b"],
        "explanation": "情绪上来的那几分钟，道理听不进去。",
    }
    return await _published(
        host,
        msgspec.structs.replace(course, rule=rule),
        [
            _lesson(LessonKind.VIDEO, "跟着圆球呼吸六次", attachment_id=clip),
            _lesson(LessonKind.ARTICLE, "慢下来的三步", paragraphs=CALM),
            _lesson(LessonKind.QUIZ, "小测验", questions=[question]),
        ],
        writer,
        reviewer,
    )


async def _library_duty(cast: Cast, host: ParentSchool, writer: Actor, reviewer: Actor) -> None:
    """Only who has read how the shelves are kept may help in the library."""
    course = _course("图书角志愿者须知", "上岗前读一读，两分钟。", Topic.VOLUNTEERING)
    read = [_lesson(LessonKind.ARTICLE, "怎样整理图书角", paragraphs=SHELVES)]
    made = await _published(host, course, read, writer, reviewer)
    school, organiser = cast.schools["海湾"].id, cast.id("许建安")
    text = KindText(
        name="图书整理",
        briefing="按颜色分架，破损的书放进修补筐。",
        needs_approval=False,
        needs_skill=False,
        needs_teacher=False,
        courses=[f"course:{made.id}"],
    )
    await kinds.set_kind(school, "library", text, by=organiser)
    plan = ShiftPlan(duty="library", starts_at=in_days(6, 15), place="二楼图书角", capacity=3)
    await shifts.create(school, plan, by=organiser)


async def _district_course(cast: Cast) -> Course:
    """The district's own parent school shares a course; its second officer has reviewed it."""
    officer = await _staff(cast.id("沈知微"), "沈知微")
    name, phone = SECOND_OFFICER
    second = await Person.get(phone=f"+86{phone}")
    host = await hosts.open_host(
        officer,
        cast.district,
        HostKind.DISTRICT,
        HostContent(name="翔安区家长学校", head="沈知微", opened_on=OPENED),
    )
    course = await _published(
        host,
        _course("晚饭后的一小时", "作业、屏幕和家务，怎样商量着来。", Topic.FAMILY_WAYS),
        [_lesson(LessonKind.ARTICLE, "三件事先说好", paragraphs=DINNER)],
        officer,
        await _staff(second.id, name),
    )
    await sharing.share(officer, course.id, "CC BY-NC 4.0，注明翔安区家长学校")
    return course


async def _outside(admin: Actor, host: ParentSchool) -> UUID:
    entry = Entry(
        external_id="demo-001",
        brand="爱宝行",
        title="亲子沟通公开课",
        summary="在外部平台学习，学完后由班主任登记。",
        url="https://learning.example.edu.cn/courses/demo-001",
        topic=Topic.PARENTING,
        stages=[Stage.PRIMARY],
        minutes=40,
    )
    [line] = await importing.import_catalogue(
        admin, host, "aibaoxing", [entry], retire_missing=False, dry_run=False
    )
    assert line.course_id is not None
    return line.course_id


async def _track(admin: Actor, host: ParentSchool, course_ids: list[UUID]) -> None:
    """The last one may be left out."""
    track = await tracks.make(admin, host, Stage.PRIMARY, Topic.PARENTING, "小学家长第一课")
    wanted = [
        TrackPlace(course_id=one, required=number < len(course_ids))
        for number, one in enumerate(course_ids, 1)
    ]
    await tracks.arrange(admin, host, track.id, track.title, wanted, track.version)


async def _assigned(cast: Cast, teacher: Actor, course: Course) -> None:
    class_id = cast.classes["海湾/三年级/1班"].id
    place = (await places.places([class_id]))[class_id]
    due = clock.local(clock.now()).date() + timedelta(days=10)
    await assigning.assign(teacher, course.id, place, due)


async def _begun(cast: Cast, settings: Settings, course: Course) -> None:
    """One mother has passed the quiz and opened the film; the rest lies before her."""
    learner = cast.id("刘敏")
    [clip, _, quiz] = await Lesson.filter(course_id=course.id).order_by("position")
    await beats.open_play(learner, clip, course, uuid4())
    secret = settings.secret_key
    given = {
        row["id"]: [veiled(secret, str(learner), str(row["id"]), key) for key in row["answer"]]
        for row in await questions.asked(quiz.id)
    }
    await quizzes.hand_in(learner, quiz.id, course.id, given, now=clock.now(), secret=secret)


async def _film(cast: Cast, settings: Settings, writer: Actor) -> UUID:
    """Hand in a film the way phones do, and prepare it the way the worker does."""
    files = open_files(settings)
    data = film.draw(FILM_SECONDS)
    upload = await uploads.begin(
        writer.person_id,
        "跟着圆球呼吸.mp4",
        len(data),
        hashlib.sha256(data).hexdigest(),
        files=files,
        school_id=cast.schools["海湾"].id,
    )
    await uploads.take_part(upload, 1, data, files=files)
    made = await uploads.complete(upload, files=files)
    await prepare_next(files, ladders=False)
    return made.id


async def _published(
    host: ParentSchool,
    content: CourseContent,
    written: list[LessonContent],
    writer: Actor,
    reviewer: Actor,
) -> Course:
    """Write a course, hand it in, and let somebody else publish it."""
    course = await courses.write(writer, host, content)
    for lesson in written:
        await lessons.add(writer, course.id, lesson, required=True)
    await reviews.submit_course(writer, course.id)
    return await reviews.review_course(reviewer, course.id, approved=True, reason="")


def _course(title: str, summary: str, topic: Topic) -> CourseContent:
    return CourseContent(
        kind=CourseKind.COURSE,
        title=title,
        summary=summary,
        brand="",
        delivery=CourseDelivery.ONLINE,
        topic=topic,
        stages=[Stage.PRIMARY],
        grades=[],
        set_size=None,
        cover_id=None,
        rule=CourseRule(
            threshold=90, offline_seconds=1200, family_counts=False, certifies=True,
            valid_days=365,
        ),
    )  # fmt: skip


def _lesson(kind: LessonKind, title: str, **more: Any) -> LessonContent:
    plain: dict[str, Any] = {
        "paragraphs": [], "attachment_id": None, "slot_id": None, "external_url": "",
        "pass_percent": 60, "most_attempts": 3 if kind is LessonKind.QUIZ else None,
        "watch_again": False, "note": "", "questions": [],
    }  # fmt: skip
    return LessonContent(kind=kind, title=title, **{**plain, **more})


async def _staff(person_id: UUID, name: str) -> Actor:
    return await queries.actor_of(person_id, name)
