"""The only ways a handler gets a suggestion."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.committees.models import Body, CoSign, Suggestion, SuggestionState
from backend.committees.permissions.bodies import BodySight, sight_of, the
from backend.committees.rules.suggestions import NoSuggestionsHere, NotOfThisPlace
from backend.errors import NotAllowed, NotFound
from backend.schools.models import Function
from backend.web.actor import Actor


class SuggestionSight(msgspec.Struct, frozen=True, kw_only=True):
    """A suggestion as the caller may see it.

    ``within``: how they see the body that answers for it; ``None`` for those who stand
    behind it and see the body no longer. ``knows``: they see who put it: the committee that
    answers for it, or did.
    """

    suggestion: Any
    within: BodySight | None
    knows: bool


async def suggestion_in_sight(
    actor: NamedDependency[Actor], suggestion_id: FromPath[UUID]
) -> SuggestionSight:
    """A suggestion the caller stands behind, one to a body they sit on or run, or an open one
    of a place a child of theirs belongs to. Raises :class:`NotFound`.
    """
    suggestion = await Suggestion.get_or_none(id=suggestion_id).select_related("body")
    if suggestion is None or suggestion.school_id in actor.closed(Function.COMMITTEES):
        raise NotFound
    within = await _sight(actor, suggestion.body)
    if within is not None and within.inside:
        return SuggestionSight(suggestion=suggestion, within=within, knows=True)
    if suggestion.first_body_id != suggestion.body_id:
        # Who handed it up may see what became of it.
        first = await _sight(actor, await Body.get(id=suggestion.first_body_id))
        if first is not None and first.inside:
            return SuggestionSight(suggestion=suggestion, within=within, knows=True)
    is_open = suggestion.state == SuggestionState.OPEN
    if is_open and within is not None and is_guardian_at(actor, suggestion.body):
        return SuggestionSight(suggestion=suggestion, within=within, knows=False)
    if await CoSign.exists(suggestion_id=suggestion.id, person_id=actor.person_id):
        return SuggestionSight(suggestion=suggestion, within=within, knows=False)
    raise NotFound


async def suggestion_to_answer(held: NamedDependency[SuggestionSight]) -> Suggestion:
    """The suggestion, for the chair of the body that answers for it now."""
    if held.within is None or not held.within.chairs:
        raise NotAllowed
    suggestion: Suggestion = held.suggestion
    return suggestion


async def suggestion_to_sign(
    actor: NamedDependency[Actor], held: NamedDependency[SuggestionSight]
) -> Suggestion:
    """The suggestion, for guardians of a child at the place of its body.

    Raises :class:`NotOfThisPlace`.
    """
    suggestion: Suggestion = held.suggestion
    if not is_guardian_at(actor, suggestion.body):
        raise NotOfThisPlace
    return suggestion


async def suggestion_of_mine(
    actor: NamedDependency[Actor], held: NamedDependency[SuggestionSight]
) -> Suggestion:
    """The suggestion, for its author. Raises :class:`NotAllowed`."""
    suggestion: Suggestion = held.suggestion
    if suggestion.author_id != actor.person_id:
        raise NotAllowed
    return suggestion


async def body_to_ask(actor: NamedDependency[Actor], sight: NamedDependency[BodySight]) -> Body:
    """The body, for its seats and the guardians at its place: whoever may put suggestions.

    Raises :class:`NotOfThisPlace`, and :class:`NoSuggestionsHere` at a district's body.
    """
    body = the(sight)
    if body.school_id is None:
        raise NoSuggestionsHere
    if sight.seat is None and not is_guardian_at(actor, body):
        raise NotOfThisPlace
    return body


async def body_with_suggestions(
    actor: NamedDependency[Actor], sight: NamedDependency[BodySight]
) -> BodySight:
    """The body, for whoever may see some of its suggestions. Raises :class:`NotAllowed`."""
    if not sight.inside and not is_guardian_at(actor, the(sight)):
        raise NotAllowed
    return sight


def is_guardian_at(actor: Actor, body: Any) -> bool:
    """Say whether a child of the caller belongs to the place the body stands at."""
    return any(body.node_id in (tie.school_id, tie.grade_id, tie.class_id) for tie in actor.ties)


async def _sight(actor: Actor, body: Any) -> BodySight | None:
    try:
        return await sight_of(actor, body)
    except NotFound:
        return None
