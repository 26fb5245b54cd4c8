"""Values for the examples of draws: a small draw that was really computed."""

from typing import Any

_FIRST, _SECOND = "019ab3c4-5d21-7a3e-9c41-0f6b2d8e1a70", "019ab3c4-6f02-7b19-8d55-3e7a914c22b8"
_SOURCE = "中国福利彩票双色球第2026135期开奖号码，先红球由小到大、后蓝球，共14位"

ID_OF: dict[str, str] = {}
ALIASES: dict[str, str] = {}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "DrawIn": {"publicSource": _SOURCE, "publicValue": "03071119253008"},
    "DrawSourceIn": {
        "publicSource": _SOURCE,
        "expectedAt": "2026-11-24T13:30:00Z",
        "valueLength": 14,
    },
    "DrawOut": {
        "stage": "drawn",
        "algorithm": "lots-1. entriesHash = SHA-256 of the lines …",
        "commitment": "f0a7447cc7c8ab136c4c253e224377ac108af790d55cd9a9dd372bf2a7a3e737",
        "weightNever": 4,
        "weightWon": 1,
        "yearFrom": "2026-09-01",
        "publicSource": _SOURCE,
        "valueLength": 14,
        "valueExpectedAt": "2026-11-24T13:30:00Z",
        "sourceAnnouncedAt": "2026-11-20T02:00:00Z",
        "closesAt": "2026-11-24T10:00:00Z",
        "closedAt": "2026-11-24T10:00:41Z",
        "entries": [
            {"code": _FIRST, "party": 1, "weight": 4},
            {"code": _SECOND, "party": 2, "weight": 1},
        ],
        "entriesHash": "479f2a857515c7b852911f57f0506024ec70288b2ce3c2e589e4297272e7b99a",
        "publicValue": "03071119253008",
        "secret": "50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c",
        "seed": "c7b36d83d58922ba2903a0e924bc1fbc3bd05887880091f870c845371a2a8295",
        "drawnAt": "2026-11-24T13:42:10Z",
        "places": 2,
        "ranking": [_FIRST, _SECOND],
        "winners": [_FIRST],
        "passedOver": [],
    },
    "EntryOut": {"code": _FIRST, "party": 1, "weight": 4},
    "PassedOut": {"code": _SECOND, "reason": "withdrawn"},
    "RehearsalOut": {
        "entries": 120,
        "places": 30,
        "trials": 500,
        "chances": [
            {"weight": 1, "entries": 20, "chance": 0.0892},
            {"weight": 4, "entries": 100, "chance": 0.2822},
        ],
    },
    "ChanceOut": {"weight": 4, "entries": 100, "chance": 0.2822},
}
BY_NAME: dict[str, Any] = {}
