"""What the operations on committees are sent, and which rows their paths name."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from backend import clock
from tests.authz.rows_duties import today
from tests.authz.world import World

ROWS = {
    "body_id": {"draft", "grade", "school", "district", "ended", "given_up"},
    "seat_id": {"nominated", "appointed", "past", "draft", "chair", "school", "district"},
    "rule_set_id": {"draft", "house"},
    "matter_id": {"district", "house"},
    "suggestion_id": {"theirs", "other", "raised", "declined", "refused"},
    "meeting_id": {"planned", "convened", "soon", "running", "quiet", "cancelled"},
}
"""Variants that name a row: ``draft`` of ``body_id`` is the place's ``draft_body_id``."""
ITEMS = (
    "proposed", "admins", "accepted", "written", "declined", "lapsed", "scheduled", "planned",
    "ready", "discussing", "next",
)  # fmt: skip
"""Variants that name an agenda item; without one it is what has been noted."""
HALF = {"of": 1, "outOf": 2}
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return what a path parameter of committees is filled with; others are ``None``.

    Items of the column are called ``item_id`` too, and always bear a variant.
    """
    if parameter == "item_id" and not variant:
        return str(place.agenda_item_id)
    if parameter == "item_id" and variant == "below":
        variant = "accepted"
    if parameter == "item_id" and variant in ITEMS:
        return str(getattr(place, f"{variant}_agenda_item_id"))
    if parameter == "seat_id" and variant in ("scheduled", "discussing"):
        return str(place.aside_seat_id)
    if variant in ROWS.get(parameter, ()):
        return str(getattr(place, f"{variant}_{parameter}"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _days(begins: int, ends: int) -> dict[str, str]:
    first, last = today() + timedelta(days=begins), today() + timedelta(days=ends)
    return {"termFrom": first.isoformat(), "termUntil": last.isoformat()}


def _body(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a body of the school, or with ``class`` and ``grade`` of the place's."""
    node: dict[str, str] = {"kind": "working_group", "level": "school"}
    if variant in ("class", "grade"):
        node = {"kind": "parent_committee", "level": variant}
        node["gradeId" if variant == "grade" else "classId"] = str(getattr(place, f"{variant}_id"))
    return _json(name="家委会", remit="沟通协商", **_days(800, 1000), **node)


def _of_district(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return _json(name="联席会议", kind="task_force", level="district", **_days(0, 300))


def _nominee(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return the place's parent, or the child of its own under another's name."""
    if variant in ("draft", "phone"):
        return _json(constituency="enterprise", name="吴先生", phone="13900009999")
    known = place.parent if isinstance(place.parent, str) else ""
    person = str(world.people.get(known) or place.parent)
    if variant == "child":
        person = str(world.people["parent"])
        return _json(constituency="parent", personId=person, studentId=str(place.student_id))
    return _json(constituency="parent", personId=person)


def _rules(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    more = {"itemId": str(place.lapsed_agenda_item_id)} if variant == "item" else {}
    return _json(
        kind="ordinary", rules={"quorum": HALF, "majority": HALF, "base": "decided"}, **more
    )


def _item(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return an item of everybody's matters; the variant says which part is of the place."""
    files = [str(place.loose_id)] if variant == "attachment" else []
    own = world.places["own"]
    matter = place.matter_id if variant == "matter" else own.house_matter_id
    return _json(matterId=str(matter), title="午餐供应单位", text="比较三家", attachmentIds=files)


def _hours(days: float = 9) -> dict[str, str]:
    begins = clock.now() + timedelta(days=days)
    return {"startsAt": begins.isoformat(), "endsAt": (begins + timedelta(hours=2)).isoformat()}


def _accepted(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    plain = _item(world, place, variant)["json"]
    del plain["attachmentIds"]
    return _json(namesNoPupil=True, **plain)


def _quorum(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    item = {"item_id": str(place.discussing_agenda_item_id)}
    return {"params": item} if variant == "running" else {}


def _placed(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a place on the place's agenda, or on one's own below an item of the place."""
    if variant == "below":
        meeting = world.places["own"].convened_meeting_id
        return _json(meetingId=str(meeting), parentId=str(place.scheduled_agenda_item_id))
    return _json(meetingId=str(place.convened_meeting_id))


def _stage(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    return {"params": {"stage": "answered"}} if variant == "answered" else {}


BODIES: dict[str, Body] = {
    "listBodies": lambda w, p, v: {"params": {"ended": "true"}} if v == "ended" else {},
    "foundBody": _body,
    "foundDistrictBody": _of_district,
    "rewriteBody": lambda w, p, v: _json(name="联盟", **_days(-10, 300)),
    "endBody": lambda w, p, v: _json(reason="不再需要"),
    "foundNextTerm": lambda w, p, v: _json(**_days(336, 700)),
    "nominateSeat": _nominee,
    "handOverChair": lambda w, p, v: _json(seatId=str(p.seat_id)),
    "setSeatRole": lambda w, p, v: _json(role="vice_chair", office="宣传"),
    "endSeat": lambda w, p, v: _json(reason="不再担任"),
    "adoptRuleSet": _rules,
    "addMatter": lambda w, p, v: _json(title="课后托管"),
    "addDistrictMatter": lambda w, p, v: _json(title="暑期安全"),
    "listSuggestions": _stage,
    "putSuggestion": lambda w, p, v: _json(title="增设雨棚", text="下雨天没有地方等。"),
    "acceptSuggestion": _accepted,
    "declineSuggestion": lambda w, p, v: _json(reason="已在办理"),
    "mergeSuggestion": lambda w, p, v: _json(intoId=str(p.other_suggestion_id)),
    "proposeAgendaItem": _item,
    "rewriteAgendaItem": _item,
    "acceptAgendaItem": lambda w, p, v: _json(namesNoPupil=True),
    "declineAgendaItem": lambda w, p, v: _json(reason="不属本会事项"),
    "mergeAgendaItem": lambda w, p, v: _json(intoId=str(p.accepted_agenda_item_id)),
    "scheduleAgendaItem": _placed,
    "noteAgendaItem": lambda w, p, v: _json(conclusion="知悉"),
    "planMeeting": lambda w, p, v: _json(title="第四次会议", **_hours()),
    "rewriteMeeting": lambda w, p, v: _json(title="第三次会议", **_hours()),
    "cancelMeeting": lambda w, p, v: _json(reason="改期"),
    "replyToMeeting": lambda w, p, v: _json(answer="online"),
    "attendMeeting": lambda w, p, v: _json(mode="in_person"),
    "recordAttendance": lambda w, p, v: _json(mode="in_person"),
    "getQuorum": _quorum,
    "recuseMyself": lambda w, p, v: _json(reason="与供应单位有关"),
    "recordRecusal": lambda w, p, v: _json(reason="与供应单位有关"),
}
