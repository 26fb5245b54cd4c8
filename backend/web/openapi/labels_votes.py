"""Chinese names of what votes say on the wire, by enum."""

ENUMS: dict[str, dict[str, str]] = {
    "CloseReason": {"deadline": "到截止时间", "everybody": "全部已投", "chair": "主任结束"},
    "ObjectionState": {"raised": "待答复", "upheld": "成立", "rejected": "不成立"},
    "PaperState": {"entered": "待复核", "confirmed": "已复核"},
    "SealedBy": {"phone": "手机加密", "house": "服务器代为加密", "nobody": "记名，不加密"},
    "VoteMethod": {
        "motion": "赞成、反对或弃权",
        "single": "单选",
        "multiple": "多选",
        "ranked": "排序",
    },
    "VoteMode": {"open": "记名", "secret": "无记名"},
    "VoteOutcome": {
        "passed": "通过",
        "failed": "未通过",
        "no_quorum": "人数不足，无效",
        "tied": "票数相等",
    },
    "VoteState": {
        "draft": "草稿",
        "open": "投票中",
        "closed": "已截止，待计票",
        "counted": "已计票，待确认",
        "certified": "已确认",
        "published": "已公布",
        "annulled": "已取消",
    },
}
