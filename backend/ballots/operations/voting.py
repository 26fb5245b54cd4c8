"""Putting a question: drafting it, and opening the vote with its electorate and its key."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend import clock
from backend.audit.operations import record
from backend.ballots import keys, sealing
from backend.ballots.models import Method, Mode, PaperBallots, Unit, Vote
from backend.ballots.queries.electorates import LONGEST_LABEL, UnitDraft
from backend.ballots.rules.bundle import question, question_of, rules_of
from backend.ballots.rules.charter import SMALLEST_SECRET, RuleSet
from backend.ballots.rules.counting import AGAINST, FOR, BadQuestion, check_question
from backend.ballots.rules.digests import commitment, electorate_digest, question_digest
from backend.ballots.rules.states import (
    ClosesInThePast,
    ElectorateTooSmall,
    KeysUnwritable,
    NobodyEntitled,
    Verb,
    moved,
)
from backend.database import execute, transaction
from backend.errors import NotFound
from backend.settings import Settings

__all__ = ["UnitDraft", "VoteContent", "discard", "draft", "locked", "open_vote", "rewrite"]

_KEY = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)
_MOTION = [{"key": FOR, "label": "赞成"}, {"key": AGAINST, "label": "反对"}]
_UNITS = """
INSERT INTO voting_units (id, vote_id, ref_id, label, constituency, salt, commitment)
SELECT u.id, $1, u.ref, u.label, u.constituency, u.salt, u.commitment
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS u (id, ref, label, constituency, salt, commitment)
ORDER BY u.id
"""
_VOTERS = """
INSERT INTO voters (vote_id, person_id, unit_id)
SELECT $1, v.person, v.unit FROM unnest($2::uuid[], $3::uuid[]) AS v (person, unit)
ORDER BY v.unit, v.person
"""


class VoteContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a vote asks and how it is decided; ``options`` are ``{key, label}``, in order.

    A motion's options are for and against, whatever is given. ``rules`` are those of the rule
    set version ``rule_set_id``; ``subject_id`` is what the question belongs to.
    """

    district_id: UUID
    school_id: UUID | None
    subject_id: UUID
    title: str
    text: str = ""
    method: Method
    options: list[dict[str, str]] = []
    choose_most: int = 1
    winners: int = 1
    mode: Mode
    unit: Unit
    rules: RuleSet
    rule_set_id: UUID
    closes_at: datetime


async def draft(content: VoteContent, *, by: UUID) -> Vote:
    """Write a question down. Raises :class:`BadQuestion`."""
    fields = _checked(content)
    async with transaction():
        vote = await Vote.create(**fields, created_by=by, created_at=clock.now())
        await record("ballots.draft", "vote", vote.id, by=by, school_id=vote.school_id)
    return vote


async def rewrite(vote_id: UUID, content: VoteContent, by: UUID) -> Vote:
    """Replace a draft. Raises :class:`BadQuestion`, ``NotDraft`` and ``NotFound``."""
    fields = _checked(content)
    async with transaction():
        vote = await locked(vote_id)
        moved(vote.state, Verb.REWRITE)
        changed = [name for name, value in fields.items() if getattr(vote, name) != value]
        vote.update_from_dict(fields)
        await vote.save(update_fields=list(fields))
        await record(
            "ballots.rewrite", "vote", vote.id, by=by, school_id=vote.school_id, changed=changed
        )
    return vote


async def discard(vote_id: UUID, by: UUID) -> None:
    """Throw a draft away. Raises ``NotDraft`` and ``NotFound``."""
    async with transaction():
        vote = await locked(vote_id)
        moved(vote.state, Verb.DISCARD)
        await PaperBallots.filter(vote_id=vote_id).delete()
        await vote.delete()
        await record("ballots.discard", "vote", vote_id, by=by, school_id=vote.school_id)


async def open_vote(
    vote_id: UUID,
    units: Sequence[UnitDraft],
    *,
    recused: Sequence[dict[str, str]] = (),
    by: UUID,
    settings: Settings,
) -> Vote:
    """Draw up the electorate, make the key of a secret vote, and let ballots in.

    ``units`` leave out whoever is ``recused``. What is asked, the rules and the electorate
    are frozen from here on. The key lies on the disk before the transaction ends, its own or
    the caller's; one whose vote did not open after all is swept away later. Raises
    ``NotDraft``, :class:`ClosesInThePast`, :class:`NobodyEntitled`,
    :class:`ElectorateTooSmall`, :class:`KeysUnwritable` and ``NotFound``.
    """
    async with transaction():
        vote = await locked(vote_id)
        vote.state = moved(vote.state, Verb.OPEN)
        now = clock.now()
        if vote.closes_at <= now:
            raise ClosesInThePast(field="closesAt")
        if not any(unit.voter_ids for unit in units):
            raise NobodyEntitled
        if vote.mode == Mode.SECRET and len(units) < SMALLEST_SECRET:
            raise ElectorateTooSmall(entitled=len(units), smallest=SMALLEST_SECRET)
        vote.electorate_digest = await _enlist(vote_id, units)
        vote.question_digest = _digest(vote)
        vote.entitled, vote.recused = len(units), list(recused)
        vote.opened_at, vote.opened_by = now, by
        if vote.mode == Mode.SECRET:
            vote.public_key = await _make_key(settings, vote_id)
        await vote.save()
        await record(
            "ballots.open",
            "vote",
            vote_id,
            by=by,
            school_id=vote.school_id,
            entitled=vote.entitled,
            recused=len(vote.recused),
            electorate=vote.electorate_digest,
            question=vote.question_digest,
        )
    return vote


async def locked(vote_id: UUID) -> Vote:
    """Return a vote, locked against casting and every other verb until the transaction ends.

    Raises ``NotFound``.
    """
    vote = await Vote.select_for_update().get_or_none(id=vote_id)
    if vote is None:
        raise NotFound
    return vote


def _checked(content: VoteContent) -> dict[str, Any]:
    options = _MOTION if content.method is Method.MOTION else content.options
    given = [option["key"] for option in options]
    if not all(_KEY.fullmatch(key) for key in given):
        raise BadQuestion(field="options")
    check_question(
        question(content.method, given, choose_most=content.choose_most, winners=content.winners)
    )
    fields: dict[str, Any] = {name: getattr(content, name) for name in content.__struct_fields__}
    return {**fields, "options": options, "rules": msgspec.to_builtins(content.rules)}


async def _enlist(vote_id: UUID, units: Sequence[UnitDraft]) -> str:
    """Write the electorate down and return its digest."""
    lines = []
    for unit in units:
        salt = secrets.token_hex(16)
        lines.append((uuid4(), salt, commitment(salt, unit.ref_id, unit.voter_ids), unit))
    await execute(
        _UNITS,
        vote_id,
        [unit_id for unit_id, _, _, _ in lines],
        [unit.ref_id for _, _, _, unit in lines],
        [unit.label[:LONGEST_LABEL] for *_, unit in lines],
        [unit.constituency for *_, unit in lines],
        [salt for _, salt, _, _ in lines],
        [binding for _, _, binding, _ in lines],
    )
    pairs = [(unit_id, voter) for unit_id, *_, unit in lines for voter in set(unit.voter_ids)]
    await execute(
        _VOTERS, vote_id, [voter for _, voter in pairs], [unit_id for unit_id, _ in pairs]
    )
    return electorate_digest(vote_id, [(unit_id, binding) for unit_id, _, binding, _ in lines])


def _digest(vote: Vote) -> str:
    return question_digest(
        title=vote.title,
        text=vote.text,
        method=vote.method,
        options=vote.options,
        choose_most=vote.choose_most,
        winners=vote.winners,
        mode=vote.mode,
        unit=vote.unit,
        rules=rules_of(vote),
    )


async def _make_key(settings: Settings, vote_id: UUID) -> str:
    private, public = sealing.new_key()
    directories = settings.ballot_key_directories
    try:
        await asyncio.to_thread(keys.store, directories, vote_id, private)
        await asyncio.to_thread(keys.load, directories, vote_id, public)
    except (OSError, keys.KeyMissing) as error:
        raise KeysUnwritable from error
    return public


def seal_of(vote: Vote) -> sealing.Seal:
    """Return what seals the ballots of a secret vote that was opened."""
    return sealing.Seal(
        vote_id=vote.id,
        public_key=vote.public_key,
        question_digest=vote.question_digest,
        length=sealing.length_for(question_of(vote).keys),
    )
