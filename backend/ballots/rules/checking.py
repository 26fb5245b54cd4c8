"""What a published result is checked for. Everything comes from the file; nothing is asked.

Each check yields what does not fit, in a sentence of both languages.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from backend.ballots.models import CloseReason, Mode, Outcome, Unit
from backend.ballots.rules import certifying, digests, recounting
from backend.ballots.rules.bundle import Bundle, Shown
from backend.ballots.rules.counting import BadQuestion, check_question

_HEX = set("0123456789abcdef")


class Check(StrEnum):
    """What is looked at, in the order it is reported."""

    SIGNATURE = "signature"
    KEY = "key"
    QUESTION = "question"
    ELECTORATE = "electorate"
    TURNOUT = "turnout"
    BALLOTS = "ballots"
    PAPER = "paper"
    COUNT = "count"
    OUTCOME = "outcome"
    CERTIFICATION = "certification"
    OBJECTIONS = "objections"
    TIMES = "times"


def question(bundle: Bundle) -> Iterator[str]:
    """The question can be counted under its rules."""
    try:
        check_question(recounting.asked(bundle))
    except BadQuestion as refusal:
        yield f"这样的问题无法计票 · such a question cannot be counted: {refusal.facts['field']}"


def electorate(bundle: Bundle) -> Iterator[str]:
    """The units are as many as said, all different, and have the digest that voters saw."""
    units, told = bundle.electorate.units, bundle.electorate
    if len(units) != told.entitled:
        yield f"名册有 {len(units)} 个表决单位，应有 {told.entitled} 个 · units listed, entitled"
    ids = [unit.id for unit in units]
    if len(set(ids)) != len(ids) or len({unit.commitment for unit in units}) != len(ids):
        yield "名册中有重复的表决单位 · a unit stands in the list twice"
    if not (_is_uuid(bundle.vote) and all(_is_uuid(unit) for unit in ids)):
        yield "名册中有写法不规范的编号 · an id is not written as ids are"
    else:
        digest = digests.electorate_digest(
            UUID(bundle.vote), [(UUID(unit.id), unit.commitment) for unit in units]
        )
        if digest != told.digest:
            yield f"名册与摘要不符 · the list does not have its digest: {digest}"
    if told.recused < 0:
        yield f"回避人数有误 · recused: {told.recused}"
    named = bundle.ballots.shown is Shown.NAMES and bundle.question.unit is Unit.SEAT
    if not named and any(unit.name is not None for unit in units):
        yield "不应列出姓名的名册列出了姓名 · names stand where none belong"


def turnout(bundle: Bundle) -> Iterator[str]:
    """There are as many ballots as units that took part."""
    part = sum(unit.took_part for unit in bundle.electorate.units)
    cast, paper = bundle.result.cast, _on_paper(bundle)
    if cast != part:
        yield f"共 {cast} 张票，参加的表决单位有 {part} 个 · ballots, units that took part"
    phones = _on_phones(bundle)
    if _is_small(bundle):
        if phones or paper > cast:
            yield "参与人数过少的无记名表决不应公布回执 · so small a secret vote shows no receipts"
    elif phones + paper != cast:
        yield (
            f"手机票 {phones} 张加纸质票 {paper} 张，不等于 {cast} 张 · "
            f"ballots from phones and on paper are not those cast"
        )


def ballots(bundle: Bundle) -> Iterator[str]:
    """The ballots are shown as the rules say, say what they may, and belong to who took part."""
    told, wanted = bundle.ballots, _wanted(bundle)
    given = {Shown.NAMES: told.names, Shown.CHOICES: told.choices, Shown.RECEIPTS: told.receipts}
    if told.shown is not wanted:
        yield f"应公布的是 {wanted}，而不是 {told.shown} · this is not what the rules have shown"
    if {shown for shown, part in given.items() if part is not None} != {told.shown}:
        yield "公布了不应公布的内容，或缺少应公布的内容 · more or less is shown than said"
    if (told.unreadable > 0 and told.shown is not Shown.RECEIPTS) or told.unreadable < 0:
        yield f"无法开启的票数有误 · unreadable: {told.unreadable}"
    for choice in recounting.misfits(bundle):
        yield f"选票内容不合规则 · no ballot can say that: {', '.join(choice)}"
    receipts = told.receipts or []
    if receipts != sorted(receipts):
        yield "回执没有按顺序排列 · receipts are not in their order"
    for receipt in receipts:
        if len(receipt) != 32 or not set(receipt) <= _HEX:
            yield f"回执的写法有误 · that is no receipt: {receipt}"
    units = {unit.id: unit.took_part for unit in bundle.electorate.units}
    cast = [ballot.unit for ballot in told.names or []]
    if len(set(cast)) != len(cast):
        yield "有表决单位投了不止一张票 · a unit has more than one ballot"
    for unit in cast:
        if not units.get(unit, False):
            yield f"投票的表决单位不在名册中或未参加 · a ballot of nobody who took part: {unit}"


def paper(bundle: Bundle) -> Iterator[str]:
    """Paper ballots add up, and are told apart only where that gives nobody away."""
    told = bundle.paper
    if told is None:
        return
    if told.ballots < 1:
        yield f"纸质票张数有误 · paper ballots: {told.ballots}"
    withheld = certifying.keeps_paper_back(bundle.question.mode, bundle.result.cast, told.ballots)
    if (told.choices is None) != (told.invalid is None) or withheld != (told.choices is None):
        yield "纸质票明细的公布与否不合规定 · paper is told apart, or not, against the rules"
    if told.choices is not None:
        numbers = [line.count for line in told.choices]
        total = sum(numbers) + (told.invalid or 0)
        if total != told.ballots or (told.invalid or 0) < 0 or min(numbers, default=1) < 1:
            yield f"纸质票合计 {total} 张，应为 {told.ballots} 张 · paper ballots do not add up"
        if len({tuple(line.choice) for line in told.choices}) != len(numbers):
            yield "纸质票明细有重复 · the same paper choice stands there twice"


def count(bundle: Bundle) -> Iterator[str]:
    """A second count gives the same numbers."""
    if bundle.tally is None:
        if not _is_small(bundle):
            yield "缺少计票结果 · the count is missing"
        return
    if _is_small(bundle):
        yield "参与人数过少的无记名表决不应公布明细 · so small a secret vote shows no numbers"
        return
    try:
        for difference in recounting.differences(bundle, bundle.tally):
            yield f"重新计票的结果不同 · counted again it differs: {difference}"
    except BadQuestion as refusal:
        yield f"这样的问题无法计票 · such a question cannot be counted: {refusal.facts['field']}"


def outcome(bundle: Bundle) -> Iterator[str]:
    """The result is what the count says, or what the chair made of a tie."""
    told, tally = bundle.result, bundle.tally
    quorum, entitled = bundle.rules.quorum, bundle.electorate.entitled
    needed = max(quorum.needed(entitled), 1)
    reached = told.cast > 0 and quorum.is_reached(told.cast, entitled)
    if (told.quorum_needed, told.has_quorum) != (needed, reached):
        yield f"法定人数有误，应为 {needed} · the quorum is not that"
    if (told.outcome is Outcome.NO_QUORUM) == reached:
        yield f"结论与法定人数不符 · the outcome forgets the quorum: {told.outcome}"
    if tally is not None and (tally.cast, tally.quorum_needed, tally.has_quorum) != (
        told.cast, told.quorum_needed, told.has_quorum,
    ):  # fmt: skip
        yield "结论与计票的人数不符 · result and count differ in their numbers"
    asked = recounting.asked(bundle)
    if not set(told.chosen) <= set(asked.keys) or len(told.chosen) > max(asked.winners, 1):
        yield f"当选项有误 · that cannot be chosen: {', '.join(told.chosen)}"
    counted = tally.outcome if tally is not None else told.outcome
    chosen = tally.chosen if tally is not None else tuple(told.chosen)
    if bundle.tie is None:
        ways = certifying.ways_to_settle(asked, bundle.rules, counted, tally)
        if ways:
            yield "票数相等而未由主任决定 · tied, and the chair did not settle it"
    else:
        if tally is None:
            counted, chosen = Outcome.TIED, ()
        ways = certifying.ways_to_settle(asked, bundle.rules, counted, tally)
        if bundle.tie.settled_for not in ways:
            yield f"此处没有可由主任决定的平局 · no tie to settle: {bundle.tie.settled_for}"
            return
        counted, chosen = certifying.settled(asked, chosen, bundle.tie.settled_for)
    if (told.outcome, tuple(told.chosen)) != (counted, chosen):
        yield f"结论应为 {counted} {list(chosen)} · the outcome is not what was counted"


def certification(bundle: Bundle) -> Iterator[str]:
    """The chair certified the last count, and lateness is told."""
    counted, at = _moment(bundle.times.counted), _moment(bundle.certification.at)
    if counted is None or at is None or at < counted:
        yield f"确认时间有误 · certified at {bundle.certification.at}"
    elif certifying.is_late(counted, at, bundle.rules) != bundle.certification.late:
        yield f"逾期标记有误 · late: {bundle.certification.late}"
    if not bundle.certification.by:
        yield "没有写明确认人 · nobody certified it"


def objections(bundle: Bundle) -> Iterator[str]:
    """Every objection was answered, and each one upheld led to a recount."""
    told = bundle.objections
    if min(told.raised, told.rejected, told.upheld) < 0:
        yield "异议件数有误 · objections below nothing"
    if told.raised != told.rejected + told.upheld:
        yield f"异议 {told.raised} 件，答复 {told.rejected + told.upheld} 件 · raised, answered"
    if told.upheld != bundle.recounts:
        yield f"支持异议 {told.upheld} 件，重新计票 {bundle.recounts} 次 · upheld, recounted"


def times(bundle: Bundle) -> Iterator[str]:
    """Everything happened in its order, and objections had their window."""
    told, rules = bundle.times, bundle.rules
    order = [_moment(at) for at in (told.opened, told.closed, told.counted, told.published)]
    closes, until = _moment(told.closes), _moment(told.objections_until)
    certified = _moment(bundle.certification.at)
    known = [at for at in (*order, closes, until, certified) if at is not None]
    if len(known) < 7:
        yield "有时间写法不规范 · a moment is not written as moments are"
        return
    opened, closed, counted, published, closes, until, certified = known
    if not (opened <= closed <= counted <= certified <= published and opened < closes):
        yield "各环节的时间顺序有误 · it cannot have happened in this order"
    if until != certifying.objections_end(counted, rules):
        yield f"异议期有误 · objections were not taken until {told.objections_until}"
    if published < until:
        yield "异议期未满即公布 · published before the objection window had passed"
    fits = {
        CloseReason.DEADLINE: closed >= closes,
        CloseReason.EVERYBODY: rules.closes_when_all_voted,
        CloseReason.CHAIR: rules.chair_may_close,
    }
    if not fits[told.close_reason]:
        yield f"截止的原因与记录不符 · it cannot have closed for this reason: {told.close_reason}"


CHECKS: dict[Check, Callable[[Bundle], Iterator[str]]] = {
    Check.QUESTION: question,
    Check.ELECTORATE: electorate,
    Check.TURNOUT: turnout,
    Check.BALLOTS: ballots,
    Check.PAPER: paper,
    Check.COUNT: count,
    Check.OUTCOME: outcome,
    Check.CERTIFICATION: certification,
    Check.OBJECTIONS: objections,
    Check.TIMES: times,
}


def _wanted(bundle: Bundle) -> Shown:
    if bundle.question.mode is Mode.SECRET:
        return Shown.RECEIPTS
    return Shown.NAMES if bundle.rules.names_shown else Shown.CHOICES


def _is_small(bundle: Bundle) -> bool:
    return certifying.is_small(bundle.question.mode, bundle.result.cast, _on_paper(bundle))


def _on_phones(bundle: Bundle) -> int:
    told = bundle.ballots
    parts = (told.names, told.choices, told.receipts)
    return sum(len(part) for part in parts if part is not None) + told.unreadable


def _on_paper(bundle: Bundle) -> int:
    return bundle.paper.ballots if bundle.paper is not None else 0


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
