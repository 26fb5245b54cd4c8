"""The life of a vote as a table, and the refusals of everything that has to do with it.

Nothing here reads the database or the clock.
"""

from enum import StrEnum
from typing import NamedTuple

from backend.ballots.models import VoteState
from backend.ballots.rules.certifying import NotCertified, NotCounted, ObjectionsClosed
from backend.ballots.rules.paper import PaperTooLate
from backend.errors import BadInput, NotAllowed, Refusal


class Verb(StrEnum):
    """What can be done with a vote."""

    REWRITE = "rewrite"
    DISCARD = "discard"
    OPEN = "open"
    CAST = "cast"
    ENTER_PAPER = "enter_paper"
    CLOSE = "close"
    COUNT = "count"
    SETTLE_TIE = "settle_tie"
    CERTIFY = "certify"
    OBJECT = "object"
    RECOUNT = "recount"
    PUBLISH = "publish"
    ANNUL = "annul"


class Move(NamedTuple):
    """In which states a verb may be done, and which state it leads to; ``None``: no vote."""

    of: frozenset[VoteState]
    to: VoteState | None


_D, _O, _X = VoteState.DRAFT, VoteState.OPEN, VoteState.CLOSED
_N, _C, _P = VoteState.COUNTED, VoteState.CERTIFIED, VoteState.PUBLISHED

MOVES: dict[Verb, Move] = {
    Verb.REWRITE: Move(frozenset({_D}), _D),
    Verb.DISCARD: Move(frozenset({_D}), None),
    Verb.OPEN: Move(frozenset({_D}), _O),
    Verb.CAST: Move(frozenset({_O}), _O),
    Verb.ENTER_PAPER: Move(frozenset({_O}), _O),
    Verb.CLOSE: Move(frozenset({_O}), _X),
    Verb.COUNT: Move(frozenset({_X}), _N),
    Verb.SETTLE_TIE: Move(frozenset({_N}), _N),
    Verb.CERTIFY: Move(frozenset({_N}), _C),
    Verb.OBJECT: Move(frozenset({_N, _C}), None),
    Verb.RECOUNT: Move(frozenset({_N, _C}), _N),
    Verb.PUBLISH: Move(frozenset({_C}), _P),
    Verb.ANNUL: Move(frozenset({_O, _X}), VoteState.ANNULLED),
}
"""Everything that is not in here is refused. Objecting leaves a vote in the state it is in."""


class NotDraft(Refusal):
    """It was opened; what is asked can no longer be changed."""

    code = "vote_not_draft"
    zh = "表决已经发起，不能再修改。"
    en = "The vote has been opened and can no longer be changed."


class NotOpen(Refusal):
    """It has not been opened yet, or is over; ``state`` says which."""

    code = "vote_not_open"
    zh = "表决尚未开始或已经结束。"
    en = "The vote has not begun, or it is over."


class NotClosed(Refusal):
    """Only a closed vote is counted, and only once."""

    code = "vote_not_closed"
    zh = "表决尚未截止，或已经计票。"
    en = "The vote is not closed, or it has been counted."


class NotUnderWay(Refusal):
    """It can be annulled from its opening until it is counted."""

    code = "vote_not_under_way"
    zh = "只有尚未计票的表决才能作废。"
    en = "Only a vote that has not been counted can be annulled."


_REFUSED: dict[Verb, type[Refusal]] = {
    Verb.REWRITE: NotDraft,
    Verb.DISCARD: NotDraft,
    Verb.OPEN: NotDraft,
    Verb.CAST: NotOpen,
    Verb.ENTER_PAPER: PaperTooLate,
    Verb.CLOSE: NotOpen,
    Verb.COUNT: NotClosed,
    Verb.SETTLE_TIE: NotCounted,
    Verb.CERTIFY: NotCounted,
    Verb.OBJECT: ObjectionsClosed,
    Verb.RECOUNT: ObjectionsClosed,
    Verb.PUBLISH: NotCertified,
    Verb.ANNUL: NotUnderWay,
}


def moved(state: str, verb: Verb) -> VoteState:
    """Return the state a vote in ``state`` is in after ``verb``.

    Raises the refusal that says why not; its fact ``state`` is the state it is in.
    """
    now, move = VoteState(state), MOVES[verb]
    if now not in move.of:
        raise _REFUSED[verb](state=now.value)
    return move.to or now


class NotEntitled(NotAllowed):
    """Whoever asks was not in the electorate when the vote opened."""

    code = "not_entitled"
    zh = "您不在本次表决的投票人名单中。"
    en = "You are not among those entitled to this vote."


class WhichUnit(BadInput):
    """Somebody votes for several units and has to say for which; ``field`` names the member."""

    code = "which_unit"
    zh = "您可以代表多个投票单位，请选择其中一个。"
    en = "You vote for more than one unit; say for which."


class VotedOnPaper(Refusal):
    """The unit's ballot lies in the box of paper."""

    code = "voted_on_paper"
    zh = "您已登记为纸质投票，不能再在手机上投票。"
    en = "Your ballot was cast on paper."


class AlreadyVoted(Refusal):
    """The unit has cast its ballot, and the rules let nobody change it."""

    code = "already_voted"
    zh = "该投票单位已经投票，规则不允许更改。"
    en = "This unit has voted, and the rules do not let it change its ballot."


class BadChoice(BadInput):
    """The ballot may not say that; ``field`` names the member."""

    code = "bad_choice"
    zh = "选票内容不符合规则：{field}。"
    en = "A ballot may not say that: {field}."


class BadBox(BadInput):
    """A sealed ballot of another length than this vote's, or a copy of somebody else's."""

    code = "bad_box"
    zh = "密封选票的格式不正确，请更新应用后重试。"
    en = "That is not a sealed ballot of this vote."


class ElectorateTooSmall(Refusal):
    """A ballot among so few cannot be secret; ``entitled`` and ``smallest`` say how few."""

    code = "electorate_too_small"
    zh = "有投票权的仅{entitled}个，少于{smallest}个，不能进行无记名表决。"
    en = "Only {entitled} are entitled; a secret ballot needs {smallest}."


class NobodyEntitled(Refusal):
    """There is nobody to put the question to."""

    code = "nobody_entitled"
    zh = "没有可以参加本次表决的人。"
    en = "Nobody is entitled to this vote."


class ClosesInThePast(BadInput):
    """The deadline is over before the vote opens; ``field`` names the member."""

    code = "closes_in_the_past"
    zh = "截止时间必须晚于现在。"
    en = "The deadline must lie ahead."


class TooEarlyToClose(Refusal):
    """Neither the deadline nor everybody's ballot is there, or the chair may not close it."""

    code = "too_early_to_close"
    zh = "尚未到截止时间，且并非全部投票；规则不允许提前截止。"
    en = "Neither the deadline has come nor has everybody voted."


class PaperUnconfirmed(Refusal):
    """Paper ballots were entered, and nobody else has confirmed them yet."""

    code = "paper_unconfirmed"
    zh = "纸质票尚未由第二人核对，不能计票。"
    en = "The paper ballots wait for a second person; nothing is counted before."


class KeyLost(Refusal):
    """The sealed ballots cannot be opened by anybody: annul the vote and vote again."""

    code = "ballot_key_lost"
    zh = "本次表决的密钥已丢失，密封选票无法开启。请将本次表决作废，重新表决。"
    en = "The key of this vote is lost; annul it and vote again."


class KeysUnwritable(Refusal):
    """The place for keys cannot be written to; the vote stays a draft."""

    status = 503
    code = "ballot_keys_unwritable"
    zh = "暂时无法保存表决密钥，请联系管理员后重试。"
    en = "The key of the vote cannot be stored right now."


SAID: dict[str, type[Refusal]] = {
    "not_open": NotOpen,
    "not_entitled": NotEntitled,
    "which_unit": WhichUnit,
    "on_paper": VotedOnPaper,
    "wrong_kind": BadChoice,
    "copied": BadBox,
    "already_voted": AlreadyVoted,
}
"""What ``cast_ballots`` of the database says, and what it means."""
