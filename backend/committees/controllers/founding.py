"""Founding bodies: a school's, and a district's own."""

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.committees.controllers.bodies import Ended, shown
from backend.committees.operations import bodies as operations
from backend.committees.queries import bodies as queries
from backend.committees.rules import bodies as rules
from backend.committees.schemas.bodies import BodiesOut, BodyDetailOut, BodyIn, BodyOut
from backend.errors import NotAllowed
from backend.schools.models import District, School
from backend.schools.permissions import district_to_run, school_to_run
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals


class SchoolFounding(Controller):
    """Where those who run a school found its bodies."""

    path = "/schools/{school_id:uuid}/bodies"
    dependencies = {"school": Provide(school_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="foundBody",
        summary="设立家委会等组织 Found a body of a school",
        responses=refusals(
            rules.WrongLevel, rules.BadTerm, rules.BodyExists, NotAllowed, KeyNeeded, KeyReused
        ),
    )
    async def found_body(
        self,
        data: JSONBody[BodyIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> BodyDetailOut:
        """A draft, until its seats are filled and it is activated."""

        async def act() -> BodyDetailOut:
            made = await operations.found(
                school, data.kind, data.place(), data.content(), by=actor.person_id
            )
            return await shown(made, actor, inside=True, runs=True)

        return await once(
            actor.person_id, "foundBody", idempotency_key, (school.id, data), BodyDetailOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class DistrictBodies(Controller):
    """The bodies that stand at a district itself, for its officers."""

    path = "/districts/{district_id:uuid}/bodies"
    dependencies = {"district": Provide(district_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listDistrictBodies",
        summary="区级联席会、专班等组织 A district's own bodies",
        responses=refusals(NotAllowed),
    )
    async def list_district_bodies(
        self,
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        ended: Ended = False,
    ) -> BodiesOut:
        """Others find those they sit on among their own seats. ``ended`` adds those that ended."""
        rows = await queries.of_district(district.id, actor.person_id, ended=ended)
        return BodiesOut(items=[BodyOut.of(row, runs=True) for row in rows])

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="foundDistrictBody",
        summary="设立区级联席会、专班等组织 Found a body of a district",
        responses=refusals(
            rules.WrongLevel, rules.BadTerm, rules.BodyExists, NotAllowed, KeyNeeded, KeyReused
        ),
    )
    async def found_district_body(
        self,
        data: JSONBody[BodyIn],
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> BodyDetailOut:
        """A draft, until its seats are filled and it is activated."""

        async def act() -> BodyDetailOut:
            made = await operations.found(
                district, data.kind, data.place(), data.content(), by=actor.person_id
            )
            return await shown(made, actor, inside=True, runs=True)

        return await once(
            actor.person_id, "foundDistrictBody", idempotency_key, (district.id, data),
            BodyDetailOut, act, secret=settings.secret_key,
        )  # fmt: skip


DUTY: tuple[type[Controller], ...] = (SchoolFounding, DistrictBodies)
