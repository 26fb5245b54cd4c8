"""Quizzes in stories: questions, what is chosen, and handing it in."""

from typing import Any

from backend.courses.models import Lesson, Question, Revision
from backend.database import execute
from tests.house import Visitor


async def ask(
    lesson: Lesson, *questions: dict[str, Any], revision: int | None = None, **quiz: Any
) -> None:
    """Give a lesson questions; ``quiz`` may set ``pass_percent`` and ``most_attempts``."""
    found = await Revision.get(lesson_id=lesson.id, number=revision or lesson.revision)
    for number, question in enumerate(questions, 1):
        await Question.create(revision_id=found.id, position=number, **question)
    if quiz:
        await Revision.filter(id=found.id).update(**quiz)


def single(text: str = "孩子上网太久怎么办？") -> dict[str, Any]:
    """Return a question whose right answer is 一起商量."""
    return {
        "kind": "single",
        "text": text,
        "options": [
            {"key": "a", "text": "一起商量"},
            {"key": "b", "text": "一律没收"},
            {"key": "c", "text": "完全不管"},
        ],
        "answer": ["a"],
        "explanation": "共同商定的规则更容易遵守。",
    }


def multiple() -> dict[str, Any]:
    """Return a question whose right answers are 早睡 and 多运动."""
    return {
        "kind": "multiple",
        "text": "哪些是好习惯？",
        "options": [
            {"key": "a", "text": "早睡"},
            {"key": "b", "text": "多运动"},
            {"key": "c", "text": "熬夜"},
        ],
        "answer": ["a", "b"],
        "explanation": "早睡和运动都有益健康。",
    }


def order() -> dict[str, Any]:
    """Return a question whose right order is 停下, 倾听, 商量."""
    return {
        "kind": "order",
        "text": "冲突时先做什么？",
        "options": [
            {"key": "a", "text": "停下"},
            {"key": "b", "text": "倾听"},
            {"key": "c", "text": "商量"},
        ],
        "answer": ["a", "b", "c"],
        "explanation": "先停下来，再倾听，最后商量。",
    }


RIGHT = {
    "single": ["一起商量"],
    "multiple": ["早睡", "多运动"],
    "order": ["停下", "倾听", "商量"],
}
WRONG = {"single": ["一律没收"], "multiple": ["早睡"], "order": ["商量", "倾听", "停下"]}


async def answers(
    visitor: Visitor, lesson: Lesson, choice: dict[str, list[str]]
) -> dict[str, list[str]]:
    """Return what the learner hands in to choose the options with these texts."""
    quiz = (await visitor.get(f"/lessons/{lesson.id}/quiz")).json()
    return {
        question["id"]: [
            next(o["key"] for o in question["options"] if o["text"] == text)
            for text in choice[question["kind"]]
        ]
        for question in quiz["questions"]
    }


async def a_minute_later(lesson: Lesson) -> None:
    """Put every attempt so far a minute further back."""
    await execute(
        "UPDATE quiz_attempts SET handed_in_at = handed_in_at - interval '61 seconds' "
        "WHERE lesson_id = $1",
        lesson.id,
    )


async def hand_in(
    visitor: Visitor, lesson: Lesson, choice: dict[str, list[str]], status: int = 201
) -> dict[str, Any]:
    """Choose the options with these texts and hand in; returns the answer."""
    body = {"answers": await answers(visitor, lesson, choice)}
    answer = await visitor.post(f"/lessons/{lesson.id}/quiz/attempts", json=body)
    assert answer.status_code == status, answer.text
    graded: dict[str, Any] = answer.json()
    return graded


async def the_quiz(visitor: Visitor, lesson: Lesson) -> dict[str, Any]:
    """Return the quiz as the learner sees it."""
    answer = await visitor.get(f"/lessons/{lesson.id}/quiz")
    assert answer.status_code == 200, answer.text
    quiz: dict[str, Any] = answer.json()
    return quiz
