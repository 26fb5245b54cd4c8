"""Questions families answer when they register.

An answer is text, whatever the question's kind: the chosen word, ``yes`` or ``no``, or
what they wrote. Answers travel in the booking under the question's key.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from backend.errors import BadInput, Refusal

MOST_QUESTIONS = 10
LONGEST_ANSWER = 200


class QuestionKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"


class AnswerMissing(Refusal):
    """``keys`` name the required questions without an answer."""

    code = "answer_missing"
    zh = "请先回答：{labels}。"
    en = "Please answer first: {labels}."


class AnswerMisfit(BadInput):
    """An answer to a question nobody asked, or not one of the choices."""

    code = "answer_misfit"
    zh = "“{field}”的回答不在可选范围内。"
    en = "The answer to {field} is not one of those offered."


def check_answers(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, str]
) -> dict[str, str]:
    """Return the answers as they are kept: trimmed, without blank ones.

    Raises :class:`AnswerMisfit` and :class:`AnswerMissing`.
    """
    asked = {question["key"]: question for question in questions}
    kept = {key: text.strip() for key, text in answers.items() if text.strip()}
    for key, text in kept.items():
        question = asked.get(key)
        if question is None:
            # Not the key itself: what was sent is not repeated, whoever made it up.
            raise AnswerMisfit(field="answers")
        if len(text) > LONGEST_ANSWER or not _fits(question, text):
            raise AnswerMisfit(field=question["label"])
    missing = [q for q in questions if q["required"] and q["key"] not in kept]
    if missing:
        raise AnswerMissing(
            keys=[question["key"] for question in missing],
            labels="、".join(question["label"] for question in missing),
        )
    return kept


def _fits(question: Mapping[str, Any], text: str) -> bool:
    if question["kind"] == QuestionKind.CHOICE:
        return text in question["choices"]
    return question["kind"] != QuestionKind.YES_NO or text in ("yes", "no")


def required(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys that must be answered: what the slot asks."""
    return [question["key"] for question in questions if question["required"]]
