"""Every migration since the last release, down and up again, on a database full of rows."""

import asyncio
import importlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from backend import embedded, migrate
from tests.conftest import Clone
from tests.drills import LONG, seen, size
from tests.drills.schema import (
    Catalogue,
    Watch,
    catalogue,
    columns,
    contents,
    difference,
    shared,
)
from tests.setup.processes import ROOT, end, free_ports, is_ready, tongxing, wait_until

RELEASED = "0023_published"
"""The last migration of the last release."""
HELD_SECONDS = size(10.0, 2.0)
"""In the short lane a crowded machine counts more than the migration."""
STANDSTILL: dict[str, str] = {}
"""Migrations that older code cannot live with, and why; everything else it can."""
FILL = """
INSERT INTO persons (id, name, created_at)
    SELECT gen_random_uuid(), 'family ' || n, now() FROM generate_series(1, 300000) n;
INSERT INTO audit_entries (id, at, action, subject_kind, facts)
    SELECT gen_random_uuid(), now(), 'drill.fill', 'nothing', jsonb_build_object('n', n)
    FROM generate_series(1, 400000) n;
"""
CARRIED_BACK = {"read_marks"}
"""Tables of the release before that the way back brings up to date."""
# Written as the release before writes them; what follows it keeps step.
MARKS = """
INSERT INTO read_marks (person_id, node_id, who, bits)
    SELECT p.id, c.node_id, c.who, '\\x05' FROM persons p,
        (SELECT node_id, who FROM audience_counters ORDER BY 1, 2 LIMIT 1) c
    ON CONFLICT DO NOTHING
"""


@pytest.fixture(scope="module")
async def filled(clone: Clone) -> str:
    """The sample district, or a million rows, at the newest migration."""
    dsn = await clone("migrations")
    process = tongxing("seed", cwd=ROOT, TONGXING_DATABASE_URL=dsn, TONGXING_ENVIRONMENT="test")
    try:
        said = await asyncio.to_thread(process.communicate)
    finally:
        end(process)
    assert process.returncode == 0, said
    if LONG:
        connection = await asyncpg.connect(dsn)
        await connection.execute(FILL)
        await connection.execute(MARKS)
        await connection.close()
    return dsn


@pytest.fixture(scope="module")
async def released(server: embedded.Server) -> AsyncIterator[Catalogue]:
    """The schema as a new installation of the last release has it."""
    name = f"released_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await embedded.ensure_database(server.dsn(name))
    await migrate.upgrade(server.dsn(name), to=RELEASED)
    yield await catalogue(server.dsn(name))
    admin = await asyncpg.connect(server.dsn("postgres"))
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture(scope="module")
async def newest(clone: Clone) -> Catalogue:
    """The schema as it is built from nothing."""
    return await catalogue(await clone("newest"))


async def test_down_and_up_again_nothing_is_lost(
    filled: str, released: Catalogue, newest: Catalogue
) -> None:
    steps = [name for name in migrate.available() if name > RELEASED]
    if not steps:
        pytest.skip("nothing has been added since the last release")
    assert difference(await catalogue(filled), newest) == []
    before, now = await columns(filled), time.monotonic()
    all_before = await contents(filled, before)
    with Watch(filled) as down:
        assert await migrate.downgrade(filled, RELEASED) == steps[::-1]
    went = time.monotonic() - now
    kept = shared(before, await columns(filled))
    assert difference(await catalogue(filled), released) == []
    at_release = await contents(filled, kept)
    # Each by itself says which one it was; together they are tried sooner.
    held: dict[str, tuple[float, str]] = {}
    for some in [[step] for step in steps] if LONG else [steps]:
        with Watch(filled) as up:
            assert await migrate.upgrade(filled, to=some[-1]) == some
        assert up.looks > 2
        held[some[-1]] = up.longest
    took = time.monotonic() - now - went
    assert difference(await catalogue(filled), newest) == []
    # What both schemas can hold is the same at every turn.
    assert await contents(filled, kept) == at_release
    rows = sum(count for count, _ in all_before.values())
    seen(
        "migrations", steps=len(steps), rows=rows, down_seconds=round(went, 1),
        up_seconds=round(took, 1), longest_lock_down=_told(down.longest),
        longest_lock_up={name: _told(one) for name, one in held.items()},
    )  # fmt: skip
    assert rows > size(5_000, 1_000_000)
    slow = [name for name, one in held.items() if one[0] > HELD_SECONDS and name not in STANDSTILL]
    assert not slow, held
    # Going back is for a standstill: it is measured, and not held against the limit.
    same = {
        table: all_before[table]
        for table, names in kept.items()
        if names == before[table] and table not in CARRIED_BACK
    }
    assert {table: at_release[table] for table in same} == same


def _told(longest: tuple[float, str]) -> str:
    return f"{longest[0]:.2f} s {longest[1]}"


async def test_the_way_back_from_kinds_of_activity_that_came_later_keeps_their_rows(
    filled: str,
) -> None:
    module = importlib.import_module("backend.migrations.0013_parent_classes")
    wall = "ALTER TABLE activities DROP CONSTRAINT activity_kind;"
    back = module.UNDO[module.UNDO.index(wall) :]
    forth = module.WALLS[: module.WALLS.index("ALTER TABLE activity_s")]
    connection = await asyncpg.connect(filled)
    try:
        everything = connection.transaction()
        await everything.start()
        await connection.execute("SET LOCAL session_replication_role = replica")
        made = await connection.execute("UPDATE activities SET kind = 'practice'")
        assert int(made.split()[1]) > 0
        # Control: a wall that is held against the rows that are there cannot be built.
        with pytest.raises(asyncpg.CheckViolationError):
            async with connection.transaction():
                await connection.execute(
                    back.partition("-- Activities")[0].replace("NOT VALID", "")
                )
        await connection.execute(back)
        assert await connection.fetchval("SELECT count(*) FROM activities") == int(made.split()[1])
        with pytest.raises(asyncpg.CheckViolationError):
            async with connection.transaction():
                await connection.execute("UPDATE activities SET title = title || '!'")
        await connection.execute(forth)
        await everything.rollback()
    finally:
        await connection.close()


def test_older_code_finds_everything_it_uses(released: Catalogue, newest: Catalogue) -> None:
    """During a rolling upgrade the release before runs on the new schema for a while."""
    broken = breaks(released, newest)
    declared = [name for name in STANDSTILL if name in migrate.available()]
    seen("older_code", breaks=len(broken), standstill=declared)
    assert not broken or declared, "\n".join(broken)


def breaks(old: Catalogue, new: Catalogue) -> list[str]:
    """Return what code of the old schema would miss, or be refused, on the new one."""
    found = []
    tables = {name for kind, name in old if kind == "table"}
    for (kind, name), text in old.items():
        now = new.get((kind, name))
        if kind in ("table", "function") and now is None:
            found.append(f"{kind} {name} is gone")
        elif kind == "column" and (now is None or now.split()[0] != text.split()[0]):
            found.append(f"column {name}: {text} / {now}")
        elif kind == "column" and "NOT NULL" in (now or "") and "NOT NULL" not in text:
            found.append(f"column {name} must be filled now")
    for (kind, name), text in new.items():
        if kind == "column" and (kind, name) not in old and name.partition(".")[0] in tables:
            must, _, default = text.partition("NOT NULL")
            if default != "" and not default.strip():
                found.append(f"column {name} ({must.strip()}) is not filled by older code")
    return found


def test_what_older_code_would_miss_is_seen(newest: Catalogue) -> None:
    """Control: without a column, with one more that must be filled, with a function gone."""
    one = next(name for kind, name in newest if kind == "column" and name.startswith("persons."))
    gone = {key: text for key, text in newest.items() if key != ("column", one)}
    assert len(breaks(newest, gone)) == 1
    more = {**newest, ("column", "persons.shoe_size"): "integer NOT NULL "}
    assert breaks(newest, more) == [
        "column persons.shoe_size (integer) is not filled by older code"
    ]
    filled_in = {**newest, ("column", "persons.shoe_size"): "integer NOT NULL  42"}
    assert breaks(newest, filled_in) == []
    function = next(key for key in newest if key[0] == "function")
    assert len(breaks(newest, {k: v for k, v in newest.items() if k != function})) == 1


async def test_a_table_that_is_held_too_long_is_seen(clone: Clone) -> None:
    """Control: what the watch is for."""
    dsn = await clone("held")

    async def hold(seconds: float) -> None:
        slow = await asyncpg.connect(dsn, server_settings={"application_name": "tongxing-migrate"})
        async with slow.transaction():
            await slow.execute("ALTER TABLE persons ADD COLUMN shoe_size int")
            await asyncio.sleep(seconds)
        await slow.close()

    with Watch(dsn) as watch:
        await asyncio.sleep(0.3)
        await hold(2.3)
    assert watch.longest[1] == "persons" and watch.longest[0] > 2.0


async def test_a_migration_does_not_queue_for_a_table_that_somebody_holds(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who never ends must not have everybody else wait behind a migration."""
    dsn = await clone("queue")
    last = migrate.available()[-1]
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "300")
    reader = await asyncpg.connect(dsn)
    held = reader.transaction()
    await held.start()
    await reader.execute("LOCK TABLE notices IN ACCESS SHARE MODE")
    waiting = asyncio.create_task(_alter_as_a_migration_does(dsn))
    await asyncio.sleep(0.1)
    other = await asyncpg.connect(dsn)
    begun = time.monotonic()
    await other.fetchval("SELECT count(*) FROM notices")
    felt = time.monotonic() - begun
    with pytest.raises(asyncpg.LockNotAvailableError):
        await waiting
    await held.rollback()
    await reader.close()
    await other.close()
    assert last and felt < 5.0


async def _alter_as_a_migration_does(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"lock_timeout": migrate.LOCK_TIMEOUT})
    try:
        await connection.execute("ALTER TABLE notices ADD COLUMN colour text")
    finally:
        await connection.close()


@pytest.mark.skipif(not LONG, reason="the release before is tried in the long lane")
async def test_the_release_before_serves_the_new_schema(
    filled: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = [name for name in migrate.available() if name > RELEASED]
    if declared := [name for name in steps if name in STANDSTILL]:
        pytest.skip(f"{declared[0]} is declared to need a standstill: {STANDSTILL[declared[0]]}")
    commit = _commit_before(steps)
    if commit is None:
        pytest.skip("the history that holds the release before is not here")
    tree = tmp_path_factory.mktemp("before")
    await asyncio.to_thread(_lay_out, commit, tree)
    port = free_ports(1)[0]
    process = tongxing(
        "serve", cwd=tree, PYTHONPATH=str(tree), TONGXING_DATABASE_URL=filled,
        TONGXING_PORT=str(port), TONGXING_ENVIRONMENT="test", TONGXING_DATA_DIR=str(tree / "data"),
    )  # fmt: skip
    try:
        wait_until(lambda: is_ready(port), process)
    finally:
        end(process)


def _lay_out(commit: str, tree: Path) -> None:
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "x", "-C", tree], input=archive.stdout, check=True)


def _commit_before(steps: list[str]) -> str | None:
    """Return the last commit without any of ``steps``, if the history reaches so far."""
    if not steps:
        return None
    path = f"backend/migrations/{steps[0]}.py"
    done = subprocess.run(
        ["git", "log", "--diff-filter=A", "--format=%H^", "--", path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    added = done.stdout.split()
    if not added:
        return None
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{added[-1]}{{commit}}"], cwd=ROOT, capture_output=True,
        check=False,
    )  # fmt: skip
    return added[-1] if known.returncode == 0 else None
