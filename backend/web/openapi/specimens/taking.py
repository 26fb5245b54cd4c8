"""Values for the examples of taking courses: the catalogue, my courses, quizzes."""

from typing import Any

_OPTIONS = [
    {"key": "7c1f0a92b3d4", "text": "和孩子一起商量每天的用网时间"},
    {"key": "e05d4418aa6b", "text": "一律没收手机"},
    {"key": "193bb0c7f2e8", "text": "完全不管"},
]
_WHY = "共同商定的规则，孩子更愿意遵守。"
_QUESTION = {
    "kind": "single",
    "text": "孩子上网时间过长，下面哪种做法更合适？",
    "options": _OPTIONS,
}
_COURSE = {
    "title": "陪孩子养成用网好习惯",
    "summary": "四节短课，讲清用网规则、网络安全和亲子沟通。",
    "kind": "course",
    "topic": "online_life",
    "brand": "九龙好父母",
    "host": "海湾实验小学家长学校",
    "stages": ["primary"],
    "grades": [3, 4],
    "coverUrl": "/v1/courses/019ab3c4-7a16-7aea-a047-ec10decbab9b/cover",
    "externalUrl": None,
}

ID_OF: dict[str, str] = {"QuizQuestionOut": "questionId"}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "AttemptsOut": {"attempts": 1, "learners": 31},
    "CourseCard": {
        **_COURSE,
        "lessons": 4,
        "durationMs": 1_260_000,
        "publishedAt": "2026-11-16T02:00:00Z",
        "enrolled": False,
        "completed": False,
    },
    "MyCourseOut": {
        **_COURSE,
        "available": True,
        "standing": "in_progress",
        "done": 2,
        "total": 4,
        "percent": 50,
        "enrolledAt": "2026-11-17T12:20:00Z",
        "completedAt": None,
        "certificateId": None,
        "validUntil": None,
        "expiresSoon": False,
        "familyCompleted": False,
        "dueOn": "2026-12-01",
    },
    "NextLessonOut": {
        "position": 3,
        "title": "规则一起定",
        "kind": "video",
        "durationMs": 318_000,
    },
    "OptionStatisticsOut": {
        "key": "a",
        "text": "和孩子一起商量每天的用网时间",
        "isAnswer": True,
        "chosen": 35,
    },
    "QuestionResultOut": {"isRight": True, "answer": ["7c1f0a92b3d4"], "explanation": _WHY},
    "QuestionStatisticsOut": {
        "kind": "single",
        "text": _QUESTION["text"],
        "tries": 41,
        "rightPercent": 85,
    },
    "QuizAnswersIn": {"answers": {"019ab3c4-0e30-7e64-9d38-7ad80b4672f2": ["7c1f0a92b3d4"]}},
    "QuizOptionOut": {"key": "7c1f0a92b3d4", "text": "和孩子一起商量每天的用网时间"},
    "QuizOut": {
        "passPercent": 60,
        "attemptsMade": 0,
        "attemptsLeft": 3,
        "openFrom": None,
        "bestPercent": None,
        "passed": False,
    },
    "QuizQuestionOut": {**_QUESTION, "answer": None, "explanation": None},
    "QuizResultOut": {
        "number": 1,
        "percent": 100,
        "passed": True,
        "attemptsLeft": 2,
        "openFrom": None,
        "completed": False,
        "missing": ["watch"],
    },
    "QuizStatisticsOut": {
        "revision": 1,
        "suppressed": False,
        "learners": 36,
        "passed": 33,
        "attempts": 41,
    },
    "RecommendationOut": {
        "reason": "学校要求学习，12月1日前完成；适合三年级",
        "assigned": True,
        "dueOn": "2026-12-01",
    },
    "ResumeOut": {"title": "规则一起定", "positionMs": 95_000, "durationMs": 318_000},
}
BY_NAME: dict[str, Any] = {"brand": "九龙好父母"}
