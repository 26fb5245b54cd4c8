"""Values for the examples of bodies, seats, matters and rule sets."""

from typing import Any

_BODY: dict[str, Any] = {
    "kind": "parent_committee",
    "level": "class",
    "name": "三年级1班家长委员会",
    "remit": "沟通家校，参与和监督班级事务。",
    "termFrom": "2026-09-01",
    "termUntil": "2027-08-31",
}
_SHOWN: dict[str, Any] = _BODY | {
    "place": "海湾实验小学三年级1班",
    "state": "active",
    "activatedAt": "2026-09-10T02:00:00Z",
    "endedAt": None,
    "endedReason": "",
    "chair": "周婷",
    "seats": 5,
    "myRole": "member",
    "mayRun": False,
}

_RULES: dict[str, Any] = {
    "base": "decided",
    "mayAbstain": True,
    "tie": "not_adopted",
    "mode": "open",
    "unit": "seat",
    "noticeDays": 3,
    "mayChange": True,
    "closesWhenAllVoted": True,
    "chairMayClose": False,
    "namesShown": True,
    "retables": 1,
    "certifyDays": 3,
    "objectionDays": 3,
}
_SHARE: dict[str, Any] = {"of": 1, "outOf": 2, "atLeast": False}
_MATTER: dict[str, Any] = {
    "title": "午餐供应单位的选用和监督",
    "summary": "参与招标方案讨论，每月试餐一次。",
    "ruleKind": "ordinary",
}

ID_OF: dict[str, str] = {
    "BodyOut": "bodyId",
    "BodyDetailOut": "bodyId",
    "BodySeatOut": "seatId",
    "MatterOut": "matterId",
    "RulesOut": "ruleSetId",
}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {"BodyIn": {"gradeId"}, "BodySeatIn": {"name", "phone"}}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "BodyChangeIn": {name: _BODY[name] for name in ("name", "remit", "termFrom", "termUntil")},
    "BodyDetailOut": _SHOWN | {"missing": []},
    "BodyEndIn": {"reason": "班级合并，另行设立。"},
    "BodyIn": _BODY,
    "BodyOut": _SHOWN,
    "CommitteeReachOut": {"places": 12, "committees": 11},
    "MatterIn": _MATTER,
    "MatterOut": _MATTER | {"districtId": None},
    "NextTermIn": {"termFrom": "2027-09-01", "termUntil": "2028-08-31"},
    "RuleSetIn": _RULES,
    "RuleSetOut": _RULES,
    "RulesIn": {"kind": "ordinary", "note": "经第三次会议通过"},
    "RulesOut": {
        "kind": "ordinary",
        "version": 2,
        "note": "经第三次会议通过",
        "inForceFrom": "2026-11-16T02:00:00Z",
        "inForce": True,
    },
    "SchoolOrgansOut": {
        "guidanceCommittee": True,
        "parentSchool": True,
        "parentCommittee": True,
        "coeducationCommittee": True,
        "workingGroup": False,
        "complete": True,
        "threeLevels": False,
    },
    "SeatEndIn": {"reason": "工作变动，无法继续履职。"},
    "BodySeatIn": {
        "constituency": "parent",
        "role": "member",
        "office": "膳食监督",
        "until": "appointed",
    },
    "BodySeatOut": {
        "name": "王立强",
        "role": "member",
        "constituency": "parent",
        "office": "膳食监督",
        "state": "serving",
        "inForce": True,
        "termFrom": "2026-09-10",
        "termUntil": "2027-08-31",
        "endedReason": None,
        "isMine": True,
    },
    "FractionIn": _SHARE,
    "FractionOut": _SHARE,
    "SeatRoleIn": {"role": "secretary", "office": "会议记录"},
}
BY_NAME: dict[str, Any] = {}
