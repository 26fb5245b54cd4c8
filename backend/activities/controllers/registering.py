"""The family's side: planning and registering; and the organiser's list of who did."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.activities import rules
from backend.activities.models import Activity
from backend.activities.operations import registering
from backend.activities.operations.registering import Wish
from backend.activities.permissions import (
    ActivitySight,
    SessionSight,
    activity_to_join,
    session_to_join,
)
from backend.activities.queries import planning as facts
from backend.activities.queries import registrations
from backend.activities.rules.planning import plan
from backend.activities.rules.plans import Offer, Plan
from backend.activities.schemas.registering import (
    OBSTACLES,
    ObstacleOut,
    PlanIn,
    PlanOut,
    PlanVisitOut,
    ProposalOut,
    RegisteredChildOut,
    RegisteredOut,
    RegisteredPage,
    RegistrationAnswerOut,
    RegistrationIn,
    RegistrationsIn,
    RegistrationsOut,
)
from backend.bookings.controllers.places import booking_out
from backend.bookings.models import BookingState
from backend.bookings.operations.places import Taken
from backend.bookings.rules import TAKING, Full
from backend.bookings.schemas.slots import BookingOut
from backend.errors import NotFound
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

REGISTERING = (
    *TAKING,
    rules.AnswerMissing,
    rules.AnswerMisfit,
    rules.TooManyForChild,
    rules.TooManyForFamily,
)


class Registration(Controller):
    """The caller's own place at one session; it is given back at the slot's address."""

    path = "/sessions/{session_id:uuid}/registration"
    dependencies = {"joined": Provide(session_to_join)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="registerForSession",
        summary="报名一个场次 Register for a session",
        responses=refusals(*REGISTERING),
    )
    async def register_for_session(
        self,
        data: JSONBody[RegistrationIn],
        actor: NamedDependency[Actor],
        joined: NamedDependency[SessionSight],
    ) -> BookingOut:
        """Take a place, or a turn in the queue. Asked twice it is the same booking.

        Sessions are booked here, where answers are held to the questions and families to
        the activity's limits; everything else about the booking is at ``/slots/{id}``.
        """
        wish = Wish(
            session_id=joined.session_id,
            student_ids=data.student_ids,
            party=data.party,
            at_once=data.takes_at_once,
        )
        return await _booking(
            await registering.register(actor, joined.activity, wish, data.answers)
        )


class FamilyPlan(Controller):
    path = "/activities/{activity_id:uuid}"
    dependencies = {"joined": Provide(activity_to_join)}

    @put(
        "/plan",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="planActivity",
        summary="为全家安排场次 Propose sessions for all my children",
        responses=refusals(NotFound),
    )
    async def plan_activity(
        self,
        data: JSONBody[PlanIn],
        actor: NamedDependency[Actor],
        joined: NamedDependency[Activity],
    ) -> PlanOut:
        """Up to three sets of sessions that do not clash, or what stands in the way.

        Nothing is booked and nothing is kept.
        """
        if not {child.student_id for child in data.children} <= set(actor.student_ids):
            raise NotFound
        offers, meant, busy = await facts.on_offer(actor, joined, clock.now())
        children = await facts.children_of(
            actor,
            joined,
            meant,
            [(c.student_id, c.sessions, c.wishes, c.avoid) for c in data.children],
        )
        found = plan(offers, children, adults=data.adults, party=data.party, busy=busy)
        return _plan_out(found, {offer.session_id: offer for offer in offers})

    @put(
        "/registrations",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="registerForActivity",
        summary="一次报名多个场次，全成或全不成 Register for a plan, all or nothing",
        responses=refusals(*REGISTERING, Full, rules.PlanByLot, rules.ChildTwiceAtOnce),
    )
    async def register_for_activity(
        self,
        data: JSONBody[RegistrationsIn],
        actor: NamedDependency[Actor],
        joined: NamedDependency[Activity],
    ) -> RegistrationsOut:
        """A place at every session, or at none. A full session is a refusal: a plan does not
        wait.
        """
        taken = await registering.register_all(actor, joined, data.wishes(), data.answers)
        return RegistrationsOut(items=[await _booking(one) for one in taken])


class Registered(Controller):
    path = "/activities/{activity_id:uuid}/registrations"

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listRegistrations",
        summary="报名名单 Who registered",
        responses=refusals(BadCursor),
    )
    async def list_registrations(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[ActivitySight],
        cursors: NamedDependency[Cursors],
        session_id: FromQuery[UUID | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 50,
    ) -> RegisteredPage:
        """With answers. Those who answer for the activity see all, class teachers their own
        class.
        """
        purpose = f"registrations:{actor.person_id}:{sight.activity.id}:{session_id}"
        rows = await registrations.page(
            sight.activity.id,
            session_id=session_id,
            class_ids=sight.classes_led(actor),
            after=cursors.open(purpose, cursor, Position) if cursor else None,
            limit=limit + 1,
        )
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return RegisteredPage(
            items=[_registered(row, sight.activity) for row in rows[:limit]],
            next_cursor=(
                cursors.seal(purpose, Position(last["starts_at"], last["id"])) if last else None
            ),
            has_more=more,
        )


async def _booking(taken: Taken) -> BookingOut:
    return await booking_out(
        taken.place, taken.ahead, kind=taken.kind, taken=taken.held, now=clock.now()
    )


def _registered(row: dict[str, Any], activity: Activity) -> RegisteredOut:
    answers = msgspec.json.decode(row["answers"])
    return RegisteredOut(
        booking_id=row["id"],
        session_id=row["session_id"],
        session=row["session"],
        state=BookingState(row["state"]),
        adult=row["adult"],
        children=[
            RegisteredChildOut(name=child["name"], class_name=child["class_name"])
            for child in msgspec.json.decode(row["children"])
        ],
        party=row["party"],
        answers=[
            RegistrationAnswerOut(
                key=question["key"], label=question["label"], answer=str(answers[question["key"]])
            )
            for question in activity.questions
            if question["key"] in answers
        ],
        created_at=row["created_at"],
        checked_in_at=row["checked_in_at"],
    )


def _plan_out(found: Plan, offers: dict[UUID, Offer]) -> PlanOut:
    return PlanOut(
        proposals=[
            ProposalOut(
                visits=[
                    PlanVisitOut(
                        session_id=visit.session_id,
                        title=offers[visit.session_id].title,
                        starts_at=offers[visit.session_id].hours.starts_at,
                        ends_at=offers[visit.session_id].hours.ends_at,
                        adult=visit.adult,
                        student_ids=list(visit.student_ids),
                    )
                    for visit in proposal.visits
                ],
                wishes_met=proposal.wishes_met,
                idle_minutes=proposal.idle_minutes,
            )
            for proposal in found.proposals
        ],
        obstacles=[
            ObstacleOut(
                student_id=obstacle.student_id,
                session_id=obstacle.session_id,
                code=obstacle.code,
                reason=OBSTACLES[obstacle.code],
            )
            for obstacle in found.obstacles
        ],
        complete=found.complete,
    )
