"""Agenda items over HTTP: proposed, read, answered by the chair."""

from enum import StrEnum

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.committees.controllers.items import ItemAnswers, OneItem, item_out
from backend.committees.controllers.tabling import ItemAtMeeting, ItemPlacing
from backend.committees.models import Body, ItemState
from backend.committees.operations import proposing
from backend.committees.permissions.bodies import BodySight, body_from_inside, body_in_sight, the
from backend.committees.queries import agenda as queries
from backend.committees.rules import agenda as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.agenda import (
    AgendaItemIn,
    AgendaItemOut,
    AgendaItemPage,
    AgendaPointOut,
)
from backend.errors import NotAllowed, TooMany
from backend.media.rules import AttachmentMissing
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.cursors import BadCursor, Cursors, Position
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals
from backend.web.structs import Cursor, PageSize

SIGNED_IN = {"policy": Policy.SIGNED_IN}


class ItemStage(StrEnum):
    """Awaiting the chair, waiting for a meeting, on an agenda, over, or dropped."""

    PROPOSED = "proposed"
    POOL = "pool"
    SCHEDULED = "scheduled"
    DECIDED = "decided"
    DROPPED = "dropped"


STAGES: dict[ItemStage, list[str]] = {
    ItemStage.PROPOSED: [ItemState.PROPOSED],
    ItemStage.POOL: [ItemState.ACCEPTED, ItemState.DEFERRED],
    ItemStage.SCHEDULED: [ItemState.SCHEDULED, ItemState.DISCUSSING, ItemState.VOTING],
    ItemStage.DECIDED: sorted(rules.PUBLISHED),
    ItemStage.DROPPED: [ItemState.DECLINED, ItemState.MERGED, ItemState.WITHDRAWN],
}


class BodyAgenda(Controller):
    """The items of a body."""

    path = "/bodies/{body_id:uuid}/agenda-items"
    dependencies = {"sight": Provide(body_in_sight)}

    @get(
        opt=SIGNED_IN,
        operation_id="listAgendaItems",
        summary="议题 A body's agenda items",
        responses=refusals(BadCursor),
    )
    async def list_agenda_items(
        self,
        actor: NamedDependency[Actor],
        sight: NamedDependency[BodySight],
        cursors: NamedDependency[Cursors],
        stage: FromQuery[ItemStage | None] = None,
        cursor: FromQuery[Cursor | None] = None,
        limit: FromQuery[PageSize] = 20,
    ) -> AgendaItemPage:
        """From inside all of them; everybody else who sees the body sees what is over."""
        body = the(sight)
        purpose = f"agenda:{actor.person_id}:{body.id}:{stage}"
        wanted = set(STAGES[stage]) if stage else set(ItemState)
        seen = sorted(wanted if sight.inside else wanted & rules.PUBLISHED)
        after = cursors.open(purpose, cursor, Position) if cursor else None
        rows = await queries.page(body.id, seen, after, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return AgendaItemPage(
            items=[
                AgendaPointOut.of(row, actor.person_id, inside=sight.inside) for row in rows[:limit]
            ],
            next_cursor=(
                cursors.seal(purpose, Position(last["created_at"], last["id"])) if last else None
            ),
            has_more=last is not None,
        )

    @post(
        opt=SIGNED_IN,
        operation_id="proposeAgendaItem",
        summary="提出议题 Propose an item",
        responses=refusals(
            rules.MatterUnknown, AttachmentMissing, WrongBodyState, NotAllowed, TooMany,
            KeyNeeded, KeyReused,
        ),
        dependencies={"proposed_to": Provide(body_from_inside)},
    )  # fmt: skip
    async def propose_agenda_item(
        self,
        data: JSONBody[AgendaItemIn],
        actor: NamedDependency[Actor],
        sight: NamedDependency[BodySight],
        proposed_to: NamedDependency[Body],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> AgendaItemOut:
        """By who sits on the body or runs it; the chair decides whether it becomes one."""

        async def act() -> AgendaItemOut:
            item = await proposing.propose(actor.person_id, proposed_to.id, data.content())
            return await item_out(actor, item.id, sight, settings)

        return await once(
            actor.person_id, "proposeAgendaItem", idempotency_key, (proposed_to.id, data),
            AgendaItemOut, act, secret=settings.secret_key,
        )  # fmt: skip


DUTY: tuple[type[Controller], ...] = (
    BodyAgenda,
    OneItem,
    ItemAnswers,
    ItemPlacing,
    ItemAtMeeting,
)
