"""Values for the examples of certificates: one of service, as it is held, listed and checked."""

from typing import Any

ID_OF: dict[str, str] = {"CertificateOut": "certificateId", "IssuedItem": "certificateId"}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
_SAID = {
    "from": "2026-09-01",
    "until": "2026-11-23",
    "number": "K7QF-3M9T-WX2C-H4RD",
    "kind": "service",
    "title": "志愿服务证明",
    "figures": [
        {"value": "18.5", "unit": "小时", "label": "服务时长"},
        {"value": "12", "unit": "次", "label": "服务次数"},
    ],
    "lines": [],
}
_RULE = "服务时长按每次签到至签退计算，以班次起止时间为限。"
_KEPT = {
    "holder": "王立强",
    "subjectId": None,
    "issuedAt": "2026-11-23T04:00:00Z",
    "revokedReason": "",
}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "CertificateCheckOut": _SAID
    | {
        "valid": True,
        "issuer": "海湾实验小学",
        "holder": "王**",
        "issuedOn": "2026-11-23",
        "revokedOn": None,
        "rule": _RULE,
    },
    "CertificateFigureOut": {"value": "18.5", "unit": "小时", "label": "服务时长"},
    "CertificateLineOut": {"label": "课程", "value": "好习惯从家庭开始"},
    "CertificateOut": _SAID
    | _KEPT
    | {
        "issuer": "海湾实验小学",
        "details": ["食堂管理 4 次", "校园安全巡查 6 次", "课后服务 2 次"],
        "rule": _RULE,
        "url": "https://tongxing.example.edu.cn/verify/K7QF3M9TWX2CH4RD",
    },
    "IssuedItem": _SAID | _KEPT,
    "RevocationIn": {"reason": "补录工时有误，将重新开具"},
}
BY_NAME: dict[str, Any] = {}
