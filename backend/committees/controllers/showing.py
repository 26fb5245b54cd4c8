"""A vote as one caller may see it."""

import msgspec

from backend.ballots.models import CloseReason, Mode, Unit, Vote, VoteState
from backend.ballots.queries import turnout
from backend.ballots.rules.bundle import question_of
from backend.ballots.rules.charter import RuleSet
from backend.ballots.sealing import length_for
from backend.committees.models import AgendaItem, Body
from backend.committees.permissions.votes import VoteSight
from backend.committees.queries import votes as queries
from backend.committees.rules import votes as rules
from backend.committees.schemas.votes import (
    MyVotingUnitOut,
    RecusedOut,
    VoteMethod,
    VoteMode,
    VoteOptionOut,
    VoteOut,
    VoteOutcome,
)


async def shown(sight: VoteSight, tongue: str) -> VoteOut:
    """Return the vote for whoever has ``sight`` of it; nothing of it says what was cast."""
    vote: Vote = sight.vote
    item: AgendaItem = sight.item
    body: Body = sight.of
    charter = msgspec.convert(vote.rules, RuleSet)
    begun = vote.state != VoteState.DRAFT
    told = sight.sees_result
    counted = await queries.taken_part(vote) if sight.inside and begun else None
    return VoteOut(
        id=vote.id,
        item_id=item.id,
        body_id=body.id,
        body_name=body.name,
        title=vote.title,
        text=vote.text,
        method=VoteMethod(vote.method),
        options=[VoteOptionOut(key=one["key"], label=one["label"]) for one in vote.options],
        choose_most=vote.choose_most,
        winners=vote.winners,
        mode=VoteMode(vote.mode),
        secrecy=rules.secrecy(vote.mode, tongue),
        unit=Unit(vote.unit),
        rules=rules.said(charter, tongue),
        may_abstain=charter.may_abstain,
        may_change=charter.may_change,
        chair_may_close=charter.chair_may_close,
        state=VoteState(vote.state),
        created_at=vote.created_at,
        opened_at=vote.opened_at,
        closes_at=vote.closes_at,
        entitled=vote.entitled,
        electorate_digest=vote.electorate_digest or None,
        question_digest=vote.question_digest or None,
        public_key=vote.public_key or None,
        sealed_length=box_length(vote),
        recused=[
            RecusedOut(name=one["name"], reason=one["reason"])
            for one in (vote.recused if sight.inside else ())
        ],
        my_units=[my_unit(unit) for unit in sight.units],
        turnout=counted.cast if counted else None,
        closed_at=vote.closed_at,
        close_reason=CloseReason(vote.close_reason) if vote.close_reason else None,
        key_destroyed_at=vote.key_destroyed_at,
        outcome=VoteOutcome(vote.outcome) if told and vote.outcome else None,
        certified_at=vote.certified_at,
        objections_until=vote.objections_until,
        published_at=vote.published_at,
        annulled_at=vote.annulled_at,
        annulled_reason=vote.annulled_reason or None,
    )


def my_unit(unit: turnout.UnitOfPerson) -> MyVotingUnitOut:
    """Return a unit to somebody who may vote for it."""
    return MyVotingUnitOut(
        unit_id=unit.id,
        ref_id=unit.ref_id,
        voter_ids=unit.voter_ids,
        salt=unit.salt,
        commitment=unit.commitment,
        has_voted=unit.has_voted,
        on_paper=unit.on_paper,
    )


def box_length(vote: Vote) -> int | None:
    """Return the length of what a phone seals into a box, in octets; secret votes alone."""
    if vote.mode != Mode.SECRET or not vote.public_key:
        return None
    return length_for(question_of(vote).keys)
