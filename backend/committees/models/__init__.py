"""Rows of bodies, suggestions, meetings, minutes and panels."""

from backend.committees.models.bodies import (
    Body,
    BodyKind,
    BodyState,
    Constituency,
    Level,
    Matter,
    RuleKind,
    RuleSetVersion,
    Seat,
    SeatRole,
    SeatState,
)
from backend.committees.models.meetings import (
    AgendaItem,
    Attendance,
    AttendanceMode,
    ItemState,
    Meeting,
    MeetingState,
    Recusal,
)
from backend.committees.models.minutes import (
    Decision,
    Minutes,
    MinutesObjection,
    MinutesState,
    MinutesTemplate,
)
from backend.committees.models.panels import (
    Panel,
    PanelEntry,
    Panelist,
    PanelScore,
    PanelState,
)
from backend.committees.models.suggestions import CoSign, Suggestion, SuggestionState

__all__ = [
    "AgendaItem",
    "Attendance",
    "AttendanceMode",
    "Body",
    "BodyKind",
    "BodyState",
    "CoSign",
    "Constituency",
    "Decision",
    "ItemState",
    "Level",
    "Matter",
    "Meeting",
    "MeetingState",
    "Minutes",
    "MinutesObjection",
    "MinutesState",
    "MinutesTemplate",
    "Panel",
    "PanelEntry",
    "PanelScore",
    "PanelState",
    "Panelist",
    "Recusal",
    "RuleKind",
    "RuleSetVersion",
    "Seat",
    "SeatRole",
    "SeatState",
    "Suggestion",
    "SuggestionState",
]
