"""Rows of volunteering, split by noun."""

from backend.volunteering.models.calls import CallState, CallStep, ShiftAsk, ShiftCall
from backend.volunteering.models.hazards import Hazard, HazardMove, HazardState, Severity
from backend.volunteering.models.logs import ChecklistItem, DutyLog
from backend.volunteering.models.people import (
    MentorOffer,
    SkillState,
    Volunteer,
    VolunteerDuty,
    VolunteerState,
)
from backend.volunteering.models.shifts import (
    DayState,
    DutyKind,
    PostHolder,
    Shift,
    ShiftTemplate,
    Side,
    StationDay,
    VolunteeringSettings,
)

__all__ = [
    "CallState",
    "CallStep",
    "ChecklistItem",
    "DayState",
    "DutyKind",
    "DutyLog",
    "Hazard",
    "HazardMove",
    "HazardState",
    "MentorOffer",
    "PostHolder",
    "Severity",
    "Shift",
    "ShiftAsk",
    "ShiftCall",
    "ShiftTemplate",
    "Side",
    "SkillState",
    "StationDay",
    "Volunteer",
    "VolunteerDuty",
    "VolunteerState",
    "VolunteeringSettings",
]
