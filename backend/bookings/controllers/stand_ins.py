"""Asking another parent to stand in, offering to, and the organiser's word on it."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.bookings import rules
from backend.bookings.models import Slot
from backend.bookings.operations import stand_ins
from backend.bookings.permissions import (
    FUNCTION_OF,
    SlotSight,
    StandInSight,
    slot_to_run,
    stand_in_in_sight,
    stand_in_to_run,
    stand_in_to_settle,
)
from backend.bookings.queries import stand_ins as queries
from backend.bookings.queries.outlook import reach_of
from backend.bookings.schemas.stand_ins import (
    SlotStandInOut,
    SlotStandInsOut,
    StandInIn,
    StandInItem,
    StandInOut,
    StandInsOut,
    TakingIn,
    VetoIn,
)
from backend.errors import NotFound, TooMany
from backend.web.actor import Actor
from backend.web.limits import Limit, spend
from backend.web.policy import Policy
from backend.web.problems import refusals

ASKS = Limit(name="stand_in", most=30, seconds=3600)


async def _mine(slot_id: UUID, person_id: UUID) -> StandInOut:
    row = await queries.mine(slot_id, person_id)
    if row is None:
        raise NotFound
    return StandInOut.of(row, (await queries.offers_on([row["id"]]))[row["id"]])


class MyStandIn(Controller):
    """The caller's own search."""

    path = "/slots/{slot_id:uuid}/booking/stand-in"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getMyStandIn",
        summary="我的替班请求 My search for a stand-in",
    )
    async def get_my_stand_in(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> StandInOut:
        """The newest one on this slot, with who offered."""
        return await _mine(sight.slot.id, actor.person_id)

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="askForStandIn",
        summary="找人替班 Look for a stand-in",
        responses=refusals(rules.NotBooked, rules.AlreadyStarted, rules.NoStandInsHere, TooMany),
    )
    async def ask_for_stand_in(
        self,
        data: JSONBody[StandInIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[SlotSight],
    ) -> StandInOut:
        """The place stays the caller's until somebody has taken it over."""
        await spend(ASKS, str(actor.person_id), clock.now())
        await stand_ins.ask(sight.slot.id, actor.person_id, data.note)
        return await _mine(sight.slot.id, actor.person_id)

    @delete(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="stopLookingForStandIn",
        summary="不再找人替班 Stop looking",
    )
    async def stop_looking_for_stand_in(
        self, actor: NamedDependency[Actor], sight: NamedDependency[SlotSight]
    ) -> None:
        """Whoever offered is told."""
        await stand_ins.withdraw(sight.slot.id, actor.person_id)


class StandIns(Controller):
    """Searches of other families."""

    path = "/stand-ins"
    dependencies = {"search": Provide(stand_in_in_sight)}

    @put(
        "/{stand_in_id:uuid}/offer",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="offerToStandIn",
        summary="愿意替班 Offer to stand in",
        status_code=204,
        responses=refusals(
            rules.StandInEnded,
            rules.HasOne,
            rules.NotEligible,
            rules.NotInvited,
            rules.Unprepared,
            rules.Collides,
            rules.CalledOff,
            TooMany,
        ),
    )
    async def offer_to_stand_in(
        self, actor: NamedDependency[Actor], search: NamedDependency[StandInSight]
    ) -> None:
        """Nothing changes until whoever asked picks somebody."""
        await spend(ASKS, str(actor.person_id), clock.now())
        await stand_ins.offer(search.request.id, actor.person_id, reach_of(actor))

    @delete(
        "/{stand_in_id:uuid}/offer",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="withdrawOffer",
        summary="收回替班意愿 Take the offer back",
    )
    async def withdraw_offer(
        self, actor: NamedDependency[Actor], search: NamedDependency[StandInSight]
    ) -> None:
        """As long as it was not taken up; after that the place itself is to be given back."""
        await stand_ins.withdraw_offer(search.request.id, actor.person_id)

    @put(
        "/{stand_in_id:uuid}/taking",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="pickStandIn",
        summary="选定替班人 Pick who takes over",
        status_code=204,
        dependencies={"settled": Provide(stand_in_to_settle)},
        responses=refusals(
            rules.StandInEnded,
            rules.OrganiserPicks,
            rules.CannotTakeOver,
            rules.WrongBookingState,
        ),
    )
    async def pick_stand_in(
        self,
        data: JSONBody[TakingIn],
        actor: NamedDependency[Actor],
        settled: NamedDependency[StandInSight],
    ) -> None:
        """By whoever asked; where the school approves each place, by the organiser."""
        await stand_ins.take(
            settled.request.id, data.person_id, by=actor.person_id, runs=settled.runs
        )

    @put(
        "/{stand_in_id:uuid}/veto",
        opt={"policy": Policy.STAFF},
        operation_id="vetoStandIn",
        summary="不同意替班 Say no to a stand-in",
        status_code=204,
        dependencies={"run": Provide(stand_in_to_run)},
        responses=refusals(
            rules.StandInEnded,
            rules.AlreadyStarted,
            rules.CannotTakeOver,
            rules.WrongBookingState,
        ),
    )
    async def veto_stand_in(
        self,
        data: JSONBody[VetoIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[StandInSight],
    ) -> None:
        """A search ends; a place taken over goes back, while the slot has not begun."""
        await stand_ins.veto(run.request.id, data.reason, by=actor.person_id)


class OpenStandIns(Controller):
    path = "/stand-ins"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listStandIns",
        summary="可以帮忙的替班 Where I could stand in",
    )
    async def list_stand_ins(self, actor: NamedDependency[Actor]) -> StandInsOut:
        """Only what the caller is eligible for and free to do."""
        closed = [
            f"{kind}:{school}"
            for kind, function in FUNCTION_OF.items()
            for school in actor.closed(function)
        ]
        rows = await queries.takeable(actor.person_id, reach_of(actor), closed, clock.now())
        return StandInsOut(items=[StandInItem.of(row) for row in rows])


class SlotStandIns(Controller):
    path = "/slots/{slot_id:uuid}/stand-ins"
    dependencies = {"run": Provide(slot_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listSlotStandIns",
        summary="本场的替班 Searches on this slot",
    )
    async def list_slot_stand_ins(self, run: NamedDependency[Slot]) -> SlotStandInsOut:
        """Open, taken and ended ones, with everybody's name."""
        rows = await queries.of_slot(run.id)
        offers = await queries.offers_on([row["id"] for row in rows])
        return SlotStandInsOut(items=[SlotStandInOut.of(row, offers[row["id"]]) for row in rows])
