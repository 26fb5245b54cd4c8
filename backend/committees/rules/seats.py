"""How seats come and go.

Nothing here reads the database or the clock: callers bring the facts.
"""

from enum import StrEnum

from backend.committees.models import BodyKind, Constituency, Seat, SeatRole, SeatState
from backend.committees.rules.bodies import ALLOWED
from backend.errors import BadInput, Refusal


class SeatEnd(StrEnum):
    """Why a seat ended."""

    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    NOT_ELECTED = "not_elected"
    GUARDIANSHIP_ENDED = "guardianship_ended"
    TERM_OVER = "term_over"
    BODY_ENDED = "body_ended"


FORWARD: dict[SeatState, frozenset[SeatState]] = {
    SeatState.NOMINATED: frozenset({SeatState.ELECTED, SeatState.APPOINTED, SeatState.ENDED}),
    SeatState.ELECTED: frozenset({SeatState.SERVING, SeatState.ENDED}),
    SeatState.APPOINTED: frozenset({SeatState.SERVING, SeatState.ENDED}),
    SeatState.SERVING: frozenset({SeatState.ENDED}),
    SeatState.ENDED: frozenset(),
}
"""Every move there is; the rest is refused."""

OF_FAMILIES = frozenset({Constituency.PARENT, Constituency.COMMITTEE})
"""Seats held for a child: they end with the guardianship."""

AT_SCHOOL = frozenset(
    {Constituency.SCHOOL_LEADER, Constituency.TEACHER, Constituency.DIVISION_LEADER}
)
"""Seats of those who work at the school."""


WITH_THE_BODY = frozenset({SeatEnd.TERM_OVER, SeatEnd.BODY_ENDED})
"""Ends that leave no chair to be filled."""


class WrongSeatState(Refusal):
    """``state`` is what it is now."""

    code = "wrong_seat_state"
    zh = "该席位当前的状态不允许此操作。"
    en = "The seat's state does not allow that."


class WrongConstituency(BadInput):
    status = 422
    code = "wrong_constituency"
    zh = "该组织没有这一方的席位。"
    en = "The body has no seats for that constituency."


class NotEligible(BadInput):
    """Nobody of that id may hold such a seat, whether or not there is such a person."""

    status = 422
    code = "not_eligible"
    zh = "此人不符合该席位的资格。"
    en = "That person may not hold such a seat."


class AlreadySeated(Refusal):
    code = "already_seated"
    zh = "此人在该组织中已有席位。"
    en = "That person has a seat in this body already."


class ChairTaken(Refusal):
    code = "chair_taken"
    zh = "该组织已有主任（组长），请使用移交。"
    en = "The body has a chair already; hand the chair over instead."


class ChairIsHandedOver(Refusal):
    code = "chair_is_handed_over"
    zh = "主任（组长）职务只能移交，不能直接更改。"
    en = "A chair is handed over, not changed."


def check_move(seat: Seat, to: SeatState) -> None:
    """Raises :class:`WrongSeatState` for every move not in :data:`FORWARD`."""
    if to not in FORWARD[SeatState(seat.state)]:
        raise WrongSeatState(state=seat.state)


def check_constituency(kind: str, constituency: Constituency) -> None:
    """Raises :class:`WrongConstituency`."""
    allowed = ALLOWED.get(BodyKind(kind))
    if allowed is not None and constituency not in allowed:
        raise WrongConstituency(field="constituency")


def check_role(seat: Seat, role: SeatRole) -> None:
    """Raises :class:`WrongSeatState` for an ended seat, and :class:`ChairIsHandedOver` for
    making a serving seat the chair, or the chair something else.
    """
    if seat.state == SeatState.ENDED:
        raise WrongSeatState(state=seat.state)
    serves = seat.state == SeatState.SERVING
    if serves and seat.role != role and SeatRole.CHAIR in (seat.role, role):
        raise ChairIsHandedOver
