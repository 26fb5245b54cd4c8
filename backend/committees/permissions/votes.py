"""The only ways a handler gets a vote or an objection.

The electorate drawn up at the opening decides who may vote, so nobody is voted out by taking
their seat away meanwhile; but a guardianship that has ended, or is restricted, closes the
vote to that guardian. What was cast before stays cast.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.ballots.models import Mode, Objection, ObjectionState, Office, Unit, Vote, VoteState
from backend.ballots.queries.turnout import UnitOfPerson
from backend.ballots.rules.states import NotEntitled
from backend.committees.models import AgendaItem, Body, Level
from backend.committees.permissions.bodies import BodySight, sight_of
from backend.committees.queries import votes as queries
from backend.committees.rules.votes import NoResultYet, NotPublishedYet
from backend.errors import NotAllowed, NotFound
from backend.schools import features
from backend.schools.models import Function
from backend.web.actor import Actor

CERTIFIED = frozenset({VoteState.CERTIFIED, VoteState.PUBLISHED})
COUNTED = CERTIFIED | {VoteState.COUNTED}


class VoteSight(msgspec.Struct, frozen=True, kw_only=True):
    """A vote as the caller may see it. ``units`` are theirs to vote for; ``body`` is absent
    for a voter who does not otherwise see the body.
    """

    vote: Any
    item: Any
    of: Any
    body: BodySight | None
    units: list[UnitOfPerson]

    @property
    def inside(self) -> bool:
        return self.body is not None and self.body.inside

    @property
    def chairs(self) -> bool:
        return self.body is not None and self.body.chairs

    @property
    def keeps(self) -> bool:
        return self.body is not None and self.body.keeps

    @property
    def runs(self) -> bool:
        return self.body is not None and self.body.runs

    @property
    def officer(self) -> bool:
        return self.body is not None and self.body.officer

    @property
    def sees_result(self) -> bool:
        """Whether the numbers are theirs to see now: inside once counted, all once certified."""
        return self.vote.state in CERTIFIED or (self.vote.state in COUNTED and self.inside)


class Caster(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody before the box, with the units they may cast a ballot for."""

    vote_id: UUID
    mode: Mode
    unit_ids: list[UUID]


class ObjectionSight(msgspec.Struct, frozen=True, kw_only=True):
    """An objection before somebody who answers such, and for which office they do."""

    objection: Any
    vote: Any
    office: Office


async def vote_in_sight(actor: NamedDependency[Actor], vote_id: FromPath[UUID]) -> VoteSight:
    """A vote the caller may take part in, one of a body they sit on or run, or one certified
    at a level or a district of theirs. Raises :class:`NotFound`.
    """
    return await sight_on(actor, await Vote.get_or_none(id=vote_id))


async def sight_on(actor: Actor, vote: Vote | None) -> VoteSight:
    """Return what the caller may see of a vote. Raises :class:`NotFound`."""
    if vote is None:
        raise NotFound
    item = await AgendaItem.get_or_none(id=vote.subject_id).select_related("body")
    if item is None:
        raise NotFound
    of: Body = item.body
    if of.school_id is not None:
        await features.check(Function.COMMITTEES, of.school_id)
    try:
        body = await sight_of(actor, of)
    except NotFound:
        body = None
    units = (
        [] if vote.state == VoteState.DRAFT else await queries.my_units(vote.id, actor.person_id)
    )
    sight = VoteSight(vote=vote, item=item, of=of, body=body, units=units)
    if not (units or sight.inside or await _is_published_to(sight)):
        raise NotFound
    return sight


async def _is_published_to(sight: VoteSight) -> bool:
    if sight.body is None:
        return False
    if sight.vote.state in CERTIFIED:
        return True
    # An officer who has to answer an objection sees what it is about.
    return sight.officer and await _is_doubted(sight.vote.id)


async def _is_doubted(vote_id: UUID) -> bool:
    return await Objection.filter(vote_id=vote_id, state=ObjectionState.RAISED).exists()


async def vote_to_chair(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for the chair of its body. Raises :class:`NotAllowed`."""
    if not sight.chairs:
        raise NotAllowed
    return sight


async def vote_to_annul(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for the chair and for whoever runs its body. Raises :class:`NotAllowed`."""
    if not (sight.chairs or sight.runs):
        raise NotAllowed
    return sight


async def vote_from_inside(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for who sits on its body or runs it. Raises :class:`NotAllowed`."""
    if not sight.inside:
        raise NotAllowed
    return sight


async def vote_to_keep(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for the chair and the secretary. Raises :class:`NotAllowed`."""
    if not sight.keeps:
        raise NotAllowed
    return sight


def sees_units(sight: VoteSight) -> bool:
    """Say whether the caller gets the electorate by name, to enter paper ballots from.

    Households are named by their children: a class knows its own, for anything larger one
    works at the school.
    """
    if not sight.keeps or sight.vote.state not in (VoteState.OPEN, VoteState.CLOSED):
        return False
    at_work = sight.runs or (sight.body is not None and sight.body.at_work)
    return at_work or sight.vote.unit == Unit.SEAT or sight.of.level == Level.CLASS


async def vote_to_cast(actor: NamedDependency[Actor], vote_id: FromPath[UUID]) -> Caster:
    """A vote in whose electorate the caller is; nothing else of it is looked up.

    Raises :class:`NotEntitled` for those who only see it, and :class:`NotFound`.
    """
    rows = await queries.to_cast(vote_id, actor.person_id)
    if not rows:
        await sight_on(actor, await Vote.get_or_none(id=vote_id))
        raise NotEntitled
    return Caster(vote_id=vote_id, mode=Mode(rows[0]["mode"]), unit_ids=[row["id"] for row in rows])


async def vote_of_mine(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for its voters. Raises :class:`NotEntitled`."""
    if not sight.units:
        raise NotEntitled
    return sight


async def vote_with_result(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote with its numbers. Raises :class:`NoResultYet` before they are the caller's."""
    if not sight.sees_result:
        raise NoResultYet
    return sight


async def vote_published(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The published vote. Raises :class:`NotPublishedYet`."""
    if sight.vote.state != VoteState.PUBLISHED:
        raise NotPublishedYet
    return sight


async def vote_to_doubt(sight: NamedDependency[VoteSight]) -> VoteSight:
    """The vote, for those who may object: its voters and who runs its body.

    Raises :class:`NotAllowed`.
    """
    if not (sight.units or sight.inside):
        raise NotAllowed
    return sight


async def objection_to_answer(
    actor: NamedDependency[Actor], objection_id: FromPath[UUID]
) -> ObjectionSight:
    """An objection, for the school's administrators and principal, and for the district's
    officers. Raises :class:`NotFound` and :class:`NotAllowed`.
    """
    objection = await Objection.get_or_none(id=objection_id)
    if objection is None:
        raise NotFound
    sight = await sight_on(actor, await Vote.get_or_none(id=objection.vote_id))
    if sight.officer:
        office = Office.DISTRICT
    elif sight.runs:
        office = Office.SCHOOL
    elif sight.inside or objection.raised_by == actor.person_id:
        raise NotAllowed
    else:
        raise NotFound
    return ObjectionSight(objection=objection, vote=sight.vote, office=office)
