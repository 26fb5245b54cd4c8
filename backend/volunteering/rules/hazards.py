"""Which step a hazard may take next, and who takes it."""

from datetime import date, timedelta
from uuid import UUID

from backend.errors import BadInput, Refusal
from backend.volunteering.models import HazardState

LONGEST_REPAIR = timedelta(days=366)
_S = HazardState
STEPS: dict[HazardState, frozenset[HazardState]] = {
    _S.REPORTED: frozenset({_S.CONFIRMED, _S.REJECTED}),
    _S.CONFIRMED: frozenset({_S.ASSIGNED}),
    # Somebody else may take over, or the date be moved, until the work is done.
    _S.ASSIGNED: frozenset({_S.ASSIGNED, _S.FIXING, _S.RECHECK}),
    _S.FIXING: frozenset({_S.ASSIGNED, _S.FIXING, _S.RECHECK}),
    _S.RECHECK: frozenset({_S.FIXING, _S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.REJECTED: frozenset(),
}


class WrongHazardState(Refusal):
    """``state`` is where it stands now."""

    code = "wrong_hazard_state"
    zh = "该隐患当前状态不允许此操作。"
    en = "The hazard's state does not allow that."


class OwnerNotOnStaff(Refusal):
    status = 422
    code = "owner_not_on_staff"
    zh = "整改责任人须是本校在职教职工。"
    en = "The owner must be on the school's staff."


class BadDueDate(BadInput):
    code = "bad_due_date"
    zh = "整改期限须为今天或以后，且不超过一年：{field}。"
    en = "The due date is today or later, within a year: {field}."


class OwnRecheck(Refusal):
    """Whoever did the work does not also declare it done (复查由他人进行)."""

    code = "own_recheck"
    zh = "整改责任人不能复查自己的整改结果。"
    en = "Whoever fixed it cannot also recheck it."


def check_step(state: str, wanted: HazardState) -> None:
    """Raises :class:`WrongHazardState`."""
    if wanted not in STEPS[HazardState(state)]:
        raise WrongHazardState(state=state)


def check_due(due_on: date, today: date) -> None:
    """Raises :class:`BadDueDate`."""
    if not today <= due_on <= today + LONGEST_REPAIR:
        raise BadDueDate(field="dueOn")


def check_other_eyes(owner_id: UUID | None, by: UUID) -> None:
    """Raises :class:`OwnRecheck`."""
    if owner_id == by:
        raise OwnRecheck
