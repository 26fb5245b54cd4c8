"""Values for the examples of activities."""

from typing import Any

ID_OF: dict[str, str] = {
    "ActivityItem": "activityId",
    "ActivityOut": "activityId",
    "ActivitySessionOut": "sessionId",
    "ActivityExportOut": "exportId",
}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {
    "ActivityIn": {"inviteeIds", "invitesCommittees"},
    "ChildWishIn": {"avoid"},
}
_OPEN_DAY: dict[str, Any] = {
    "kind": "open_day",
    "state": "open",
    "title": "秋季家长开放日",
    "mode": "first_come",
    "organiserTitle": "校长",
    "term": "第一学期",
    "year": "2026—2027学年",
    "opensAt": "2026-11-24T00:00:00Z",
    "closesAt": "2026-11-30T10:00:00Z",
    "reason": "",
}
_LESSON: dict[str, Any] = {
    "title": "三年级1班数学公开课",
    "room": "三年级1班教室",
    "startsAt": "2026-12-02T01:00:00Z",
    "endsAt": "2026-12-02T01:40:00Z",
    "capacity": 30,
}
_WAY_IN: dict[str, Any] = {
    "delivery": "both",
    "link": "https://meeting.example.edu.cn/j/48213907",
}
_QUESTION: dict[str, Any] = {
    "key": "lunch",
    "label": "是否在食堂用餐",
    "kind": "yes_no",
    "choices": [],
    "required": True,
}

BY_STRUCT: dict[str, dict[str, Any]] = {
    "ActivityCancellationIn": {"reason": "台风预警，开放日改期举行"},
    "ActivityExportIn": {"reason": "打印入校名单交门卫室核对"},
    "ActivityExportOut": {
        "state": "done",
        "percent": 100,
        "rows": 86,
        "truncated": False,
        "byteSize": 14_208,
        "link": "/v1/exports/019a…/file?link=…",
        "linkExpiresAt": "2026-11-23T01:45:00Z",
    },
    "ActivityFactOut": {
        "kind": "open_day",
        "held": 1,
        "attended": 1,
        "families": 132,
        "people": 171,
    },
    "ActivityFactsOut": {"year": "2026—2027学年"},
    "ActivityIn": {
        key: value
        for key, value in _OPEN_DAY.items()
        if key in ("kind", "title", "mode", "opensAt", "closesAt")
    }
    | {
        "paragraphs": ["欢迎家长走进课堂，看看孩子在校的一天。"],
        "maxParty": 2,
        "sessionsPerChild": 2,
        "sessionsPerFamily": 4,
        "cancelHours": 24,
    },
    "ActivityItem": _OPEN_DAY
    | {
        "firstAt": "2026-12-02T01:00:00Z",
        "lastAt": "2026-12-02T04:00:00Z",
        "sessions": 8,
        "free": 46,
        "standing": "mine",
    },
    "ActivityOut": _OPEN_DAY
    | {
        "paragraphs": ["欢迎家长走进课堂，看看孩子在校的一天。"],
        "needsApproval": False,
        "maxParty": 2,
        "sessionsPerChild": 2,
        "sessionsPerFamily": 4,
        "cancelHours": 24,
        "heldAt": None,
        "summary": None,
        "asksFeedback": False,
        "feedbackUntil": None,
        "manages": False,
        "quotas": [],
        "inviteeIds": [],
    },
    "ActivitySessionIn": _LESSON | _WAY_IN | {"quotaKeys": ["day"]},
    "ActivitySessionOut": _LESSON | _WAY_IN | {"recording": None},
    "ActivitySummaryIn": {"text": "132个家庭走进课堂，提出建议27条，已分到各年级办理。"},
    "ActivitySummaryOut": {
        "text": "132个家庭走进课堂，提出建议27条，已分到各年级办理。",
        "writtenAt": "2026-12-03T08:00:00Z",
    },
    "AudienceNodeOut": {"label": "三年级1班"},
    "ChildWishIn": {"sessions": 1},
    "FeedbackIn": {"rating": 5, "text": "课堂很生动，希望能多看看体育课。"},
    "FeedbackSummaryOut": {
        "answers": 41,
        "average": 4.6,
        "ratings": [0, 0, 5, 8, 28],
        "texts": ["课堂很生动，希望能多看看体育课。"],
    },
    "MyFeedbackOut": {"rating": 5, "text": "课堂很生动，希望能多看看体育课。"},
    "MyRegistrationOut": {
        "state": "confirmed",
        "party": 2,
        "startsAt": _LESSON["startsAt"],
        "endsAt": _LESSON["endsAt"],
    },
    "ObstacleOut": {
        "code": "siblings_clash",
        "reason": "几个孩子的场次时间重叠，一位家长无法兼顾；可减少场次或两位家长分别参加。",
        "sessionId": None,
    },
    "PlanIn": {"adults": 1, "party": 1},
    "PlanOut": {"complete": True},
    "PlanVisitOut": {
        "title": _LESSON["title"],
        "startsAt": _LESSON["startsAt"],
        "endsAt": _LESSON["endsAt"],
        "adult": 1,
    },
    "ProposalOut": {"wishesMet": 2, "idleMinutes": 10},
    "QuestionIn": _QUESTION,
    "QuestionOut": _QUESTION,
    "QuotaIn": {"key": "day", "name": "全天入校人数", "capacity": 200},
    "QuotaOut": {"key": "day", "name": "全天入校人数", "capacity": 200},
    "RegisteredChildOut": {"name": "王子墨", "className": "三年级1班"},
    "RegisteredOut": {
        "session": _LESSON["title"],
        "state": "confirmed",
        "adult": "王立强",
        "party": 2,
        "checkedInAt": None,
    },
    "RegisteredPage": {"hasMore": True},
    "ActivityPage": {"hasMore": True},
    "RegistrationAnswerOut": {"key": "lunch", "label": "是否在食堂用餐", "answer": "yes"},
    "RegistrationIn": {"party": 2, "takesAtOnce": True, "answers": {"lunch": "yes"}},
    "RegistrationItem": {"party": 1},
    "RegistrationsIn": {"answers": {"lunch": "yes"}},
    "ShareIn": {"label": "留给一年级", "places": 10, "releaseAt": "2026-11-30T00:00:00Z"},
    "TermFactsOut": {"term": "第一学期", "startsOn": "2026-09-01", "endsOn": "2027-01-29"},
}
BY_NAME: dict[str, Any] = {}
