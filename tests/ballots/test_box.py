"""One ballot a unit, sealed or open, and all of them in the count."""

import asyncio
from uuid import uuid4

import pytest

from backend.ballots.models import CloseReason, Method, Mode, VoteState
from backend.ballots.operations import casting, closing
from backend.ballots.operations.casting import CastBallot
from backend.ballots.operations.voting import UnitDraft
from backend.ballots.queries import turnout
from backend.ballots.rules import states
from backend.ballots.rules.charter import MORE_THAN_HALF, Base, RuleSet
from backend.database import execute, fetch, fetch_one
from backend.errors import NotFound, Refusal
from backend.settings import Settings
from tests.ballots.stage import Put, ballot, boxed, options, people, put, say

FINAL = RuleSet(
    quorum=MORE_THAN_HALF,
    majority=MORE_THAN_HALF,
    base=Base.DECIDED,
    may_change=False,
    may_abstain=False,
)


@pytest.mark.parametrize("mode", Mode)
async def test_a_vote_from_its_opening_to_its_count(
    db: None, settings: Settings, mode: Mode
) -> None:
    vote = await put(settings, mode=mode)
    for at, choice in enumerate(["for", "for", "for", "against", "abstain", "for"]):
        result = await say(vote, at, choice)
        assert (result.unit_id, result.everybody) == (vote.units[at], False)
    assert (await say(vote, 6, "against")).everybody
    counted = await closing.close(vote.id, CloseReason.EVERYBODY, by=None, settings=settings)
    assert (counted.state, counted.outcome) == (VoteState.COUNTED, "passed")
    assert counted.tally is not None
    assert counted.tally["votes"] == {"for": 4, "against": 2}
    assert (counted.tally["abstained"], counted.tally["cast"]) == (1, 7)
    assert await fetch_one("SELECT count(*) AS n FROM sealed_ballots") == {"n": 0}
    rows = await fetch("SELECT receipt, choice FROM counted_ballots ORDER BY place")
    if mode is Mode.SECRET:
        said = sorted(row["choice"][0] for row in rows)
        assert said == ["abstain", "against", "against", "for", "for", "for", "for"]
        assert [row["receipt"] for row in rows] == sorted(row["receipt"] for row in rows)
        assert counted.key_destroyed_at is not None
    else:
        assert rows == []
        assert await fetch_one("SELECT count(*) AS n FROM open_ballots") == {"n": 7}


async def test_nothing_of_a_sealed_ballot_is_written_but_the_box(
    db: None, settings: Settings
) -> None:
    """No trail, no time, and of what was said neither the choice nor the receipt."""
    vote = await put(settings, mode=Mode.SECRET)
    before = await fetch_one("SELECT count(*) AS n FROM audit_entries")
    cast = ballot("against")
    await casting.cast(vote.id, vote.voters[0], cast)
    assert await fetch_one("SELECT count(*) AS n FROM audit_entries") == before
    columns = await fetch(
        "SELECT column_name AS name FROM information_schema.columns "
        "WHERE table_name = 'sealed_ballots' ORDER BY 1"
    )
    assert [row["name"] for row in columns] == ["attempt", "box", "unit_id", "vote_id"]
    assert cast.receipt is not None
    assert await _found_anywhere(cast.receipt) == []
    assert await _found_anywhere(str(cast.attempt)) == ["sealed_ballots"], "the search finds"


async def _found_anywhere(text: str) -> list[str]:
    """Return the tables of which some row holds ``text``."""
    tables = await fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    found = []
    for table in sorted(row["name"] for row in tables):
        sql = f'SELECT 1 FROM "{table}" t WHERE t::text LIKE $1 LIMIT 1'
        if await fetch_one(sql, f"%{text}%"):
            found.append(table)
    return found


@pytest.mark.parametrize("mode", Mode)
async def test_a_ballot_is_changed_while_the_rules_allow_it(
    db: None, settings: Settings, mode: Mode
) -> None:
    vote = await put(settings, mode=mode)
    for at in range(6):
        await say(vote, at, "for")
    changed = await say(vote, 0, "against")
    assert (changed.replaced, (await turnout.turnout(vote.id)).cast) == (True, 6)
    assert await _split(vote, settings) == {"for": 5, "against": 1}


@pytest.mark.parametrize("mode", Mode)
async def test_where_nothing_may_be_changed_a_retry_is_still_no_second_ballot(
    db: None, settings: Settings, mode: Mode
) -> None:
    vote = await put(settings, mode=mode, rules=FINAL)
    attempt = uuid4()
    for _ in range(3):
        said = await say(vote, 0, "for", attempt=attempt)
        assert (said.replaced, said.unit_id) == (False, vote.units[0])
        assert (await turnout.turnout(vote.id)).cast == 1
    # The first ballot stays, whatever the retry says.
    await say(vote, 0, "against", attempt=attempt)
    with pytest.raises(states.AlreadyVoted):
        await say(vote, 0, "against")
    for at in range(1, 6):
        await say(vote, at, "for")
    assert await _split(vote, settings) == {"for": 6, "against": 0}


async def test_ballots_of_two_votes_and_two_turns_are_settled_together(
    db: None, settings: Settings
) -> None:
    """In one statement: open, sealed, a change of the same moment, a stranger's, a late one."""
    open_, secret = await put(settings), await put(settings, mode=Mode.SECRET)
    over = await put(settings)
    await execute("UPDATE votes SET closes_at = now() WHERE id = $1", over.id)
    asked = [
        (open_, 0, ballot("for")),
        (secret, 0, ballot("for")),
        (open_, 0, ballot("against")),
        (secret, 0, ballot("against")),
        (over, 1, ballot("for")),
        (open_, 1, ballot("abstain")),
    ]
    ready = [await casting.prepared(v.id, v.voters[at], one) for v, at, one in asked]
    ready.append(await casting.prepared(open_.id, secret.voters[0], ballot("for")))
    answers = await casting.settle(ready)
    assert [answer.said for answer in answers] == [
        *["ok"] * 4, "not_open", "ok", "not_entitled",
    ]  # fmt: skip
    assert [answer.replaced for answer in answers[:4]] == [False, False, True, True]
    assert answers[0].turnout == turnout.Turnout(entitled=7, cast=2, on_paper=0)
    assert answers[1].turnout == turnout.Turnout(entitled=7, cast=1, on_paper=0)


async def test_who_votes_for_two_households_names_the_one(db: None, settings: Settings) -> None:
    who = await people(3)
    units = [
        UnitDraft(ref_id=who[0], label="甲", voter_ids=(who[0], who[1])),
        UnitDraft(ref_id=who[2], label="乙", voter_ids=(who[2], who[1])),
    ]
    vote = await put(settings, units=units)
    with pytest.raises(states.WhichUnit):
        await casting.cast(vote.id, who[1], ballot("for"))
    for unit in vote.units:
        said = await casting.cast(vote.id, who[1], ballot("for", unit_id=unit))
        assert said.unit_id == unit
    with pytest.raises(states.NotEntitled):
        await casting.cast(vote.id, who[0], ballot("for", unit_id=vote.units[1]))
    seen = await turnout.units_of(vote.id, who[1])
    assert [(one.label, one.has_voted, one.choice) for one in seen] == [
        ("乙", True, ["for"]),
        ("甲", True, ["for"]),
    ]
    assert await turnout.silent(vote.id) == []


async def test_who_voted_on_paper_does_not_vote_on_a_phone(db: None, settings: Settings) -> None:
    vote = await put(settings)
    await execute("UPDATE voting_units SET on_paper = true WHERE id = $1", vote.units[0])
    with pytest.raises(states.VotedOnPaper):
        await say(vote, 0, "for")
    await say(vote, 1, "for")
    assert (await turnout.turnout(vote.id)).cast == 2


@pytest.mark.parametrize(
    ("refusal", "given"),
    [
        (states.BadChoice, {"choice": ("perhaps",)}),
        (states.BadChoice, {"choice": ("for", "against")}),
        (states.BadChoice, {"choice": ("abstain",)}),
        (states.BadChoice, {"choice": ()}),
        (states.BadChoice, {"choice": None}),
        (states.BadChoice, {"receipt": None}),
        (states.BadChoice, {"receipt": "f" * 31}),
        (states.BadChoice, {"receipt": "F" * 32}),
        (states.BadChoice, {"sealed": b"x" * 176}),
        (states.BadBox, {"choice": None, "sealed": b""}),
        (states.BadBox, {"choice": None, "sealed": b"x" * 175}),
        (states.BadBox, {"choice": None, "sealed": b"x" * 177}),
    ],
)
async def test_a_ballot_that_cannot_be_right_is_refused(
    db: None, settings: Settings, refusal: type[Refusal], given: dict[str, object]
) -> None:
    vote = await put(settings, mode=Mode.SECRET, rules=FINAL)
    cast = ballot("for", **{"choice": ("for",), **given})
    with pytest.raises(refusal):
        await casting.cast(vote.id, vote.voters[0], cast)
    assert (await turnout.turnout(vote.id)).cast == 0


async def test_a_box_is_no_ballot_of_an_open_vote_and_a_draft_takes_none(
    db: None, settings: Settings
) -> None:
    secret, open_ = await put(settings, mode=Mode.SECRET), await put(settings)
    with pytest.raises(states.BadChoice):
        await casting.cast(open_.id, open_.voters[0], boxed(secret.vote, "for"))
    with pytest.raises(NotFound):
        await casting.cast(uuid4(), open_.voters[0], ballot("for"))


async def test_nobody_casts_a_copy_of_anothers_box(db: None, settings: Settings) -> None:
    """With the database at hand, its receipt would come twice and betray what the other said."""
    vote = await put(settings, mode=Mode.SECRET)
    mine = boxed(vote.vote, "for")
    await casting.cast(vote.id, vote.voters[0], mine)
    copy = CastBallot(sealed=mine.sealed, attempt=uuid4())
    with pytest.raises(states.BadBox):
        await casting.cast(vote.id, vote.voters[1], copy)
    # Their own again is a retry, and no copy.
    await casting.cast(vote.id, vote.voters[0], mine)
    assert (await turnout.turnout(vote.id)).cast == 1
    # At once: on connections of their own, and in one batch.
    fresh = boxed(vote.vote, "against")
    twice = [await casting.prepared(vote.id, vote.voters[at], fresh) for at in (2, 3)]
    answers = await asyncio.gather(*(casting.settle([one]) for one in twice))
    assert sorted(answer.said for [answer] in answers) == ["copied", "ok"]
    again = boxed(vote.vote, "against")
    ends = await asyncio.gather(
        *(casting.cast(vote.id, vote.voters[at], again) for at in (4, 5)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [casting.CastResult, states.BadBox]
    rows = await fetch("SELECT DISTINCT box FROM sealed_ballots")
    assert len(rows) == (await turnout.turnout(vote.id)).cast == 3


async def test_every_box_of_a_vote_has_one_length(db: None, settings: Settings) -> None:
    """Whatever it says, whoever sealed it, and however much it could have said."""
    twelve = options(12)
    asked = [
        ({"method": Method.MOTION}, [("for",), ("against",), ("abstain",)]),
        ({"method": Method.RANKED, "options": twelve}, [
            (twelve[0]["key"],),
            ("abstain",),
            tuple(option["key"] for option in twelve),
            tuple(option["key"] for option in reversed(twelve[5:])),
        ]),
        ({"method": Method.MULTIPLE, "options": options(30), "choose_most": 30}, [
            ("abstain",),
            tuple(option["key"] for option in options(30)),
        ]),
    ]  # fmt: skip
    lengths = []
    for question, choices in asked:
        vote = await put(settings, 2 * len(choices) + 2, mode=Mode.SECRET, **question)
        for at, choice in enumerate(choices):
            await say(vote, 2 * at, *choice)
            await casting.cast(vote.id, vote.voters[2 * at + 1], boxed(vote.vote, *choice))
        rows = await fetch(
            "SELECT DISTINCT length(box) AS n FROM sealed_ballots WHERE vote_id = $1", vote.id
        )
        lengths.append([row["n"] for row in rows])
    # Two questions of different sizes show that the length is not one for all of them.
    assert [len(found) for found in lengths] == [1, 1, 1]
    assert len({found[0] for found in lengths}) == 3


async def _split(vote: Put, settings: Settings) -> dict[str, int]:
    """Let the deadline pass and return the count."""
    await execute("UPDATE votes SET closes_at = now() WHERE id = $1", vote.id)
    counted = await closing.close(vote.id, CloseReason.DEADLINE, by=None, settings=settings)
    assert counted.tally is not None
    split: dict[str, int] = counted.tally["votes"]
    return split
