"""Everything is asked for up to five times at once, and many answers are lost on the way."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import asyncpg
import pytest

from backend import clock
from backend.database import execute
from backend.identifiers import uuid7
from backend.people import jobs
from tests.bookings.crowd import Houses, houses
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.asking import NO_ANSWER, Deed, Reply, send
from tests.drills.deeds import Stage
from tests.fakes.toxics import LimitData, Proxy, ResetPeer, Way

DEEDS = size(150, 5_000)
AT_ONCE = 8
MOST = 5
PATIENCE = 60.0

NEVER_THE_SAME = """
CREATE FUNCTION forget_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.key := left(gen_random_uuid()::text, 20); RETURN NEW; END $$;
CREATE TRIGGER forget_key BEFORE INSERT ON idempotency_keys
    FOR EACH ROW EXECUTE FUNCTION forget_key()
"""
AS_BEFORE = "DROP TRIGGER forget_key ON idempotency_keys; DROP FUNCTION forget_key()"


@dataclass
class Ground:
    """Two serving processes, a bad network before each, and things to do."""

    houses: Houses
    stage: Stage
    proxies: list[Proxy]
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def repeat(self, deed: Deed) -> None:
        """Ask for a deed several times at once, each time until there is an answer."""
        copies = self.chance.randint(1, MOST)
        replies = await asyncio.gather(*(self.insist(deed) for _ in range(copies)))
        self.counts["deeds"] += 1
        self.counts["copies"] += copies
        if any(reply.status not in (200, 201, 204) for reply in replies):
            said = [(one.status, one.json) for one in replies if one.status >= 400]
            self.wrong.append(f"{deed.verb}: {said[:1]}")
        if len({(one.status, str(deed.told(one))) for one in replies}) > 1:
            said = {(one.status, str(deed.told(one))[:300]) for one in replies}
            self.wrong.append(f"{deed.verb} was answered differently: {said}")
        if (done := await deed.done()) != 1:
            self.counts["double"] += done > 1
            self.wrong.append(f"{deed.verb} happened {done} times")

    async def insist(self, deed: Deed) -> Reply:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    reply = await send(self.chance.choice(self.proxies).port, deed)
                except NO_ANSWER:
                    self.counts["lost answers"] += 1
                else:
                    later = reply.headers.get("retry-after")
                    if later is None:
                        return reply
                    # Too busy, or another copy is being worked on: it says when to ask again.
                    self.counts[f"asked to wait ({reply.status})"] += 1
                    await asyncio.sleep(float(later))
                await asyncio.sleep(0.05 * self.chance.random())

    async def play(self, number: int, verbs: list[str] | None = None) -> None:
        """Do so many deeds, all kinds in turn."""
        kinds = verbs or list(self.stage.recipes)
        for start in range(0, number, AT_ONCE):
            ahead = range(start, min(start + AT_ONCE, number))
            batch = [await self.stage.deed(kinds[one % len(kinds)]) for one in ahead]
            await asyncio.gather(*(self.repeat(deed) for deed in batch))

    @asynccontextmanager
    async def bad_network(self) -> AsyncIterator[None]:
        """Lose a quarter of the answers whole, and some more in the middle."""
        for proxy in self.proxies:
            await proxy.poison(ResetPeer(), Way.DOWN, share=0.25)
            await proxy.poison(LimitData(120), Way.DOWN, share=0.35)
        try:
            yield
        finally:
            for proxy in self.proxies:
                await proxy.cure()


@pytest.fixture(scope="module")
async def ground(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    chance = dice("replays")
    async with AsyncExitStack() as stack:
        folder = tmp_path_factory.mktemp("replays")
        both = await stack.enter_async_context(houses(await clone("replays"), folder))
        proxies = [
            await stack.enter_async_context(Proxy(("127.0.0.1", port), seed=chance.random()))
            for port in both.ports
        ]
        stage = Stage(both, chance, both.ports[0])
        with both.context:
            await stage.set_up()
        yield Ground(both, stage, proxies, chance)


async def test_nothing_happens_twice_however_often_it_is_asked_for(ground: Ground) -> None:
    with ground.houses.context:
        async with ground.bad_network():
            await ground.play(DEEDS)
    assert not ground.wrong, "\n".join([*ground.wrong[:20], *ground.houses.accidents()[:5]])
    assert ground.houses.accidents() == []
    assert ground.counts["lost answers"] > DEEDS / 10
    seen("replays", verbs=len(ground.stage.recipes), wrong=0, **ground.counts)


async def test_control_without_the_kept_keys_things_happen_twice(ground: Ground) -> None:
    careless = replace(ground, counts=Counter(), wrong=[])
    await ground.houses.watch.execute(NEVER_THE_SAME)
    try:
        with ground.houses.context:
            async with careless.bad_network():
                await careless.play(12, ["write a notice", "begin an upload"])
    finally:
        await ground.houses.watch.execute(AS_BEFORE)
    assert careless.counts["double"] > 0
    seen("replays without kept keys", double=careless.counts["double"])


KEYED = ["write a notice", "suggest", "begin an upload", "plan an activity", "write a course"]


@pytest.mark.parametrize("verb", KEYED)
async def test_a_key_stands_for_one_request_of_one_person_for_two_days(
    ground: Ground, verb: str
) -> None:
    port = ground.houses.ports[1]
    with ground.houses.context:
        deed = await ground.stage.deed(verb)
        first = await send(port, deed)
        assert first.status == 201, first.body
        changed = await send(port, replace(deed, body=deed.other))
        assert (changed.status, changed.json["code"]) == (422, "idempotency_key_reused")
        # The same key in somebody else's hands has nothing to do with it.
        if verb == "suggest":
            stranger = next(one for one in ground.houses.guardians if one.person != deed.who.person)
            theirs = await send(port, replace(deed, who=stranger))
            assert theirs.status == 201
            assert theirs.json["id"] != first.json["id"]
            assert await deed.done() == 2
        before = await deed.done()
        assert (await send(port, deed)).body == first.body
        # Two days later the key is forgotten, and the same request is a new one.
        await execute("UPDATE idempotency_keys SET created_at = created_at - interval '49 hours'")
        await jobs.purge()
        again = await send(port, deed)
        assert (again.status, again.json["id"] != first.json["id"]) == (201, True)
        assert await deed.done() == before + 1


async def test_a_copy_of_what_is_still_being_done_is_told_to_come_back(ground: Ground) -> None:
    with ground.houses.context:
        deed = await ground.stage.deed("write a notice")
        other = await asyncpg.connect(ground.houses.dsn)
        try:
            hold = other.transaction()
            await hold.start()
            await other.execute(
                "INSERT INTO idempotency_keys (id, person_id, operation, key, fingerprint, "
                "created_at) VALUES ($1, $2, 'writeNotice', $3, '', $4)",
                uuid7(), deed.who.person, deed.key, clock.now(),
            )  # fmt: skip
            waiting = await send(ground.houses.ports[0], deed)
            await hold.rollback()
        finally:
            await other.close()
        assert (waiting.status, waiting.json["code"]) == (409, "idempotency_key_in_flight")
        assert int(waiting.headers["retry-after"]) >= 1
        assert waiting.json["retryable"]
        assert waiting.seconds < 10
        assert (await ground.insist(deed)).status == 201
        assert await deed.done() == 1
