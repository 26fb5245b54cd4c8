"""Values for the examples of review panels: one of a school, from its draft to its result."""

from typing import Any

_CRITERIA: list[dict[str, Any]] = [
    {"key": "c1", "label": "育人实效", "most": 40},
    {"key": "c2", "label": "家长参与", "most": 30},
    {"key": "c3", "label": "可推广性", "most": 30},
]
_WRITTEN: dict[str, Any] = {
    "title": "家校社协同育人优秀案例评议",
    "text": "请家长、企业和社会代表共同评议本学年的八个案例。",
    "closesAt": "2026-12-04T10:00:00Z",
}
_LINE: dict[str, Any] = {
    "title": _WRITTEN["title"],
    "state": "open",
    "closesAt": _WRITTEN["closesAt"],
    "openedAt": "2026-11-23T02:00:00Z",
    "closedAt": None,
    "publishedAt": None,
    "entries": 8,
    "panelists": 15,
    "judges": True,
    "scored": 3,
    "mayRun": False,
}
_POINTS = [{"key": "c1", "points": 36}, {"key": "c2", "points": 27}, {"key": "c3", "points": 24}]
_ENTRY: dict[str, Any] = {
    "title": "小菜园里的劳动课",
    "presenter": "三年级1班 林晓岚",
    "text": "家长与孩子一起耕种，每周一次，全年收获十二种蔬菜。",
}
_AVERAGE: dict[str, Any] = {"byCriterion": [35.67, 26.33, 24.5], "total": 86.5}

ID_OF: dict[str, str] = {
    "PanelOut": "panelId",
    "PanelDetailOut": "panelId",
    "PanelEntryIn": "panelEntryId",
    "PanelEntryOut": "panelEntryId",
}
ALIASES: dict[str, str] = {"entryId": "panelEntryId"}
OMITTED: dict[str, set[str]] = {"PanelistIn": {"name", "phone"}}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "PanelAverageOut": _AVERAGE,
    "PanelCriterionIn": {"label": "育人实效", "most": 40},
    "PanelCriterionOut": _CRITERIA[0],
    "PanelDetailOut": _LINE
    | {
        "text": _WRITTEN["text"],
        "criteria": _CRITERIA,
        "myConstituency": "enterprise",
        "judgedBy": None,
        "progress": None,
    },
    "PanelEntryIn": _ENTRY,
    "PanelEntryOut": _ENTRY,
    "PanelEntryResultOut": _ENTRY
    | {"rank": 1, "scorers": 14, "overall": _AVERAGE, "comments": []},
    "PanelGroupOut": {"constituency": "parent", "scorers": 5, "average": _AVERAGE},
    "PanelIn": _WRITTEN,
    "PanelOut": _LINE,
    "PanelPage": {"nextCursor": None},
    "PanelPointsIn": _POINTS[0],
    "PanelPointsOut": _POINTS[0],
    "PanelProgressOut": {
        "panelists": 15, "expected": 120, "scores": 74, "begun": 12, "done": 6,
    },
    "PanelResultsOut": {"title": _WRITTEN["title"], "state": "published", "criteria": _CRITERIA},
    "PanelScoreIn": {"points": _POINTS, "comment": "孩子的变化看得见。"},
    "PanelScoreOut": {"points": _POINTS, "comment": "孩子的变化看得见。"},
    "PanelistIn": {"constituency": "parent"},
    "PanelistOut": {"name": "王立强", "constituency": "parent"},
}  # fmt: skip
BY_NAME: dict[str, Any] = {}
