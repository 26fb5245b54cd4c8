"""Boxes that hold no ballot, receipts that come twice, and paper beside them."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from backend import clock
from backend.ballots import jobs, sealing
from backend.ballots.models import CloseReason, Mode, PaperBallots, Vote, VoteState
from backend.ballots.operations import casting, closing
from backend.ballots.operations.voting import seal_of
from backend.ballots.rules import states
from backend.ballots.rules.charter import ORDINARY
from backend.database import execute, fetch, fetch_one
from backend.settings import Settings
from tests.ballots.stage import CHAIR, Put, people, put, say

PATIENT = msgspec.structs.replace(ORDINARY, chair_may_close=True)

NONSENSE = [
    b"",
    b"null",
    b"{}",
    b"[" * 100,
    b'{"choice": "for", "receipt": "0"}',
    b'{"choice": ["for"]}',
    b'{"choice": ["for"], "receipt": 7}',
    b'{"choice": ["for", 1], "receipt": "' + b"0" * 32 + b'"}',
    b'{"choice": ["\xff"], "receipt": "' + b"0" * 32 + b'"}',
    b"\x00\xff" * 60,
]


async def test_what_cannot_be_read_is_an_invalid_ballot_and_no_accident(
    db: None, settings: Settings
) -> None:
    vote = await put(settings, len(NONSENSE) + 9, mode=Mode.SECRET, rules=PATIENT)
    seal = seal_of(vote.vote)
    for at, inside in enumerate(NONSENSE):
        await _cast(vote, at, _sealed(seal, inside))
    rest = range(len(NONSENSE), len(vote.voters))
    other = msgspec.structs.replace(seal, public_key=sealing.new_key()[1])
    receipt = "0123456789abcdef" * 2
    sent = [
        bytes(seal.box_length),
        b"\xff" * seal.box_length,
        sealing.close(other, sealing.Ballot(choice=("for",), receipt=receipt)),
        _sealed(seal, b'{"choice": ["perhaps"], "receipt": "' + receipt.encode() + b'"}'),
        _sealed(seal, b'{"choice": ["for,against"], "receipt": "' + receipt.encode() + b'"}'),
        _sealed(seal, b'{"choice": [], "receipt": "' + receipt.encode() + b'"}'),
        # Says something, and has a receipt nobody can look for.
        _sealed(seal, b'{"choice": ["for"], "receipt": "' + b"Z" * 32 + b'"}'),
        sealing.close(seal, sealing.Ballot(choice=("for",), receipt=receipt)),
        sealing.close(seal, sealing.Ballot(choice=("against",), receipt=receipt)),
    ]
    for at, box in zip(rest, sent, strict=True):
        await _cast(vote, at, box)
    counted = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    tally = counted.tally
    assert tally is not None
    assert (tally["cast"], tally["valid"], tally["invalid"]) == (len(vote.voters), 3, 16)
    # Two phones that agreed on one receipt both count.
    assert tally["votes"] == {"for": 2, "against": 1}
    rows = await fetch("SELECT receipt, choice FROM counted_ballots ORDER BY place")
    assert len(rows) == len(vote.voters)
    found = [str(row["choice"]) for row in rows[:5] if row["receipt"] == receipt]
    assert sorted(found) == ["None", "None", "None", "['against']", "['for']"]
    assert {row["receipt"] for row in rows[5:]} == {None}


async def test_what_two_people_counted_on_paper_is_added(db: None, settings: Settings) -> None:
    vote = await put(settings, 9, mode=Mode.SECRET, rules=PATIENT)
    await execute("UPDATE voting_units SET on_paper = true WHERE id = ANY ($1)", [*vote.units[6:]])
    paper = await PaperBallots.create(
        vote_id=vote.id,
        choices=[{"choice": ["for"], "count": 2}],
        invalid=1,
        entered_by=CHAIR,
        entered_at=clock.now(),
    )
    for at in range(6):
        await say(vote, at, "against")
    closed = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    assert closed.state == VoteState.CLOSED, "one person's word does not count"
    assert await closing.what_blocks(closed, settings) is states.PaperUnconfirmed
    assert await jobs.finish_counts(settings) == 0
    [other] = await people(1)
    paper.state, paper.confirmed_by, paper.confirmed_at = "confirmed", other, clock.now()
    await paper.save()
    assert await jobs.finish_counts(settings) == 1
    counted = await Vote.get(id=vote.id)
    assert counted.tally is not None
    assert counted.tally["votes"] == {"for": 2, "against": 6}
    assert (counted.tally["of_paper"], counted.tally["invalid"]) == (3, 1)
    took = await fetch_one("SELECT count(*) AS n FROM voting_units WHERE took_part")
    assert took == {"n": 9}


async def test_few_boxes_among_much_paper_keep_no_split_either(
    db: None, settings: Settings
) -> None:
    """Taken from the whole, the paper would leave the four that were sealed."""
    vote = await put(settings, 14, mode=Mode.SECRET, rules=PATIENT)
    await execute("UPDATE voting_units SET on_paper = true WHERE id = ANY ($1)", vote.units[4:])
    await PaperBallots.create(
        vote_id=vote.id,
        choices=[{"choice": ["for"], "count": 10}],
        entered_by=CHAIR,
        entered_at=clock.now(),
        state="confirmed",
        confirmed_by=vote.voters[0],
        confirmed_at=clock.now(),
    )
    for at in range(4):
        await say(vote, at, "for")
    counted = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    assert counted.tally is not None
    assert "votes" not in counted.tally
    assert (counted.tally["cast"], counted.outcome) == (14, "passed")
    assert await fetch("SELECT 1 FROM counted_ballots") == []
    assert (await PaperBallots.get(vote_id=vote.id)).choices == []


async def test_counted_ballots_stay_as_they_are(db: None, settings: Settings) -> None:
    vote = await put(settings, 5, mode=Mode.SECRET)
    for at in range(5):
        await say(vote, at, "for")
    await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    for sql in ("UPDATE counted_ballots SET choice = NULL", "DELETE FROM counted_ballots"):
        with pytest.raises(Exception, match="as it was counted"):
            await execute(sql)


def _sealed(seal: sealing.Seal, inside: bytes) -> bytes:
    """Seal anything at all into a box of the right length."""
    key = X25519PublicKey.from_public_bytes(bytes.fromhex(seal.public_key))
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    box = suite.encrypt(inside.ljust(seal.length), key, info=seal.info)
    assert len(box) == seal.box_length
    return box


async def _cast(vote: Put, at: int, box: bytes) -> None:
    given = casting.CastBallot(sealed=box, attempt=vote.units[at])
    await casting.cast(vote.id, vote.voters[at], given)
