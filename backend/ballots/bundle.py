"""Putting a published result together, from rows and for good.

What goes out follows what voters were promised. Of a secret vote the receipts alone, in the
order of chance their phones gave them; of an open one what was said, with the unit where the
rules show names and in alphabetical order where they do not. A unit is a random number that
its own voters know; the names of seats stand beside it in open votes by name, those of
guardians nowhere. The result cannot tell who chose what in a secret vote, for it is put
together from rows that cannot.
"""

from datetime import datetime
from typing import Any

import msgspec

from backend.ballots import signing
from backend.ballots.models import CloseReason, Method, Mode, Outcome, Unit, Vote, VotingUnit
from backend.ballots.queries import results
from backend.ballots.rules import bundle as form
from backend.ballots.rules.certifying import is_late, is_small, keeps_paper_back
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.digests import canonical


async def build(vote: Vote, published_at: datetime) -> form.Bundle:
    """Return the result of a certified vote as it is to be published, not signed yet."""
    rules = form.rules_of(vote)
    ballots = await _ballots(vote, rules)
    units = await VotingUnit.filter(vote_id=vote.id).order_by("id")
    cast = sum(bool(unit.took_part) for unit in units)
    on_paper = sum(unit.on_paper for unit in units)
    is_kept_back = keeps_paper_back(Mode(vote.mode), cast, on_paper)
    is_told = not is_small(Mode(vote.mode), cast, on_paper)
    told = await results.objections_to(vote.id)
    assert vote.certified_by is not None and vote.certified_at is not None
    names = await results.names_of(
        [person for person in (vote.certified_by, vote.tie_settled_by) if person is not None]
    )
    return form.Bundle(
        format=form.FORMAT,
        vote=str(vote.id),
        question=_asked(vote),
        rules=rules,
        question_digest=vote.question_digest,
        electorate=form.Electorate(
            digest=vote.electorate_digest,
            entitled=vote.entitled,
            recused=len(vote.recused),
            units=[_line(unit, named=_names_seats(vote, rules)) for unit in units],
        ),
        ballots=ballots,
        paper=None if not on_paper else await _paper(vote, on_paper, is_told=not is_kept_back),
        tally=form.tally_of(vote) if is_told else None,
        result=form.Result(
            outcome=Outcome(vote.outcome),
            chosen=list(vote.chosen),
            cast=cast,
            quorum_needed=max(rules.quorum.needed(vote.entitled), 1),
            has_quorum=cast > 0 and rules.quorum.is_reached(cast, vote.entitled),
        ),
        tie=None
        if vote.tie_settled_by is None
        else form.TieSettled(settled_for=vote.tie_settled_for, by=names[vote.tie_settled_by]),
        certification=form.Certification(
            by=names[vote.certified_by],
            at=form.moment(vote.certified_at),
            late=is_late(_of(vote.counted_at), vote.certified_at, rules),
        ),
        objections=form.Objections(raised=told.raised, rejected=told.rejected, upheld=told.upheld),
        recounts=vote.recounts,
        times=form.Times(
            opened=form.moment(_of(vote.opened_at)),
            closes=form.moment(vote.closes_at),
            closed=form.moment(_of(vote.closed_at)),
            close_reason=CloseReason(vote.close_reason),
            counted=form.moment(_of(vote.counted_at)),
            objections_until=form.moment(_of(vote.objections_until)),
            published=form.moment(published_at),
        ),
        signature=None,
    )


def signed(unsigned: form.Bundle, secret: str) -> form.Bundle:
    """Return a result with the installation's signature under everything else in it."""
    return msgspec.structs.replace(
        unsigned,
        signature=form.Signature(
            algorithm=signing.ALGORITHM,
            key=signing.public_key(secret),
            value=signing.sign(secret, canonical(form.unsigned(unsigned))),
        ),
    )


def written(result: form.Bundle) -> dict[str, Any]:
    """Return a result as it is kept and sent: as JSON has it."""
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(result))
    return told


async def _ballots(vote: Vote, rules: RuleSet) -> form.Ballots:
    if vote.mode == Mode.SECRET:
        receipts, unreadable = await results.receipts(vote.id)
        return form.Ballots(
            shown=form.Shown.RECEIPTS,
            unreadable=unreadable,
            names=None,
            choices=None,
            receipts=receipts,
        )
    cast = await results.open_ballots(vote.id)
    if rules.names_shown:
        lines = [
            form.NamedBallot(unit=str(ballot.unit_id), choice=list(ballot.choice))
            for ballot in sorted(cast, key=lambda ballot: ballot.unit_id)
        ]
        return form.Ballots(
            shown=form.Shown.NAMES, unreadable=0, names=lines, choices=None, receipts=None
        )
    choices = sorted(list(ballot.choice) for ballot in cast)
    return form.Ballots(
        shown=form.Shown.CHOICES, unreadable=0, names=None, choices=choices, receipts=None
    )


async def _paper(vote: Vote, ballots: int, *, is_told: bool) -> form.Paper:
    paper = await results.paper_of(vote.id)
    if not is_told or paper is None:
        return form.Paper(ballots=ballots, choices=None, invalid=None)
    lines = sorted(
        (form.PaperChoice(choice=list(line.choice), count=line.count) for line in paper.choices),
        key=lambda line: line.choice,
    )
    return form.Paper(ballots=ballots, choices=lines, invalid=paper.invalid)


def _asked(vote: Vote) -> form.Asked:
    return form.Asked(
        title=vote.title,
        text=vote.text,
        method=Method(vote.method),
        options=msgspec.convert(vote.options, list[form.Option]),
        choose_most=vote.choose_most,
        winners=vote.winners,
        mode=Mode(vote.mode),
        unit=Unit(vote.unit),
    )


def _names_seats(vote: Vote, rules: RuleSet) -> bool:
    return vote.mode == Mode.OPEN and vote.unit == Unit.SEAT and rules.names_shown


def _line(unit: VotingUnit, *, named: bool) -> form.UnitLine:
    return form.UnitLine(
        id=str(unit.id),
        commitment=unit.commitment,
        took_part=bool(unit.took_part),
        name=unit.label if named else None,
    )


def _of(moment: datetime | None) -> datetime:
    """Return a moment that every certified vote has."""
    assert moment is not None
    return moment
