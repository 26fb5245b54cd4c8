"""The life of an agenda item, and what an agenda may look like (council-1, council-3, V11)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from backend import clock
from backend.ballots.models import Outcome
from backend.committees.models import ItemState
from backend.committees.rules.steps import Step
from backend.errors import Refusal
from backend.web.limits import Limit

PROPOSING = Limit(name="agenda_items", most=30, seconds=86_400)
MOST_ON_AN_AGENDA = 60
PUBLISHED = frozenset({ItemState.DECIDED, ItemState.NOTED, ItemState.IN_EXECUTION, ItemState.DONE})
"""What is over and done with is seen by everybody who sees the body."""


class WrongItemState(Refusal):
    code = "wrong_item_state"
    zh = "该议题目前的状态不允许此操作。"
    en = "The item's state does not allow this now."


class MatterUnknown(Refusal):
    status = 422
    code = "matter_unknown"
    zh = "议题必须对应议事目录中的一个事项。"
    en = "An item must name a matter of the catalogue."


class NoRuleSet(Refusal):
    code = "no_rule_set"
    zh = "该类事项还没有议事规则。"
    en = "No rule set is in force for this kind of matter."


class NamesAPupil(Refusal):
    status = 422
    code = "names_a_pupil"
    zh = "议题中不得出现学生姓名；请核对后确认。"
    en = "An item must not name a pupil; check it, and confirm that it does not."


class ItemMergedElsewhere(Refusal):
    status = 422
    code = "item_merged_elsewhere"
    zh = "只能并入同一组织的另一个尚未表决的议题。"
    en = "An item can only be merged into another of the same body that is not voted on yet."


class NotYourItem(Refusal):
    status = 403
    code = "not_your_item"
    zh = "只有提出人可以这样做。"
    en = "Only whoever proposed it may do that."


class AlreadyOnAnAgenda(Refusal):
    code = "already_on_an_agenda"
    zh = "该议题已列入另一次会议或书面表决，请先移出。"
    en = "The item is on another agenda already; defer it first."


class NoticeTooShort(Refusal):
    code = "notice_too_short"
    zh = "议事规则要求提前{days}天通知，最早可在{earliest}进行。"
    en = "The rule set demands {days} days' notice; {earliest} at the earliest."


class TooDeep(Refusal):
    status = 422
    code = "agenda_too_deep"
    zh = "议程最多两级，上级议题须在同一次会议上。"
    en = "An agenda has two levels; the item above must be on the same meeting's."


class AgendaFull(Refusal):
    code = "agenda_full"
    zh = "一次会议最多{most}个议题。"
    en = "A meeting's agenda holds {most} items."


class AnotherUnderDiscussion(Refusal):
    code = "another_under_discussion"
    zh = "另一个议题正在讨论中。"
    en = "Another item is under discussion."


class NotWaitedYet(NoticeTooShort):
    code = "not_announced_long_enough"


class MayNotBePutAgain(Refusal):
    code = "may_not_be_put_again"
    zh = "只有未达法定人数或票数相等的议题可以再次提出，且不得超过规则允许的次数。"
    en = "Only what found no quorum or tied may be put again, and only as often as allowed."


_I = ItemState
BEFORE_VOTING = frozenset({_I.PROPOSED, _I.ACCEPTED, _I.SCHEDULED, _I.DISCUSSING, _I.DEFERRED})


def _step(target: ItemState, *sources: ItemState) -> Step:
    return Step(sources=frozenset(sources), target=target, refusal=WrongItemState)


STEPS: Mapping[str, Step] = {
    "accept": _step(_I.ACCEPTED, _I.PROPOSED),
    "decline": _step(_I.DECLINED, _I.PROPOSED),
    "merge": _step(_I.MERGED, _I.PROPOSED),
    "withdraw": _step(_I.WITHDRAWN, *BEFORE_VOTING),
    "rewrite": _step(_I.PROPOSED, _I.PROPOSED),
    "absorb": _step(_I.ACCEPTED, *BEFORE_VOTING),
    "schedule": _step(_I.SCHEDULED, _I.ACCEPTED, _I.DEFERRED, _I.SCHEDULED),
    "put_in_writing": _step(_I.SCHEDULED, _I.ACCEPTED, _I.DEFERRED),
    "defer": _step(_I.DEFERRED, _I.SCHEDULED, _I.DISCUSSING),
    "discuss": _step(_I.DISCUSSING, _I.SCHEDULED),
    "note": _step(_I.NOTED, _I.DISCUSSING),
    "recuse": _step(_I.ACCEPTED, *BEFORE_VOTING),
    "vote": _step(_I.VOTING, _I.DISCUSSING),
    "vote_in_writing": _step(_I.VOTING, _I.SCHEDULED),
    "decide": _step(_I.DECIDED, _I.VOTING),
    "lapse": _step(_I.SCHEDULED, _I.VOTING),
    "reopen": _step(_I.VOTING, _I.DECIDED, _I.IN_EXECUTION, _I.DONE),
    "execute": _step(_I.IN_EXECUTION, _I.DECIDED),
    "finish": _step(_I.DONE, _I.IN_EXECUTION, _I.DECIDED),
}
"""Every act on an item. ``rewrite``, ``absorb`` and ``recuse`` leave it in its state."""


def earliest(announced: datetime, notice_days: int) -> date:
    """Return the first day on which it may be decided: so many days after the day it was
    announced, by the wall clock.
    """
    return clock.local(announced).date() + timedelta(days=notice_days)


def check_notice(announced: datetime, held_at: datetime, notice_days: int) -> None:
    """Raise :class:`NoticeTooShort` with the first possible day."""
    first = earliest(announced, notice_days)
    if clock.local(held_at).date() < first:
        raise NoticeTooShort(days=notice_days, earliest=first.isoformat())


def check_waited(announced: datetime, now: datetime, notice_days: int) -> None:
    """Raise :class:`NotWaitedYet` before something decided in writing may be voted on."""
    first = earliest(announced, notice_days)
    if clock.local(now).date() < first:
        raise NotWaitedYet(days=notice_days, earliest=first.isoformat())


def check_again(outcome: str, retables: int, allowed: int) -> None:
    """Raise :class:`MayNotBePutAgain`."""
    if outcome not in (Outcome.NO_QUORUM, Outcome.TIED) or retables >= allowed:
        raise MayNotBePutAgain(outcome=outcome, retables=retables, allowed=allowed)


def check_parent(
    item_id: UUID, parent_id: UUID | None, parents: Mapping[UUID, UUID | None]
) -> None:
    """Raise :class:`TooDeep`; ``parents`` says what stands above each item of the meeting."""
    if parent_id is None:
        return
    has_children = item_id in parents.values()
    if parent_id == item_id or parents.get(parent_id, parent_id) is not None or has_children:
        raise TooDeep


def placed(order: Sequence[UUID], item_id: UUID, position: int) -> list[UUID]:
    """Return siblings in order with the item at ``position``, or last if that is beyond."""
    rest = [one for one in order if one != item_id]
    return [*rest[:position], item_id, *rest[position:]]
