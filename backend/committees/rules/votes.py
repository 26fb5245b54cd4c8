"""When a question may be put, what its draft takes from the rule set, and plain words."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.ballots.models import Mode, Unit
from backend.ballots.queries.turnout import OfConstituency
from backend.ballots.rules.charter import SMALLEST_SECRET, Base, RuleSet, Share, Tie
from backend.committees.models import AgendaItem, Body, BodyState, ItemState
from backend.committees.rules.agenda import WrongItemState, check_waited
from backend.committees.rules.bodies import check_state
from backend.errors import Refusal

AT_A_MEETING = timedelta(minutes=10)
IN_WRITING = timedelta(hours=24)
LONGEST = timedelta(days=60)
BETWEEN_REMINDERS = timedelta(hours=12)


class SecrecyDemanded(Refusal):
    status = 422
    code = "secret_ballot_demanded"
    zh = "该事项的议事规则要求无记名投票，不能改为记名。"
    en = "The rule set of this matter demands a secret ballot."


class UnitOfTheRules(Refusal):
    status = 422
    code = "unit_not_allowed"
    zh = "投票单位由议事规则确定，不能缩小。"
    en = "The rule set says who has a ballot; that cannot be narrowed."


class AlreadyPut(Refusal):
    """``voteId`` is the vote that stands."""

    code = "already_put"
    zh = "该议题已有表决。"
    en = "This agenda item has a vote already."


class ClosesTooSoon(Refusal):
    """``earliest`` is the first moment that would do."""

    status = 422
    code = "closes_too_soon"
    zh = "截止时间过近，委员来不及投票。"
    en = "That leaves too little time to vote."


class ClosesTooLate(Refusal):
    status = 422
    code = "closes_too_late"
    zh = "投票最长60天。"
    en = "A vote lasts sixty days at most."


class RemindedLately(Refusal):
    """``again`` is when it may be done again."""

    code = "reminded_lately"
    zh = "12小时内已提醒过。"
    en = "They were reminded less than twelve hours ago."


class NoResultYet(Refusal):
    code = "no_result_yet"
    zh = "结果尚未产生。"
    en = "There is no result yet."


class NotPublishedYet(Refusal):
    code = "not_published_yet"
    zh = "结果尚未公布。"
    en = "The result is not published yet."


def mode_of(rules: RuleSet, wished: Mode | None) -> Mode:
    """Return how ballots are cast. Raises :class:`SecrecyDemanded`."""
    if wished is Mode.OPEN and rules.mode is Mode.SECRET:
        raise SecrecyDemanded
    return wished or rules.mode


def unit_of(rules: RuleSet, wished: Unit | None) -> Unit:
    """Return what has a ballot: more may be asked than the rule set says, never fewer.

    Raises :class:`UnitOfTheRules`.
    """
    if wished is None or wished is rules.unit:
        return rules.unit
    if rules.unit is not Unit.SEAT:
        raise UnitOfTheRules(unit=rules.unit.value)
    return wished


def check_draft(item: AgendaItem, body: Body, closes_at: datetime, now: datetime) -> None:
    """Raises ``WrongBodyState``, ``WrongItemState``, :class:`ClosesTooSoon` and
    :class:`ClosesTooLate`.
    """
    check_state(body, BodyState.ACTIVE)
    if item.state not in (ItemState.SCHEDULED, ItemState.DISCUSSING) or item.rule_set_id is None:
        raise WrongItemState(state=item.state)
    if closes_at <= now:
        raise ClosesTooSoon(earliest=now.isoformat())
    if closes_at > now + LONGEST:
        raise ClosesTooLate


def check_opening(
    item: AgendaItem, body: Body, rules: RuleSet, unit: Unit, closes_at: datetime, now: datetime
) -> None:
    """At a meeting what is being discussed is put to the vote; in writing, what was announced
    in time. Raises what :func:`check_draft` does, and ``NotWaitedYet``.
    """
    check_draft(item, body, closes_at, now)
    if item.in_writing:
        if item.state != ItemState.SCHEDULED or item.scheduled_at is None:
            raise WrongItemState(state=item.state)
        check_waited(item.scheduled_at, now, rules.notice_days)
    elif item.state != ItemState.DISCUSSING:
        raise WrongItemState(state=item.state)
    meeting = not item.in_writing and unit is Unit.SEAT
    earliest = now + (AT_A_MEETING if meeting else IN_WRITING)
    if closes_at < earliest:
        raise ClosesTooSoon(earliest=earliest.isoformat())


def check_reminder(reminded_at: datetime | None, now: datetime) -> None:
    """Raises :class:`RemindedLately`."""
    if reminded_at is not None and now < reminded_at + BETWEEN_REMINDERS:
        raise RemindedLately(again=(reminded_at + BETWEEN_REMINDERS).isoformat())


def shown_constituencies(rows: Sequence[OfConstituency]) -> list[OfConstituency]:
    """Return those of which enough are entitled; none of them when a single one, too small
    to be shown, could be found by subtracting the others from the whole.
    """
    shown = [row for row in rows if row.constituency and row.entitled >= SMALLEST_SECRET]
    hidden = sum(row.entitled for row in rows) - sum(row.entitled for row in shown)
    return shown if hidden == 0 or hidden >= SMALLEST_SECRET else []


def quorum_needed(rules: RuleSet, entitled: int) -> int:
    """Return how many must take part for a result to stand."""
    return max(rules.quorum.needed(entitled), 1)


def secrecy(mode: str, tongue: str) -> str:
    """Return what the mode of a vote protects and what it does not, in plain words."""
    zh, en = _SECRET if mode == Mode.SECRET else _OPEN
    return en if tongue == "en" else zh


def said(rules: RuleSet, tongue: str) -> list[str]:
    """Return when a result stands under ``rules``, sentence by sentence."""
    english = tongue == "en"
    quorum = _share(rules.quorum, _EVERYBODY, english=english)
    lines = [f"Valid when {quorum} take part." if english else f"参加投票的{quorum}，结果有效。"]
    if rules.majority is not None:
        needed = _share(rules.majority, _WHOLE[rules.base], english=english)
        lines.append(f"Adopted by {needed}." if english else f"得票{needed}，通过。")
    else:
        lines.append("Most votes win." if english else "得票多者当选。")
    lines.append(_TIES[rules.tie][english])
    lines.append(_CHANGES[rules.may_change][english])
    return lines


def _share(share: Share, whole: tuple[str, str], *, english: bool) -> str:
    of = f"{share.of}/{share.out_of}"
    if english:
        return f"{'at least' if share.at_least else 'more than'} {of} of {whole[1]}"
    return f"{'不少于' if share.at_least else '超过'}{whole[0]}的{of}"


_EVERYBODY = ("应投票数", "those entitled")
_WHOLE = {
    Base.DECIDED: ("有效票（不含弃权）", "the valid ballots that do not abstain"),
    Base.CAST: ("有效票总数", "all valid ballots"),
    Base.ENTITLED: _EVERYBODY,
}
_TIES = {
    Tie.CHAIR: ("票数相等时由主任（组长）决定。", "The chair settles a tie."),
    Tie.NOT_ADOPTED: ("票数相等视为未通过。", "A tie adopts nothing."),
}
_CHANGES = {
    True: ("截止前可以改投。", "A ballot may be changed until the vote closes."),
    False: ("投出后不能更改。", "A ballot cannot be changed."),
}
_OPEN = (
    "记名投票：截止前没有人能看到任何人的选择或票数，只有参与人数；"
    "结果公布后，按议事规则公开各席位的投票。",
    "Open ballot: until it closes nobody sees any choice or count, only how many have voted; "
    "once the result is published the rule set says who may see how each seat voted.",
)
_SECRET = (
    "无记名投票：选票在手机上加密封存，截止计票后解密密钥即销毁，计票后的选票不带姓名、时间和顺序，"
    "凭数据库、备份和日志无法知道谁投了什么；是否参加投票会被记录。"
    "它不能防范在计票前完全控制服务器的人，也不能防范有人看着您的手机；"
    "全体一致的结果会暴露每个人的选择。旧版应用由服务器在内存中代为封存，保护较弱。",
    "Secret ballot: your phone seals the ballot, the key is destroyed after the count, and "
    "counted ballots carry no name, time or order: from database, backups and logs nobody can "
    "tell who voted how. That you took part is recorded. It does not protect against whoever "
    "controls the running server before the count, nor against somebody watching your phone, "
    "and a unanimous result tells on everybody. For old apps the server seals the ballot in "
    "its memory, which is weaker.",
)
