"""Shifts at risk, calls for helpers, and what families answer to them."""

from datetime import timedelta
from typing import Annotated

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody
from msgspec import Meta

from backend import clock
from backend.errors import NotFound
from backend.volunteering.models import ShiftCall
from backend.volunteering.operations import calls
from backend.volunteering.permissions.shifts import (
    SchoolSight,
    ShiftSight,
    call_in_sight,
    shift_to_answer,
    shift_to_run,
    volunteering_to_run,
)
from backend.volunteering.queries import board, risk
from backend.volunteering.queries.calendar import zone_of
from backend.volunteering.rules import calls as rules
from backend.volunteering.rules.shifts import WrongShiftState
from backend.volunteering.rules.templates import moment_on
from backend.volunteering.schemas.board import CallOut, RiskBoard, RiskItem
from backend.volunteering.schemas.shifts import CallAnswerIn, CallAnswerOut
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

Days = Annotated[int, Meta(ge=1, le=31)]


class ShiftsAtRisk(Controller):
    path = "/schools/{school_id:uuid}/shifts-at-risk"
    dependencies = {"school": Provide(volunteering_to_run)}

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="listShiftsAtRisk",
        summary="有风险的班次 Shifts at risk",
    )
    async def list_shifts_at_risk(
        self, school: NamedDependency[SchoolSight], days: FromQuery[Days] = 7
    ) -> RiskBoard:
        """Below minimum, unconfirmed for tomorrow, people no push can reach, 校家警 gaps."""
        now, zone = clock.now(), await zone_of(school.school_id)
        tomorrow = clock.local(now, zone).date() + timedelta(days=1)
        rows = await board.upcoming(
            school.school_id, now, now + timedelta(days=days), moment_on(tomorrow, 24 * 60, zone)
        )
        items = [RiskItem.of(row) for row in rows]
        return RiskBoard(shifts=len(items), items=[item for item in items if item.flags])


class ShiftCalls(Controller):
    """The organiser's call for helpers with one shift."""

    path = "/shifts/{shift_id:uuid}/call"
    dependencies = {"run": Provide(shift_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="callForHelpers",
        summary="征集人手 Call for helpers, step by step",
        responses=refusals(WrongShiftState, rules.NobodyNeeded),
    )
    async def call_for_helpers(
        self, actor: NamedDependency[Actor], run: NamedDependency[ShiftSight]
    ) -> CallOut:
        """First the queue, then past volunteers of the duty, then who is free that weekday.

        A few in each round, those asked least first; a call that is over is taken up again.
        """
        return await _call_out(run, await calls.open_call(run.shift.id, by=actor.person_id))

    @get(
        opt={"policy": Policy.STAFF},
        operation_id="getCall",
        summary="征集进展 How a call stands",
        dependencies={"call": Provide(call_in_sight)},
        responses=refusals(NotFound),
    )
    async def get_call(
        self, run: NamedDependency[ShiftSight], call: NamedDependency[ShiftCall]
    ) -> CallOut:
        """How many were asked at each step, what they said, and how many will likely come."""
        return await _call_out(run, call)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="endCall",
        summary="停止征集 Ask nobody any more",
    )
    async def end_call(
        self, actor: NamedDependency[Actor], run: NamedDependency[ShiftSight]
    ) -> None:
        """What people answered is kept."""
        await calls.end_call(run.shift.id, by=actor.person_id)


class CallAnswers(Controller):
    path = "/shifts/{shift_id:uuid}/call/answer"
    dependencies = {"asked": Provide(shift_to_answer)}

    @put(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="answerCall",
        summary="愿意 / 不方便 Willing, or not",
    )
    async def answer_call(
        self,
        data: JSONBody[CallAnswerIn],
        actor: NamedDependency[Actor],
        asked: NamedDependency[ShiftSight],
    ) -> CallAnswerOut:
        """Asked or not: whoever cannot is not asked for this shift again.

        A willing answer takes no place yet; that is done on the slot.
        """
        ask = await calls.answer(asked.shift, actor.person_id, willing=data.willing)
        assert ask.willing is not None and ask.answered_at is not None
        return CallAnswerOut(willing=ask.willing, answered_at=ask.answered_at)


async def _call_out(run: ShiftSight, call: ShiftCall) -> CallOut:
    _, taken, waiting = await risk.places_on(run.shift.id)
    steps = await risk.asked_so_far(run.shift.id)
    came, agreed = await risk.history(run.shift.school_id, run.shift.duty, clock.now())
    open_asks = sum(step["willing"] + step["silent"] for step in steps)
    return CallOut.of(
        call,
        steps,
        (rules.missing(run.slot.minimum, taken), waiting),
        rules.expected(taken, open_asks, came, agreed),
    )
