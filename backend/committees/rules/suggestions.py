"""When a suggestion is owed an answer, and what may become of it."""

from datetime import timedelta
from fractions import Fraction

from backend.committees.models import Level, SuggestionState
from backend.committees.rules.steps import Step
from backend.errors import Refusal
from backend.web.limits import Limit

SHARE = Fraction(1, 10)
FEWEST, MOST = 3, 30
ANSWER_WITHIN = timedelta(days=14)
PUTTING = Limit(name="suggestions", most=5, seconds=86_400)
CO_SIGNING = Limit(name="co_signs", most=60, seconds=3600)
"""Signing and taking it back count alike."""
A_PARENT = "一位家长"
"""How the author is called to everybody but the committee."""

NEXT_LEVEL = {Level.CLASS: Level.GRADE, Level.GRADE: Level.SCHOOL}
"""Where a committee hands a suggestion up to (talk-5)."""


class WrongSuggestionState(Refusal):
    code = "wrong_suggestion_state"
    zh = "这条建议目前的状态不允许此操作。"
    en = "The suggestion's state does not allow this now."


class AuthorStandsByIt(Refusal):
    code = "author_stands_by_it"
    zh = "提出人始终计为联署人；不想再提，可以撤回建议。"
    en = "The author always counts as one of those who signed; withdraw the suggestion instead."


class MergedElsewhere(Refusal):
    status = 422
    code = "merged_elsewhere"
    zh = "只能并入同一委员会的另一条未了结的建议。"
    en = "It can only be merged into another open suggestion of the same committee."


class NothingAbove(Refusal):
    code = "nothing_above"
    zh = "上一级没有正在履职的家长委员会，无法上报。"
    en = "No parent committee is active one level up."


class NotOfThisPlace(Refusal):
    status = 403
    code = "not_of_this_place"
    zh = "只有孩子在这里就读的家长可以这样做。"
    en = "Only guardians of a child at this place may do that."


class NoSuggestionsHere(Refusal):
    status = 403
    code = "no_suggestions_here"
    zh = "建议只能向班级、年级或学校的委员会提出。"
    en = "Suggestions are put to bodies of a class, a grade or a school."


_S = SuggestionState
_OPEN = frozenset({_S.OPEN})
ACCEPT = Step(sources=_OPEN, target=_S.ACCEPTED, refusal=WrongSuggestionState)
MERGE = Step(sources=_OPEN, target=_S.MERGED, refusal=WrongSuggestionState)
DECLINE = Step(sources=_OPEN, target=_S.DECLINED, refusal=WrongSuggestionState)
WITHDRAW = Step(sources=_OPEN, target=_S.WITHDRAWN, refusal=WrongSuggestionState)
STAY_OPEN = Step(sources=_OPEN, target=_S.OPEN, refusal=WrongSuggestionState)
"""Signing, taking it back and handing it up leave a suggestion open."""


def threshold(families: int) -> int:
    """Return how many must sign until the committee owes an answer: a tenth of the node's
    families, at least 3, at most 30.
    """
    tenth = -(-families * SHARE.numerator // SHARE.denominator)
    return min(max(tenth, FEWEST), MOST)
