"""Review panels in the hands of those who run them: from the draft to what is published."""

from litestar import Controller, delete, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.committees.controllers.panel_judging import detail
from backend.committees.models import Panel
from backend.committees.operations import panels as operations
from backend.committees.permissions.panels import panel_in_sight, panel_to_run
from backend.committees.rules import panels as rules
from backend.committees.schemas.panels import (
    PanelDetailOut,
    PanelEntriesIn,
    PanelIn,
    PanelistsIn,
)
from backend.errors import NotAllowed
from backend.media.rules import AttachmentMissing
from backend.people.phones import BadPhone
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

STEPS = (rules.WrongPanelState, NotAllowed)


class PanelWork(Controller):
    """One panel, for those who run it."""

    path = "/panels/{panel_id:uuid}"
    dependencies = {"sight": Provide(panel_in_sight), "panel": Provide(panel_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="rewritePanel",
        summary="修改评议草稿 Write a draft anew",
        responses=refusals(rules.PanelClosesTooSoon, *STEPS),
    )
    async def rewrite_panel(
        self,
        data: JSONBody[PanelIn],
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """Title, criteria and closing, until the panel opens."""
        changed = await operations.rewrite(panel.id, data.content(), by=actor.person_id)
        return await shown(changed, actor, settings)

    @delete(
        opt={"policy": Policy.STAFF},
        operation_id="discardPanel",
        summary="删除评议草稿 Throw a draft away",
        responses=refusals(*STEPS),
    )
    async def discard_panel(
        self, actor: NamedDependency[Actor], panel: NamedDependency[Panel]
    ) -> None:
        """With what it would have shown."""
        await operations.discard(panel.id, by=actor.person_id)

    @put(
        "/entries",
        opt={"policy": Policy.STAFF},
        operation_id="setPanelEntries",
        summary="设置参评项目 Say what a panel is shown",
        responses=refusals(rules.EntryUnknown, AttachmentMissing, *STEPS),
    )
    async def set_panel_entries(
        self,
        data: JSONBody[PanelEntriesIn],
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """All of them, in order, until the panel opens."""
        contents = [one.content() for one in data.entries]
        changed = await operations.show(panel.id, contents, by=actor.person_id)
        return await shown(changed, actor, settings)

    @put(
        "/panelists",
        opt={"policy": Policy.STAFF},
        operation_id="setPanelists",
        summary="设置评议人 Say who judges",
        responses=refusals(rules.PanelistUnknown, rules.PanelistTwice, BadPhone, *STEPS),
    )
    async def set_panelists(
        self,
        data: JSONBody[PanelistsIn],
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """All of them, and for whom each speaks, until the panel opens."""
        asked = [one.asked() for one in data.panelists]
        changed = await operations.ask(panel.id, asked, by=actor.person_id)
        return await shown(changed, actor, settings)

    @put(
        "/opening",
        opt={"policy": Policy.STAFF},
        operation_id="openPanel",
        summary="开始评议 Ask the panelists for their scores",
        responses=refusals(rules.PanelIncomplete, rules.PanelClosesTooSoon, *STEPS),
    )
    async def open_panel(
        self,
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """From now on nothing of it changes but scores; the panelists are told."""
        opened = await operations.open_panel(panel.id, by=actor.person_id)
        return await shown(opened, actor, settings)

    @put(
        "/closing",
        opt={"policy": Policy.STAFF},
        operation_id="closePanel",
        summary="结束评分 Take no more scores",
        responses=refusals(*STEPS),
    )
    async def close_panel(
        self,
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """Before its time; at its time it closes by itself."""
        closed = await operations.close(panel.id, by=actor.person_id)
        return await shown(closed, actor, settings)

    @put(
        "/publication",
        opt={"policy": Policy.STAFF},
        operation_id="publishPanel",
        summary="公布评议结果 Publish what came out",
        responses=refusals(*STEPS),
    )
    async def publish_panel(
        self,
        actor: NamedDependency[Actor],
        panel: NamedDependency[Panel],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """For everybody of the school or district; it stays as it is."""
        published = await operations.publish(panel.id, by=actor.person_id)
        return await shown(published, actor, settings)


async def shown(panel: Panel, actor: Actor, settings: Settings) -> PanelDetailOut:
    """Return a panel after an act of somebody who runs it."""
    return await detail(await panel_in_sight(actor, panel.id), actor, settings)


DUTY: tuple[type[Controller], ...] = (PanelWork,)
