"""Chinese names of every value that appears on the wire, by enum.

Enums live in the rooms; their labels are kept together here, so that clients find them
in the document and one word is used everywhere.
"""

ENUMS: dict[str, dict[str, str]] = {
    "Approval": {"none": "无需审核", "school_wide": "全校通知需审核", "all": "全部通知需审核"},
    "Category": {
        "school": "学校通知",
        "class": "班级通知",
        "grade": "年级通知",
        "district": "区级通知",
        "alliance": "教联体动态",
        "safety": "安全提醒",
        "health": "健康提醒",
        "committee": "家委会",
    },
    "ClaimState": {"pending": "待审核", "approved": "已通过", "refused": "未通过"},
    "ConfirmMode": {
        "none": "无需确认",
        "read": "阅读即可",
        "tap": "点击确认",
        "both": "双方家长都须确认",
        "per_child": "逐个孩子作答",
    },
    "Function": {
        "notices": "信息发布",
        "conversations": "互动交流",
        "resources": "资源共享",
        "activities": "活动组织",
        "courses": "家长课堂",
        "insights": "数据分析",
        "volunteering": "家长驻校",
    },
    "ImportMode": {"merge": "增补：只增改，不移除", "full": "全量：表中没有的视为离校"},
    "ImportState": {
        "queued": "排队中",
        "reading": "读取中",
        "ready": "可导入",
        "faulty": "有错误",
        "failed": "读取失败",
        "applied": "已导入",
        "undone": "已撤销",
    },
    "Kind": {"image": "图片", "pdf": "PDF 文件"},
    "NoticeState": {
        "draft": "草稿",
        "pending": "待审核",
        "returned": "已退回",
        "scheduled": "定时发布",
        "published": "已发布",
        "withdrawn": "已撤回",
        "expired": "已过期",
    },
    "Period": {
        "calendar_year": "每年（自然年）",
        "school_year": "每学年",
        "term": "每学期",
        "always": "随时",
        "by_date": "截至某日",
    },
    "Platform": {
        "ios": "苹果",
        "android": "安卓",
        "harmony": "鸿蒙",
        "mini_program": "小程序",
        "web": "网页",
    },
    "PushProvider": {"fcm": "Firebase 云消息", "console": "控制台（演示用）"},
    "Relation": {
        "father": "父亲",
        "mother": "母亲",
        "grandparent": "祖辈",
        "other": "其他监护人",
    },
    "Role": {
        "class_teacher": "班主任",
        "subject_teacher": "任课教师",
        "grade_lead": "年级组长",
        "school_admin": "学校管理员",
        "principal": "校长",
        "zone_coordinator": "实验区协调员",
        "district_officer": "区教育局",
        "committee_member": "家委会委员",
        "committee_chair": "家委会主任",
    },
    "Stage": {
        "kindergarten": "幼儿园",
        "primary": "小学",
        "junior": "初中",
        "senior": "高中",
    },
}
