"""Which routes a replica may answer, and that what they read there writes nothing.

The replica is the same database through connections on which nothing can be written.
"""

from collections.abc import AsyncIterator

import pytest

from backend import replicas
from backend.database import execute, fetch_one, transaction
from backend.settings import Settings
from tests.web.asking import Asker, entries

DECLARED = {
    "listParentSchools",
    "getActivityFacts",
    "getCallList",
    "getColumnItemCounts",
    "getCourseCompletion",
    "getParentClassCount",
    "getReach",
    "getSchoolService",
    "getSeriesCounts",
    "listCourses",
    "listDistrictCertificates",
    "listGroups",
    "listHazards",
    "listIssuedCertificates",
    "listLibrary",
    "listParentClassCounts",
    "listRecommendedCourses",
    "listSentNotices",
    "listStaff",
    "listStudents",
    "listVolunteers",
    "searchNotices",
}


class ReadOnly(replicas.Replica):
    """Always up to date, and deaf to whoever wants to write."""

    def __init__(self, dsn: str, settings: Settings) -> None:
        super().__init__(dsn, settings)
        self.client.server_settings["default_transaction_read_only"] = "on"
        self.asked, self.failures = 0, list[str]()

    async def catch_up(self, place: int, cluster: str) -> None:
        assert place > 0 and cluster
        self.asked += 1

    def rest(self, error: BaseException) -> None:
        self.failures.append(repr(error))


@pytest.fixture
async def read_only(
    pool: None, dsn: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ReadOnly]:
    one = ReadOnly(dsn, settings)
    monkeypatch.setattr(replicas, "_replicas", replicas.Replicas([one]))
    yield one
    await one.client.close()


async def test_these_routes_and_no_others_ask_a_replica_and_write_nothing(
    asker: Asker, read_only: ReadOnly
) -> None:
    asking = set()
    for name in sorted(entries()):
        if asker.operations[name].method != "GET":
            continue
        request = asker.good(name)
        before = read_only.asked
        answer = await asker.send(request)
        assert answer.status_code < 500, (name, answer.text)
        if read_only.asked > before:
            asking.add(name)
            assert answer.status_code == 200, (name, answer.text)
    assert read_only.failures == []
    assert asking == DECLARED


@replicas.from_replica
async def careless() -> int:
    """Read that writes: what must never be declared, and is done by the primary."""
    await execute("INSERT INTO limits VALUES ('careless', 'x', now(), 1)")
    row = await fetch_one("SELECT count(*)::int AS n FROM limits WHERE name = 'careless'")
    return int(row["n"]) if row else 0


async def test_a_declared_read_that_writes_is_noticed_and_done_by_the_primary(
    db: None, read_only: ReadOnly
) -> None:
    assert await careless() == 1
    assert "read-only transaction" in str(read_only.failures)


async def test_inside_a_transaction_nothing_is_asked_of_a_replica(
    db: None, read_only: ReadOnly
) -> None:
    async with transaction():
        await execute("INSERT INTO limits VALUES ('careless', 'before', now(), 1)")
        assert await careless() == 2
    assert read_only.asked == 0


@replicas.from_replica
async def outer() -> int:
    return await inner()


@replicas.from_replica
async def inner() -> int:
    row = await fetch_one("SELECT 1 AS n")
    return int(row["n"]) if row else 0


async def test_a_declared_read_within_another_is_asked_for_once(
    db: None, read_only: ReadOnly
) -> None:
    assert await outer() == 1
    assert read_only.asked == 1
