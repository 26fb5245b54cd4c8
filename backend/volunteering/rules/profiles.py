"""The life of a volunteer's profile: who may move it, from where to where."""

from collections.abc import Collection
from typing import NamedTuple

from backend.errors import Refusal
from backend.volunteering.models import VolunteerState as State


class WrongVolunteerState(Refusal):
    code = "wrong_volunteer_state"
    zh = "志愿者当前状态（{state}）不允许此操作。"
    en = "The volunteer is {state}; that is not possible now."


class NotAGuardianHere(Refusal):
    status = 403
    code = "not_a_guardian_here"
    zh = "只有本校学生的监护人可以报名成为家长志愿者。"
    en = "Only guardians of this school's pupils can volunteer here."


class ConsentFirst(Refusal):
    """Without the privacy notice accepted for a child here, nothing is asked of the family."""

    code = "consent_first"
    zh = "请先同意隐私告知。"
    en = "Please accept the privacy notice first."


class Move(NamedTuple):
    """From which states an act leads where."""

    begins: Collection[State]
    ends: State


APPLY = Move((State.REJECTED, State.LEFT), State.APPLIED)
EDIT = (State.APPLIED, State.APPROVED, State.ACTIVE, State.PAUSED)
APPROVE = Move((State.APPLIED, State.SUSPENDED), State.APPROVED)
REJECT = Move((State.APPLIED,), State.REJECTED)
ACTIVATE = Move((State.APPROVED,), State.ACTIVE)
PAUSE = Move((State.ACTIVE,), State.PAUSED)
RESUME = Move((State.PAUSED,), State.ACTIVE)
LEAVE = Move((State.APPLIED, State.APPROVED, State.ACTIVE, State.PAUSED), State.LEFT)
SUSPEND = Move((State.APPROVED, State.ACTIVE, State.PAUSED), State.SUSPENDED)


def moves(state: State, move: Move) -> bool:
    """Say whether the act changes anything; done already is fine.

    Raises :class:`WrongVolunteerState`.
    """
    if state is move.ends:
        return False
    if state not in move.begins:
        raise WrongVolunteerState(state=state.value)
    return True


def check_editable(state: State) -> None:
    """Raises :class:`WrongVolunteerState`."""
    if state not in EDIT:
        raise WrongVolunteerState(state=state.value)
