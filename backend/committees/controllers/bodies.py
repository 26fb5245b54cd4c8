"""Founding bodies, finding them, activating and ending them."""

from typing import Annotated, Any

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter

from backend.committees.models import Body, BodyKind
from backend.committees.operations import bodies as operations
from backend.committees.permissions.bodies import (
    BodySight,
    body_in_sight,
    body_to_run,
)
from backend.committees.queries import bodies as queries
from backend.committees.queries import seats as seat_queries
from backend.committees.rules import bodies as rules
from backend.committees.schemas.bodies import (
    BodiesOut,
    BodyChangeIn,
    BodyDetailOut,
    BodyEndIn,
    BodyOut,
    NextTermIn,
    SchoolOrgansOut,
)
from backend.committees.schemas.seats import BodySeatOut
from backend.errors import NotAllowed
from backend.schools.models import School
from backend.schools.permissions import school_in_sight
from backend.settings import Settings
from backend.web.actor import Actor, Role
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

Ended = Annotated[bool, QueryParameter(name="ended")]


class SchoolBodies(Controller):
    """The bodies of a school, as far as the caller sees them."""

    path = "/schools/{school_id:uuid}/bodies"
    dependencies = {"school": Provide(school_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listBodies",
        summary="学校的家委会等组织 A school's bodies",
    )
    async def list_bodies(
        self, actor: NamedDependency[Actor], school: NamedDependency[School], ended: Ended = False
    ) -> BodiesOut:
        """Staff and the district see all that have begun, families those at the levels of their
        children; whoever runs the school also sees drafts. ``ended`` adds those that ended.
        """
        runs = actor.runs_school(school.id)
        reach = queries.Reach(
            person_id=actor.person_id,
            runs=runs,
            at_work=actor.works_at(school.id)
            or actor.holds(Role.DISTRICT_OFFICER, district=school.district_id),
            nodes={
                node
                for tie in actor.ties
                for node in (tie.school_id, tie.grade_id, tie.class_id)
                if node is not None
            },
        )
        rows = await queries.of_school(school.id, reach, ended=ended)
        return BodiesOut(items=[BodyOut.of(row, runs=runs) for row in rows])

    @get(
        "/overview",
        opt={"policy": Policy.STAFF},
        operation_id="getSchoolOrgans",
        summary="三个组织和三级家委会是否齐全 Which organs a school has",
    )
    async def get_school_organs(self, school: NamedDependency[School]) -> SchoolOrgansOut:
        """Guidance committee, parent school, parent committee; and the three levels."""
        return SchoolOrgansOut.of(await queries.organs(school.id))


class MySeats(Controller):
    """Where the caller sits."""

    path = "/me/seats"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyBodies",
        summary="我担任席位的组织 The bodies I sit on",
    )
    async def list_my_bodies(self, actor: NamedDependency[Actor]) -> BodiesOut:
        """Those in which the caller's seat is in force, of whatever school."""
        rows = await queries.of_person(actor.person_id)
        return BodiesOut(items=[BodyOut.of(row, runs=_runs(row, actor)) for row in rows])


class OneBody(Controller):
    """One body, for everybody who sees it."""

    path = "/bodies/{body_id:uuid}"
    dependencies = {"sight": Provide(body_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getBody",
        summary="组织详情及成员 One body and who sits on it",
    )
    async def get_body(
        self, actor: NamedDependency[Actor], sight: NamedDependency[BodySight]
    ) -> BodyDetailOut:
        """Names and offices; telephone numbers never."""
        return await shown(sight.body, actor, inside=sight.inside, runs=sight.runs)


class RunningBodies(Controller):
    """What whoever runs a body does with it."""

    path = "/bodies/{body_id:uuid}"
    dependencies = {"sight": Provide(body_in_sight), "run": Provide(body_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="rewriteBody",
        summary="修改尚未启用的组织 Change a body that has not begun",
        responses=refusals(rules.WrongBodyState, rules.BadTerm, rules.BodyExists, NotAllowed),
    )
    async def rewrite_body(
        self,
        data: JSONBody[BodyChangeIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Body],
    ) -> BodyDetailOut:
        """Its name, remit and term; kind and place stay as founded."""
        made = await operations.rewrite(run.id, data.content(), by=actor.person_id)
        return await shown(made, actor, inside=True, runs=True)

    @put(
        "/activation",
        opt={"policy": Policy.STAFF},
        operation_id="activateBody",
        summary="启用组织 Let a body begin",
        responses=refusals(
            rules.WrongBodyState,
            rules.OutsideTerm,
            rules.ConstituenciesMissing,
            rules.ChairMissing,
            NotAllowed,
        ),
    )
    async def activate_body(
        self, actor: NamedDependency[Actor], run: NamedDependency[Body]
    ) -> BodyDetailOut:
        """When everybody who must be on it is, and somebody chairs it."""
        made = await operations.activate(run.id, by=actor.person_id)
        return await shown(made, actor, inside=True, runs=True)

    @put(
        "/ending",
        opt={"policy": Policy.STAFF},
        operation_id="endBody",
        summary="解散组织 End a body",
        responses=refusals(rules.WrongBodyState, rules.BusinessOpen, NotAllowed),
    )
    async def end_body(
        self,
        data: JSONBody[BodyEndIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Body],
    ) -> BodyDetailOut:
        """With all its seats; what it decided stays readable. Drafts are given up this way."""
        made = await operations.end(run.id, data.reason, by=actor.person_id)
        return await shown(made, actor, inside=True, runs=True)

    @post(
        "/next-term",
        opt={"policy": Policy.STAFF},
        operation_id="foundNextTerm",
        summary="换届：设立下一届 Found a body anew for its next term",
        responses=refusals(
            rules.WrongBodyState, rules.BadTerm, rules.BodyExists, NotAllowed, KeyNeeded, KeyReused
        ),
    )
    async def found_next_term(
        self,
        data: JSONBody[NextTermIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> BodyDetailOut:
        """Seats are not carried over; the rules it decides by are."""

        async def act() -> BodyDetailOut:
            made = await operations.next_term(
                run.id, data.term_from, data.term_until, by=actor.person_id
            )
            return await shown(made, actor, inside=True, runs=True)

        return await once(
            actor.person_id, "foundNextTerm", idempotency_key, (run.id, data), BodyDetailOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


async def shown(body: Body, actor: Actor, *, inside: bool, runs: bool) -> BodyDetailOut:
    """Show a body with its seats: to those inside, also those that do not serve yet."""
    row = await queries.body(body.id, actor.person_id)
    seats = await seat_queries.rows_of(body.id, all_live=inside)
    seated = {seat["constituency"] for seat in seats if seat["in_force"]}
    missing = rules.missing(BodyKind(body.kind), seated)
    members = [BodySeatOut.of(seat, actor.person_id, runs=runs) for seat in seats]
    return BodyDetailOut.seated(row, members, missing, runs=runs)


def _runs(row: dict[str, Any], actor: Actor) -> bool:
    if row["school_id"] is None:
        return actor.holds(Role.DISTRICT_OFFICER, district=row["district_id"])
    return actor.runs_school(row["school_id"])


DUTY: tuple[type[Controller], ...] = (
    SchoolBodies,
    MySeats,
    OneBody,
    RunningBodies,
)
