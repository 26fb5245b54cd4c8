"""What may be entered of ballots cast on paper."""

from collections.abc import Sequence

import msgspec

from backend.ballots.models import Mode
from backend.ballots.rules.charter import SMALLEST_SECRET, RuleSet
from backend.ballots.rules.counting import Choice, Question, is_valid
from backend.errors import BadInput, Refusal


class PaperTooLate(Refusal):
    code = "paper_too_late"
    zh = "只有在表决进行中才能录入或更改纸质票。"
    en = "Paper ballots are entered and changed while the vote is open."


class PaperEntered(Refusal):
    code = "paper_entered"
    zh = "纸质票已经录入；如需更正，请先撤回。"
    en = "Paper ballots have been entered; withdraw them to enter them anew."


class NoPaper(Refusal):
    code = "no_paper"
    zh = "没有录入纸质票。"
    en = "No paper ballots have been entered."


class PaperConfirmed(Refusal):
    code = "paper_confirmed"
    zh = "纸质票已经核对确认。"
    en = "The paper ballots have been confirmed."


class PaperNeedsAnother(Refusal):
    code = "paper_needs_another"
    zh = "纸质票须由录入人以外的另一位成员核对。"
    en = "Somebody other than who entered them confirms paper ballots."


class PaperMiscounted(BadInput):
    """``units`` voted on paper, but ``ballots`` were entered."""

    code = "paper_miscounted"
    zh = "纸质票共{ballots}张，与登记的{units}个表决单位不符。"
    en = "{ballots} paper ballots for {units} units."


class PaperTooFew(Refusal):
    """So few paper ballots of a secret vote would tell what those who cast them said."""

    code = "paper_too_few"
    zh = "无记名表决的纸质票少于{smallest}张，会暴露投票人的选择，不能录入；请改用手机投票。"
    en = "Fewer than {smallest} paper ballots would give away who chose what."


class PaperMisread(BadInput):
    code = "paper_misread"
    zh = "纸质票的内容不符合表决规则：{field}。"
    en = "No ballot of this vote can say that: {field}."


class VotedByPhone(Refusal):
    """``units`` have a ballot already; their labels, or ids where they have none."""

    code = "voted_by_phone"
    zh = "以下表决单位已在手机上投票，不能再登记纸质票：{units}。"
    en = "These have voted on their phones: {units}."


class UnknownUnits(BadInput):
    code = "unknown_units"
    zh = "登记的表决单位不在本次选民名册中，或有重复：{field}。"
    en = "Not units of this vote, or named twice: {field}."


class PaperChoice(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` paper ballots that say ``choice``."""

    choice: Choice
    count: int


def check(
    question: Question,
    rules: RuleSet,
    mode: Mode,
    choices: Sequence[PaperChoice],
    invalid: int,
    units: int,
) -> None:
    """Raise unless these ballots can be what ``units`` units cast.

    Every line says something a ballot may say, once, and stands for at least one ballot.
    Raises :class:`PaperMisread`, :class:`PaperMiscounted` and :class:`PaperTooFew`.
    """
    said: set[Choice] = set()
    for line in choices:
        if line.count < 1 or line.choice in said or not is_valid(question, rules, line.choice):
            raise PaperMisread(field=", ".join(line.choice))
        said.add(line.choice)
    ballots = sum(line.count for line in choices) + invalid
    if units < 1 or ballots != units or invalid < 0:
        raise PaperMiscounted(field="choices", ballots=ballots, units=units)
    if mode is Mode.SECRET and units < SMALLEST_SECRET:
        raise PaperTooFew(smallest=SMALLEST_SECRET)
