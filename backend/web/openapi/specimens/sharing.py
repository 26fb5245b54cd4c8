"""Values for the examples of the library, tracks, outside catalogues, assignments, completion."""

from typing import Any

_COURSE: dict[str, Any] = {
    "title": "陪孩子养成用网好习惯",
    "summary": "四节短课，讲清用网规则、网络安全和亲子沟通。",
    "kind": "course",
    "topic": "online_life",
    "brand": "九龙好父母",
    "stages": ["primary"],
    "grades": [3, 4],
    "coverUrl": "/v1/courses/019ab3c4-8b4c-736d-9e1d-d358b5d5f282/cover",
    "externalUrl": None,
    "lessons": 4,
    "durationMs": 1_260_000,
}
_LICENCE = "CC BY-NC 4.0，注明来源学校"
_ENTRY: dict[str, Any] = {
    "externalId": "abx-2026-0117",
    "title": "青春期的悄悄话",
    "summary": "怎样和孩子谈身体的变化。",
    "url": "https://learn.example.edu.cn/courses/abx-2026-0117",
    "topic": "mind",
    "stages": ["junior"],
    "minutes": 25,
}
_TRACK: dict[str, Any] = {"stage": "primary", "topic": "online_life", "title": "网络素养入门"}
_PLACE: dict[str, Any] = {"kind": "class", "label": "三年级1班"}

ID_OF: dict[str, str] = {
    "CourseAssignmentOut": "assignmentId",
    "TrackOut": "trackId",
}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "AdoptionOut": {"adoptedAt": "2026-11-18T01:20:00Z"},
    "CourseAssignmentChangeIn": {"dueOn": "2026-12-08"},
    "CourseAssignmentIn": {"dueOn": "2026-12-01"},
    "CourseAssignmentOut": _PLACE
    | {
        "dueOn": "2026-12-01",
        "assignedBy": "林晓岚",
        "assignedAt": "2026-11-16T08:00:00Z",
        "endedAt": None,
    },
    "CatalogueEntryIn": _ENTRY,
    "CatalogueImportOut": {
        "dryRun": False,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "withheld": 0,
        "missing": 0,
        "retired": 0,
    },
    "CatalogueIn": {"name": "爱宝行", "retireMissing": False, "dryRun": False},
    "CompletionRowOut": _PLACE
    | {
        "assigned": True,
        "dueOn": "2026-12-01",
        "total": 41,
        "started": 36,
        "completed": 29,
    },
    "CourseCompletionOut": {"unit": "family"},
    "FamilyCompletionOut": {"student": "王子墨", "standing": "completed"},
    "GuardianCompletionOut": {"name": "王立强", "standing": "completed"},
    "ImportLineOut": {
        "externalId": _ENTRY["externalId"],
        "title": _ENTRY["title"],
        "outcome": "created",
    },
    "LibraryCourseOut": _COURSE
    | {
        "host": "海湾实验小学家长学校",
        "hostKind": "school",
        "licence": _LICENCE,
        "shared": True,
        "publishedAt": "2026-11-16T02:00:00Z",
        "adoptions": 7,
        "own": False,
    },
    "SharingIn": {"licence": _LICENCE},
    "TrackChangeIn": {"title": _TRACK["title"], "version": 1},
    "TrackCourseIn": {"required": True},
    "TrackCourseOut": {
        "title": _COURSE["title"],
        "kind": "course",
        "externalUrl": None,
        "required": True,
        "available": True,
        "standing": "in_progress",
        "done": 2,
        "total": 4,
        "percent": 50,
    },
    "TrackIn": _TRACK,
    "TrackOut": _TRACK
    | {
        "host": "海湾实验小学家长学校",
        "hostKind": "school",
        "version": 2,
        "required": 3,
        "completed": 1,
    },
}
BY_NAME: dict[str, Any] = {"platform": "aibaoxing"}
