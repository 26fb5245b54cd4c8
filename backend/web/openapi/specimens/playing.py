"""Values for the examples of playing lessons, credits and renewals."""

from typing import Any

ID_OF: dict[str, str] = {}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
_SPANS = [{"from": 0, "to": 184_000}, {"from": 201_500, "to": 245_000}]
_WATCHED: dict[str, Any] = {
    "spans": _SPANS,
    "durationMs": 312_000,
    "coveredMs": 227_500,
    "percent": 72,
    "offlineMs": 0,
    "positionMs": 245_000,
    "completed": False,
}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "BeatIn": {"seq": 15, "from": 230_000, "to": 245_000},
    "BeatsIn": {"position": 245_000},
    "SpanOut": {"from": 0, "to": 184_000},
    "BeatsOut": _WATCHED
    | {
        "refusedMs": 0,
        "lessonCompleted": False,
        "courseCompleted": False,
        "certificateId": None,
    },
    "PlayOut": _WATCHED
    | {
        "refusedMs": 0,
        "kind": "video",
        "title": "第一课 怎样听孩子说话",
        "paragraphs": [],
        "threshold": 90,
        "round": 1,
        "lessonCompleted": False,
        "hasQuiz": True,
        "beatSeconds": 15,
        "fastest": 2,
    },
    "CreditIn": {"reason": "参加了3月5日的线下讲座，有签到表"},
    "RenewalOut": {"round": 2, "validUntil": "2026-12-20T04:12:09Z"},
}
BY_NAME: dict[str, Any] = {}
