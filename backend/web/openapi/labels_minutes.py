"""Chinese names of what minutes say on the wire, by enum."""

ENUMS: dict[str, dict[str, str]] = {
    "MinutesSection": {
        "attendance": "出席情况",
        "agenda": "会议议题",
        "proceedings": "审议情况",
        "decisions": "会议决定",
        "tasks": "任务分工",
        "remarks": "其他事项",
        "objections": "异议及答复",
    },
    "MinutesState": {
        "draft": "草稿",
        "confirmed": "已确认",
        "submitted": "已报区",
        "filed": "已备案",
        "returned": "已退回",
    },
}
