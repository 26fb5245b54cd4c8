"""The catalogue: every course offered to the caller."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from backend import clock
from backend.courses.controllers.covers import cover_url
from backend.courses.models import CourseKind, Topic
from backend.courses.permissions.mine import the_learner
from backend.courses.queries import catalogue
from backend.courses.queries.mine import Taker
from backend.courses.schemas.catalogue import Brand, CataloguePage, CourseCard
from backend.schools.models import Stage
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize, Words


class Catalogue(Controller):
    """What families may take."""

    path = "/courses"
    dependencies = {"learner": Provide(the_learner)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listCourses",
        summary="课程目录 The courses offered to me",
        responses=refusals(BadCursor),
    )
    async def list_courses(
        self,
        actor: NamedDependency[Actor],
        learner: NamedDependency[Taker],
        cursors: NamedDependency[Cursors],
        settings: NamedDependency[Settings],
        q: FromQuery[Words | None] = None,
        topic: FromQuery[Topic | None] = None,
        stage: FromQuery[Stage | None] = None,
        track: FromQuery[UUID | None] = None,
        brand: FromQuery[Brand | None] = None,
        kind: FromQuery[CourseKind | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> CataloguePage:
        """`q` looks in titles, summaries, brands and the titles of lessons; courses with the
        words in their own title come first, then the newest.
        """
        wanted = catalogue.Wanted(
            topic=topic, stage=stage, track_id=track, brand=brand, kind=kind, q=q
        )
        purpose = f"courses:{actor.person_id}:{wanted}"
        now = clock.now()
        rows = await catalogue.offered(
            learner,
            wanted,
            now=now,
            after=cursors.open(purpose, cursor, catalogue.Place) if cursor else None,
            limit=limit + 1,
        )
        end = rows[limit - 1] if len(rows) > limit else None
        return CataloguePage(
            items=[
                CourseCard.of(row, cover_url=cover_url(row["id"], row["cover_id"], actor, settings))
                for row in rows[:limit]
            ],
            next_cursor=cursors.seal(
                purpose, catalogue.Place(end["hit"], end["published_at"], end["id"])
            )
            if end
            else None,
        )


DUTY = (Catalogue,)
