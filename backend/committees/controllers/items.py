"""One agenda item over HTTP: read, rewritten, accepted, declined, merged, withdrawn."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend import clock
from backend.committees.models import AgendaItem
from backend.committees.operations import proposing
from backend.committees.permissions.agenda import (
    ItemSight,
    item_in_sight,
    item_to_chair,
    item_to_edit,
)
from backend.committees.permissions.bodies import BodySight
from backend.committees.queries import agenda as queries
from backend.committees.queries import attending
from backend.committees.rules import agenda as rules
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.agenda import (
    AgendaItemIn,
    AgendaItemOut,
    ItemAcceptanceIn,
    ItemMergerIn,
    ItemRefusalIn,
    RecusalOut,
    item_members,
)
from backend.errors import NotAllowed
from backend.media.models import Attachment
from backend.media.rules import AttachmentMissing
from backend.media.schemas import AttachmentOut
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

SIGNED_IN = {"policy": Policy.SIGNED_IN}
ANSWERING = refusals(rules.WrongItemState, WrongBodyState, NotAllowed)


async def item_out(
    actor: Actor, item_id: UUID, sight: BodySight, settings: Settings
) -> AgendaItemOut:
    """Return an item as the caller sees it after their act."""
    row = await queries.one(item_id)
    files = await Attachment.objects.all().carried_by(item_id) if row["attachments"] else []
    recusals = await attending.recusals_of(item_id) if sight.inside and row["recused"] else []
    now = clock.now()
    return AgendaItemOut(
        **item_members(row, actor.person_id, inside=sight.inside),
        files=[
            AttachmentOut.of(
                file,
                person_id=actor.person_id,
                session_id=actor.session_id,
                key=settings.secret_key,
                now=now,
            )
            for file in files
        ],
        recusals=[RecusalOut(**recusal) for recusal in recusals],
    )


class OneItem(Controller):
    """An item, for whoever may see it."""

    path = "/agenda-items/{item_id:uuid}"
    dependencies = {"held": Provide(item_in_sight)}

    @get(opt=SIGNED_IN, operation_id="getAgendaItem", summary="议题详情 One agenda item")
    async def get_agenda_item(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Its files are for the body until it is over, then for everybody who sees it."""
        return await item_out(actor, held.item.id, held.within, settings)

    @put(
        opt=SIGNED_IN,
        operation_id="rewriteAgendaItem",
        summary="修改议题 Rewrite my item",
        responses=refusals(
            rules.WrongItemState, rules.MatterUnknown, AttachmentMissing, WrongBodyState,
            rules.NotYourItem,
        ),
        dependencies={"own": Provide(item_to_edit)},
    )  # fmt: skip
    async def rewrite_agenda_item(
        self,
        data: JSONBody[AgendaItemIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        own: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Until the chair has accepted it."""
        await proposing.rewrite(actor.person_id, own.id, data.content())
        return await item_out(actor, own.id, held.within, settings)

    @put(
        "/withdrawal",
        opt=SIGNED_IN,
        operation_id="withdrawAgendaItem",
        summary="撤回议题 Withdraw my item",
        responses=refusals(rules.WrongItemState, rules.NotYourItem),
        dependencies={"own": Provide(item_to_edit)},
    )
    async def withdraw_agenda_item(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        own: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Until it is voted on."""
        await proposing.withdraw(actor.person_id, own.id)
        return await item_out(actor, own.id, held.within, settings)


class ItemAnswers(Controller):
    """A proposed item in the hands of the chair; whoever proposed it is told."""

    path = "/agenda-items/{item_id:uuid}"
    dependencies = {"held": Provide(item_in_sight), "chaired": Provide(item_to_chair)}

    @put(
        "/acceptance",
        opt=SIGNED_IN,
        operation_id="acceptAgendaItem",
        summary="接受议题 Accept an item",
        responses=refusals(rules.WrongItemState, WrongBodyState, NotAllowed, rules.NamesAPupil),
    )
    async def accept_agenda_item(
        self,
        data: JSONBody[ItemAcceptanceIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """The chair has checked that it names no pupil; it waits for a meeting from now on."""
        await proposing.accept(actor.person_id, chaired.id, names_no_pupil=data.names_no_pupil)
        return await item_out(actor, chaired.id, held.within, settings)

    @put(
        "/refusal",
        opt=SIGNED_IN,
        operation_id="declineAgendaItem",
        summary="不予列入 Decline an item",
        responses=ANSWERING,
    )
    async def decline_agenda_item(
        self,
        data: JSONBody[ItemRefusalIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """With a reason."""
        await proposing.decline(actor.person_id, chaired.id, data.reason)
        return await item_out(actor, chaired.id, held.within, settings)

    @put(
        "/merger",
        opt=SIGNED_IN,
        operation_id="mergeAgendaItem",
        summary="并入另一议题 Merge an item into another",
        responses=refusals(
            rules.WrongItemState, WrongBodyState, NotAllowed, rules.ItemMergedElsewhere
        ),
    )
    async def merge_agenda_item(
        self,
        data: JSONBody[ItemMergerIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[ItemSight],
        chaired: NamedDependency[AgendaItem],
        settings: NamedDependency[Settings],
    ) -> AgendaItemOut:
        """Into one of the same body that is not voted on yet."""
        await proposing.merge(actor.person_id, chaired.id, data.into_id)
        return await item_out(actor, chaired.id, held.within, settings)
