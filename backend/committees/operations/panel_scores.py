"""What panelists give, and what it comes to."""

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.committees.models import Panel, PanelEntry, Panelist, PanelScore
from backend.committees.queries import panels as queries
from backend.committees.rules import panel_averages as averages
from backend.committees.rules import panels as rules
from backend.database import execute, transaction
from backend.identifiers import uuid7


async def score(
    panel: Panel, entry: PanelEntry, panelist: Panelist, points: dict[str, int], comment: str
) -> None:
    """Give an entry its points, or others than before.

    Raises :class:`rules.BadPoints` and :class:`rules.PanelNotOpen`.
    """
    rules.check_points(rules.criteria_of(panel.criteria), points)
    async with transaction():
        # Many score at once, but none while it closes.
        state = await queries.held(panel.id)
        rules.check_takes_scores(state, panel.closes_at, clock.now())
        await execute(
            """
            INSERT INTO panel_scores (id, entry_id, panelist_id, points, comment, given_at)
            VALUES ($1, $2, $3, $4::jsonb, $5, $6)
            ON CONFLICT (entry_id, panelist_id) DO UPDATE
            SET points = excluded.points, comment = excluded.comment,
                given_at = excluded.given_at
            """,
            uuid7(),
            entry.id,
            panelist.id,
            msgspec.json.encode(points).decode(),
            comment,
            clock.now(),
        )
        # That somebody scored is no secret; what they gave is nobody's business.
        await record(
            "committees.panel_scored", "panel_entry", entry.id, by=panelist.person_id,
            school_id=panel.school_id,
        )  # fmt: skip


async def results_of(panel: Panel) -> list[averages.EntryResult]:
    """Return what a panel's scores come to now, entry by entry."""
    entries = await PanelEntry.filter(panel_id=panel.id).order_by("position")
    spoken = {one.id: one.constituency for one in await Panelist.filter(panel_id=panel.id)}
    scores = await PanelScore.filter(entry_id__in=[entry.id for entry in entries])
    return averages.results(
        [criterion.key for criterion in rules.criteria_of(panel.criteria)],
        [entry.id for entry in entries],
        [
            averages.Given(
                entry_id=one.entry_id, constituency=spoken[one.panelist_id], points=one.points
            )
            for one in scores
        ],
    )
