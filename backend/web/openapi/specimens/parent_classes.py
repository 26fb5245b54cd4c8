"""Values for the examples of programmes, recordings, and the count of parent classes."""

from typing import Any

ID_OF: dict[str, str] = {}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
_SPEAKER: dict[str, Any] = {
    "name": "叶知秋",
    "title": "三年级年级组长、心理健康教师",
    "kind": "backbone_teacher",
}
_WAY_IN: dict[str, Any] = {
    "delivery": "both",
    "link": "https://meeting.example.edu.cn/j/48213907",
}
_RULE: dict[str, Any] = {
    "code": "N01",
    "subject": "“家长课堂”和实践活动（合计）",
    "amount": 4,
    "unit": "次",
    "period": "calendar_year",
    "binding": False,
    "pack": "宝山区",
    "source": "宝山区学校“教联体”组建指引",
}
_COUNTED: dict[str, Any] = {"held": 3, "attended": 3, "remaining": 1}

BY_STRUCT: dict[str, dict[str, Any]] = {
    "CountedPeriodOut": {
        "kind": "calendar_year",
        "startsOn": "2026-01-01",
        "endsOn": "2026-12-31",
    },
    "HeldOccasionOut": {
        "kind": "parent_class",
        "title": "家长课堂：和孩子一起管理时间",
        "startsAt": "2026-10-16T11:00:00Z",
        "endsAt": "2026-10-16T12:30:00Z",
        "sessions": 1,
        "attended": True,
        "families": 46,
        "people": 52,
        "pictures": 6,
        "summarised": True,
        "recorded": True,
    },
    "ParentClassCountOut": _COUNTED,
    "ParentClassCountPage": {"hasMore": True},
    "RequiredCountOut": _RULE,
    "SchoolCountItem": _COUNTED | {"school": "海湾实验小学"},
    "SessionProgrammeIn": _WAY_IN,
    "SpeakerIn": _SPEAKER,
    "SpeakerOut": _SPEAKER | {"personId": None},
}
BY_NAME: dict[str, Any] = {}
