"""What becomes of a count: ties, certification, objections, recounts, publication."""

from datetime import datetime, timedelta

from backend.ballots.models import Method, Mode, Office, Outcome
from backend.ballots.rules.charter import SMALLEST_SECRET, RuleSet, Tie
from backend.ballots.rules.counting import AGAINST, FOR, Question, Tally
from backend.errors import BadInput, NotAllowed, Refusal


class NotCounted(Refusal):
    """There is no count yet, or it has been certified."""

    code = "vote_not_counted"
    zh = "表决尚未计票，或结果已经确认。"
    en = "The vote has not been counted, or its result is certified."


class NotCertified(Refusal):
    """Only a certified result is published, and only once."""

    code = "vote_not_certified"
    zh = "结果尚未确认，或已经公布。"
    en = "The result is not certified, or it is published."


class TieUnsettled(Refusal):
    code = "tie_unsettled"
    zh = "赞成与反对相等，主任须先行使决定票，再确认结果。"
    en = "The vote is tied; the chair settles it before certifying."


class NoTieToSettle(Refusal):
    """There is no tie, the rules leave it at that, it is settled, or one word cannot settle it."""

    code = "no_tie_to_settle"
    zh = "此表决没有可由主任决定的平局。"
    en = "There is no tie here that the chair could settle."


class UnknownTieChoice(BadInput):
    code = "unknown_tie_choice"
    zh = "决定票只能投给票数相等的选项：{field}。"
    en = "A tie is settled for one of those that are tied: {field}."


class ObjectionsClosed(Refusal):
    """``until`` is when the window ended."""

    code = "objections_closed"
    zh = "异议期已经结束。"
    en = "The window for objections has ended."


class NotEntitledToObject(NotAllowed):
    code = "not_entitled_to_object"
    zh = "只有有表决权的人和管理员可以提出异议。"
    en = "Only those entitled to vote and administrators may object."


class ObjectionRaised(Refusal):
    code = "objection_raised"
    zh = "您的异议正在处理中。"
    en = "Your objection is being looked into."


class ObjectionAnswered(Refusal):
    code = "objection_answered"
    zh = "此异议已有答复。"
    en = "This objection has been answered."


class OwnObjection(NotAllowed):
    code = "own_objection"
    zh = "不能答复自己提出的异议。"
    en = "Nobody answers an objection of their own."


class SecondPersonNeeded(Refusal):
    code = "second_person_needed"
    zh = "支持异议须由两位不同的人分别确认。"
    en = "Upholding an objection takes two different people."


class OtherOfficeNeeded(Refusal):
    code = "other_office_needed"
    zh = "支持异议须由学校管理员和区级管理员各一位确认。"
    en = "Upholding takes the word of the school and that of the district."


class NothingToRecount(Refusal):
    code = "nothing_to_recount"
    zh = "参与人数少于{smallest}人的无记名表决不保留选票，无法重新计票。"
    en = "A secret vote in which fewer than {smallest} took part keeps no ballots to recount."

    def __init__(self) -> None:
        super().__init__(smallest=SMALLEST_SECRET)


class CountDoesNotFit(Refusal):
    """Somebody has changed the count, or what was counted, past the house: ``checks`` says what."""

    code = "count_does_not_fit"
    zh = "计票结果与保存的选票不符，不能确认或公布：{checks}。请提出异议并重新计票。"
    en = "The count does not fit the ballots kept: {checks}. Object, and have it recounted."


class ObjectionPending(Refusal):
    code = "objection_pending"
    zh = "还有异议没有答复，不能公布。"
    en = "An objection is unanswered; nothing is published yet."


class ObjectionWindowOpen(Refusal):
    code = "objection_window_open"
    zh = "异议期尚未结束，不能公布。"
    en = "The objection window has not ended; nothing is published yet."


def whole_second(moment: datetime) -> datetime:
    """Return a moment as results write it, so that whoever reads one finds the same lateness."""
    return moment.replace(microsecond=0)


def objections_end(counted_at: datetime, rules: RuleSet) -> datetime:
    """Return when the window for objections to a count ends."""
    return counted_at + rules.objection_window


def certification_due(counted_at: datetime, rules: RuleSet) -> datetime:
    """Return by when the chair should certify; later is late, and not refused."""
    return counted_at + timedelta(days=rules.certify_days)


def is_late(counted_at: datetime, certified_at: datetime, rules: RuleSet) -> bool:
    """Say whether a certification came after its days."""
    return whole_second(certified_at) > certification_due(whole_second(counted_at), rules)


def is_small(mode: Mode, cast: int, paper: int) -> bool:
    """Say whether so few voted secretly that what they said is not kept apart.

    ``paper`` of the ``cast`` ballots came on paper: what these say is known to two people, so
    the few that came from phones are all that is secret.
    """
    return mode is Mode.SECRET and (cast < SMALLEST_SECRET or 0 < cast - paper < SMALLEST_SECRET)


def keeps_paper_back(mode: Mode, cast: int, paper: int) -> bool:
    """Say whether paper ballots are shown as part of the whole alone.

    Told apart in a secret vote, so few would give away those who are known to have voted on
    paper.
    """
    return is_small(mode, cast, paper) or (mode is Mode.SECRET and paper < SMALLEST_SECRET)


def ways_to_settle(
    question: Question, rules: RuleSet, outcome: Outcome, tally: Tally | None
) -> tuple[str, ...]:
    """Return for what the chair may settle a tie; empty where one word cannot.

    A motion for or against; of options, one of those tied when a single place is left; in a
    run-off, one of the last two. Where several places are left among more options, or an
    earlier round is tied, the vote stays tied.
    """
    if outcome is not Outcome.TIED or rules.tie is not Tie.CHAIR:
        return ()
    if question.method is Method.MOTION:
        return (FOR, AGAINST)
    if tally is None:
        return ()
    if question.method is Method.RANKED:
        return tally.tied if len(tally.rounds[-1].votes) == len(tally.tied) == 2 else ()
    return tally.tied if question.winners - len(tally.chosen) == 1 else ()


def settled(
    question: Question, counted: tuple[str, ...], choice: str
) -> tuple[Outcome, tuple[str, ...]]:
    """Return what a tie comes to once the chair settled it for ``choice``.

    ``counted`` are the options the count itself had chosen.
    """
    if question.method is Method.MOTION:
        return (Outcome.PASSED, (FOR,)) if choice == FOR else (Outcome.FAILED, ())
    return Outcome.PASSED, (*counted, choice)


def second_word(
    first: tuple[str, str] | None, office: Office, by: str, *, of_district: bool
) -> bool:
    """Say whether somebody's word for an objection is the second that upholds it.

    ``first`` is who spoke first, and for which office. At a school the two speak for its two
    offices; what belongs to the district (``of_district``) takes two of its officers. Raises
    :class:`SecondPersonNeeded` and :class:`OtherOfficeNeeded`.
    """
    if first is None:
        return False
    if first[0] == by:
        raise SecondPersonNeeded
    if not of_district and first[1] == office:
        raise OtherOfficeNeeded
    return True
