"""My courses: what I have taken up, where I left off, and what would suit my children."""

from typing import Any

from litestar import Controller, Request, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.courses.controllers.covers import cover_url
from backend.courses.models import Course, CourseEnrolment
from backend.courses.operations import enrolling
from backend.courses.permissions.mine import own_enrolment, the_learner
from backend.courses.permissions.sight import course_in_sight, course_to_take
from backend.courses.queries import catalogue
from backend.courses.queries.mine import Taker, mine
from backend.courses.rules.mine import MyStanding
from backend.courses.schemas.catalogue import RecommendationOut, RecommendationsOut
from backend.courses.schemas.mine import MyCourseOut, MyCoursePage
from backend.errors import NotFound
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import language, refusals
from backend.web.structs import Cursor, PageSize


class MyCourses(Controller):
    """The caller's own list."""

    path = "/me/courses"
    dependencies = {"learner": Provide(the_learner)}
    opt = {"policy": Policy.SIGNED_IN}

    @get(
        operation_id="listMyCourses",
        summary="我的课程 What I have taken up, and how far I am",
        responses=refusals(BadCursor),
    )
    async def list_mine(
        self,
        actor: NamedDependency[Actor],
        learner: NamedDependency[Taker],
        cursors: NamedDependency[Cursors],
        settings: NamedDependency[Settings],
        standing: FromQuery[MyStanding | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> MyCoursePage:
        """The latest seen first; what was left is not here, but nothing of it is lost."""
        purpose = f"my-courses:{actor.person_id}"
        now = clock.now()
        rows = await mine(
            learner,
            now=now,
            standing=standing,
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        end = rows[limit - 1] if len(rows) > limit else None
        return MyCoursePage(
            items=[
                MyCourseOut.of(
                    row,
                    cover_url=cover_url(row["course_id"], row["cover_id"], actor, settings),
                    now=now,
                )
                for row in rows[:limit]
            ],
            next_cursor=cursors.seal(purpose, Position(end["last_seen_at"], end["id"]))
            if end
            else None,
        )

    @get(
        "/recommended",
        operation_id="listRecommendedCourses",
        summary="推荐课程 What would suit my children's grades",
    )
    async def recommended(
        self,
        request: Request[Any, Any, Any],
        actor: NamedDependency[Actor],
        learner: NamedDependency[Taker],
        settings: NamedDependency[Settings],
        limit: FromQuery[PageSize] = 10,
    ) -> RecommendationsOut:
        """What the school asks for first, then what a series requires, then the newest; nothing
        the caller has taken up, left or finished.
        """
        now = clock.now()
        grades = sorted({tie.grade_id for tie in actor.ties if tie.consented and tie.grade_id})
        rows = await catalogue.recommended(learner, grades, now=now, limit=limit)
        tongue = language(request.headers)
        return RecommendationsOut(
            items=[
                RecommendationOut.of(
                    row,
                    cover_url=cover_url(row["id"], row["cover_id"], actor, settings),
                    language=tongue,
                )
                for row in rows
            ]
        )


class OneOfMyCourses(Controller):
    """Taking a course up, and leaving it."""

    path = "/me/courses/{course_id:uuid}"
    dependencies = {
        "learner": Provide(the_learner),
        "sight": Provide(course_in_sight),
        "course": Provide(course_to_take),
        "enrolment": Provide(own_enrolment),
    }
    opt = {"policy": Policy.SIGNED_IN}

    @put(operation_id="takeUpCourse", summary="加入学习 Take a course up")
    async def take_up(
        self,
        actor: NamedDependency[Actor],
        learner: NamedDependency[Taker],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> MyCourseOut:
        """Whoever left goes on where they were; what ran out begins anew by a renewal."""
        now = clock.now()
        await enrolling.take_up(actor.person_id, course.id, now)
        rows = await mine(learner, now=now, course_id=course.id)
        if not rows:
            # Another phone has left it in this moment.
            raise NotFound
        [row] = rows
        return MyCourseOut.of(
            row,
            cover_url=cover_url(row["course_id"], row["cover_id"], actor, settings),
            now=now,
        )

    @delete(operation_id="leaveCourse", summary="退出学习 Leave a course")
    async def leave(
        self, actor: NamedDependency[Actor], enrolment: NamedDependency[CourseEnrolment]
    ) -> None:
        """Takes it off the list, and nobody is reminded of it; progress is kept."""
        await enrolling.leave(actor.person_id, enrolment.course_id, clock.now())


DUTY = (MyCourses, OneOfMyCourses)
