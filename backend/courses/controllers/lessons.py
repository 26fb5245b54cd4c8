"""Lessons over HTTP: listed, read, written, put in order, retired."""

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.courses.controllers.written import (
    course_changed,
    lesson_changed,
    lesson_out,
    lessons_out,
)
from backend.courses.models import Course, Lesson
from backend.courses.operations import lessons as operations
from backend.courses.operations.revisions import write_draft
from backend.courses.permissions.authoring import lesson_to_run
from backend.courses.permissions.sight import (
    CourseSight,
    LessonSight,
    course_in_sight,
    course_to_edit,
    lesson_in_sight,
    lesson_to_edit,
)
from backend.courses.rules import authoring as rules
from backend.courses.schemas.courses import CourseOut, CourseRetirementIn, LessonOrderIn
from backend.courses.schemas.lessons import (
    LessonDraftIn,
    LessonIn,
    LessonOut,
    LessonRequirementIn,
    LessonsOut,
)
from backend.errors import NotAllowed
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

WRITING = (
    rules.WrongCourseState,
    rules.SlotNotFitting,
    rules.WrongMedium,
    rules.MediumTooLong,
    AttachmentMissing,
)


class CourseLessons(Controller):
    """The lessons of a course in sight."""

    path = "/courses/{course_id:uuid}/lessons"
    dependencies = {"sight": Provide(course_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listLessons",
        summary="课时列表 A course's lessons",
    )
    async def list_lessons(self, sight: NamedDependency[CourseSight]) -> LessonsOut:
        """In order. Drafts and retired ones are listed for those who write the course."""
        return await lessons_out(sight)


class LessonAdding(Controller):
    """Where lessons begin, and their order."""

    path = "/courses/{course_id:uuid}"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_edit)}

    @post(
        "/lessons",
        opt={"policy": Policy.STAFF},
        operation_id="addLesson",
        summary="添加课时 Add a lesson",
        responses=refusals(*WRITING, rules.TooManyLessons, KeyNeeded, KeyReused),
    )
    async def add_lesson(
        self,
        data: JSONBody[LessonIn],
        actor: NamedDependency[Actor],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> LessonOut:
        """At the end. In a published course it is reviewed by itself before families see it."""

        async def act() -> LessonOut:
            lesson = await operations.add(actor, course.id, data.content(), required=data.required)
            return await lesson_changed(actor, lesson.id, settings)

        return await once(
            actor.person_id, "addLesson", idempotency_key, (course.id, data), LessonOut, act,
            secret=settings.secret_key,
        )  # fmt: skip

    @put(
        "/lesson-order",
        opt={"policy": Policy.STAFF},
        operation_id="orderLessons",
        summary="调整课时顺序 Put the lessons in order",
        responses=refusals(
            rules.WrongCourseState, rules.CourseChanged, rules.OrderIncomplete, NotAllowed
        ),
    )
    async def order_lessons(
        self,
        data: JSONBody[LessonOrderIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[CourseSight],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """All of them at once. Once published, by those who run the host."""
        await operations.order(actor, course.id, data.lesson_ids, data.version, runs=sight.runs)
        return await course_changed(actor, course.id, settings)


class OneLesson(Controller):
    """One lesson, as much of it as is the caller's business."""

    path = "/lessons/{lesson_id:uuid}"
    dependencies = {"sight": Provide(lesson_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getLesson",
        summary="课时详情 One lesson",
    )
    async def get_lesson(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[LessonSight],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """Learners get what is published, its media by links of their own, and no answers."""
        return await lesson_out(sight, actor, settings)


class LessonDrafts(Controller):
    """A lesson in the hands of those who write its course."""

    path = "/lessons/{lesson_id:uuid}"
    dependencies = {"sight": Provide(lesson_in_sight), "lesson": Provide(lesson_to_edit)}

    @put(
        "/draft",
        opt={"policy": Policy.STAFF},
        operation_id="writeLessonDraft",
        summary="修改课时内容 Write a lesson's draft",
        responses=refusals(*WRITING, rules.WrongLessonState, rules.LessonChanged),
    )
    async def write_lesson_draft(
        self,
        data: JSONBody[LessonDraftIn],
        actor: NamedDependency[Actor],
        lesson: NamedDependency[Lesson],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """Beside what is published, which stays until a reviewer lets the draft take its place."""
        await write_draft(actor, lesson.id, data.content(), data.version)
        return await lesson_changed(actor, lesson.id, settings)

    @delete(
        "/draft",
        opt={"policy": Policy.STAFF},
        operation_id="discardLessonDraft",
        summary="放弃课时草稿 Discard a lesson's draft",
        responses=refusals(rules.WrongLessonState),
    )
    async def discard_lesson_draft(
        self, actor: NamedDependency[Actor], lesson: NamedDependency[Lesson]
    ) -> None:
        """A lesson that was never published goes with it."""
        await operations.discard_draft(actor, lesson.id)

    @put(
        "/requirement",
        opt={"policy": Policy.STAFF},
        operation_id="setLessonRequirement",
        summary="设置必修或选修 Say whether the course needs the lesson",
        responses=refusals(rules.WrongCourseState, NotAllowed),
    )
    async def set_lesson_requirement(
        self,
        data: JSONBody[LessonRequirementIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[LessonSight],
        lesson: NamedDependency[Lesson],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """Once the course is published, by those who run the host."""
        await operations.require(actor, lesson.id, data.required, runs=sight.course.runs)
        return await lesson_changed(actor, lesson.id, settings)


class LessonRetirement(Controller):
    """Where lessons end."""

    path = "/lessons/{lesson_id:uuid}/retirement"
    dependencies = {"sight": Provide(lesson_in_sight), "lesson": Provide(lesson_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="retireLesson",
        summary="下架课时 Retire a lesson",
        responses=refusals(rules.WrongCourseState, rules.WrongLessonState, rules.LastLesson),
    )
    async def retire_lesson(
        self,
        data: JSONBody[CourseRetirementIn],
        actor: NamedDependency[Actor],
        lesson: NamedDependency[Lesson],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """Nobody needs it any more to finish the course. A draft beside it goes too."""
        await operations.retire(actor, lesson.id, data.reason)
        return await lesson_changed(actor, lesson.id, settings)


DUTY = (
    CourseLessons,
    LessonAdding,
    OneLesson,
    LessonDrafts,
    LessonRetirement,
)
