"""Values for the examples of writing and reviewing courses."""

from typing import Any

ID_OF: dict[str, str] = {
    "CourseOut": "courseId",
    "CourseReviewOut": "reviewId",
    "LessonLineOut": "lessonId",
    "LessonOut": "lessonId",
    "LessonQuestionOut": "questionId",
    "ParentSchoolOut": "parentSchoolId",
    "WrittenCourseOut": "courseId",
}
ALIASES: dict[str, str] = {"hostId": "parentSchoolId"}
OMITTED: dict[str, set[str]] = {
    "CourseIn": {"setSize"},
    "CourseChangeIn": {"setSize"},
    "LessonIn": {"slotId", "externalUrl"},
    "LessonDraftIn": {"slotId", "externalUrl"},
}
_COURSE: dict[str, Any] = {
    "kind": "course",
    "title": "会倾听的父母",
    "summary": "三节短课，讲清怎样听、怎样问、怎样一起想办法。",
    "brand": "九龙好父母",
    "delivery": "online",
    "topic": "parenting",
    "stages": ["primary"],
    "grades": [3, 4],
}
_RULE: dict[str, Any] = {
    "threshold": 90,
    "offlineSeconds": 1200,
    "familyCounts": False,
    "certifies": True,
    "validDays": 365,
}
_OPTIONS = [
    {"key": "a", "text": "打断他"},
    {"key": "b", "text": "看着孩子，听他说完"},
]
_QUESTION: dict[str, Any] = {
    "kind": "single",
    "text": "孩子说话时，最先做什么？",
    "options": _OPTIONS,
    "answer": ["b"],
    "explanation": "先听完，再回应。",
}
_LESSON: dict[str, Any] = {
    "kind": "video",
    "title": "第一课 怎样听孩子说话",
    "paragraphs": ["看完后，请和孩子试一次。"],
    "slotId": None,
    "externalUrl": None,
    "passPercent": 60,
    "mostAttempts": 3,
    "note": "更换了清晰的版本",
}
_PLACE: dict[str, Any] = {
    "position": 1,
    "required": True,
    "state": "published",
    "durationMs": 312_000,
    "publishedAt": "2026-11-16T02:00:00Z",
}
_HOST: dict[str, Any] = {
    "kind": "community",
    "name": "新店社区家长学校",
    "head": "陈明慧",
    "openedOn": "2026-09-10",
    "town": "新店街道",
    "closedOn": None,
}
_PUBLISHED = {
    "state": "published",
    "publishedAt": "2026-11-16T02:00:00Z",
    "submittedAt": "2026-11-14T08:00:00Z",
    "createdAt": "2026-11-10T08:00:00Z",
}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "CourseChangeIn": _COURSE | {"version": 3},
    "CourseIn": _COURSE,
    "CourseOut": _COURSE
    | {
        "host": "海湾实验小学家长学校",
        "hostKind": "school",
        "state": "published",
        "setSize": None,
        "externalPlatform": "",
        "externalUrl": "",
        "coverUrl": "/v1/courses/019ab3c4-5d1f-7a02-9f0e-3b6f2f6f2f6f/cover",
        "lessons": 3,
        "requiredLessons": 3,
        "durationMs": 940_000,
        "shared": False,
        "licence": "",
        "publishedAt": "2026-11-16T02:00:00Z",
        "retiredAt": None,
        "retiredReason": "",
        "version": 4,
    },
    "CourseRetirementIn": {"reason": "内容已过时，由新课程代替"},
    "CourseReviewIn": {"approved": False, "reason": "第二课的声音太小，请重新录制", "version": 3},
    "CourseReviewOut": {
        "lesson": "第一课 怎样听孩子说话",
        "revision": 1,
        "approved": False,
        "reason": "第二课的声音太小，请重新录制",
        "reviewer": "许建安",
        "submittedAt": "2026-11-14T08:00:00Z",
        "reviewedAt": "2026-11-15T01:30:00Z",
    },
    "CourseRuleChangeIn": _RULE | {"version": 4},
    "CourseRuleIn": _RULE,
    "CourseRuleOut": _RULE | {"version": 1},
    "CourseWorkOut": {
        "author": "林晓岚",
        "submittedAt": "2026-11-14T08:00:00Z",
        "reviewer": "许建安",
        "reviewedAt": "2026-11-16T02:00:00Z",
        "returnReason": "",
        "runs": False,
    },
    "DistrictHostIn": {key: _HOST[key] for key in ("kind", "name", "head", "openedOn")},
    "HostChangeIn": {key: _HOST[key] for key in ("name", "head", "openedOn")},
    "HostClosingIn": {"closedOn": "2027-08-31"},
    "HostCoverageOut": {
        "schools": 86,
        "schoolsActive": 71,
        "communities": 24,
        "communitiesActive": 15,
        "percent": 78.2,
        "target": 100,
        "binding": False,
        "source": "九龙坡区健全学校家庭社会协同育人机制实施方案",
    },
    "LessonContentOut": _LESSON
    | {
        "revision": 2,
        "durationMs": 312_000,
        "questions": 3,
        "publishedAt": "2026-11-16T02:00:00Z",
    },
    "LessonDraftIn": _LESSON | {"watchAgain": False, "version": 1},
    "LessonDraftLineOut": {
        "state": "in_review",
        "version": 2,
        "kind": "video",
        "title": _LESSON["title"],
        "durationMs": 330_000,
    },
    "LessonDraftOut": _LESSON
    | {
        "revision": 3,
        "state": "draft",
        "version": 2,
        "durationMs": 330_000,
        "watchAgain": False,
        "submittedAt": None,
        "returnReason": "片头请注明来源",
    },
    "LessonIn": _LESSON | {"required": True, "watchAgain": False},
    "LessonLineOut": _PLACE
    | {"kind": "video", "title": _LESSON["title"], "slotId": None, "questions": 3},
    "LessonOptionIn": _OPTIONS[1],
    "LessonOptionOut": _OPTIONS[1],
    "LessonOrderIn": {"version": 3},
    "LessonOut": _PLACE | {"retiredReason": ""},
    "LessonQuestionIn": _QUESTION,
    "LessonQuestionOut": _QUESTION,
    "LessonRequirementIn": {"required": False},
    "LessonReviewIn": {"approved": False, "reason": "片头请注明来源"},
    "ParentSchoolIn": {
        "name": "海湾实验小学家长学校",
        "head": "周慕云",
        "openedOn": "2026-09-01",
    },
    "ParentSchoolOut": _HOST | {"schoolId": None, "courses": 5},
    "WrittenCourseOut": {key: value for key, value in _COURSE.items() if key != "summary"}
    | _PUBLISHED
    | {"author": "林晓岚", "lessons": 3, "revisions": 1, "shared": False, "returnReason": ""},
}
BY_NAME: dict[str, Any] = {}
