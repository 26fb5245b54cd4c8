"""Values for the examples of the column: one item, from the desk to its readers."""

from typing import Any

ID_OF: dict[str, str] = {
    "ColumnCard": "columnItemId",
    "ColumnItemOut": "columnItemId",
    "ColumnSeriesOut": "seriesId",
    "ContributionItem": "columnItemId",
    "DeskItem": "columnItemId",
    "MySeriesOut": "seriesId",
}
ALIASES: dict[str, str] = {"series": "seriesId"}
OMITTED: dict[str, set[str]] = {
    "ColumnItemIn": {"topic", "attachmentIds", "lessonId", "courseId"},
    "ColumnSeriesIn": {"topics", "departmentId"},
    "ContributionIn": {"attachmentIds"},
}
_SERIES = "家庭教育指导"
_TEXT = ["孩子写作业拖拉时，先约定一个十五分钟的小目标，完成后再一起商量下一步。"]
_ITEM: dict[str, Any] = {
    "series": _SERIES,
    "kind": "parenting",
    "topic": None,
    "title": "慢一点，也没关系",
    "byline": "海湾实验小学 许建安",
    "lessonId": None,
    "courseId": None,
    "source": "",
    "stages": ["primary"],
    "releasedAt": "2026-11-23T02:00:00Z",
}
_RHYTHM: dict[str, Any] = {
    "title": _SERIES,
    "minute": 600,
    "cadenceDays": 7,
    "weekday": 1,
    "perRelease": 1,
}
_SERIES_ROW: dict[str, Any] = _RHYTHM | {
    "kind": "column",
    "departmentId": None,
    "department": None,
    "topics": [],
    "nextReleaseAt": "2026-11-30T02:00:00Z",
    "state": "active",
}
_STORY: dict[str, Any] = {
    "title": "我家的“九点熄灯”",
    "paragraphs": ["我们和孩子一起写下约定，大人先放下手机，坚持三周以后就成了习惯。"],
    "stages": [],
}
_DESK: dict[str, Any] = _ITEM | {
    "state": "queued",
    "revision": 1,
    "reason": "",
    "contributed": False,
    "createdAt": "2026-11-20T01:30:00Z",
    "releasedAt": None,
}

BY_STRUCT: dict[str, dict[str, Any]] = {
    "ColumnCard": _ITEM
    | {
        "seriesKind": "column",
        "department": None,
        "opening": _TEXT[0],
        "attachments": 1,
        "isRead": False,
    },
    "ColumnItemCounts": {"series": 1, "told": 1_210, "readers": 486},
    "ColumnItemIn": {key: _ITEM[key] for key in ("kind", "title", "source", "stages")}
    | {"paragraphs": _TEXT},
    "ColumnItemOut": _ITEM | {"paragraphs": _TEXT, "state": "released", "isRead": False},
    "ColumnReviewIn": {"approved": True, "revision": 1, "reason": ""},
    "ColumnSeriesCounts": {
        "occasions": 12,
        "empty": 1,
        "released": 11,
        "told": 13_310,
        "readers": 922,
        "unsubscribed": 31,
    },
    "ColumnSeriesIn": _RHYTHM,
    "ColumnSeriesOut": _SERIES_ROW | {"queued": 3, "inReview": 1},
    "ColumnWithdrawalIn": {"reason": "引用的数据有误，更正后再发"},
    "ColumnWorkOut": {
        "revision": 1,
        "reason": "",
        "contributed": False,
        "namedAs": None,
        "consentAt": None,
        "consentWithdrawnAt": None,
        "reviewedAt": "2026-11-21T01:30:00Z",
        "place": None,
        "releaseOn": None,
        "canRewrite": False,
        "canSubmit": False,
        "canReview": False,
        "canWithdraw": True,
    },
    "ContributionIn": _STORY
    | {"namedAs": "surname", "declaration": 1, "namesNoPupil": True, "consents": True},
    "ContributionItem": {
        "series": _SERIES,
        "title": _STORY["title"],
        "byline": "王家长",
        "state": "in_review",
        "reason": "",
        "releasedAt": None,
    },
    "DeclarationOut": {
        "version": 1,
        "textZh": "我同意学校审核并在“家庭教育指导”专栏刊登本文，供本校家长阅读。",
        "textEn": "I agree that the school reviews this text and publishes it in its column.",
    },
    "DeskItem": _DESK,
    "MySeriesOut": _SERIES_ROW | {"subscribed": True},
    "QueueItem": {
        "title": _ITEM["title"],
        "kind": "parenting",
        "topic": None,
        "byline": _ITEM["byline"],
        "place": 1,
        "releaseOn": None,
        "adopted": False,
        "unready": False,
    },
    "QueueOut": {"nextReleaseAt": "2026-11-30T02:00:00Z", "perRelease": 1},
    "QueuePlaceIn": {"position": 1, "releaseOn": None},
    "SeriesStateIn": {"state": "paused"},
}
BY_NAME: dict[str, Any] = {}
