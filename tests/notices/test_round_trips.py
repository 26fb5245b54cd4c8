"""How often the hot requests go to the database, to the statement.

A round trip more is felt by every phone at eight in the morning, and no timed test would
notice it. BEGIN and COMMIT count.
"""

from collections.abc import AsyncIterator

import pytest

from backend import clock
from backend.people import callers
from backend.people.tokens import digest
from seed.cast import Cast
from tests.bench.counting import Statements, counted
from tests.house import SignIn, Visitor
from tests.notices.stories import draft, published, written

FEED = 2
CHANGED = 4
"""Once: where one stands, what hangs there, the page anew, and what the family confirmed."""
READ_FIRST = 2
READ_AGAIN = 2
CONFIRM = 5
PUBLISH = 18
SEEN = {"revision": 1}


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    """Everything that this test sends to the database, through one connection."""
    async with counted(dsn) as statements:
        yield statements


async def test_finding_out_who_asks_is_one_statement(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    father = await as_("王立强")
    token = father.headers["authorization"].removeprefix("Bearer ")
    sent.clear()
    actor = await callers.by_token(digest(token), clock.now())
    assert actor is not None
    assert len(actor.ties) == 2
    assert await sent.count() == 1


async def test_the_feed_costs_the_same_for_one_notice_and_for_many(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    teacher, father = await as_("林晓岚"), await as_("王立强")
    # The driver asks about a kind of value once for each connection.
    await father.get("/feed")
    for mode in ("none", "tap", "both", "read"):
        await published(teacher, draft(cast, confirmMode=mode))
        # The board is read again because it has changed, and never without a reason.
        sent.clear()
        assert len((await father.get("/feed")).json()["items"]) > 0
        assert await sent.count() <= FEED + CHANGED
        sent.clear()
        assert len((await father.get("/feed")).json()["items"]) > 0
        assert await sent.count() == FEED


async def test_reading_again_writes_nothing_and_asks_little(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    earlier, notice = [await published(await as_("林晓岚"), draft(cast)) for _ in range(2)]
    father = await as_("李建国")
    # The driver asks about a kind of value once for each connection.
    await father.put(f"/notices/{earlier}/reading", json=SEEN)
    costs = []
    for _ in range(2):
        sent.clear()
        assert (
            await father.put(f"/notices/{notice}/reading", json={"revision": 1})
        ).status_code == 204
        costs.append(await sent.count())
    assert costs == [READ_FIRST, READ_AGAIN]


async def test_confirming_costs_the_same_in_every_household(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    notice = await published(
        await as_("许建安"), draft(cast, "海湾/三年级/1班", "海湾/一年级/1班", confirmMode="tap")
    )
    await (await as_("高远")).put(f"/notices/{notice}/reading", json=SEEN)
    costs = []
    for name in ("王立强", "刘敏", "李建国", "李建国"):
        guardian = await as_(name)
        await guardian.get("/feed")
        sent.clear()
        answer = await guardian.put(f"/notices/{notice}/confirmation", json={"revision": 1})
        assert answer.status_code == 200
        costs.append(await sent.count())
    assert costs == [CONFIRM] * 4


async def test_publishing_costs_the_same_for_a_class_and_for_a_school(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    admin = await as_("许建安")
    nodes = (cast.classes["海湾/三年级/1班"], cast.grades["海湾/三年级"], cast.schools["海湾"])
    costs = []
    for node in nodes:
        audience = [{"nodeId": str(node.id), "who": "families"}]
        costs.append(await _publishing(admin, sent, draft(cast, audiences=audience)))
    assert costs == [PUBLISH] * 3


async def _publishing(author: Visitor, sent: Statements, body: dict[str, object]) -> int:
    notice = await written(author, body)
    preview = (await author.get(f"/notices/{notice}/audience")).json()
    sent.clear()
    answer = await author.put(
        f"/notices/{notice}/publication", json={"previewToken": preview["previewToken"]}
    )
    assert answer.status_code == 200, answer.text
    return await sent.count()


async def test_control_a_statement_more_is_noticed(
    as_: SignIn, cast: Cast, sent: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    father, asked = await as_("李建国"), callers.by_token

    async def twice(token_digest: str, now: object) -> object:
        await asked(token_digest, clock.now())
        return await asked(token_digest, clock.now())

    monkeypatch.setattr(callers, "by_token", twice)
    await father.get("/feed")
    sent.clear()
    await father.get("/feed")
    assert await sent.count() == FEED + 1
