"""What an organiser sees of shifts at risk and of a call for helpers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.volunteering.models import CallState, CallStep, ShiftCall
from backend.volunteering.rules import calls as rules
from backend.volunteering.schemas.shifts import GapOut, gaps_out
from backend.web.structs import Count, Out


class RiskFlag(StrEnum):
    """What is wrong with a shift to come."""

    BELOW_MINIMUM = "below_minimum"
    UNCONFIRMED = "unconfirmed"
    UNREACHABLE = "unreachable"
    GAP = "gap"


class RiskItem(Out):
    """A shift at risk. ``expected`` is how many will come, judged by the past year.

    ``unanswered`` have not said whether they come tomorrow; ``unreachable`` have no device
    that a push can reach.
    """

    shift_id: UUID
    duty: str
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    minimum: Count
    capacity: Count
    taken: Count
    waiting: Count
    missing: Count
    unanswered: Count
    unreachable: Count
    expected: Count
    gaps: list[GapOut]
    call: CallState | None
    flags: list[RiskFlag]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "RiskItem":
        """Build from a row of ``queries.board``."""
        missing = rules.missing(row["minimum"], row["taken"])
        unanswered = row["unanswered"] if row["is_soon"] else 0
        gaps = gaps_out(row)
        found = {
            RiskFlag.BELOW_MINIMUM: missing > 0,
            RiskFlag.UNCONFIRMED: unanswered > 0,
            RiskFlag.UNREACHABLE: row["unreachable"] > 0,
            RiskFlag.GAP: any(gap.side != "family" for gap in gaps),
        }
        return cls(
            shift_id=row["id"],
            duty=row["duty"],
            title=row["title"],
            place=row["place"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            minimum=row["minimum"],
            capacity=row["capacity"],
            taken=row["taken"],
            waiting=row["waiting"],
            missing=missing,
            unanswered=unanswered,
            unreachable=row["unreachable"],
            expected=rules.expected(row["confirmed"], 0, (row["kept"], row["made"]), (0, 0)),
            gaps=gaps,
            call=CallState(row["call_state"]) if row["call_state"] else None,
            flags=[flag for flag, holds in found.items() if holds],
        )


class RiskBoard(Out):
    """Shifts of the coming days that need the organiser, soonest first, of how many open."""

    shifts: Count
    items: list[RiskItem]


class StepCount(Out):
    """What came of asking one circle of people: booked, willing, unwilling or silent."""

    step: CallStep
    asked: Count
    booked: Count
    willing: Count
    unwilling: Count
    silent: Count


class CallOut(Out):
    """A call for helpers. Nobody is named: whom it asked, and in which order, is its own."""

    state: CallState
    step: CallStep
    rounds: Count
    opened_at: datetime
    next_round_at: datetime | None
    missing: Count
    waiting: Count
    expected: Count
    steps: list[StepCount]

    @classmethod
    def of(
        cls, call: ShiftCall, steps: list[dict[str, Any]], places: tuple[int, int], expected: int
    ) -> "CallOut":
        """Build from the call; ``places`` are those missing and the families waiting."""
        runs = call.state == CallState.RUNNING
        missing, waiting = places
        return cls(
            state=CallState(call.state),
            step=CallStep(call.step),
            rounds=call.rounds,
            opened_at=call.opened_at,
            next_round_at=call.next_round_at if runs else None,
            missing=missing,
            waiting=waiting,
            expected=expected,
            steps=[StepCount(**row | {"step": CallStep(row["step"])}) for row in steps],
        )
