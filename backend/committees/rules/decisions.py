"""What may be entered into a body's log of decisions, and when its owner is reminded."""

from datetime import date, timedelta

from backend.ballots.models import Outcome
from backend.committees.models import ItemState
from backend.errors import BadInput, Refusal

LONGEST_TASK = timedelta(days=3 * 366)
WARN_BEFORE = timedelta(days=3)
REMIND_EVERY = timedelta(days=7)


class ItemNotPassed(Refusal):
    code = "item_not_passed"
    zh = "只有表决通过的议题才能形成决定。"
    en = "A decision is entered for an item that has passed."


class MinutesFixed(Refusal):
    code = "minutes_fixed"
    zh = "会议纪要已确认，不能再补记该次会议的决定。"
    en = "The minutes of that meeting are confirmed; no decision can be added to it."


class OwnerUnknown(Refusal):
    status = 422
    code = "decision_owner_unknown"
    zh = "责任人须是本组织的在任成员或本校（本区）教职工。"
    en = "The owner sits on the body or is on the staff."


class DueMissing(Refusal):
    status = 422
    code = "decision_due_missing"
    zh = "责任人与完成期限须同时填写。"
    en = "An owner comes with a date, and a date with an owner."


class BadDecisionDue(BadInput):
    code = "bad_decision_due"
    zh = "完成期限须为今天或以后，且不超过三年：{field}。"
    en = "The date is today or later, within three years: {field}."


class NothingToDo(Refusal):
    code = "nothing_to_do"
    zh = "该决定没有责任人，无须办结。"
    en = "That decision has no owner; there is nothing to be done."


def check_passed(state: str, outcome: str) -> None:
    """Raise :class:`ItemNotPassed`; a decision may follow another while it is carried out."""
    if state == ItemState.IN_EXECUTION:
        return
    if state != ItemState.DECIDED or outcome != Outcome.PASSED:
        raise ItemNotPassed(state=state, outcome=outcome)


def check_task(has_owner: bool, due_on: date | None, today: date) -> None:
    """Raise :class:`DueMissing` and :class:`BadDecisionDue`."""
    if has_owner != (due_on is not None):
        raise DueMissing
    if due_on is not None and not today <= due_on <= today + LONGEST_TASK:
        raise BadDecisionDue(field="dueOn")
