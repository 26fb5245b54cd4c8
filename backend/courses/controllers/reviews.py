"""Review over HTTP: handing in, answering, and what was answered before."""

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.courses.controllers.written import course_changed, lesson_changed
from backend.courses.models import Course, Lesson
from backend.courses.operations import reviews as operations
from backend.courses.permissions.authoring import lesson_to_run
from backend.courses.permissions.sight import (
    course_in_sight,
    course_to_edit,
    course_to_run,
    lesson_in_sight,
    lesson_to_edit,
)
from backend.courses.queries import authoring as queries
from backend.courses.rules import authoring as rules
from backend.courses.schemas.courses import (
    CourseOut,
    CourseReviewIn,
    CourseReviewOut,
    CourseReviewsOut,
    LessonReviewIn,
)
from backend.courses.schemas.lessons import LessonOut
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

INCOMPLETE = (
    rules.LessonIncomplete,
    rules.MediumNotReady,
    rules.MediumTooLong,
    rules.SlotNotFitting,
    rules.NobodyToReview,
)


class CourseSubmission(Controller):
    """What those who write a course do about its review."""

    path = "/courses/{course_id:uuid}"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_edit)}

    @put(
        "/submission",
        opt={"policy": Policy.STAFF},
        operation_id="submitCourse",
        summary="提交课程审核 Hand a course in for review",
        responses=refusals(
            *INCOMPLETE, rules.WrongCourseState, rules.NoLessons, rules.SetIncomplete
        ),
    )
    async def submit_course(
        self,
        actor: NamedDependency[Actor],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """With all its lessons; until it is answered nobody changes it."""
        await operations.submit_course(actor, course.id)
        return await course_changed(actor, course.id, settings)

    @get(
        "/reviews",
        opt={"policy": Policy.STAFF},
        operation_id="listCourseReviews",
        summary="审核记录 What reviewers answered",
    )
    async def list_course_reviews(self, course: NamedDependency[Course]) -> CourseReviewsOut:
        """Who, when, and for what reason; of the course and of its lessons."""
        rows = await queries.reviews_of(course.id)
        return CourseReviewsOut(items=[CourseReviewOut(**row) for row in rows])


class CourseReviewing(Controller):
    """What those who run the host answer."""

    path = "/courses/{course_id:uuid}/review"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="reviewCourse",
        summary="审核课程 Review a course",
        responses=refusals(rules.WrongCourseState, rules.CourseChanged, rules.OwnReview),
    )
    async def review_course(
        self,
        data: JSONBody[CourseReviewIn],
        actor: NamedDependency[Actor],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """Approved, it is published at once; otherwise it goes back with a reason. Nobody
        reviews what they had a hand in.
        """
        await operations.review_course(
            actor, course.id, approved=data.approved, reason=data.reason or "",
            version=data.version,
        )  # fmt: skip
        return await course_changed(actor, course.id, settings)


class LessonSubmission(Controller):
    """A changed or new lesson of a published course, handed in."""

    path = "/lessons/{lesson_id:uuid}/submission"
    dependencies = {"sight": Provide(lesson_in_sight), "lesson": Provide(lesson_to_edit)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="submitLesson",
        summary="提交课时审核 Hand a lesson in for review",
        responses=refusals(
            *INCOMPLETE, rules.WrongCourseState, rules.WrongLessonState, rules.NothingToReview
        ),
    )
    async def submit_lesson(
        self,
        actor: NamedDependency[Actor],
        lesson: NamedDependency[Lesson],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """What is published stays as it is meanwhile."""
        await operations.submit_lesson(actor, lesson.id)
        return await lesson_changed(actor, lesson.id, settings)


class LessonReviewing(Controller):
    """What those who run the host answer."""

    path = "/lessons/{lesson_id:uuid}/review"
    dependencies = {"sight": Provide(lesson_in_sight), "lesson": Provide(lesson_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="reviewLesson",
        summary="审核课时 Review a lesson",
        responses=refusals(
            rules.WrongCourseState,
            rules.WrongLessonState,
            rules.LessonChanged,
            rules.NothingToReview,
            rules.OwnReview,
        ),
    )
    async def review_lesson(
        self,
        data: JSONBody[LessonReviewIn],
        actor: NamedDependency[Actor],
        lesson: NamedDependency[Lesson],
        settings: NamedDependency[Settings],
    ) -> LessonOut:
        """Approved, it takes the place of what is published. Completions stand, unless the
        revision demands to be watched again.
        """
        await operations.review_lesson(
            actor, lesson.id, approved=data.approved, reason=data.reason or "",
            version=data.version,
        )  # fmt: skip
        return await lesson_changed(actor, lesson.id, settings)


DUTY = (
    CourseSubmission,
    CourseReviewing,
    LessonSubmission,
    LessonReviewing,
)
