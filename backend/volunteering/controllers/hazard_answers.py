"""Turning hazards into what the phone sees."""

from datetime import date
from typing import Any
from uuid import UUID

from backend import clock
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.volunteering.controllers.photos import photos_of
from backend.volunteering.models import Hazard, HazardState, Severity
from backend.volunteering.permissions.duties import HazardSight, hazard_in_sight
from backend.volunteering.queries import hazards as queries
from backend.volunteering.schemas.hazards import (
    HazardItem,
    HazardOut,
    HazardStaffOut,
    HazardStepOut,
    MyHazardItem,
    RecheckItem,
)
from backend.web.actor import Actor


def today() -> date:
    """Return the schools' own date."""
    return clock.local(clock.now()).date()


def _late(state: str, due_on: date | None) -> bool:
    return not HazardState(state).is_over and due_on is not None and due_on < today()


def item(row: dict[str, Any]) -> HazardItem:
    """Show a line of the register."""
    return HazardItem(
        id=row["id"],
        text=row["text"],
        place=row["place"],
        severity=Severity(row["severity"]),
        state=HazardState(row["state"]),
        duty=row["duty"],
        due_on=row["due_on"],
        overdue=_late(row["state"], row["due_on"]),
        reported_at=row["reported_at"],
        owner_id=row["owner_id"],
        owner=row["owner"],
    )


def mine(row: dict[str, Any], due_on: date | None) -> MyHazardItem:
    """Show a line of somebody's own; a reporter learns no date."""
    return MyHazardItem(
        id=row["id"],
        school_id=row["school_id"],
        text=row["text"],
        place=row["place"],
        severity=Severity(row["severity"]),
        state=HazardState(row["state"]),
        reported_at=row["reported_at"],
        due_on=due_on,
    )


async def changed(hazard_id: UUID, actor: Actor, settings: Settings) -> HazardOut:
    """Return a hazard as the caller sees it after their act."""
    return await hazard_out(await hazard_in_sight(actor, hazard_id), actor, settings)


async def hazard_out(sight: HazardSight, actor: Actor, settings: Settings) -> HazardOut:
    """Return as much of a hazard as is the caller's business."""
    hazard = sight.hazard
    state = HazardState(hazard.state)
    photos = await photos_of([hazard.id], actor, settings)
    return HazardOut(
        id=hazard.id,
        school_id=hazard.school_id,
        text=hazard.text,
        place=hazard.place,
        severity=Severity(hazard.severity),
        state=state,
        duty=hazard.duty,
        reported_at=hazard.reported_at,
        closed_at=hazard.closed_at,
        photos=photos[hazard.id],
        can_decide=sight.runs and state is HazardState.REPORTED,
        can_work=(sight.owns or sight.runs) and state in (HazardState.ASSIGNED, HazardState.FIXING),
        can_recheck=sight.rechecks
        and state is HazardState.RECHECK
        and hazard.owner_id != actor.person_id,
        staff=await _for_staff(hazard, actor, settings) if sight.reads else None,
    )


async def _for_staff(hazard: Hazard, actor: Actor, settings: Settings) -> HazardStaffOut:
    steps = await queries.moves_of(hazard.id)
    photos = await photos_of([step["id"] for step in steps], actor, settings)
    names = await queries.names_of(hazard.reporter_id, hazard.owner_id)
    return HazardStaffOut(
        reporter_id=hazard.reporter_id,
        reporter=names.get(hazard.reporter_id, ""),
        owner_id=hazard.owner_id,
        owner=names.get(hazard.owner_id) if hazard.owner_id else None,
        due_on=hazard.due_on,
        overdue=_late(hazard.state, hazard.due_on),
        steps=[
            HazardStepOut(
                was=step["was"],
                became=HazardState(step["became"]),
                by=step["by"],
                note=step["note"],
                at=step["at"],
                photos=photos[step["id"]],
            )
            for step in steps
        ],
    )


def to_recheck(row: dict[str, Any], photos: list[AttachmentOut]) -> RecheckItem:
    """Show what the next volunteer is to look at: what was found, and nothing said since."""
    return RecheckItem(
        id=row["id"],
        text=row["text"],
        place=row["place"],
        severity=Severity(row["severity"]),
        duty=row["duty"],
        reported_at=row["reported_at"],
        photos=photos,
    )
