"""A count as one caller may see it, in numbers and as a picture."""

import msgspec

from backend import clock
from backend.ballots.models import Mode, Outcome, Unit, Vote, VoteState
from backend.ballots.queries import results
from backend.ballots.rules.bundle import rules_of, tally_of
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.counting import Tally
from backend.committees.permissions.votes import CERTIFIED, VoteSight
from backend.committees.queries import votes as queries
from backend.committees.rules.votes import NoResultYet, quorum_needed
from backend.committees.schemas.certifying import (
    CountRoundOut,
    NamedBallotOut,
    OptionResultOut,
    VoteResultOut,
)
from backend.committees.schemas.votes import VoteMethod, VoteMode, VoteOutcome
from backend.media.paper.results import ResultsCard

_OUTCOMES = {
    Outcome.PASSED: "通过",
    Outcome.FAILED: "未通过",
    Outcome.NO_QUORUM: "参加人数不足，无效",
    Outcome.TIED: "票数相等，未通过",
}


async def result(sight: VoteSight) -> VoteResultOut:
    """Return the numbers of a counted vote, and the names where they may be told."""
    vote: Vote = sight.vote
    charter, tally = rules_of(vote), tally_of(vote)
    counted = await queries.taken_part(vote)
    objections = await results.objections_to(vote.id)
    by = await results.names_of([vote.certified_by] if vote.certified_by else [])
    needed = quorum_needed(charter, vote.entitled)
    return VoteResultOut(
        vote_id=vote.id,
        title=vote.title,
        method=VoteMethod(vote.method),
        mode=VoteMode(vote.mode),
        state=VoteState(vote.state),
        outcome=VoteOutcome(vote.outcome),
        entitled=vote.entitled,
        cast=counted.cast,
        quorum_needed=needed,
        has_quorum=counted.cast >= needed,
        suppressed=tally is None,
        valid=tally.valid if tally else None,
        invalid=tally.invalid if tally else None,
        abstained=tally.abstained if tally else None,
        of_paper=tally.of_paper if tally else None,
        whole=tally.whole if tally else None,
        needed=tally.needed if tally else None,
        options=_options(vote, tally),
        rounds=[CountRoundOut(votes=one.votes, out=list(one.out)) for one in tally.rounds]
        if tally
        else [],
        tie_settled_for=vote.tie_settled_for or None,
        ballots=await _named(sight, charter),
        objections=objections.raised,
        recounts=vote.recounts,
        counted_at=vote.counted_at,
        certified_at=vote.certified_at,
        certified_by=by.get(vote.certified_by) if vote.certified_by else None,
        objections_until=vote.objections_until,
        published_at=vote.published_at,
    )


def picture(sight: VoteSight) -> ResultsCard:
    """Return what the picture of a certified result says. Raises :class:`NoResultYet`."""
    vote: Vote = sight.vote
    if vote.state not in CERTIFIED:
        raise NoResultYet
    tally = tally_of(vote)
    kept = msgspec.convert(vote.tally, dict[str, object]) if vote.tally else {}
    assert vote.certified_at is not None
    day = clock.local(vote.certified_at)
    return ResultsCard(
        title=vote.title,
        body=sight.of.name,
        date_line=f"{day.year}年{day.month}月{day.day}日确认",
        options=[(one.label, one.votes or 0, one.chosen) for one in _options(vote, tally)],
        abstained=tally.abstained if tally else 0,
        invalid=tally.invalid if tally else 0,
        entitled=vote.entitled,
        cast=_number(kept, "cast"),
        of_paper=_number(kept, "of_paper"),
        quorum_needed=_number(kept, "quorum_needed"),
        has_quorum=bool(kept.get("has_quorum")),
        outcome_words=_OUTCOMES[Outcome(vote.outcome)],
        split_kept=tally is not None,
        whole=tally.whole if tally else 0,
        needed=tally.needed if tally else None,
    )


def _options(vote: Vote, tally: Tally | None) -> list[OptionResultOut]:
    return [
        OptionResultOut(
            key=option["key"],
            label=option["label"],
            votes=tally.votes.get(option["key"], 0) if tally else None,
            chosen=option["key"] in vote.chosen,
            tied=tally is not None and option["key"] in tally.tied,
        )
        for option in vote.options
    ]


async def _named(sight: VoteSight, charter: RuleSet) -> list[NamedBallotOut] | None:
    """Seats alone are named, in a published open vote, to whom the rules show names."""
    vote: Vote = sight.vote
    open_ = vote.mode == Mode.OPEN and vote.unit == Unit.SEAT
    if not open_ or vote.state != VoteState.PUBLISHED:
        return None
    if not (charter.names_shown or sight.inside):
        return None
    return [
        NamedBallotOut(name=one.label, choice=list(one.choice))
        for one in await results.open_ballots(vote.id)
    ]


def _number(kept: dict[str, object], name: str) -> int:
    value = kept.get(name)
    return value if isinstance(value, int) else 0
