"""Rows of activities, split by noun."""

from backend.activities.models.activities import (
    Activity,
    ActivityKind,
    ActivitySession,
    ActivityState,
    Delivery,
    LecturerKind,
)
from backend.activities.models.exports import ActivityExport, ExportState
from backend.activities.models.feedback import ActivityFeedback

__all__ = [
    "Activity",
    "ActivityExport",
    "ActivityFeedback",
    "ActivityKind",
    "ActivitySession",
    "ActivityState",
    "Delivery",
    "ExportState",
    "LecturerKind",
]
