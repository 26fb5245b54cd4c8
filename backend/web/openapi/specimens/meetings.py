"""Values for the examples of suggestions, agendas, meetings and attendance."""

from typing import Any

_TITLE = "是否调整午餐供应单位"
_TEXT = "请比较三家试餐的结果，从下学期起择优供应。"
_SUGGESTION: dict[str, Any] = {
    "bodyName": "三年级1班家长委员会",
    "authorName": "一位家长",
    "mine": False,
    "title": "希望午餐多一些蔬菜",
    "text": "近两周的午餐蔬菜偏少，希望与供应单位沟通，增加一份时令蔬菜。",
    "state": "open",
    "coSigns": 4,
    "threshold": 4,
    "signed": True,
    "maySign": False,
    "dueAt": "2026-12-07T01:30:00Z",
    "reason": "",
    "mergedIntoId": None,
    "itemId": None,
    "escalatedAt": None,
    "answeredAt": None,
    "createdAt": "2026-11-20T02:00:00Z",
}
_POINT: dict[str, Any] = {
    "parentId": None,
    "position": 0,
    "matterTitle": "校服、膳食等涉及学生切身利益的事项",
    "ruleKind": "ordinary",
    "title": _TITLE,
    "text": _TEXT,
    "attachments": 1,
    "inWriting": False,
    "mayVoteFrom": None,
    "proposerName": "周婷",
    "mine": False,
    "state": "discussing",
    "reason": "",
    "mergedIntoId": None,
    "retableOfId": None,
    "retables": 0,
    "voteId": None,
    "outcome": None,
    "chosen": [],
    "conclusion": "",
    "recused": 1,
    "present": 7,
    "hasQuorum": True,
    "createdAt": "2026-11-16T02:00:00Z",
    "scheduledAt": "2026-11-18T02:00:00Z",
    "discussedAt": "2026-11-23T11:10:00Z",
    "decidedAt": None,
}
_HOURS: dict[str, Any] = {
    "title": "三年级1班家委会第三次会议",
    "startsAt": "2026-11-23T11:00:00Z",
    "endsAt": "2026-11-23T12:30:00Z",
    "place": "海湾实验小学二楼会议室",
    "onlineUrl": "https://meeting.example.edu.cn/j/48213907",
}
_MEETING: dict[str, Any] = _HOURS | {
    "bodyName": "三年级1班家长委员会",
    "state": "running",
    "items": 3,
    "myAnswer": "in_person",
    "entitled": None,
    "convenedAt": "2026-11-18T02:00:00Z",
    "startedAt": "2026-11-23T11:02:00Z",
    "endedAt": None,
    "cancelledAt": None,
    "cancelledReason": "",
}
_RECUSED = "本人是其中一家供应单位的员工。"
_CHILD = "三家试餐的评分"

ID_OF: dict[str, str] = {
    "SuggestionOut": "suggestionId",
    "AgendaPointOut": "agendaPointId",
    "AgendaTopOut": "agendaItemId",
    "AgendaItemOut": "agendaItemId",
    "MeetingItem": "meetingId",
    "MeetingOut": "meetingId",
}
ALIASES: dict[str, str] = {"firstBodyId": "bodyId", "intoId": "otherId"}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "SuggestionIn": {"title": _SUGGESTION["title"], "text": _SUGGESTION["text"]},
    "SuggestionAcceptanceIn": {"title": _TITLE, "text": _TEXT, "namesNoPupil": True},
    "SuggestionRefusalIn": {"reason": "供应合同本学期内不能变更，下学期招标时一并考虑。"},
    "SuggestionOut": _SUGGESTION,
    "SuggestionPage": {"hasMore": False, "nextCursor": None},
    "AgendaItemIn": {"title": _TITLE, "text": _TEXT},
    "ItemAcceptanceIn": {"namesNoPupil": True},
    "ItemRefusalIn": {"reason": "该事项由学校后勤负责，已转交处理。"},
    "ItemPlaceIn": {"parentId": None, "position": 0},
    "ItemConclusionIn": {"conclusion": "听取了学校关于午餐招标进展的通报，委员无异议。"},
    "RecusalIn": {"reason": _RECUSED},
    "RecusalOut": {
        "name": "王立强",
        "reason": _RECUSED,
        "own": True,
        "recordedAt": "2026-11-20T02:00:00Z",
    },
    "AgendaPointOut": _POINT
    | {"title": _CHILD, "state": "scheduled", "recused": 0}
    | {"present": None, "hasQuorum": None, "discussedAt": None},
    "AgendaTopOut": _POINT,
    "AgendaItemOut": _POINT,
    "AgendaItemPage": {"hasMore": False, "nextCursor": None},
    "MeetingIn": _HOURS,
    "MeetingCancellationIn": {"reason": "台风停课，改期另行通知。"},
    "MeetingReplyIn": {"answer": "in_person"},
    "AttendanceIn": {"mode": "in_person"},
    "MeetingItem": _MEETING,
    "MeetingOut": _MEETING,
    "MeetingPage": {"hasMore": False, "nextCursor": None},
    "PresenceOut": {"mode": "in_person", "cameAt": "2026-11-23T10:55:00Z", "leftAt": None},
    "AttendeeSeatOut": {
        "name": "周婷",
        "role": "chair",
        "constituency": "parent",
        "office": "",
        "answer": "in_person",
        "there": True,
    },
    "MissingSeatOut": {"name": "高远", "answer": "absent"},
    "QuorumOut": {
        "entitled": 9,
        "inPerson": 6,
        "online": 1,
        "present": 7,
        "needed": 5,
        "hasQuorum": True,
        "mayCome": 8,
        "reachable": True,
    },
}
BY_NAME: dict[str, Any] = {}
