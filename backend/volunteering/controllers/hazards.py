"""Hazards over HTTP: the register, each step, and what is to be rechecked."""

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.media.rules import AttachmentMissing
from backend.schools.models import School
from backend.settings import Settings
from backend.volunteering.controllers import hazard_answers as answers
from backend.volunteering.controllers.photos import photos_of
from backend.volunteering.models import Hazard
from backend.volunteering.operations import hazards as operations
from backend.volunteering.permissions.duties import (
    HazardSight,
    duty_shift,
    hazard_in_sight,
    hazard_to_fix,
    hazard_to_recheck,
    hazard_to_run,
    school_of_register,
)
from backend.volunteering.queries import hazards as queries
from backend.volunteering.queries.logs import DutyShift
from backend.volunteering.rules import hazards as rules
from backend.volunteering.rules.logs import MediationHasNoLog, check_has_log, is_on_duty
from backend.volunteering.schemas.hazards import (
    AssignmentIn,
    HazardCountsOut,
    HazardDecisionIn,
    HazardOut,
    HazardRegisterOut,
    MyHazardsOut,
    RecheckIn,
    RechecksOut,
    WorkIn,
)
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class HazardRegister(Controller):
    """A school's hazards, on their way to nought."""

    path = "/schools/{school_id:uuid}/hazards"
    dependencies = {"school": Provide(school_of_register)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listHazards",
        summary="安全隐患台账 The school's register of hazards",
        responses=refusals(BadCursor),
    )
    async def list_hazards(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        everything: FromQuery[bool] = False,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> HazardRegisterOut:
        """What is not over yet, newest first, or everything. Offices above the school get the
        counts alone.
        """
        counts = HazardCountsOut.of(await queries.counts(school.id, answers.today()))
        if not actor.works_at(school.id):
            return HazardRegisterOut(counts=counts, items=[], next_cursor=None)
        purpose = f"hazards:{school.id}:{everything}"
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.register(
            school.id, everything=everything, after=after, limit=limit + 1
        )
        last = rows[limit - 1] if len(rows) > limit else None
        return HazardRegisterOut(
            counts=counts,
            items=[answers.item(row) for row in rows[:limit]],
            next_cursor=cursors.seal(purpose, Position(last["reported_at"], last["id"]))
            if last
            else None,
        )


class OneHazard(Controller):
    """One hazard, as much of it as is the caller's business."""

    path = "/hazards/{hazard_id:uuid}"
    dependencies = {"sight": Provide(hazard_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getHazard",
        summary="隐患详情 One hazard",
    )
    async def get_hazard(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[HazardSight],
        settings: NamedDependency[Settings],
    ) -> HazardOut:
        """The staff see every step; its reporter and who rechecks it see how it stands."""
        return await answers.hazard_out(sight, actor, settings)


class HazardDeciding(Controller):
    """What whoever runs the school says about it."""

    path = "/hazards/{hazard_id:uuid}"
    dependencies = {"sight": Provide(hazard_in_sight), "hazard": Provide(hazard_to_run)}

    @put(
        "/decision",
        opt={"policy": Policy.STAFF},
        operation_id="decideHazard",
        summary="确认或驳回隐患 Confirm or reject a hazard",
        responses=refusals(rules.WrongHazardState),
    )
    async def decide_hazard(
        self,
        data: JSONBody[HazardDecisionIn],
        actor: NamedDependency[Actor],
        hazard: NamedDependency[Hazard],
        settings: NamedDependency[Settings],
    ) -> HazardOut:
        """The school's own judgement of how grave it is stands from now on."""
        await operations.decide(
            hazard.id, confirmed=data.confirmed, severity=data.severity, note=data.note,
            by=actor.person_id,
        )  # fmt: skip
        return await answers.changed(hazard.id, actor, settings)

    @put(
        "/assignment",
        opt={"policy": Policy.STAFF},
        operation_id="assignHazard",
        summary="指定整改责任人和期限 Say who puts it right, and by when",
        responses=refusals(rules.WrongHazardState, rules.OwnerNotOnStaff, rules.BadDueDate),
    )
    async def assign_hazard(
        self,
        data: JSONBody[AssignmentIn],
        actor: NamedDependency[Actor],
        hazard: NamedDependency[Hazard],
        settings: NamedDependency[Settings],
    ) -> HazardOut:
        """Somebody else, or another date, until the work is done; the owner is told."""
        await operations.assign(
            hazard.id, data.owner_id, data.due_on, data.note, by=actor.person_id
        )
        return await answers.changed(hazard.id, actor, settings)


class HazardWork(Controller):
    """What its owner does about it."""

    path = "/hazards/{hazard_id:uuid}/work"
    dependencies = {"sight": Provide(hazard_in_sight), "hazard": Provide(hazard_to_fix)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="workOnHazard",
        summary="整改进展 Note work on a hazard",
        responses=refusals(rules.WrongHazardState, AttachmentMissing),
    )
    async def work_on_hazard(
        self,
        data: JSONBody[WorkIn],
        actor: NamedDependency[Actor],
        hazard: NamedDependency[Hazard],
        settings: NamedDependency[Settings],
    ) -> HazardOut:
        """Work under way, or done: then the next volunteer is asked to look again."""
        await operations.work(
            hazard.id, done=data.done, note=data.note, photo_ids=data.photo_ids,
            by=actor.person_id,
        )  # fmt: skip
        return await answers.changed(hazard.id, actor, settings)


class HazardRecheck(Controller):
    """The second look."""

    path = "/hazards/{hazard_id:uuid}/recheck"
    dependencies = {"sight": Provide(hazard_in_sight), "hazard": Provide(hazard_to_recheck)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="recheckHazard",
        summary="复查隐患 Recheck a hazard",
        responses=refusals(rules.WrongHazardState, rules.OwnRecheck, AttachmentMissing),
    )
    async def recheck_hazard(
        self,
        data: JSONBody[RecheckIn],
        actor: NamedDependency[Actor],
        hazard: NamedDependency[Hazard],
        settings: NamedDependency[Settings],
    ) -> HazardOut:
        """Put right: closed. Not yet: back to its owner. Never by the owner."""
        await operations.recheck(
            hazard.id, passed=data.ok, note=data.note, photo_ids=data.photo_ids,
            by=actor.person_id,
        )  # fmt: skip
        return await answers.changed(hazard.id, actor, settings)


class MyHazards(Controller):
    """What the caller reported, and what is theirs to put right."""

    path = "/me/hazards"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyHazards",
        summary="我上报和负责的隐患 Hazards I reported or am to put right",
    )
    async def list_my_hazards(self, actor: NamedDependency[Actor]) -> MyHazardsOut:
        """Of what somebody reported they learn how it stands, and no more; of a school they
        have left, nothing.
        """
        reported = await queries.of_person(actor.person_id, "reporter_id")
        mine = await queries.of_person(actor.person_id, "owner_id")
        belongs = actor.school_ids - set(actor.closed("volunteering"))
        return MyHazardsOut(
            reported=[answers.mine(row, None) for row in reported if row["school_id"] in belongs],
            mine=[
                answers.mine(row, row["due_on"])
                for row in mine
                if row["school_id"] in belongs and actor.works_at(row["school_id"])
            ],
        )


class Rechecks(Controller):
    """What the next volunteer is asked to look at again."""

    path = "/shifts/{shift_id:uuid}/rechecks"
    dependencies = {"shift": Provide(duty_shift)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listRechecks",
        summary="本班次待复查的隐患 Hazards to recheck on this shift",
        responses=refusals(MediationHasNoLog),
    )
    async def list_rechecks(
        self,
        actor: NamedDependency[Actor],
        shift: NamedDependency[DutyShift],
        settings: NamedDependency[Settings],
    ) -> RechecksOut:
        """Those of the same duty or at the same place, the earliest due first; none before
        the duty, and none from a day after it.
        """
        check_has_log(shift.duty)
        if not is_on_duty(shift.booking, shift.starts_at, shift.ends_at, clock.now()):
            return RechecksOut(items=[])
        rows = await queries.to_recheck(shift.school_id, shift.duty, shift.place, actor.person_id)
        photos = await photos_of([row["id"] for row in rows], actor, settings)
        return RechecksOut(items=[answers.to_recheck(row, photos[row["id"]]) for row in rows])


DUTY = (
    HazardRegister,
    OneHazard,
    HazardDeciding,
    HazardWork,
    HazardRecheck,
    MyHazards,
    Rechecks,
)
