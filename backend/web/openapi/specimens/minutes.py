"""Values for the examples of minutes and decisions."""

from typing import Any

_DIGEST = "9f2c4e6a8b0d1f3357799bbddff10234657687a9cbed0f1123456789abcdef01"
_BEFORE = "1d4b7e2a90c3f586e7d8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e"
_BODY = "三年级1班家长委员会"
_MEETING = "三年级1班家委会第三次会议"
_HEADING = f"{_BODY}会议纪要"
_NUMBER = "翔安教联备〔2026〕12号"
_VOTE: dict[str, Any] = {
    "state": "certified",
    "method": "motion",
    "mode": "open",
    "outcome": "passed",
    "entitled": 7,
    "cast": 7,
    "invalid": 0,
    "abstained": 1,
    "ofPaper": 0,
    "quorumNeeded": 4,
    "chosen": [],
    "settledFor": "",
    "certifiedAt": "2026-11-23T12:05:00Z",
}
_RECORD: dict[str, Any] = {
    "body": _BODY,
    "kind": "parent_committee",
    "district": "翔安区",
    "school": "海湾实验小学",
    "zone": "Asia/Shanghai",
    "meeting": _MEETING,
    "startedAt": "2026-11-23T11:00:00Z",
    "endedAt": "2026-11-23T12:20:00Z",
    "place": "海湾实验小学二楼会议室",
    "online": True,
    "chair": "周婷",
    "secretary": "王立强",
    "entitled": 7,
}
_STANDING: dict[str, Any] = {
    "confirmedAt": "2026-11-24T02:00:00Z",
    "objectionsUntil": "2026-11-27T02:00:00Z",
    "submittedAt": "2026-11-27T03:00:00Z",
    "filedAt": "2026-11-30T01:30:00Z",
    "filingNumber": _NUMBER,
    "returnedReason": "",
}
_SECTIONS = [
    {"section": "attendance", "title": "出席情况"},
    {"section": "agenda", "title": "会议议题"},
    {"section": "proceedings", "title": "审议情况"},
    {"section": "decisions", "title": "会议决定"},
    {"section": "tasks", "title": "任务分工"},
    {"section": "remarks", "title": "其他事项"},
    {"section": "objections", "title": "对纪要的异议及答复"},
]
_WORDING: dict[str, Any] = {
    "heading": "{body}会议纪要",
    "opening": "{date}，{body}在{place}召开{meeting}。会议由{chair}主持，{secretary}记录。",
    "sections": _SECTIONS,
    "closing": "本纪要经会议主持人确认。",
    "signatures": ["主持人（签字）", "记录人（签字）"],
}
_DECISION: dict[str, Any] = {
    "number": 5,
    "text": "自下学期起由第二家单位供应午餐，试行一个月后复议。",
    "dueOn": "2026-12-20",
    "digest": _DIGEST,
}
_COUNT: dict[str, Any] = {"held": 6, "confirmed": 6, "filed": 5}

ID_OF: dict[str, str] = {
    "DecisionOut": "decisionId",
    "MinutesObjectionOut": "objectionId",
}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {"NewDecisionIn": {"personId"}}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "AnsweredObjectionOut": {
        "name": "高远",
        "text": "第二项议题的到会人数应为6人。",
        "upheld": True,
        "answer": "已按签到记录更正。",
        "answeredAt": "2026-11-24T09:00:00Z",
    },
    "ChainEntryOut": {
        "number": 5,
        "text": _DECISION["text"],
        "ownerName": "马静",
        "due": "2026-12-20",
        "decidedAt": "2026-11-23T12:05:00Z",
        "enteredAt": "2026-11-23T13:00:00Z",
    },
    "ChainFlawOut": {"number": 4, "what": "digest"},
    "ChainLinkOut": {"previous": _BEFORE, "digest": _DIGEST},
    "DecisionChainOut": {"head": _DIGEST, "flaws": []},
    "DecisionCompletionIn": {"note": "已与供应单位签订试行协议，首月抽检合格。"},
    "NewDecisionIn": {"text": _DECISION["text"], "dueOn": "2026-12-20"},
    "DecisionOut": _DECISION
    | {
        "bodyName": _BODY,
        "itemTitle": "是否调整午餐供应单位",
        "ownerName": "马静",
        "isMine": False,
        "isOverdue": False,
        "decidedAt": "2026-11-23T12:05:00Z",
        "doneAt": None,
        "doneNote": "",
    },
    "DistrictMinutesItem": _STANDING
    | {
        "bodyName": "翔安区家校社协同育人工作专班",
        "kind": "task_force",
        "schoolId": None,
        "schoolName": "",
        "title": "第二次专班会议",
        "heldAt": "2026-11-23T08:00:00Z",
        "state": "submitted",
        "filedAt": None,
        "filingNumber": None,
    },
    "DistrictWordingIn": _WORDING | {"filingPrefix": "翔教联备"},
    "MinutesAnswerIn": {"upheld": True, "answer": "已按签到记录更正。"},
    "MinutesAttendeeOut": {
        "name": "周婷",
        "role": "chair",
        "office": "",
        "constituency": "parent",
        "mode": "in_person",
        "cameAt": "2026-11-23T10:55:00Z",
        "leftAt": None,
    },
    "MinutesConfirmationIn": {"digest": _DIGEST},
    "MinutesCountOut": _COUNT | {"schoolId": None, "schoolName": "", "kind": "task_force"},
    "MinutesCountsOut": {"held": 6, "filed": 5},
    "MinutesDecisionOut": _DECISION | {"item": "1", "owner": "马静"},
    "MinutesItemOut": {
        "number": "1",
        "title": "是否调整午餐供应单位",
        "text": "请比较三家试餐的结果，从下学期起择优供应。",
        "state": "decided",
        "outcome": "passed",
        "conclusion": "第二家口味与价格较好，建议试行。",
        "reason": "",
        "present": 7,
        "hasQuorum": True,
        "quorumNeeded": 4,
    },
    "MinutesObjectionIn": {"text": "第二项议题的到会人数应为6人。"},
    "MinutesObjectionOut": {
        "name": "高远",
        "text": "第二项议题的到会人数应为6人。",
        "raisedAt": "2026-11-24T08:00:00Z",
        "isMine": False,
        "upheld": True,
        "answer": "已按签到记录更正。",
        "answeredAt": "2026-11-24T09:00:00Z",
    },
    "MinutesOptionOut": {"key": "for", "label": "赞成", "votes": 5},
    "MinutesOut": _STANDING
    | {
        "state": "filed",
        "remarks": "会议对本学期的志愿者表示感谢。",
        "heading": _HEADING,
        "digest": _DIGEST,
        "draftedAt": "2026-11-23T12:21:00Z",
        "confirmedBy": "周婷",
        "unsettled": [],
        "canWrite": False,
        "canConfirm": False,
        "canObject": False,
        "canSubmit": False,
        "canFile": False,
    },
    "MinutesRecordOut": _RECORD,
    "MinutesRecusalOut": {"name": "马静", "reason": "与其中一家供应单位有亲属关系"},
    "MinutesRemarksIn": {"remarks": "会议对本学期的志愿者表示感谢。"},
    "MinutesReturnIn": {"reason": "缺少第三项议题的责任人，请补充。"},
    "MinutesVoteOut": _VOTE,
    "PlaceholderOut": {"placeholder": "{body}", "means": "组织名称"},
    "SectionTitleIn": _SECTIONS[0],
    "SectionTitleOut": _SECTIONS[0],
    "WordingIn": _WORDING,
    "WordingOut": _WORDING | {"version": 2, "filingPrefix": ""},
    "WordingPreviewOut": {"lines": [_HEADING, "一、出席情况"]},
}
BY_NAME: dict[str, Any] = {}
