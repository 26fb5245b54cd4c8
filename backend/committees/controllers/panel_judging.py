"""A panel as the phone sees it, and the panelists' side: what I judge, and what I give."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend import clock
from backend.committees.models import (
    Constituency,
    Panel,
    PanelEntry,
    Panelist,
    PanelScore,
    PanelState,
)
from backend.committees.operations import panel_scores as operations
from backend.committees.permissions.panels import (
    EntryToScore,
    PanelSight,
    entry_to_score,
    runs_panels_of,
)
from backend.committees.queries import panels as queries
from backend.committees.rules import panels as rules
from backend.committees.schemas.panels import (
    PanelCriterionOut,
    PanelDetailOut,
    PanelEntryOut,
    PanelistOut,
    PanelOut,
    PanelPage,
    PanelPointsOut,
    PanelProgressOut,
    PanelScoreIn,
    PanelScoreOut,
)
from backend.errors import NotAllowed
from backend.media.models import Attachment
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class MyPanels(Controller):
    """What the caller is asked to judge, wherever it is."""

    path = "/me/panels"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listMyPanels",
        summary="我参与的评议 The panels I judge on",
        responses=refusals(BadCursor),
    )
    async def list_my_panels(
        self,
        actor: NamedDependency[Actor],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> PanelPage:
        """Open ones and those that are over, the newest first."""
        purpose = f"my-panels:{actor.person_id}"
        rows = await queries.judged_by(actor.person_id, after(cursors, purpose, cursor), limit + 1)
        return page(cursors, purpose, rows, limit, actor)


class PanelScoring(Controller):
    """One entry, for those who judge it."""

    path = "/panel-entries/{entry_id:uuid}/score"
    dependencies = {"judged": Provide(entry_to_score)}

    @put(
        status_code=204,
        opt={"policy": Policy.SIGNED_IN},
        operation_id="scorePanelEntry",
        summary="为参评项目评分 Score an entry",
        responses=refusals(rules.BadPoints, rules.PanelNotOpen, NotAllowed),
    )
    async def score_panel_entry(
        self, data: JSONBody[PanelScoreIn], judged: NamedDependency[EntryToScore]
    ) -> None:
        """Every criterion at once; it may be changed until the panel closes."""
        await operations.score(
            judged.panel, judged.entry, judged.panelist, data.by_criterion(), data.comment
        )


def after(cursors: Cursors, purpose: str, cursor: str | None) -> Any:
    """Return where a page begins. Raises :class:`BadCursor`."""
    if cursor is None:
        return None
    position = cursors.open(purpose, cursor, Position)
    return position.at, position.id


def page(
    cursors: Cursors, purpose: str, rows: Sequence[dict[str, Any]], limit: int, actor: Actor
) -> PanelPage:
    """Show a page of which one row too many was asked for."""
    last = rows[limit - 1] if len(rows) > limit else None
    return PanelPage(
        items=[
            PanelOut.of(row, runs=runs_panels_of(actor, row["school_id"], row["district_id"]))
            for row in rows[:limit]
        ],
        next_cursor=cursors.seal(purpose, Position(last["created_at"], last["id"]))
        if last
        else None,
    )


async def detail(sight: PanelSight, actor: Actor, settings: Settings) -> PanelDetailOut:
    """Return a panel with everything the caller may see of it."""
    panel: Panel = sight.panel
    judge: Panelist | None = sight.panelist
    line = PanelOut.of(await queries.line(panel.id, actor.person_id), runs=sight.runs)
    entries = await PanelEntry.filter(panel_id=panel.id).order_by("position")
    carried = await _attachments([entry.id for entry in entries], actor, settings)
    scores = await _scores(judge)
    progress, judges = None, None
    if sight.runs:
        judges = await Panelist.filter(panel_id=panel.id).order_by("constituency", "name", "id")
        if panel.state != PanelState.DRAFT:
            progress = PanelProgressOut(**await queries.progress(panel.id))
    return PanelDetailOut(
        **{name: getattr(line, name) for name in PanelOut.__struct_fields__},
        text=panel.text,
        criteria=PanelCriterionOut.all_of(panel),
        shown=[
            PanelEntryOut.of(
                entry,
                [carried[one] for one in entry.attachment_ids if one in carried],
                scores.get(entry.id),
            )
            for entry in entries
        ],
        my_constituency=Constituency(judge.constituency) if judge else None,
        judged_by=None if judges is None else [PanelistOut.of(one) for one in judges],
        progress=progress,
    )


async def _scores(judge: Panelist | None) -> dict[UUID, PanelScoreOut]:
    if judge is None:
        return {}
    return {
        one.entry_id: PanelScoreOut(
            points=[PanelPointsOut(key=key, points=points) for key, points in one.points.items()],
            comment=one.comment,
        )
        for one in await PanelScore.filter(panelist_id=judge.id)
    }


async def _attachments(
    entries: Sequence[UUID], actor: Actor, settings: Settings
) -> dict[UUID, AttachmentOut]:
    rows = await Attachment.filter(owner_id__in=list(entries), stored_at__not_isnull=True)
    return {
        row.id: AttachmentOut.of(
            row,
            person_id=actor.person_id,
            session_id=actor.session_id,
            key=settings.secret_key,
            now=clock.now(),
        )
        for row in rows
    }


DUTY: tuple[type[Controller], ...] = (MyPanels, PanelScoring)
