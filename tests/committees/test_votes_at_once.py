"""Many ballots at one moment: one for each unit, and none but what is counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec.structs import replace
from tortoise.connection import get_connection

from backend.ballots.models import Unit
from backend.ballots.rules.charter import ORDINARY, PERSONNEL
from backend.database import execute, fetch, fetch_one
from backend.people.models import Relation
from backend.people.operations import ties
from backend.settings import Settings
from seed.cast import Cast
from tests.bench.counting import Statements
from tests.committees.stories import ok
from tests.committees.voting import CHAIR, EVERYBODY, committee, item, opened, put, sealed, soon
from tests.house import SignIn, Visitor, _open

FATHER, MOTHER = "王立强", "刘敏"
SLOWLY = replace(ORDINARY, chair_may_close=True, closes_when_all_voted=False)
SIGN_IN = 1
Install = Callable[[str, str], Awaitable[None]]


@pytest.fixture
async def body(as_: SignIn, cast: Cast) -> dict[str, Any]:
    return await committee(as_, cast)


@pytest.fixture
async def phones(
    as_: SignIn, cast: Cast, transport: httpx.ASGITransport, settings: Settings
) -> AsyncIterator[list[Visitor]]:
    """Two guardians of one household, each signed in on two phones."""
    async with AsyncExitStack() as stack:
        found = []
        for name in (FATHER, MOTHER) * 2:
            phone = await stack.enter_async_context(
                Visitor(transport=transport, base_url="http://house/v1")
            )
            await _open(phone, cast.id(name), settings)
            found.append(phone)
        yield found


@pytest.fixture
async def sent(pool: None) -> AsyncIterator[Statements]:
    """Everything that is sent through the pool, which batches use on their own account."""
    statements = Statements()
    connections = get_connection("default")._pool
    async with AsyncExitStack() as stack:
        for _ in range(connections.get_max_size()):
            connection = await stack.enter_async_context(connections.acquire())
            connection.add_query_logger(statements.note)
    yield statements
    async with AsyncExitStack() as stack:
        for _ in range(connections.get_max_size()):
            connection = await stack.enter_async_context(connections.acquire())
            connection.remove_query_logger(statements.note)


@pytest.fixture
async def doctored(db: None) -> AsyncIterator[Install]:
    """Change the function that casts ballots, for as long as the test lasts."""
    row = await fetch_one("SELECT pg_get_functiondef('cast_ballots'::regproc) AS sql")
    assert row is not None
    text: str = row["sql"]

    async def install(old: str, new: str) -> None:
        assert old in text
        await execute(text.replace(old, new))

    yield install
    await execute(text)


@pytest.mark.parametrize("may_change", [True, False])
@pytest.mark.parametrize("rules", [ORDINARY, PERSONNEL], ids=["open", "secret"])
async def test_sixty_four_requests_of_two_guardians_on_four_phones_are_one_ballot(
    as_: SignIn, cast: Cast, body: dict[str, Any], phones: list[Visitor], rules: Any,
    may_change: bool,
) -> None:  # fmt: skip
    """Every ballot is sent four times, as a phone does that never hears an answer."""
    if rules is PERSONNEL:
        await more_households(cast)
    homes = replace(rules, unit=Unit.HOUSEHOLD, may_change=may_change)
    vote = await opened(as_, (await item(cast, body, homes)).id, closesAt=soon(hours=30))
    ballots = []
    for number in range(16):
        choice = ("for", "against", "abstain")[number % 3]
        attempt = str(uuid4())
        box = {"sealed": sealed(vote, choice)} if vote["publicKey"] else {"choice": [choice]}
        ballots += [(phones[number % 4], {**box, "attempt": attempt})] * 4
    path = f"/votes/{vote['id']}/ballot"
    answers = await asyncio.gather(*(phone.put(path, json=sent) for phone, sent in ballots))
    said = {answer.json().get("code", "taken") for answer in answers}
    assert said == ({"taken"} if may_change else {"taken", "already_voted"})
    taken = {
        sent["attempt"]
        for (_, sent), answer in zip(ballots, answers, strict=True)
        if answer.status_code == 200
    }
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    table = "sealed_ballots" if vote["publicKey"] else "open_ballots"
    rows = await fetch(f"SELECT attempt FROM {table} WHERE vote_id = $1", UUID(vote["id"]))
    assert len(rows) == 1
    assert str(rows[0]["attempt"]) in taken
    if not may_change:
        assert len(taken) == 1
    turnout = ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/turnout"))
    assert turnout["cast"] == 1


async def test_an_item_put_and_opened_in_haste_is_one_vote(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    row = await item(cast, body)
    chair = await as_(CHAIR)
    sent = [chair.post(f"/agenda-items/{row.id}/vote", json={"closesAt": soon()}) for _ in range(4)]
    drafts = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in drafts) == [201, 409, 409, 409]
    vote = next(answer.json() for answer in drafts if answer.status_code == 201)
    path = f"/votes/{vote['id']}/opening"
    opened_ = await asyncio.gather(*(chair.put(path, json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in opened_) == [200, 409, 409, 409]
    letters = await fetch("SELECT 1 FROM post_letter WHERE occasion = 'committees.vote_opened'")
    assert len(letters) == 1


async def test_the_last_ballots_of_one_moment_close_the_vote_once(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body)).id)
    voters = [await as_(name) for name in EVERYBODY]
    answers = await asyncio.gather(*(put(voter, vote, "for") for voter in voters))
    assert [answer.status_code for answer in answers] == [200] * len(voters)
    seen = ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/result"))
    assert (seen["cast"], seen["outcome"]) == (len(voters), "passed")
    closed = await fetch("SELECT 1 FROM audit_entries WHERE action = 'ballots.close'")
    assert len(closed) == 1


async def rush(as_: SignIn, vote: dict[str, Any]) -> list[str]:
    """Let everybody vote again and again while the chair closes; return what went wrong."""
    voters, over = [await as_(name) for name in EVERYBODY], asyncio.Event()
    late: list[str] = []

    async def vote_on(voter: Visitor) -> None:
        for number in range(5_000):
            was_over = over.is_set()
            answer = await put(voter, vote, ("for", "against")[number % 2])
            if answer.status_code != 200:
                assert answer.json()["code"] == "vote_not_open", answer.text
                return
            if was_over:
                late.append("a ballot was taken after the vote was closed")
                return

    async def close() -> None:
        await asyncio.sleep(0.3)
        ok(await (await as_(CHAIR)).put(f"/votes/{vote['id']}/closure"))
        over.set()

    await asyncio.gather(close(), *(vote_on(voter) for voter in voters))
    return [*late, *await uncounted(as_, vote)]


async def uncounted(as_: SignIn, vote: dict[str, Any]) -> list[str]:
    """Return how the ballots that lie there differ from those that were counted."""
    rows = await fetch(
        "SELECT choice[1] AS key, count(*)::int AS n FROM open_ballots WHERE vote_id = $1 "
        "GROUP BY 1",
        UUID(vote["id"]),
    )
    there = {row["key"]: row["n"] for row in rows}
    result = ok(await (await as_(CHAIR)).get(f"/votes/{vote['id']}/result"))
    counted = {one["key"]: one["votes"] for one in result["options"] if one["votes"]}
    return [] if there == counted else [f"{there} lie there, {counted} were counted"]


async def test_what_is_taken_while_the_chair_closes_is_counted(
    as_: SignIn, cast: Cast, body: dict[str, Any]
) -> None:
    vote = await opened(as_, (await item(cast, body, SLOWLY)).id)
    assert await rush(as_, vote) == []


async def test_without_the_check_of_the_state_that_story_turns_red(
    as_: SignIn, cast: Cast, body: dict[str, Any], doctored: Install
) -> None:
    await doctored("v.state = 'open' AND v.closes_at > p_now", "true")
    vote = await opened(as_, (await item(cast, body, SLOWLY)).id)
    assert await rush(as_, vote)


@pytest.mark.parametrize("locked", [True, False])
async def test_closing_waits_for_a_ballot_that_is_being_cast(
    as_: SignIn, cast: Cast, body: dict[str, Any], doctored: Install, locked: bool
) -> None:
    """And without the lock on the vote's row the ballot is taken, but never counted."""
    lock = "FOR SHARE) o;"
    dawdling = lock if locked else ") o;"
    await doctored(lock, f"{dawdling} PERFORM pg_sleep(1.5);")
    vote = await opened(as_, (await item(cast, body, SLOWLY)).id)
    casting = asyncio.create_task(put(await as_(FATHER), vote, "for"))
    await asyncio.sleep(0.5)
    ok(await (await as_(CHAIR)).put(f"/votes/{vote['id']}/closure"))
    ok(await casting)
    assert (await uncounted(as_, vote) == []) is locked


async def more_households(cast: Cast) -> None:
    """Add two families to the class, for a secret ballot takes five households."""
    for name, number, guardian in (("林一一", "901", "孙海燕"), ("林二二", "902", "钱进")):
        class_ = cast.classes["海湾/三年级/1班"]
        child = await ties.admit(class_.school_id, class_.id, number, name)
        await ties.bind(cast.id(guardian), child.id, Relation.MOTHER)


async def test_a_ballot_costs_the_same_however_large_the_electorate(
    as_: SignIn, cast: Cast, body: dict[str, Any], sent: Statements
) -> None:
    """Finding out who asks; and proving that they may vote in the statement that casts."""
    vote = await opened(as_, (await item(cast, body, SLOWLY)).id)
    ok(await put(await as_(FATHER), vote, "for"))
    mother = await as_(MOTHER)
    sent.clear()
    ok(await put(mother, vote, "for"))
    await sent.count()
    # The driver asks about a kind of value once for each connection.
    asked = [one.sql for one in sent.sent if "typeinfo" not in one.sql]
    assert len(asked) == SIGN_IN + 1, asked
