"""Closing a vote, counting it, and doing away with its key; or annulling it.

Counting is one transaction: it opens the boxes in memory, writes the counted ballots in the
order of their receipts, and removes the boxes. Only once that is committed is the key
destroyed, for it cannot be brought back. Whatever is cut short is finished by
:mod:`backend.ballots.jobs`. So none of these verbs may run inside a caller's transaction.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from tortoise.connection import get_connection
from tortoise.exceptions import TransactionManagementError

from backend import clock
from backend.audit.operations import record
from backend.ballots import keys, sealing
from backend.ballots.models import (
    CloseReason,
    Method,
    Mode,
    PaperBallots,
    PaperState,
    Vote,
    VoteState,
)
from backend.ballots.operations.voting import locked, seal_of
from backend.ballots.queries.turnout import turnout
from backend.ballots.rules.bundle import question_of, rules_of
from backend.ballots.rules.certifying import is_small
from backend.ballots.rules.counting import Choice, Tally, count, is_valid
from backend.ballots.rules.states import (
    KeyLost,
    NotClosed,
    PaperUnconfirmed,
    TooEarlyToClose,
    Verb,
    moved,
)
from backend.database import execute, fetch, fetch_one, transaction
from backend.errors import Refusal
from backend.settings import Settings

KEPT = ("entitled", "cast", "of_paper", "quorum_needed", "has_quorum", "base", "outcome", "chosen")
"""What is kept of the tally of a secret vote in which so few voted that more would tell."""
_STORE = """
WITH written AS (
    INSERT INTO counted_ballots (vote_id, place, receipt, choice)
    SELECT $1, b.place, b.receipt, string_to_array(b.choice, ',')
    FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS b (receipt, choice, place)
    ORDER BY b.place RETURNING 1)
SELECT count(*)::int AS written FROM written
"""
_TOOK_PART = """
UPDATE voting_units u SET took_part = u.on_paper
    OR EXISTS (SELECT 1 FROM sealed_ballots s WHERE s.vote_id = $1 AND s.unit_id = u.id)
    OR EXISTS (SELECT 1 FROM open_ballots o WHERE o.vote_id = $1 AND o.unit_id = u.id)
WHERE u.id IN (SELECT w.id FROM voting_units w WHERE w.vote_id = $1 ORDER BY w.id)
"""


_SAID = (
    "SELECT choice, count(*)::int AS ballots FROM open_ballots WHERE vote_id = $1 GROUP BY choice"
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What lay in the box: how many ballots say what, and for a secret vote each, opened."""

    choices: Mapping[Choice, int]
    opened: Sequence[sealing.Opened] | None = None


async def close(vote_id: UUID, reason: CloseReason, *, by: UUID | None, settings: Settings) -> Vote:
    """End the casting, and count if nothing stands in the way; ``by`` nobody: the clock.

    The vote that is returned is counted, or still closed where paper ballots wait for their
    second person or the key is lost: :func:`what_blocks` says which. Raises ``NotOpen``,
    :class:`TooEarlyToClose` and ``NotFound``.
    """
    _stand_alone()
    async with transaction():
        vote = await locked(vote_id)
        vote.state = moved(vote.state, Verb.CLOSE)
        now = clock.now()
        rules = rules_of(vote)
        so_far = await turnout(vote_id)
        may = {
            CloseReason.DEADLINE: now >= vote.closes_at,
            CloseReason.EVERYBODY: rules.closes_when_all_voted and so_far.cast >= vote.entitled,
            CloseReason.CHAIR: rules.chair_may_close,
        }
        if not may[reason]:
            raise TooEarlyToClose
        vote.closed_at, vote.closed_by, vote.close_reason = now, by, reason
        await vote.save(update_fields=["state", "closed_at", "closed_by", "close_reason"])
        await record(
            "ballots.close",
            "vote",
            vote_id,
            by=by,
            school_id=vote.school_id,
            reason=reason.value,
            cast=so_far.cast,
        )
    try:
        return await count_closed(vote_id, settings)
    except (PaperUnconfirmed, KeyLost, NotClosed):
        # The last: somebody else has counted or annulled it between the two transactions.
        await vote.refresh_from_db()
        return vote


async def count_closed(vote_id: UUID, settings: Settings) -> Vote:
    """Count a closed vote and destroy its key.

    Raises ``NotClosed``, :class:`PaperUnconfirmed`, :class:`KeyLost` and ``NotFound``; all
    of them leave the vote as it was.
    """
    _stand_alone()
    async with transaction():
        vote = await locked(vote_id)
        vote.state = moved(vote.state, Verb.COUNT)
        paper = await PaperBallots.get_or_none(vote_id=vote_id)
        if paper is not None and paper.state != PaperState.CONFIRMED:
            raise PaperUnconfirmed
        found, tally = await counted(vote, paper, settings)
        await _write(vote, tally, found, paper)
        await record(
            "ballots.count",
            "vote",
            vote_id,
            by=None,
            school_id=vote.school_id,
            cast=tally.cast,
            outcome=tally.outcome.value,
        )
    await forget_key(vote_id, settings)
    await vote.refresh_from_db()
    return vote


async def annul(vote_id: UUID, reason: str, by: UUID, settings: Settings) -> Vote:
    """Call a vote off before it is counted. Its ballots stay sealed for good.

    This is also the way out when the key is lost. Raises ``NotUnderWay`` and ``NotFound``.
    """
    _stand_alone()
    async with transaction():
        vote = await locked(vote_id)
        vote.state = moved(vote.state, Verb.ANNUL)
        vote.annulled_at, vote.annulled_by, vote.annulled_reason = clock.now(), by, reason
        await vote.save(update_fields=["state", "annulled_at", "annulled_by", "annulled_reason"])
        await record(
            "ballots.annul", "vote", vote_id, by=by, school_id=vote.school_id, reason=reason
        )
    await forget_key(vote_id, settings)
    await vote.refresh_from_db()
    return vote


async def forget_key(vote_id: UUID, settings: Settings) -> None:
    """Destroy the key of a vote that is counted or annulled, and note that. Bears repeating."""
    _stand_alone()
    vote = await Vote.get(id=vote_id)
    if vote.public_key == "" or vote.key_destroyed_at is not None:
        return
    if vote.state in (VoteState.DRAFT, VoteState.OPEN, VoteState.CLOSED):
        raise ValueError(f"a vote that is {vote.state} still needs its key")
    await asyncio.to_thread(keys.destroy, settings.ballot_key_directories, vote_id)
    async with transaction():
        noted = await execute(
            "UPDATE votes SET key_destroyed_at = $2 WHERE id = $1 AND key_destroyed_at IS NULL",
            vote_id,
            clock.now(),
        )
        if noted:
            await record("ballots.destroy_key", "vote", vote_id, by=None, school_id=vote.school_id)


async def what_blocks(vote: Vote, settings: Settings) -> type[Refusal] | None:
    """Return the refusal that keeps a closed vote from being counted, if any."""
    if vote.state != VoteState.CLOSED:
        return None
    if await PaperBallots.exists(vote_id=vote.id, state=PaperState.ENTERED):
        return PaperUnconfirmed
    if vote.mode == Mode.SECRET:
        try:
            await _key(vote, settings)
        except KeyLost:
            return KeyLost
    return None


async def counted(
    vote: Vote, paper: PaperBallots | None, settings: Settings
) -> tuple[Found, Tally]:
    """Count what lies in the box and what came on ``paper``, and change nothing.

    Open ballots are added up where they lie; sealed ones have to be opened first. Raises
    :class:`KeyLost`.
    """
    if vote.mode == Mode.OPEN:
        rows = await fetch(_SAID, vote.id)
        found = Found(choices={tuple(row["choice"]): row["ballots"] for row in rows})
        if vote.method != Method.RANKED:
            return found, _tally(vote, found.choices, paper)
    else:
        boxes = await fetch("SELECT box FROM sealed_ballots WHERE vote_id = $1", vote.id)
        private = await _key(vote, settings)
        found = await asyncio.to_thread(_open, vote, private, [row["box"] for row in boxes])
    # A run-off of thousands takes its time.
    return found, await asyncio.to_thread(_tally, vote, found.choices, paper)


def _open(vote: Vote, private: bytes, boxes: Sequence[bytes]) -> Found:
    opened = sealing.open_all(seal_of(vote), private, boxes)
    return Found(choices=Counter(one.choice for one in opened), opened=opened)


async def _key(vote: Vote, settings: Settings) -> bytes:
    try:
        return await asyncio.to_thread(
            keys.load, settings.ballot_key_directories, vote.id, vote.public_key
        )
    except keys.KeyMissing as error:
        raise KeyLost from error


def _tally(vote: Vote, choices: Mapping[Choice, int], paper: PaperBallots | None) -> Tally:
    lines = [(tuple(line["choice"]), line["count"]) for line in paper.choices] if paper else []
    return count(
        question_of(vote),
        rules_of(vote),
        vote.entitled,
        choices,
        paper=lines,
        paper_invalid=paper.invalid if paper else 0,
    )


async def _write(vote: Vote, tally: Tally, found: Found, paper: PaperBallots | None) -> None:
    """Put the count in place of the boxes."""
    whole: dict[str, Any] = msgspec.to_builtins(tally)
    by_phone = sum(found.choices.values())
    await execute(_TOOK_PART, vote.id)
    if found.opened is not None:
        if is_small(Mode.SECRET, tally.cast, tally.of_paper):
            whole = {name: whole[name] for name in KEPT}
            if paper is not None:
                paper.choices, paper.invalid = [], 0
                await paper.save(update_fields=["choices", "invalid"])
        else:
            await _store(vote, found.opened)
        gone = await execute("DELETE FROM sealed_ballots WHERE vote_id = $1", vote.id)
        if gone != by_phone:
            raise RuntimeError(f"{by_phone} boxes were opened, {gone} removed")
    vote.tally, vote.outcome, vote.chosen = whole, tally.outcome, list(tally.chosen)
    vote.counted_at = clock.now()
    await vote.save(update_fields=["state", "tally", "outcome", "chosen", "counted_at"])


async def _store(vote: Vote, opened: Sequence[sealing.Opened]) -> None:
    question, rules = question_of(vote), rules_of(vote)
    row = await fetch_one(
        _STORE,
        vote.id,
        [one.receipt for one in opened],
        [",".join(one.choice) if is_valid(question, rules, one.choice) else None for one in opened],
    )
    if row != {"written": len(opened)}:
        raise RuntimeError(f"{len(opened)} boxes were opened, ballots written: {row}")


def _stand_alone() -> None:
    """Refuse to run inside a transaction: it might be undone after the key is destroyed."""
    if hasattr(get_connection("default"), "_finalized"):
        raise TransactionManagementError("closing and counting commit for themselves")
