"""Courses over HTTP: written and listed by staff, read by everybody they are for."""

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.courses.controllers.written import course_changed, course_out, page_of
from backend.courses.models import Course, ParentSchool, PublicationState
from backend.courses.operations import courses as operations
from backend.courses.operations.hosts import own_of
from backend.courses.permissions.authoring import (
    host_in_sight,
    host_to_write_for,
    school_to_write_at,
)
from backend.courses.permissions.sight import (
    CourseSight,
    course_in_sight,
    course_to_edit,
    course_to_run,
)
from backend.courses.queries import authoring as queries
from backend.courses.rules import authoring as rules
from backend.courses.rules.hosts import HostClosed, HostNameTaken
from backend.courses.schemas.courses import (
    CourseChangeIn,
    CourseIn,
    CourseOut,
    CourseRetirementIn,
    CourseRuleChangeIn,
    WrittenCoursePage,
)
from backend.errors import NotAllowed
from backend.media.rules import AttachmentMissing
from backend.schools.models import School
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

WRITING = (rules.ExternalIsImported, rules.NotACover, AttachmentMissing)
CHANGING = (rules.WrongCourseState, rules.CourseChanged, NotAllowed)


class SchoolCourses(Controller):
    """The courses of a school's own parent school, in the hands of its staff."""

    path = "/schools/{school_id:uuid}/courses"
    dependencies = {"school": Provide(school_to_write_at)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listSchoolCourses",
        summary="本校课程的编写情况 A school's courses, by how far the work is",
        responses=refusals(BadCursor),
    )
    async def list_school_courses(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        work: FromQuery[PublicationState | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> WrittenCoursePage:
        """Drafts are their authors' own; whoever runs the school sees all of them."""
        host = await queries.host_of_school(school.id)
        if host is None:
            return WrittenCoursePage(items=[], next_cursor=None)
        return await page_of(actor, host, cursors, work, cursor, limit)

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="writeSchoolCourse",
        summary="起草本校课程 Write a course of the school",
        responses=refusals(*WRITING, HostClosed, HostNameTaken, KeyNeeded, KeyReused),
    )
    async def write_school_course(
        self,
        data: JSONBody[CourseIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> CourseOut:
        """A draft, seen by its author and whoever runs the school. Everybody on the staff may
        write one.
        """

        async def act() -> CourseOut:
            host = await own_of(actor, school)
            return await _made(actor, host, data, settings)

        return await once(
            actor.person_id, "writeSchoolCourse", idempotency_key, (school.id, data), CourseOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class HostCourses(Controller):
    """The courses of any parent school: a community's and the district's are its officers'."""

    path = "/parent-schools/{parent_school_id:uuid}/courses"
    dependencies = {"host": Provide(host_in_sight), "writes": Provide(host_to_write_for)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listHostCourses",
        summary="家长学校课程的编写情况 A parent school's courses, by how far the work is",
        responses=refusals(BadCursor),
    )
    async def list_host_courses(
        self,
        actor: NamedDependency[Actor],
        writes: NamedDependency[ParentSchool],
        cursors: NamedDependency[Cursors],
        work: FromQuery[PublicationState | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> WrittenCoursePage:
        """Drafts are their authors' own; whoever runs the host sees all of them."""
        return await page_of(actor, writes, cursors, work, cursor, limit)

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="writeHostCourse",
        summary="为社区或区级家长学校起草课程 Write a course of a parent school",
        responses=refusals(*WRITING, HostClosed, KeyNeeded, KeyReused),
    )
    async def write_host_course(
        self,
        data: JSONBody[CourseIn],
        actor: NamedDependency[Actor],
        writes: NamedDependency[ParentSchool],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> CourseOut:
        """A draft, seen by those who run the host."""

        async def act() -> CourseOut:
            return await _made(actor, writes, data, settings)

        return await once(
            actor.person_id, "writeHostCourse", idempotency_key, (writes.id, data), CourseOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class OneCourse(Controller):
    """One course, as much of it as is the caller's business."""

    path = "/courses/{course_id:uuid}"
    dependencies = {"sight": Provide(course_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getCourse",
        summary="课程详情 One course",
    )
    async def get_course(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[CourseSight],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """Families see it once it is published; how it is being written stays at work."""
        return await course_out(sight, actor, settings)


class CourseChanges(Controller):
    """A course in the hands of its author and of those who run its host."""

    path = "/courses/{course_id:uuid}"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_edit)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="rewriteCourse",
        summary="修改课程 Change a course",
        responses=refusals(*WRITING, *CHANGING, rules.FixedOncePublished),
    )
    async def rewrite_course(
        self,
        data: JSONBody[CourseChangeIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[CourseSight],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """A draft: everything. Published: title, summary, cover and whom it is for, by those
        who run the host.
        """
        await operations.rewrite(actor, course.id, data.content(), data.version, runs=sight.runs)
        return await course_changed(actor, course.id, settings)

    @put(
        "/rule",
        opt={"policy": Policy.STAFF},
        operation_id="setCourseRule",
        summary="设置完成条件 Say how the course is completed",
        responses=refusals(*CHANGING),
    )
    async def set_course_rule(
        self,
        data: JSONBody[CourseRuleChangeIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[CourseSight],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """Once published, a change is a new version of the rule; completions keep theirs."""
        await operations.set_rule(actor, course.id, data.rule(), data.version, runs=sight.runs)
        return await course_changed(actor, course.id, settings)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="discardCourse",
        summary="删除课程草稿 Discard a draft",
        responses=refusals(rules.WrongCourseState),
    )
    async def discard_course(
        self, actor: NamedDependency[Actor], course: NamedDependency[Course]
    ) -> None:
        """With its lessons. What was published is retired instead."""
        await operations.discard(actor, course.id)


class CourseRetirement(Controller):
    """Where courses end."""

    path = "/courses/{course_id:uuid}/retirement"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="retireCourse",
        summary="下架课程 Retire a course",
        responses=refusals(rules.WrongCourseState),
    )
    async def retire_course(
        self,
        data: JSONBody[CourseRetirementIn],
        actor: NamedDependency[Actor],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """Nobody new takes it; those who did still find it. Repeating it is harmless."""
        await operations.retire(actor, course.id, data.reason)
        return await course_changed(actor, course.id, settings)


async def _made(actor: Actor, host: ParentSchool, data: CourseIn, settings: Settings) -> CourseOut:
    course = await operations.write(actor, host, data.content())
    return await course_changed(actor, course.id, settings)


DUTY = (
    SchoolCourses,
    HostCourses,
    OneCourse,
    CourseChanges,
    CourseRetirement,
)
