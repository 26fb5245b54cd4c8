"""The only ways a handler gets a panel or one of its entries."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Panel, PanelEntry, Panelist, PanelState
from backend.committees.queries import panels as queries
from backend.errors import NotAllowed, NotFound
from backend.schools import features
from backend.schools.models import Function, School
from backend.schools.permissions import belongs_above
from backend.web.actor import Actor, Role


class PanelSight(msgspec.Struct, frozen=True, kw_only=True):
    """A panel as the caller may see it.

    ``runs``: they administer or head its school, or work for the district it is of.
    ``panelist``: they judge. Everybody else who sees it belongs to its school or district,
    and sees what is published.
    """

    panel: Any
    runs: bool
    panelist: Any


class EntryToScore(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, and the caller as one of those who judge it."""

    panel: Any
    entry: Any
    panelist: Any


async def panel_in_sight(actor: NamedDependency[Actor], panel_id: FromPath[UUID]) -> PanelSight:
    """A panel the caller runs, one they judge once it is open, or a published one of where
    they belong. Raises :class:`NotFound`.
    """
    panel = await Panel.get_or_none(id=panel_id)
    if panel is None:
        raise NotFound
    return await _sight(actor, panel)


async def panel_to_run(sight: NamedDependency[PanelSight]) -> Panel:
    """The panel, for those who run it. Raises :class:`NotAllowed`."""
    if not sight.runs:
        raise NotAllowed
    panel: Panel = sight.panel
    return panel


async def entry_to_score(actor: NamedDependency[Actor], entry_id: FromPath[UUID]) -> EntryToScore:
    """An entry, for those who judge it. Raises :class:`NotFound` and :class:`NotAllowed`."""
    entry = await PanelEntry.get_or_none(id=entry_id).select_related("panel")
    if entry is None:
        raise NotFound
    sight = await _sight(actor, entry.panel)
    if sight.panelist is None:
        raise NotAllowed
    return EntryToScore(panel=entry.panel, entry=entry, panelist=sight.panelist)


def runs_panels_of(actor: Actor, school_id: UUID | None, district_id: UUID) -> bool:
    """Say whether the caller runs the panels of a school, or of a district itself."""
    if school_id is not None:
        return actor.runs_school(school_id)
    return actor.holds(Role.DISTRICT_OFFICER, district=district_id)


async def _sight(actor: Actor, panel: Any) -> PanelSight:
    if panel.school_id is not None:
        await features.check(Function.COMMITTEES, panel.school_id)
    sight = PanelSight(
        panel=panel,
        runs=runs_panels_of(actor, panel.school_id, panel.district_id),
        panelist=await Panelist.get_or_none(panel_id=panel.id, person_id=actor.person_id),
    )
    if sight.runs or (sight.panelist is not None and panel.state != PanelState.DRAFT):
        return sight
    if panel.state != PanelState.PUBLISHED or not await _belongs(actor, panel):
        raise NotFound
    return sight


async def _belongs(actor: Actor, panel: Any) -> bool:
    """Say whether the caller is of the panel's school or district, or works above it."""
    if panel.school_id is not None:
        return await belongs_above(actor, await School.get(id=panel.school_id))
    if any(seat.district_id == panel.district_id for seat in actor.seats):
        return True
    return await queries.has_child_in(panel.district_id, [tie.school_id for tie in actor.ties])
