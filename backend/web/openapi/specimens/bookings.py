"""Values for the examples of bookings."""

from typing import Any

ID_OF: dict[str, str] = {"BookingOut": "bookingId", "SlotOut": "slotId"}
ALIASES: dict[str, str] = {"collidesWith": "slotId", "slot": "slotId"}
OMITTED: dict[str, set[str]] = {}
BY_STRUCT: dict[str, dict[str, Any]] = {
    "AttendeeOut": {"name": "李建国", "children": [], "priority": 0, "priorityReason": ""},
    "BookingDecisionIn": {"approved": True, "reason": None},
    "BookingIn": {"party": 1, "studentIds": [], "takesAtOnce": True, "answers": {}},
    "BookingOut": {
        "state": "waitlisted",
        "party": 1,
        "studentIds": [],
        "takesAtOnce": False,
        "ahead": 2,
        "chance": 0.65,
        "offerExpiresAt": None,
        "approved": False,
        "startsAt": "2026-11-30T23:20:00Z",
        "endsAt": "2026-12-01T00:00:00Z",
        "coming": None,
        "checkedInAt": None,
        "checkedOutAt": None,
        "minutes": 0,
    },
    "CallOffIn": {"reason": "台风停课，本次护学岗取消"},
    "CapacityIn": {"capacity": 4},
    "LineOut": {
        "code": "full",
        "zh": "名额已满，正在候补，按先后顺序递补。",
        "en": "Full: you are in the queue, in order.",
    },
    "MyBookingItem": {
        "aboutId": None,
        "school": "海湾实验小学",
        "children": [],
        "title": "护学岗",
        "place": "东门",
    },
    "PlacementIn": {"party": 1},
    "PriorityIn": {"priority": 1, "reason": "上次因学校改期失去名额"},
    "SlotOut": {
        "title": "护学岗",
        "place": "东门",
        "startsAt": "2026-11-30T23:20:00Z",
        "endsAt": "2026-12-01T00:00:00Z",
        "cancelUntil": "2026-11-29T23:20:00Z",
        "asks": [],
        "capacity": 2,
        "minimum": 2,
        "taken": 2,
        "waiting": 3,
        "free": 0,
        "cancelledReason": "",
        "aboutId": None,
    },
    "SlotTimesIn": {
        "startsAt": "2026-12-01T23:20:00Z",
        "endsAt": "2026-12-02T00:00:00Z",
        "place": "西门",
    },
    "StandingOut": {
        "code": "mine",
        "zh": "您正在候补，尚未报上。",
        "en": "You are in the queue and have no place yet.",
        "opensAt": None,
        "lacking": [],
        "collidesWith": None,
    },
}
BY_NAME: dict[str, Any] = {}
