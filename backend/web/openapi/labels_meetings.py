"""Chinese names of what meetings, agendas and suggestions say on the wire, by enum."""

ENUMS: dict[str, dict[str, str]] = {
    "AttendanceMode": {"in_person": "现场", "online": "线上"},
    "ItemStage": {
        "proposed": "待审核",
        "pool": "待上会",
        "scheduled": "已排期",
        "decided": "已议定",
        "dropped": "未列入",
    },
    "ItemState": {
        "proposed": "待审核",
        "accepted": "已接受",
        "declined": "未接受",
        "merged": "已合并",
        "scheduled": "已排期",
        "discussing": "讨论中",
        "voting": "表决中",
        "decided": "已表决",
        "noted": "已审议",
        "deferred": "延期",
        "withdrawn": "已撤回",
        "in_execution": "执行中",
        "done": "已完成",
    },
    "MeetingAnswer": {"in_person": "现场参加", "online": "线上参加", "absent": "请假"},
    "MeetingState": {
        "planned": "筹备中",
        "convened": "已通知",
        "running": "进行中",
        "ended": "已结束",
        "closed": "已归档",
        "cancelled": "已取消",
    },
    "SuggestionStage": {"open": "待答复", "answered": "已了结"},
    "SuggestionState": {
        "open": "待答复",
        "accepted": "已采纳为议题",
        "merged": "已合并",
        "declined": "未采纳",
        "withdrawn": "已撤回",
    },
}
