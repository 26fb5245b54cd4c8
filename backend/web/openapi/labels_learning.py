"""Chinese names of the values of the parent school and the column, by enum."""

ENUMS: dict[str, dict[str, str]] = {
    "ColumnItemState": {
        "draft": "草稿",
        "in_review": "待审核",
        "queued": "待发布",
        "released": "已发布",
        "withdrawn": "已撤下",
    },
    "ColumnKind": {
        "parenting": "科学育儿理念",
        "experience": "优秀家长育儿经验",
        "lecture": "专家讲座视频",
    },
    "NamedAs": {"full": "全名", "surname": "姓氏加“家长”", "anonymous": "匿名"},
    "SeriesKind": {"column": "家庭教育指导专栏", "tips": "小贴士"},
    "SeriesState": {"active": "按期发布", "paused": "已暂停", "ended": "已结束"},
    "TipTopic": {
        "traffic": "交通安全",
        "drowning": "防溺水",
        "bullying": "防欺凌",
        "fraud": "防诈骗",
        "drugs": "禁毒",
    },
}
