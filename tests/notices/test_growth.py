"""What the home page and a mark cost does not grow: not with other schools, not with the years.

Counted in pages that the database looks at, which no busy machine can change.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from backend.database import execute, fetch
from backend.notices.queries import home, marks
from seed.cast import Cast
from tests.bench.counting import Sent, Statements, counted
from tests.house import SignIn, Visitor
from tests.notices.stories import draft, published

DEEPER = 14
"""Pages more when all else grows tenfold: indexes get a level deeper, and four boards with their
marks and three guardians are looked up.
"""

# Other schools with two years of notices each, read and confirmed by many.
SCHOOLS = [
    """
    INSERT INTO notice_postings (node_id, who, seq, notice_id, revision, published_at,
                                 expires_at, current)
    SELECT md5('school' || s)::uuid, 'families', k, md5(s || ':' || k)::uuid, 1,
           now() - k * interval '3 days', now() + interval '30 days', k < 20
    FROM generate_series({first}, {last}) s, generate_series(0, 239) k
    """,
    """
    INSERT INTO audience_counters (node_id, who, next_seq)
    SELECT md5('school' || s)::uuid, 'families', 240 FROM generate_series({first}, {last}) s
    """,
    """
    INSERT INTO board_marks (person_id, board, bits)
    SELECT md5('parent' || p)::uuid, c.id, decode(repeat('ff', 30), 'hex')
    FROM audience_counters c, generate_series(1, 200) p WHERE c.next_seq = 240
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO receipt_versions (person_id, version)
    SELECT md5('parent' || p)::uuid, p
    FROM generate_series({first} * 200, {last} * 200 + 199) p
    """,
]
# Ten years of what hung on the family's own boards and has come down since.
YEARS = [
    """
    INSERT INTO notice_postings (node_id, who, seq, notice_id, revision, published_at,
                                 expires_at, current)
    SELECT c.node_id, c.who, 1000 + k, md5(c.id || ':' || k)::uuid, 1,
           now() - k * interval '3 days', now() - k * interval '3 days', false
    FROM audience_counters c, generate_series(1, 1200) k
    WHERE c.next_seq < 240
    """
]


@pytest.fixture
async def sent(cast: Cast, dsn: str) -> AsyncIterator[Statements]:
    async with counted(dsn) as statements:
        yield statements


async def pages(statements: list[Sent]) -> int:
    """Return how many pages these statements look at, every one of them prepared anew."""
    looked_at = 0
    for one in statements:
        if one.sql.lstrip().startswith(("SELECT", "WITH")):
            explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {one.sql}"
            (row,) = await fetch(explained, *one.values)
            plan = msgspec.json.decode(row["QUERY PLAN"])[0]["Plan"]
            looked_at += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return looked_at


async def looked_at(
    teacher: Visitor, cast: Cast, father: Visitor, sent: Statements
) -> dict[str, int]:
    """Return what a page of the feed and a mark look at, once the boards are known."""
    notice = await published(teacher, draft(cast, confirmMode="none"))
    await father.get("/feed")
    costs = {}
    for name, method, url, body in (
        ("feed", "GET", "/feed", None),
        ("mark", "PUT", f"/notices/{notice}/reading", {"revision": 1}),
    ):
        sent.clear()
        answer = await father.request(method, url, json=body)
        assert answer.status_code in (200, 204)
        await sent.count()
        costs[name] = await pages(list(sent.sent))
    return costs


async def grow(statements: list[str], first: int = 0, last: int = 0) -> None:
    # Without the notices themselves, at which these statements do not look.
    await execute("SET session_replication_role = replica")
    for statement in statements:
        await execute(statement.format(first=first, last=last))
    await execute("RESET session_replication_role")
    for table in ("notice_postings", "audience_counters", "board_marks", "receipt_versions"):
        await execute(f"VACUUM (ANALYZE) {table}")


async def test_neither_ten_times_the_schools_nor_ten_years_make_it_dearer(
    as_: SignIn, cast: Cast, sent: Statements
) -> None:
    teacher, father = await as_("林晓岚"), await as_("王立强")
    await grow(SCHOOLS, 1, 50)
    # The driver asks about a kind of value once for each connection.
    await looked_at(teacher, cast, father, sent)
    before = await looked_at(teacher, cast, father, sent)
    await grow(SCHOOLS, 51, 500)
    beside_others = await looked_at(teacher, cast, father, sent)
    await grow(YEARS)
    after_years = await looked_at(teacher, cast, father, sent)
    assert 5 < before["feed"] < 100
    for grown in (beside_others, after_years):
        for name, cost in grown.items():
            assert cost <= before[name] + DEEPER, (before, beside_others, after_years)


@pytest.mark.parametrize(("module", "name"), [(home, "STATE"), (marks, "TAP")])
async def test_control_what_is_searched_for_is_noticed(
    as_: SignIn, cast: Cast, sent: Statements, monkeypatch: pytest.MonkeyPatch,
    module: Any, name: str,
) -> None:  # fmt: skip
    teacher, father = await as_("林晓岚"), await as_("王立强")
    await grow(SCHOOLS, 1, 50)
    await looked_at(teacher, cast, father, sent)
    before = await looked_at(teacher, cast, father, sent)
    await grow(SCHOOLS, 51, 500)
    searching = getattr(module, name).replace(
        "r.person_id = a.person_id", "r.person_id::text = a.person_id::text"
    )
    assert searching != getattr(module, name)
    monkeypatch.setattr(module, name, searching)
    after = await looked_at(teacher, cast, father, sent)
    kind = "feed" if module is home else "mark"
    assert after[kind] > before[kind] + DEEPER, (before, after)
