"""Values for the examples of being there: the door, stand-ins, calendars."""

from typing import Any

_TICKET = (
    "TXT1.AcKqa4fjCkGsmTmOwccMBlRVFKYiuyxFyLZHRydJLeiVA605gMKiRmfZauPN3NxLSzrBdTwgd8b7"
    "wZIBaXcm9bH4tcDrQzBlalb9EqUGQ98Qxe7-8yz--BzU5Zr0yiU3Ygk"
)
_PUBLIC_KEY = "Wg3x0SbtfXvQm4mX8vTg9x5q2m1lq3vHkC1uLr0yJpY"
_CODE = "TXD1.VRSmIrssRci2R0cnSS3olVMRQW7AkXZrQ7HKPN-R"

ID_OF: dict[str, str] = {
    "CalendarFeedOut": "feedId",
    "StandInOut": "standInId",
    "StandInItem": "standInId",
    "SlotStandInOut": "standInId",
}
ALIASES: dict[str, str] = {"takerId": "personId"}
OMITTED: dict[str, set[str]] = {"ScanIn": {"bookingId"}}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "ByHandIn": {"at": "2026-11-24T00:05:00Z"},
    "CalendarFeedOut": {"url": "/v1/calendars/q1Jx9v….ics"},
    "DoorCodeIn": {"code": _CODE},
    "DoorCodeOut": {"code": _CODE, "shownFrom": "2026-11-23T23:30:00Z"},
    "DoorEntryOut": {
        "name": "王立强",
        "children": ["王子墨"],
        "party": 2,
        "state": "confirmed",
        "checkedInAt": None,
        "checkedOutAt": None,
    },
    "DoorOut": {
        "now": "2026-11-23T23:31:00Z",
        "opensAt": "2026-11-23T23:30:00Z",
        "closesAt": "2026-11-24T01:30:00Z",
        "publicKey": _PUBLIC_KEY,
    },
    "ScanIn": {
        "nonce": "5f2b9c0e7d1a4c68",
        "kind": "in",
        "scannedAt": "2026-11-23T23:52:10Z",
        "ticket": _TICKET,
    },
    "ScanOut": {
        "nonce": "5f2b9c0e7d1a4c68",
        "outcome": "checked_in",
        "checkedInAt": "2026-11-23T23:52:10Z",
        "checkedOutAt": None,
    },
    "SlotStandInOut": {
        "asker": "王立强",
        "taker": None,
        "note": "当天要带孩子看病，求替班",
        "state": "open",
        "reason": "",
        "takenAt": None,
        "endedAt": None,
    },
    "StandInIn": {"note": "当天要带孩子看病，求替班"},
    "StandInItem": {
        "asker": "王家长",
        "note": "当天要带孩子看病，求替班",
        "title": "校门口护学岗",
        "place": "东门",
        "startsAt": "2026-11-24T00:00:00Z",
        "endsAt": "2026-11-24T01:00:00Z",
        "offered": False,
    },
    "StandInOffererOut": {"name": "李家长"},
    "StandInOut": {
        "note": "当天要带孩子看病，求替班",
        "state": "open",
        "taker": None,
        "reason": "",
    },
    "TicketOut": {"ticket": _TICKET, "publicKey": _PUBLIC_KEY, "party": 2},
    "VetoIn": {"reason": "这个岗位需要受过培训的家长"},
}
BY_NAME: dict[str, Any] = {
    "calendarFile": "q1Jx9vR2mT8kLw0sYbN4eA7cPzD3hF6uGiXoVnQt5jE.ics",
}
