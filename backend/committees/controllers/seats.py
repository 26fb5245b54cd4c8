"""Who sits on a body: nominating, electing, appointing, resigning."""

from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.committees.models import Body, Seat, SeatState
from backend.committees.operations import chairs
from backend.committees.operations import seats as operations
from backend.committees.permissions.bodies import BodySight, body_in_sight, body_to_run
from backend.committees.permissions.seats import (
    SeatSight,
    body_to_hand_over,
    own_seat,
    seat_in_sight,
    seat_to_run,
)
from backend.committees.queries import seats as queries
from backend.committees.rules import seats as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.seats import (
    BodySeatIn,
    BodySeatOut,
    BodySeatsOut,
    ChairIn,
    SeatEndIn,
    SeatRoleIn,
)
from backend.errors import NotAllowed, TooMany
from backend.people.phones import BadPhone
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.limits import Limit, spend
from backend.web.policy import Policy
from backend.web.problems import refusals

FROM_OUTSIDE = Limit(name="committees.from_outside", most=60, seconds=86_400)
"""Accounts opened, or found, by telephone number a day: numbers are not there to be tried."""


class BodySeats(Controller):
    """The seats of a body."""

    path = "/bodies/{body_id:uuid}/seats"
    dependencies = {"sight": Provide(body_in_sight), "run": Provide(body_to_run)}

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="nominateSeat",
        summary="提名、委任成员 Nominate somebody to a body",
        responses=refusals(
            rules.WrongConstituency,
            rules.NotEligible,
            rules.AlreadySeated,
            rules.ChairTaken,
            WrongBodyState,
            BadPhone,
            TooMany,
            NotAllowed,
            KeyNeeded,
            KeyReused,
        ),
    )
    async def nominate_seat(
        self,
        data: JSONBody[BodySeatIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> BodySeatOut:
        """Parents sit for a child of theirs who belongs to where the body stands."""
        nominee = data.nominee()

        async def act() -> BodySeatOut:
            if nominee.phone:
                await spend(FROM_OUTSIDE, str(actor.person_id), clock.now())
            made = await operations.nominate(
                run.id, nominee, by=actor.person_id, until=SeatState(data.until)
            )
            return await _shown(made, actor, runs=True)

        return await once(
            actor.person_id, "nominateSeat", idempotency_key, (run.id, data), BodySeatOut,
            act, secret=settings.secret_key,
        )  # fmt: skip


class PastSeats(Controller):
    """Who sat on a body once."""

    path = "/bodies/{body_id:uuid}/past-seats"
    dependencies = {"sight": Provide(body_in_sight), "run": Provide(body_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listPastSeats",
        summary="已终止的席位 Seats that have ended",
        responses=refusals(NotAllowed),
    )
    async def list_past_seats(
        self, actor: NamedDependency[Actor], run: NamedDependency[Body]
    ) -> BodySeatsOut:
        """For whoever runs the body, the latest first."""
        rows = await queries.past_of(run.id)
        return BodySeatsOut(items=[BodySeatOut.of(row, actor.person_id, runs=True) for row in rows])


class BodyChair(Controller):
    """Who chairs a body."""

    path = "/bodies/{body_id:uuid}/chair"
    dependencies = {"sight": Provide(body_in_sight), "run": Provide(body_to_hand_over)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="handOverChair",
        summary="移交主任（组长） Hand over the chair",
        responses=refusals(rules.WrongSeatState, WrongBodyState, NotAllowed),
    )
    async def hand_over_chair(
        self,
        data: JSONBody[ChairIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Body],
        sight: NamedDependency[BodySight],
    ) -> BodySeatOut:
        """By the chair, or by whoever runs the body; the former chair stays as a member."""
        made = await chairs.hand_over_chair(run.id, data.seat_id, by=actor.person_id)
        return await _shown(made, actor, runs=sight.runs)


class RunningSeats(Controller):
    """What whoever runs a body does with its seats."""

    path = "/seats/{seat_id:uuid}"
    dependencies = {"seen": Provide(seat_in_sight), "seat": Provide(seat_to_run)}

    @put(
        "/appointment",
        opt={"policy": Policy.STAFF},
        operation_id="appointSeat",
        summary="委任 Appoint somebody nominated",
        responses=refusals(rules.WrongSeatState, WrongBodyState, NotAllowed),
    )
    async def appoint_seat(
        self, actor: NamedDependency[Actor], seat: NamedDependency[Seat]
    ) -> BodySeatOut:
        """Where there is no election."""
        return await _shown(await operations.appoint(seat.id, by=actor.person_id), actor, runs=True)

    @put(
        "/service",
        opt={"policy": Policy.STAFF},
        operation_id="beginSeat",
        summary="就任 Let somebody elected or appointed serve",
        responses=refusals(rules.WrongSeatState, rules.ChairTaken, WrongBodyState, NotAllowed),
    )
    async def begin_seat(
        self, actor: NamedDependency[Actor], seat: NamedDependency[Seat]
    ) -> BodySeatOut:
        """From today on; a body has one chair."""
        return await _shown(await operations.begin(seat.id, by=actor.person_id), actor, runs=True)

    @put(
        "/role",
        opt={"policy": Policy.STAFF},
        operation_id="setSeatRole",
        summary="更改职务 Say what a seat does",
        responses=refusals(rules.WrongSeatState, rules.ChairIsHandedOver, NotAllowed),
    )
    async def set_seat_role(
        self,
        data: JSONBody[SeatRoleIn],
        actor: NamedDependency[Actor],
        seat: NamedDependency[Seat],
    ) -> BodySeatOut:
        """Who serves becomes the chair, or stops being it, by handing over alone."""
        made = await chairs.set_role(seat.id, data.role, data.office, by=actor.person_id)
        return await _shown(made, actor, runs=True)

    @put(
        "/ending",
        opt={"policy": Policy.STAFF},
        operation_id="endSeat",
        summary="终止席位 End somebody's seat",
        responses=refusals(rules.WrongSeatState, NotAllowed),
    )
    async def end_seat(
        self,
        data: JSONBody[SeatEndIn],
        actor: NamedDependency[Actor],
        seat: NamedDependency[Seat],
    ) -> BodySeatOut:
        """The reason is kept in the trail."""
        made = await operations.dismiss(seat.id, data.reason, by=actor.person_id)
        return await _shown(made, actor, runs=True)


class OwnSeat(Controller):
    """What somebody does with their own seat."""

    path = "/seats/{seat_id:uuid}/resignation"
    dependencies = {"seen": Provide(seat_in_sight), "seat": Provide(own_seat)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="resignSeat",
        summary="辞去席位 Resign",
        responses=refusals(rules.WrongSeatState, NotAllowed),
    )
    async def resign_seat(
        self,
        actor: NamedDependency[Actor],
        seat: NamedDependency[Seat],
        seen: NamedDependency[SeatSight],
    ) -> BodySeatOut:
        """At once. A chair who resigns leaves the body without one until it is handed over."""
        made = await operations.resign(seat.id, by=actor.person_id)
        return await _shown(made, actor, runs=seen.sight.runs)


async def _shown(seat: Seat, actor: Actor, *, runs: bool) -> BodySeatOut:
    row = BodySeatOut.row_of(seat, in_force=await queries.is_in_force(seat.id))
    return BodySeatOut.of(row, actor.person_id, runs=runs)


DUTY: tuple[type[Controller], ...] = (BodySeats, PastSeats, BodyChair, RunningSeats, OwnSeat)
