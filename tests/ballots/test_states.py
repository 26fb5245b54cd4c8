"""The life of a vote, by table and by trying every verb in every state."""

import uuid
from collections.abc import Awaitable, Callable

import pytest

from backend import clock
from backend.ballots.models import CloseReason, Mode, Vote, VoteState
from backend.ballots.operations import casting, closing, voting
from backend.ballots.operations.voting import UnitDraft, VoteContent
from backend.ballots.rules.bundle import rules_of
from backend.ballots.rules.states import MOVES, Verb, moved
from backend.database import execute
from backend.errors import Refusal
from backend.settings import Settings
from tests.ballots.stage import CHAIR, Put, a_draft, ballot, people, put, say

# One line a verb, one column a state: where it leads, or the code of the refusal.
TABLE = """
            draft           open            closed          counted         certified       published       annulled
rewrite     draft           vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft
discard     draft           vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft
open        open            vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft  vote_not_draft
cast        vote_not_open   open            vote_not_open   vote_not_open   vote_not_open   vote_not_open   vote_not_open
enter_paper paper_too_late  open            paper_too_late  paper_too_late  paper_too_late  paper_too_late  paper_too_late
close       vote_not_open   closed          vote_not_open   vote_not_open   vote_not_open   vote_not_open   vote_not_open
count       vote_not_closed vote_not_closed counted         vote_not_closed vote_not_closed vote_not_closed vote_not_closed
settle_tie  vote_not_counted vote_not_counted vote_not_counted counted      vote_not_counted vote_not_counted vote_not_counted
certify     vote_not_counted vote_not_counted vote_not_counted certified    vote_not_counted vote_not_counted vote_not_counted
object      objections_closed objections_closed objections_closed counted   certified       objections_closed objections_closed
recount     objections_closed objections_closed objections_closed counted   counted         objections_closed objections_closed
publish     vote_not_certified vote_not_certified vote_not_certified vote_not_certified published vote_not_certified vote_not_certified
annul       vote_not_under_way annulled     annulled        vote_not_under_way vote_not_under_way vote_not_under_way vote_not_under_way
"""  # noqa: E501
_LINES = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [
    (Verb(line[0]), VoteState(state), told)
    for line in _LINES[1:]
    for state, told in zip(_LINES[0], line[1:], strict=True)
]


def test_the_table_is_complete() -> None:
    assert len(CELLS) == len(Verb) * len(VoteState) == 91
    assert set(MOVES) == set(Verb)


@pytest.mark.parametrize(("verb", "state", "told"), CELLS)
def test_every_verb_in_every_state(verb: Verb, state: VoteState, told: str) -> None:
    if told in [*VoteState]:
        assert moved(state, verb) == told
        return
    with pytest.raises(Refusal) as refused:
        moved(state, verb)
    assert (refused.value.code, refused.value.facts) == (told, {"state": state.value})


Act = Callable[[Put, Settings], Awaitable[object]]


async def _rewrite(vote: Put, settings: Settings) -> object:
    known = await Vote.get(id=vote.id)
    fields = {name: getattr(known, name) for name in VoteContent.__struct_fields__}
    return await voting.rewrite(vote.id, VoteContent(**fields | {"rules": rules_of(known)}), CHAIR)


async def _open(vote: Put, settings: Settings) -> object:
    units = [UnitDraft(ref_id=one, voter_ids=(one,)) for one in vote.voters]
    return await voting.open_vote(vote.id, units, by=CHAIR, settings=settings)


ACTS: dict[Verb, Act] = {
    Verb.REWRITE: _rewrite,
    Verb.DISCARD: lambda vote, _: voting.discard(vote.id, CHAIR),
    Verb.OPEN: _open,
    Verb.CAST: lambda vote, _: casting.cast(vote.id, vote.voters[0], ballot("for")),
    Verb.CLOSE: lambda vote, settings: closing.close(
        vote.id, CloseReason.DEADLINE, by=CHAIR, settings=settings
    ),
    Verb.COUNT: lambda vote, settings: closing.count_closed(vote.id, settings),
    Verb.ANNUL: lambda vote, settings: closing.annul(vote.id, "另行表决", CHAIR, settings),
}


REFUSED = [cell for cell in CELLS if cell[0] in ACTS and cell[2] not in [*VoteState]]


@pytest.mark.parametrize(("verb", "state", "told"), REFUSED)
async def test_what_the_table_refuses_is_refused_and_changes_nothing(
    db: None, settings: Settings, verb: Verb, state: VoteState, told: str
) -> None:
    vote = await _in_state(state, settings)
    before = await Vote.get(id=vote.id).values()
    with pytest.raises(Refusal) as refused:
        await ACTS[verb](vote, settings)
    assert refused.value.code == told
    assert await Vote.get(id=vote.id).values() == before


async def _in_state(state: VoteState, settings: Settings) -> Put:
    """Return a vote in that state; what others do to a count is done to its row."""
    if state is VoteState.DRAFT:
        who = await people(6)
        return Put(vote=await a_draft(mode=Mode.SECRET), voters=who, units=[])
    vote = await put(settings, 6, mode=Mode.SECRET)
    if state is VoteState.OPEN:
        return vote
    if state is VoteState.ANNULLED:
        await closing.annul(vote.id, "另行表决", CHAIR, settings)
        return vote
    for at in range(6):
        await say(vote, at, "for")
    if state is VoteState.CLOSED:
        await execute(
            "UPDATE votes SET state = 'closed', closed_at = now(), close_reason = 'chair' "
            "WHERE id = $1", vote.id,
        )  # fmt: skip
        return vote
    await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    if state is not VoteState.COUNTED:
        await execute(
            "UPDATE votes SET state = 'certified', certified_at = $2, certified_by = $3 "
            "WHERE id = $1", vote.id, clock.now(), CHAIR,
        )  # fmt: skip
    if state is VoteState.PUBLISHED:
        await execute(
            "UPDATE votes SET state = 'published', published_at = now(), bundle = '{}' "
            "WHERE id = $1", vote.id,
        )  # fmt: skip
        with pytest.raises(Exception, match="stays as it is"):
            await execute("UPDATE votes SET outcome = 'failed' WHERE id = $1", vote.id)
    return vote


async def test_a_draft_is_rewritten_and_thrown_away(db: None, settings: Settings) -> None:
    vote = await a_draft(mode=Mode.SECRET)
    nobody = Put(vote=vote, voters=[], units=[])
    await _rewrite(nobody, settings)
    await voting.discard(vote.id, CHAIR)
    assert not await Vote.exists(id=vote.id)
    with pytest.raises(Refusal) as refused:
        await voting.discard(uuid.uuid4(), CHAIR)
    assert refused.value.status == 404
