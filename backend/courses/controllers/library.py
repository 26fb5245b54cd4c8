"""The shared library over HTTP: shared by hosts, adopted by schools, fed by outside platforms."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from backend.courses.controllers.covers import cover_url
from backend.courses.controllers.written import course_changed
from backend.courses.models import Course, ParentSchool, Topic
from backend.courses.operations import importing, sharing
from backend.courses.permissions.authoring import host_in_sight
from backend.courses.permissions.library import (
    LibrarySight,
    adoption_to_end,
    course_to_adopt,
    host_to_arrange,
    library_in_sight,
)
from backend.courses.permissions.sight import course_in_sight, course_to_run
from backend.courses.queries import catalogue
from backend.courses.queries import library as queries
from backend.courses.rules import importing as rules
from backend.courses.rules.authoring import WrongCourseState
from backend.courses.rules.hosts import HostClosed
from backend.courses.rules.sharing import OwnCourse
from backend.courses.schemas.courses import CourseOut
from backend.courses.schemas.library import (
    AdoptionOut,
    CatalogueImportOut,
    CatalogueIn,
    LibraryCourseOut,
    LibraryPage,
    SharingIn,
)
from backend.errors import NotAllowed
from backend.schools.models import School, Stage
from backend.schools.permissions import school_to_run
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize, Words


class Library(Controller):
    """What the district's hosts share with each other."""

    path = "/library"
    dependencies = {"library": Provide(library_in_sight)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listLibrary",
        summary="区内共享课程库 The courses shared in the district",
        responses=refusals(BadCursor),
    )
    async def list_library(
        self,
        actor: NamedDependency[Actor],
        library: NamedDependency[LibrarySight],
        cursors: NamedDependency[Cursors],
        settings: NamedDependency[Settings],
        q: FromQuery[Words | None] = None,
        topic: FromQuery[Topic | None] = None,
        stage: FromQuery[Stage | None] = None,
        adopted: FromQuery[bool | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> LibraryPage:
        """`adopted=true` lists what the caller's schools have adopted, also what is shared no
        more; `adopted=false` what they have not.
        """
        purpose = f"library:{actor.person_id}:{topic}:{stage}:{adopted}:{q}"
        rows = await queries.shared(
            library.districts,
            library.schools,
            topic=topic,
            stage=stage,
            adopted=adopted,
            q=q,
            after=cursors.open(purpose, cursor, catalogue.Place) if cursor else None,
            limit=limit + 1,
        )
        end = rows[limit - 1] if len(rows) > limit else None
        return LibraryPage(
            items=[
                LibraryCourseOut.of(
                    row,
                    cover_url=cover_url(row["id"], row["cover_id"], actor, settings),
                    schools=library.schools,
                )
                for row in rows[:limit]
            ],
            next_cursor=cursors.seal(
                purpose, catalogue.Place(end["hit"], end["published_at"], end["id"])
            )
            if end
            else None,
        )


class CourseSharing(Controller):
    """A course in the library, or out of it."""

    path = "/courses/{course_id:uuid}/sharing"
    dependencies = {"sight": Provide(course_in_sight), "course": Provide(course_to_run)}
    opt = {"policy": Policy.STAFF}

    @put(
        operation_id="shareCourse",
        summary="共享课程 Share a course with the district's schools",
        responses=refusals(WrongCourseState, NotAllowed),
    )
    async def share(
        self,
        data: JSONBody[SharingIn],
        actor: NamedDependency[Actor],
        course: NamedDependency[Course],
        settings: NamedDependency[Settings],
    ) -> CourseOut:
        """Published courses only, under the licence said."""
        await sharing.share(actor, course.id, data.licence)
        return await course_changed(actor, course.id, settings)

    @delete(
        operation_id="withdrawSharing",
        summary="停止共享课程 Share a course no longer",
        responses=refusals(NotAllowed),
    )
    async def withdraw(
        self, actor: NamedDependency[Actor], course: NamedDependency[Course]
    ) -> None:
        """Nobody new adopts it. Schools that have adopted it keep it, under the same licence,
        until it is retired.
        """
        await sharing.withdraw(actor, course.id)


class Adopting(Controller):
    """What a school takes over from the library."""

    path = "/schools/{school_id:uuid}/adopted-courses/{course_id:uuid}"
    dependencies = {"school": Provide(school_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="adoptCourse",
        summary="引进共享课程 Offer a shared course to the school's families",
        dependencies={"course": Provide(course_to_adopt)},
        responses=refusals(OwnCourse, NotAllowed),
    )
    async def adopt(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        course: NamedDependency[Course],
    ) -> AdoptionOut:
        """Its families see it from now on; repeating it is harmless."""
        made = await sharing.adopt(actor, school, course.id)
        return AdoptionOut(
            course_id=made.course_id, school_id=made.school_id, adopted_at=made.adopted_at
        )

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="giveUpCourse",
        summary="不再引进课程 Offer an adopted course no longer",
        dependencies={"adopted": Provide(adoption_to_end)},
        responses=refusals(NotAllowed),
    )
    async def give_up(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        adopted: NamedDependency[UUID],
    ) -> None:
        """Families see it no more and nobody is asked to take it; learners keep what they
        completed.
        """
        await sharing.give_up(actor, school, adopted)


class OutsideCatalogue(Controller):
    """The catalogue of an outside platform, such as 爱宝行."""

    path = "/parent-schools/{parent_school_id:uuid}/catalogue/{platform:str}"
    dependencies = {"host": Provide(host_in_sight), "run": Provide(host_to_arrange)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="importCatalogue",
        summary="导入外部平台课程目录 Import an outside platform's catalogue",
        responses=refusals(rules.BadPlatform, HostClosed, NotAllowed),
    )
    async def import_catalogue(
        self,
        platform: FromPath[str],
        data: JSONBody[CatalogueIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[ParentSchool],
    ) -> CatalogueImportOut:
        """Courses are told apart by `externalId` and published at once: nothing of them is
        written here, families are only led there. What was retired by hand stays retired
        (`withheld`). `platform` names it within the host, as in `aibaoxing`; larger catalogues
        come in parts.
        """
        lines = await importing.import_catalogue(
            actor,
            run,
            rules.platform_of(platform),
            data.content(),
            retire_missing=data.retire_missing,
            dry_run=data.dry_run,
        )
        return CatalogueImportOut.of(lines, dry_run=data.dry_run)


DUTY = (Library, CourseSharing, Adopting, OutsideCatalogue)
