"""Playing a lesson: opening it, and saying what was played. Credits, and taking a course anew."""

from uuid import UUID

from litestar import Controller, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from backend import clock
from backend.courses.models import Course
from backend.courses.operations import beats, crediting
from backend.courses.permissions.learning import (
    CourseCredit,
    LessonCredit,
    LessonToPlay,
    course_to_credit,
    lesson_to_credit,
    lesson_to_play,
)
from backend.courses.permissions.sight import course_in_sight, course_to_take, lesson_in_sight
from backend.courses.rules import learning as rules
from backend.courses.rules.watching import NothingToPlay, PlayEnded
from backend.courses.schemas.playing import BeatsIn, BeatsOut, CreditIn, PlayOut, RenewalOut
from backend.errors import NotAllowed, TooMany
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.lane import Errand, Lane, Reply
from backend.web.policy import Policy
from backend.web.problems import refusals


class LessonPlays(Controller):
    """A lesson as it is opened on one phone."""

    path = "/lessons/{lesson_id:uuid}/plays/{play_id:uuid}"
    dependencies = {"sight": Provide(lesson_in_sight), "taken": Provide(lesson_to_play)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="openPlay",
        summary="打开课时 Open a lesson on this phone",
        responses=refusals(NothingToPlay, PlayEnded, TooMany),
    )
    async def open_play(
        self,
        actor: NamedDependency[Actor],
        settings: NamedDependency[Settings],
        taken: NamedDependency[LessonToPlay],
        play_id: FromPath[UUID],
    ) -> PlayOut:
        """The phone makes the ``playId`` itself; asked twice with the same one is asked once.

        Opening a lesson enrols in its course. For twelve hours the phone may then say what it
        played, also late; after that, or when the lesson has got another medium, it opens it
        again with a new ``playId``.
        """
        opened = await beats.open_play(actor.person_id, taken.lesson, taken.course, play_id)
        media = taken.medium and AttachmentOut.of(
            taken.medium,
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )
        return PlayOut.opened(opened, play_id, taken.course.id, media)


class PlayedBeats(Controller):
    """What a phone has played. Nothing is looked up here but the play itself."""

    path = "/lessons/{lesson_id:uuid}/plays/{play_id:uuid}/beats"

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="reportBeats",
        summary="上报播放区间 Say what was played",
        responses=refusals(PlayEnded),
    )
    async def report_beats(
        self,
        data: JSONBody[BeatsIn],
        actor: NamedDependency[Actor],
        lesson_id: FromPath[UUID],
        play_id: FromPath[UUID],
    ) -> BeatsOut:
        """Every stretch counts once, however often, late or out of order it is reported.

        No more counts than the clock allows at twice its speed since the lesson was opened,
        whatever number of lessons and phones are played at once: ``refusedMs`` says what did
        not, and may be sent again later. What arrives long after it was played counts as
        watched offline, up to the course's allowance. A lesson opened while the caller
        belonged to the school may be reported on for twelve hours.
        """
        told = data.report(actor.person_id, lesson_id, play_id)
        return BeatsOut.after(*await beats.report(told))


async def _report_beats(errand: Errand) -> Reply:
    told = errand.data.report(errand.actor.person_id, *errand.ids)
    return Reply(BeatsOut.after(*await beats.report(told)))


BEATS = Lane(
    "PUT", "/v1/lessons/{lesson_id:uuid}/plays/{play_id:uuid}/beats", _report_beats, BeatsIn
)
"""The short way to :meth:`PlayedBeats.report_beats`."""


class LessonCredits(Controller):
    """Learning that no phone can measure."""

    path = "/lessons/{lesson_id:uuid}/credits/{person_id:uuid}"
    dependencies = {"sight": Provide(lesson_in_sight), "credited": Provide(lesson_to_credit)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="creditLesson",
        summary="登记线下学分 Credit a lesson learnt offline",
        status_code=204,
        responses=refusals(NotAllowed, rules.NotCreditable),
    )
    async def credit_lesson(
        self,
        data: JSONBody[CreditIn],
        actor: NamedDependency[Actor],
        credited: NamedDependency[LessonCredit],
    ) -> None:
        """By the class teacher for guardians of the own class, by the school's office for all.

        What somebody had completed already stays as it is, and the answer does not say so.
        """
        await crediting.credit_lesson(
            credited.lesson, credited.person_id, data.reason, by=actor.person_id
        )


class CourseCredits(Controller):
    """Courses of outside platforms, which have no lessons here."""

    path = "/courses/{course_id:uuid}/credits/{person_id:uuid}"
    dependencies = {"sight": Provide(course_in_sight), "credited": Provide(course_to_credit)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="creditCourse",
        summary="登记外部课程学分 Credit a course of an outside platform",
        status_code=204,
        responses=refusals(NotAllowed, rules.NotCreditable),
    )
    async def credit_course(
        self,
        data: JSONBody[CreditIn],
        actor: NamedDependency[Actor],
        credited: NamedDependency[CourseCredit],
    ) -> None:
        """A course with lessons of its own is credited lesson by lesson."""
        await crediting.credit_course(
            credited.course, credited.person_id, data.reason, by=actor.person_id
        )


class CourseRenewal(Controller):
    """A course taken anew."""

    path = "/courses/{course_id:uuid}/renewal"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_take)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="renewCourse",
        summary="重新学习 Take a course anew",
        responses=refusals(rules.NothingToRenew, rules.TooEarlyToRenew),
    )
    async def renew_course(
        self, actor: NamedDependency[Actor], course: NamedDependency[Course]
    ) -> RenewalOut:
        """From 120 days before what was completed lapses. It stays valid until then."""
        round_, until = await crediting.renew(actor.person_id, course)
        return RenewalOut(round=round_, valid_until=until)


DUTY = (LessonPlays, PlayedBeats, LessonCredits, CourseCredits, CourseRenewal)
