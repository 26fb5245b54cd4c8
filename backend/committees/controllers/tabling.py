"""Where an item is decided: on which agenda, in writing, and what happens there."""

from litestar import Controller, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.committees.controllers.items import item_out
from backend.committees.models import AgendaItem
from backend.committees.operations import agenda, proposing, scheduling
from backend.committees.permissions.agenda import (
    ItemSight,
    item_in_sight,
    item_to_chair,
    item_to_keep,
)
from backend.committees.rules import agenda as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.rules.meetings import WrongMeetingState
from backend.committees.schemas.agenda import AgendaItemOut, ItemConclusionIn, ItemPlaceIn
from backend.errors import NotAllowed, NotFound
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.idempotency import KeyHeader, KeyNeeded, KeyReused, once
from backend.web.policy import Policy
from backend.web.problems import refusals

SIGNED_IN = {"policy": Policy.SIGNED_IN}


class ItemPlacing(Controller):
    """An item in the hands of the chair."""

    path = "/agenda-items/{item_id:uuid}"
    dependencies = {"held": Provide(item_in_sight), "chaired": Provide(item_to_chair)}

    @put(
        "/written-procedure",
        opt=SIGNED_IN,
        operation_id="putItemInWriting",
        summary="改为书面表决 Decide it in writing",
        responses=refusals(
            rules.WrongItemState, rules.AlreadyOnAnAgenda, rules.NoRuleSet, WrongBodyState,
            NotAllowed,
        ),
    )  # fmt: skip
    async def put_item_in_writing(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Outside a meeting: all seats are told, and from `mayVoteFrom` it may be voted on."""
        await scheduling.put_in_writing(actor.person_id, chaired.id)
        return await item_out(actor, chaired.id, held.within, settings)

    @post(
        "/retabling",
        opt=SIGNED_IN,
        operation_id="putItemAgain",
        summary="再次提出 Put an item again",
        responses=refusals(
            rules.MayNotBePutAgain, rules.WrongItemState, WrongBodyState, NotAllowed, KeyNeeded,
            KeyReused,
        ),
    )  # fmt: skip
    async def put_item_again(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
        idempotency_key: KeyHeader = None,
    ) -> AgendaItemOut:
        """What found no quorum or tied, as a new item and as often as its rule set allows."""

        async def act() -> AgendaItemOut:
            again = await proposing.put_again(actor.person_id, chaired.id)
            return await item_out(actor, again.id, held.within, settings)

        return await once(
            actor.person_id, "putItemAgain", idempotency_key, chaired.id, AgendaItemOut, act,
            secret=settings.secret_key,
        )  # fmt: skip


class ItemAtMeeting(Controller):
    """An item in the hands of chair and secretary."""

    path = "/agenda-items/{item_id:uuid}"
    dependencies = {"held": Provide(item_in_sight), "kept": Provide(item_to_keep)}

    @put(
        "/place",
        opt=SIGNED_IN,
        operation_id="scheduleAgendaItem",
        summary="列入会议议程 Put it on an agenda",
        responses=refusals(
            rules.WrongItemState, rules.AlreadyOnAnAgenda, rules.NoRuleSet, rules.NoticeTooShort,
            rules.TooDeep, rules.AgendaFull, WrongMeetingState, WrongBodyState, NotAllowed,
            NotFound,
        ),
    )  # fmt: skip
    async def schedule_agenda_item(
        self,
        data: JSONBody[ItemPlaceIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        kept: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """This freezes the rule set it is decided by. On a meeting that is convened already,
        only while the rule set's notice still holds; all seats are told.
        """
        await scheduling.schedule(
            actor.person_id, kept.id, data.meeting_id, parent_id=data.parent_id,
            position=data.position,
        )  # fmt: skip
        return await item_out(actor, kept.id, held.within, settings)

    @put(
        "/deferral",
        opt=SIGNED_IN,
        operation_id="deferAgendaItem",
        summary="延期审议 Take it off the agenda",
        responses=refusals(rules.WrongItemState, NotAllowed),
    )
    async def defer_agenda_item(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        kept: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Back into the pool, until it is put on another."""
        await scheduling.defer(actor.person_id, kept.id)
        return await item_out(actor, kept.id, held.within, settings)

    @put(
        "/discussion",
        opt=SIGNED_IN,
        operation_id="discussAgendaItem",
        summary="开始讨论 Begin its discussion",
        responses=refusals(
            rules.WrongItemState, rules.AnotherUnderDiscussion, WrongMeetingState, NotAllowed
        ),
    )
    async def discuss_agenda_item(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        kept: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """One at a time, at a running meeting; who is there is counted at this moment."""
        await agenda.discuss(actor.person_id, kept.id)
        return await item_out(actor, kept.id, held.within, settings)

    @put(
        "/conclusion",
        opt=SIGNED_IN,
        operation_id="noteAgendaItem",
        summary="记录结论（无需表决） Note what came of it",
        responses=refusals(rules.WrongItemState, NotAllowed),
    )
    async def note_agenda_item(
        self,
        data: JSONBody[ItemConclusionIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        kept: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Ends the discussion of what needs no decision."""
        await agenda.note(actor.person_id, kept.id, data.conclusion)
        return await item_out(actor, kept.id, held.within, settings)
