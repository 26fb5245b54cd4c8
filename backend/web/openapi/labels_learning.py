"""Chinese names of the values of the parent school and the column, by enum."""

ENUMS: dict[str, dict[str, str]] = {
    "CountedUnit": {"family": "按家庭", "guardian": "按家长"},
    "ImportOutcome": {
        "created": "新增",
        "changed": "更新",
        "unchanged": "无变化",
        "withheld": "已人工下架，保持不变",
        "missing": "目录中已没有",
        "retired": "目录中已没有，已下架",
    },
    "LearnerStanding": {"not_started": "未开始", "started": "学习中", "completed": "已完成"},
    "PlaceKind": {"class": "班级", "grade": "年级", "school": "学校"},
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
