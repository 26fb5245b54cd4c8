"""What the operations of volunteering are sent, and which rows their paths name."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from tests.authz.rows_duties import period, today
from tests.authz.world import World
from tests.media.phones import PHOTO
from tests.volunteering.stories import next_weekday

FIXED = {"duty": "patrol", "duty_key": "chess"}
"""Parameters that name no row."""
ROWS = {
    "shift_id": {"draft", "running", "guidance", "called", "over", "left"},
    "day_id": {"planned", "over", "left"},
    "hazard_id": {"reported", "confirmed", "assigned", "recheck", "closed", "left", "barred"},
}
"""Variants that name a row: ``draft`` of ``shift_id`` is the place's ``draft_shift_id``."""
Body = Callable[[World, SimpleNamespace, str], dict[str, Any]]


def row_of(parameter: str, place: SimpleNamespace, variant: str) -> str | None:
    """Return what a path parameter of volunteering is filled with; others are ``None``."""
    if parameter == "hazard_id" and variant == "photo":
        return str(place.recheck_hazard_id)
    if variant in ROWS.get(parameter, ()):
        return str(getattr(place, f"{variant}_{parameter}"))
    return None


def _json(**body: Any) -> dict[str, Any]:
    return {"json": body}


def _shift(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return a shift; the variant says which part of it is of the place."""
    starts_at, more = next_weekday(80).isoformat(), {}
    if variant == "day":
        # Absent rows lie on no date: any one will do.
        starts_at = world.places["own"].day_starts_at
        if isinstance(place.day_starts_at, str):
            starts_at = place.day_starts_at
        more = {"stationDayId": str(place.day_id)}
    elif variant == "class":
        more = {"openTo": [str(place.class_id)]}
    elif variant == "organiser":
        more = {"organiserId": str(place.teacher_id)}
    return {"json": {"duty": "patrol", "startsAt": starts_at, "isDraft": True, **more}}


def _day(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    organiser = {"organiserId": str(place.teacher_id)} if variant == "organiser" else {}
    return _json(day=(today() + timedelta(days=90)).isoformat(), **organiser)


def _template(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    teacher = {"teacherId": str(place.teacher_id)} if variant == "teacher" else {}
    first, last = today() + timedelta(days=3), today() + timedelta(days=16)
    return _json(
        duty="after_school" if teacher else "patrol", starts="16:00", ends="17:00",
        firstDay=first.isoformat(), lastDay=last.isoformat(), weekdays=[3], **teacher,
    )  # fmt: skip


def _text(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    teacher = {"teacherId": str(place.teacher_id)} if variant == "teacher" else {}
    return _json(briefing="请准时", **teacher)


def _log(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    """Return the second version of a log, with a photo that the place's parent handed in."""
    photo = {"photoIds": [str(place.photo_id)]}
    found = {"key": str(uuid4()), "text": "扶手松动", "severity": "low", **photo}
    return _json(version=1, remarks="已完成", findings=[found])


def _recheck(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    photos = [str(place.photo_id)] if variant == "photo" else []
    return _json(ok=True, photoIds=photos)


def _assignment(world: World, place: SimpleNamespace, variant: str) -> dict[str, Any]:
    due = (today() + timedelta(days=3)).isoformat()
    return _json(ownerId=str(place.teacher_id), dueOn=due)


BODIES: dict[str, Body] = {
    "volunteer": lambda w, p, v: _json(duties=["guidance"], note="可以周三来"),
    "decideVolunteer": lambda w, p, v: _json(approved=True, duties=["guidance"]),
    "suspendVolunteer": lambda w, p, v: _json(reason="多次缺席"),
    "setDutyKind": lambda w, p, v: _json(name="棋社"),
    "decideVolunteeringSettings": lambda w, p, v: _json(shiftMinutes=90),
    "makeShifts": _template,
    "endShiftTemplate": lambda w, p, v: _json(reason="学期结束"),
    "planStationDay": _day,
    "cancelStationDay": lambda w, p, v: _json(reason="台风停课"),
    "summariseStationDay": lambda w, p, v: _json(summary="一切顺利"),
    "createShift": _shift,
    "describeShift": _text,
    "manGuardPost": lambda w, p, v: _json(holders=[{"side": "school", "name": "值班老师"}]),
    "noteTeacher": lambda w, p, v: _json(came=True),
    "answerCall": lambda w, p, v: _json(willing=False),
    "setChecklist": lambda w, p, v: _json(items=["校门"]),
    "writeDutyLog": _log,
    "uploadDutyPhoto": lambda w, p, v: {"files": {"file": ("扶手.jpg", PHOTO, "image/jpeg")}},
    "decideHazard": lambda w, p, v: _json(confirmed=True),
    "assignHazard": _assignment,
    "workOnHazard": lambda w, p, v: _json(done=True, note="已修好"),
    "recheckHazard": _recheck,
    "issueCertificate": lambda w, p, v: {"json": period(p)},
    "listShifts": lambda w, p, v: {"params": _long()},
    "listStationDays": lambda w, p, v: {"params": _long()},
    "listHazards": lambda w, p, v: {"params": {"everything": "true"}},
    "listShiftsAtRisk": lambda w, p, v: {"params": {"days": 31}},
}


def _long() -> dict[str, str]:
    first, last = today() - timedelta(days=60), today() + timedelta(days=120)
    return {"first": first.isoformat(), "last": last.isoformat(), "limit": "50"}
