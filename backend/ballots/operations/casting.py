"""Casting a ballot.

Ballots of one moment are cast in one statement (:mod:`backend.batching`); see migration
``0018_ballots``. Nothing is written of a sealed ballot but the box: no time, no order, no
trail, and nothing here is logged.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from backend import clock
from backend.ballots import sealing
from backend.ballots.models import Mode, Vote, VoteState
from backend.ballots.operations.voting import seal_of
from backend.ballots.queries.turnout import Turnout, turnouts
from backend.ballots.rules.bundle import question_of, rules_of
from backend.ballots.rules.charter import RuleSet
from backend.ballots.rules.counting import Choice, Question, is_valid
from backend.ballots.rules.states import SAID, BadBox, BadChoice, NotOpen
from backend.batching import Batcher
from backend.database import fetch
from backend.errors import NotFound

CAST = "SELECT n, said, unit, replaced FROM cast_ballots($1, $2, $3, $4, $5, $6, $7)"
_REMEMBERED = 256


class CastBallot(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone sends: a ``choice``, or the box (``sealed``) it has sealed itself.

    A choice in a secret vote is sealed here, in memory, and needs the ``receipt`` the phone
    made. ``attempt`` is made by the phone for each ballot and repeated with every retry.
    ``unit_id`` is needed by who votes for several units.
    """

    choice: Choice | None = None
    sealed: bytes | None = None
    receipt: str | None = None
    attempt: UUID
    unit_id: UUID | None = None


class CastResult(msgspec.Struct, frozen=True, kw_only=True):
    """The ballot is in. ``replaced``: another of this unit was there before.

    ``everybody`` says that all units have voted and that the rules close the vote then:
    whoever learns it calls ``closing.close``.
    """

    unit_id: UUID
    mode: Mode
    replaced: bool
    everybody: bool


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What never changes of a vote once it is open."""

    question: Question
    rules: RuleSet
    seal: sealing.Seal | None


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A ballot on its way into the box: ``choice``, keys joined by commas, or ``box``."""

    vote_id: UUID
    person_id: UUID
    unit_id: UUID | None
    attempt: UUID
    box: bytes | None = None
    choice: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it; ``said`` is ``ok`` or why not. The ``turnout`` is read only where the
    vote closes with its last ballot.
    """

    said: str
    unit_id: UUID | None
    replaced: bool
    turnout: Turnout | None


async def cast(vote_id: UUID, person_id: UUID, ballot: CastBallot) -> CastResult:
    """Cast a unit's one ballot, or replace it where the rules allow; asked twice it is once.

    When it returns, the ballot will be counted. Raises ``NotFound``, ``NotOpen``,
    ``NotEntitled``, ``WhichUnit``, ``VotedOnPaper``, ``AlreadyVoted``, :class:`BadChoice` and
    :class:`BadBox`. Several ballots share a commit, so it never joins a caller's transaction.
    """
    given = await prepared(vote_id, person_id, ballot)
    answer = await _box.ask(given)
    taken = taken_of(given, answer)
    if taken is None:
        refused = SAID[answer.said]
        raise refused(field=_FIELDS[answer.said]) if answer.said in _FIELDS else refused()
    return taken


def taken_of(given: Prepared, answer: Answer) -> CastResult | None:
    """Return what came of a ballot; ``None`` when it was refused."""
    if answer.said != "ok" or answer.unit_id is None:
        return None
    turnout = answer.turnout
    return CastResult(
        unit_id=answer.unit_id,
        mode=Mode.OPEN if given.box is None else Mode.SECRET,
        replaced=answer.replaced,
        everybody=turnout is not None and turnout.cast >= turnout.entitled,
    )


_FIELDS = {"which_unit": "unitId", "wrong_kind": "sealed", "copied": "sealed"}


async def prepared(vote_id: UUID, person_id: UUID, given: CastBallot) -> Prepared:
    """Check what can be known of a ballot before it is cast, and seal what is to be secret.

    Raises ``NotFound``, ``NotOpen``, :class:`BadChoice` and :class:`BadBox`.
    """
    asked = await _asked(vote_id)
    ballot = Prepared(
        vote_id=vote_id, person_id=person_id, unit_id=given.unit_id, attempt=given.attempt
    )
    if given.sealed is not None:
        if asked.seal is None or given.choice is not None:
            raise BadChoice(field="sealed")
        if len(given.sealed) != asked.seal.box_length:
            raise BadBox(field="sealed")
        return msgspec.structs.replace(ballot, box=given.sealed)
    if given.choice is None or not is_valid(asked.question, asked.rules, given.choice):
        raise BadChoice(field="choice")
    if asked.seal is None:
        return msgspec.structs.replace(ballot, choice=",".join(given.choice))
    if given.receipt is None or not sealing.is_receipt(given.receipt):
        raise BadChoice(field="receipt")
    inside = sealing.Ballot(choice=given.choice, receipt=given.receipt)
    return msgspec.structs.replace(ballot, box=sealing.close(asked.seal, inside))


async def _asked(vote_id: UUID) -> _Asked:
    """Return the frozen part of a vote, which each process reads once.

    Raises ``NotFound`` and ``NotOpen`` for a draft.
    """
    if known := _known.get(vote_id):
        return known
    vote = await Vote.get_or_none(id=vote_id)
    if vote is None:
        raise NotFound
    if vote.state == VoteState.DRAFT:
        raise NotOpen(state=vote.state)
    asked = _Asked(
        question=question_of(vote),
        rules=rules_of(vote),
        seal=seal_of(vote) if vote.mode == Mode.SECRET else None,
    )
    _known[vote_id] = asked
    if len(_known) > _REMEMBERED:
        _known.popitem(last=False)
    return asked


_known: OrderedDict[UUID, _Asked] = OrderedDict()


async def settle(ballots: Sequence[Prepared], sql: str = CAST) -> list[Answer]:
    """Cast some ballots in one commit; answers come in their order.

    ``sql`` takes the arguments of ``cast_ballots``; where it answers nothing for a ballot, its
    sender is not entitled, and it was not cast. The turnout is read after the commit, so that
    of those who cast the last ballots at once, in whatever process, the later one sees that
    everybody has voted.
    """
    try:
        rows = await _put(ballots, sql)
    except IntegrityError as error:
        # The same box came twice at once. In a batch each is now tried alone.
        if "one_box_once" not in str(error) or len(ballots) > 1:
            raise
        return [_refused("copied")]
    moved = {ballots[row["n"] - 1].vote_id for row in rows if row["said"] == "ok"}
    moved = {vote for vote in moved if (await _asked(vote)).rules.closes_when_all_voted}
    counts = await turnouts(sorted(moved))
    answers = [_refused("not_entitled")] * len(ballots)
    for row in rows:
        place = row["n"] - 1
        answers[place] = Answer(
            said=row["said"],
            unit_id=row["unit"],
            replaced=row["replaced"],
            turnout=counts.get(ballots[place].vote_id),
        )
    return answers


def _refused(said: str) -> Answer:
    return Answer(said=said, unit_id=None, replaced=False, turnout=None)


async def _put(ballots: Sequence[Prepared], sql: str) -> list[dict[str, Any]]:
    return await fetch(
        sql,
        [one.vote_id for one in ballots],
        [one.person_id for one in ballots],
        [one.unit_id for one in ballots],
        [one.box for one in ballots],
        [one.choice for one in ballots],
        [one.attempt for one in ballots],
        clock.now(),
    )


_box: Batcher[Prepared, Answer] = Batcher(settle)
