"""How a quiz is graded, how often it may be tried, and what of it may be seen."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from backend.courses.models import LessonKind, QuizQuestionKind
from backend.courses.rules.learning import Facts
from backend.errors import BadInput, Refusal, TooMany

PAUSE = timedelta(seconds=60)
"""The least time between two attempts: thinking takes longer, guessing does not."""
MEDIA = (LessonKind.VIDEO, LessonKind.AUDIO, LessonKind.ARTICLE)
FEWEST = 5
"""With fewer learners, figures would speak of people."""


class NoAttemptsLeft(Refusal):
    code = "no_attempts_left"
    zh = "答题次数已用完（共{most}次）。"
    en = "All {most} attempts have been used."


class AlreadyPassed(Refusal):
    code = "quiz_already_passed"
    zh = "您已通过这次测验，无需再答。"
    en = "You have passed this quiz; there is nothing more to do."


class TooSoon(TooMany):
    code = "quiz_pause"
    zh = "请先回顾课程内容，{seconds}秒后再答。"
    en = "Take another look at the lesson, and try again in {seconds} seconds."


class QuestionsChanged(Refusal):
    """The lesson was revised while somebody answered; their answers were not counted."""

    code = "questions_changed"
    zh = "题目已更新，请重新打开后作答；这次不计次数。"
    en = "The questions have changed; please open the quiz again. This did not count."


class NotAnswered(BadInput):
    code = "not_answered"
    zh = "还有{questions}道题没有作答。"
    en = "{questions} questions have no answer yet."


class Lacking(StrEnum):
    """What is still missing until a lesson is completed; ``credit`` is somebody's word."""

    WATCH = "watch"
    ATTEND = "attend"
    CREDIT = "credit"
    QUIZ = "quiz"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody stands with a quiz. ``made`` are attempts at the questions as they are now;
    ``passed`` and ``best`` (a percentage) also look at earlier ones that still count.
    """

    made: int = 0
    most: int | None = None
    best: int | None = None
    passed: bool = False
    last_at: datetime | None = None

    @property
    def left(self) -> int | None:
        """Return how many attempts are left, or ``None`` when they are not counted."""
        return None if self.most is None else max(self.most - self.made, 0)

    @property
    def open_from(self) -> datetime | None:
        """Return from when on the next attempt is taken; ``None`` when there is none to come."""
        if self.passed or self.left == 0 or self.last_at is None:
            return None
        return self.last_at + PAUSE

    @property
    def is_over(self) -> bool:
        """Whether answers may be shown: nothing is left to be graded."""
        return self.passed or self.left == 0


def check_attempt(standing: Standing, now: datetime) -> None:
    """Raises :class:`AlreadyPassed`, :class:`NoAttemptsLeft` or :class:`TooSoon`."""
    if standing.passed:
        raise AlreadyPassed
    if standing.left == 0:
        raise NoAttemptsLeft(most=standing.most)
    if standing.open_from is not None and now < standing.open_from:
        wait = -int((now - standing.open_from).total_seconds() // 1)
        raise TooSoon(retry_after=wait, seconds=wait)


def is_right(kind: str, answer: Sequence[str], given: Sequence[str]) -> bool:
    """Say whether the keys given are the answer: the same ones, and in order where it matters."""
    if kind == QuizQuestionKind.ORDER:
        return list(given) == list(answer)
    return len(given) == len(answer) and set(given) == set(answer)


def percent_of(right: int, total: int) -> int:
    """Return the share in whole per cent, rounded down."""
    return 100 * right // total


def passes(right: int, total: int, pass_percent: int) -> bool:
    """Say whether the share reaches ``pass_percent``, exactly."""
    return right * 100 >= total * pass_percent


def veiled(secret: str, learner: str, question: str, key: str) -> str:
    """Return what one learner knows an option by.

    Authors call the right one ``a`` and put steps in their order: their keys would tell.
    """
    return _mac(secret, "key", learner, question, key)[:12]


def rank(secret: str, learner: str, question: str, attempt: int, key: str) -> str:
    """Return by what an option is sorted: alike when asked again, new with each attempt."""
    return _mac(secret, "order", learner, question, str(attempt), key)


def lacking(facts: Facts) -> list[Lacking]:
    """Return what is missing of a lesson with questions that is not completed."""
    missing = []
    if facts.kind in MEDIA and not facts.reached:
        missing.append(Lacking.WATCH)
    if facts.kind == LessonKind.LIVE and not (facts.attended or facts.reached):
        missing.append(Lacking.ATTEND)
    if facts.kind == LessonKind.EXTERNAL:
        missing.append(Lacking.CREDIT)
    if not facts.passed:
        missing.append(Lacking.QUIZ)
    return missing


def _mac(secret: str, *parts: str) -> str:
    said = "\0".join(parts).encode()
    return hmac.new(f"quiz:{secret}".encode(), said, hashlib.sha256).hexdigest()
