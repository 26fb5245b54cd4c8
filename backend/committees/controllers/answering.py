"""One suggestion over HTTP: signed by parents, answered by the chair."""

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.committees.models import Suggestion
from backend.committees.operations import suggestions as verbs
from backend.committees.permissions.suggestions import (
    SuggestionSight,
    is_guardian_at,
    suggestion_in_sight,
    suggestion_of_mine,
    suggestion_to_answer,
    suggestion_to_sign,
)
from backend.committees.queries import suggestions as queries
from backend.committees.rules import suggestions as rules
from backend.committees.rules.agenda import MatterUnknown, NamesAPupil
from backend.committees.rules.bodies import WrongBodyState
from backend.committees.schemas.suggestions import (
    SuggestionAcceptanceIn,
    SuggestionMergerIn,
    SuggestionOut,
    SuggestionRefusalIn,
)
from backend.errors import NotAllowed, TooMany
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals

SIGNED_IN = {"policy": Policy.SIGNED_IN}
ANSWERING = refusals(rules.WrongSuggestionState, NotAllowed)


class OneSuggestion(Controller):
    """A suggestion, for whoever may see it."""

    path = "/suggestions/{suggestion_id:uuid}"
    dependencies = {"held": Provide(suggestion_in_sight)}

    @get(opt=SIGNED_IN, operation_id="getSuggestion", summary="建议详情 One suggestion")
    async def get_suggestion(
        self, actor: NamedDependency[Actor], held: NamedDependency[SuggestionSight]
    ) -> SuggestionOut:
        """Its author's name is known to the committee alone."""
        return await _out(actor, held)

    @put(
        "/co-sign",
        opt=SIGNED_IN,
        operation_id="coSignSuggestion",
        summary="联署建议 Stand behind a suggestion",
        responses=refusals(rules.WrongSuggestionState, rules.NotOfThisPlace, TooMany),
        dependencies={"signable": Provide(suggestion_to_sign)},
    )
    async def co_sign(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        signable: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """Guardians of a child at the place sign once. When enough have, the committee owes an
        answer within fourteen days.
        """
        await verbs.sign(actor.person_id, signable.id)
        return await _out(actor, held)

    @delete(
        "/co-sign",
        opt=SIGNED_IN,
        operation_id="takeBackCoSign",
        summary="撤回联署 Stand behind it no longer",
        responses=refusals(rules.WrongSuggestionState, rules.AuthorStandsByIt),
    )
    async def take_back_co_sign(
        self, actor: NamedDependency[Actor], held: NamedDependency[SuggestionSight]
    ) -> None:
        """While it is open. An answer once owed stays owed."""
        await verbs.take_back(actor.person_id, held.suggestion.id)

    @put(
        "/withdrawal",
        opt=SIGNED_IN,
        operation_id="withdrawSuggestion",
        summary="撤回建议 Take my suggestion back",
        responses=ANSWERING,
        dependencies={"own": Provide(suggestion_of_mine)},
    )
    async def withdraw_suggestion(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        own: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """While it is open; whoever signed it is told."""
        await verbs.withdraw(actor.person_id, own.id)
        return await _out(actor, held)


class SuggestionAnswers(Controller):
    """A suggestion in the hands of the chair; author and co-signers are told of every answer."""

    path = "/suggestions/{suggestion_id:uuid}"
    dependencies = {
        "held": Provide(suggestion_in_sight),
        "answerable": Provide(suggestion_to_answer),
    }

    @put(
        "/acceptance",
        opt=SIGNED_IN,
        operation_id="acceptSuggestion",
        summary="采纳为议题 Make an agenda item of it",
        responses=refusals(
            rules.WrongSuggestionState, NotAllowed, NamesAPupil, MatterUnknown, WrongBodyState
        ),
    )
    async def accept_suggestion(
        self,
        data: JSONBody[SuggestionAcceptanceIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        answerable: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """Under a matter of the catalogue; `itemId` names the item, which waits for a meeting."""
        await verbs.accept(
            actor.person_id, answerable.id, answerable.body_id, data.content(),
            names_no_pupil=data.names_no_pupil,
        )  # fmt: skip
        return await _out(actor, held)

    @put(
        "/refusal",
        opt=SIGNED_IN,
        operation_id="declineSuggestion",
        summary="不予采纳 Decline it with a reason",
        responses=ANSWERING,
    )
    async def decline_suggestion(
        self,
        data: JSONBody[SuggestionRefusalIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        answerable: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """The reason is read by everybody who stands behind it."""
        await verbs.decline(actor.person_id, answerable.id, answerable.body_id, data.reason)
        return await _out(actor, held)

    @put(
        "/merger",
        opt=SIGNED_IN,
        operation_id="mergeSuggestion",
        summary="并入另一条建议 Merge it into another",
        responses=refusals(rules.WrongSuggestionState, NotAllowed, rules.MergedElsewhere),
    )
    async def merge_suggestion(
        self,
        data: JSONBody[SuggestionMergerIn],
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        answerable: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """Whoever signed it has signed the other one, each person once."""
        await verbs.merge(actor.person_id, answerable.id, answerable.body_id, data.into_id)
        return await _out(actor, held)

    @put(
        "/escalation",
        opt=SIGNED_IN,
        operation_id="escalateSuggestion",
        summary="上报上一级家委会 Hand it up one level",
        responses=refusals(
            rules.WrongSuggestionState, NotAllowed, rules.NothingAbove, WrongBodyState
        ),
    )
    async def escalate_suggestion(
        self,
        actor: NamedDependency[Actor],
        held: NamedDependency[SuggestionSight],
        answerable: NamedDependency[Suggestion],
    ) -> SuggestionOut:
        """From class to grade to school: whoever signed stays behind it, and guardians of the
        wider place may sign it now. The committee above answers for it from now on.
        """
        await verbs.escalate(actor.person_id, answerable.id, answerable.body_id)
        return await _out(actor, held)


async def _out(actor: Actor, held: SuggestionSight) -> SuggestionOut:
    row = await queries.one(actor.person_id, held.suggestion.id)
    at_place = is_guardian_at(actor, held.suggestion.body)
    return SuggestionOut.of(row, actor.person_id, knows=held.knows, at_place=at_place)
