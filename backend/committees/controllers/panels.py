"""Review panels: what is shown, who judges it, what came out."""

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.committees.controllers import panel_judging, panel_work
from backend.committees.controllers.panel_judging import after, detail, page
from backend.committees.controllers.panel_work import shown
from backend.committees.models import Panel, PanelEntry, PanelState
from backend.committees.operations import panels as operations
from backend.committees.permissions.panels import (
    PanelSight,
    panel_in_sight,
    runs_panels_of,
)
from backend.committees.queries import panels as queries
from backend.committees.rules import panel_averages as averages
from backend.committees.rules import panels as rules
from backend.committees.schemas.panel_results import PanelEntryResultOut, PanelResultsOut
from backend.committees.schemas.panels import (
    PanelCriterionOut,
    PanelDetailOut,
    PanelIn,
    PanelPage,
)
from backend.errors import NotAllowed
from backend.schools.models import District, School
from backend.schools.permissions import (
    district_in_sight,
    district_to_run,
    school_in_sight,
    school_to_run,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize


class SchoolPanels(Controller):
    """The panels of a school."""

    path = "/schools/{school_id:uuid}/panels"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listSchoolPanels",
        summary="本校的评议 A school's panels",
        dependencies={"school": Provide(school_in_sight)},
        responses=refusals(BadCursor),
    )
    async def list_school_panels(
        self,
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> PanelPage:
        """What is published, and what one judges; whoever runs the school sees all of them."""
        return await _listed(school, actor, cursors, cursor, limit)

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="draftSchoolPanel",
        summary="起草本校评议 Draft a panel of a school",
        dependencies={"school": Provide(school_to_run)},
        responses=refusals(rules.PanelClosesTooSoon, NotAllowed, KeyNeeded, KeyReused),
    )
    async def draft_school_panel(
        self,
        data: JSONBody[PanelIn],
        actor: NamedDependency[Actor],
        school: NamedDependency[School],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> PanelDetailOut:
        """What is shown, and who judges, is said afterwards."""

        async def act() -> PanelDetailOut:
            made = await operations.draft(school, data.content(), by=actor.person_id)
            return await shown(made, actor, settings)

        return await once(
            actor.person_id, "draftSchoolPanel", idempotency_key, (school.id, data),
            PanelDetailOut, act, secret=settings.secret_key,
        )  # fmt: skip


class DistrictPanels(Controller):
    """The panels of a district itself."""

    path = "/districts/{district_id:uuid}/panels"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="listDistrictPanels",
        summary="区级评议 A district's panels",
        dependencies={"district": Provide(district_in_sight)},
        responses=refusals(BadCursor),
    )
    async def list_district_panels(
        self,
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        cursors: NamedDependency[Cursors],
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> PanelPage:
        """What is published, and what one judges; the district's officers see all of them."""
        return await _listed(district, actor, cursors, cursor, limit)

    @post(
        opt={"policy": Policy.STAFF},
        operation_id="draftDistrictPanel",
        summary="起草区级评议 Draft a panel of a district",
        dependencies={"district": Provide(district_to_run)},
        responses=refusals(rules.PanelClosesTooSoon, NotAllowed, KeyNeeded, KeyReused),
    )
    async def draft_district_panel(
        self,
        data: JSONBody[PanelIn],
        actor: NamedDependency[Actor],
        district: NamedDependency[District],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> PanelDetailOut:
        """What is shown, and who judges, is said afterwards."""

        async def act() -> PanelDetailOut:
            made = await operations.draft(district, data.content(), by=actor.person_id)
            return await shown(made, actor, settings)

        return await once(
            actor.person_id, "draftDistrictPanel", idempotency_key, (district.id, data),
            PanelDetailOut, act, secret=settings.secret_key,
        )  # fmt: skip


class OnePanel(Controller):
    """One panel, for everybody who may see it."""

    path = "/panels/{panel_id:uuid}"
    dependencies = {"sight": Provide(panel_in_sight)}

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getPanel",
        summary="评议详情 One panel",
    )
    async def get_panel(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[PanelSight],
        settings: NamedDependency[Settings],
    ) -> PanelDetailOut:
        """With what is shown, and the caller's own scores. Nobody sees another's."""
        return await detail(sight, actor, settings)

    @get(
        "/results",
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getPanelResults",
        summary="评议结果 What a panel came to",
        responses=refusals(rules.WrongPanelState, NotAllowed),
    )
    async def get_panel_results(self, sight: NamedDependency[PanelSight]) -> PanelResultsOut:
        """Once it is closed for those who run it, once published for everybody; those see no
        average of too few people.
        """
        panel: Panel = sight.panel
        if not sight.runs and panel.state != PanelState.PUBLISHED:
            raise NotAllowed
        results = rules.results_of(panel)
        remarks = await queries.comments(panel.id) if sight.runs else {}
        criteria = PanelCriterionOut.all_of(panel)
        keys = [one.key for one in criteria]
        entries = {entry.id: entry for entry in await PanelEntry.filter(panel_id=panel.id)}
        told = results if sight.runs else [averages.for_everybody(one) for one in results]
        return PanelResultsOut(
            panel_id=panel.id,
            title=panel.title,
            state=PanelState(panel.state),
            criteria=criteria,
            items=[
                PanelEntryResultOut.of(
                    entries[one.entry_id], one, keys, remarks.get(one.entry_id, [])
                )
                for one in sorted(told, key=lambda one: one.rank or len(told) + 1)
            ],
        )


async def _listed(
    place: School | District, actor: Actor, cursors: Cursors, cursor: str | None, limit: int
) -> PanelPage:
    school = place if isinstance(place, School) else None
    district_id = school.district_id if school else place.id
    purpose = f"panels:{place.id}:{actor.person_id}"
    rows = await queries.of_place(
        actor.person_id,
        after(cursors, purpose, cursor),
        limit + 1,
        school_id=school.id if school else None,
        district_id=district_id,
        runs=runs_panels_of(actor, school.id if school else None, district_id),
    )
    return page(cursors, purpose, rows, limit, actor)


DUTY: tuple[type[Controller], ...] = (
    SchoolPanels,
    DistrictPanels,
    OnePanel,
    *panel_work.DUTY,
    *panel_judging.DUTY,
)
