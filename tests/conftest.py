"""One PostgreSQL for the whole run, one database for each worker, nothing left between tests.

The first worker that needs it starts the server and migrates a template; every worker
clones its own database from that. After each test all rows are removed again, save those
that the migrations themselves put there.
"""

import fcntl
import gc
import ipaddress
import logging
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from tortoise.connection import get_connection

from backend import embedded, migrate
from backend.database import database
from backend.settings import Settings

# A failure prints what was logged; thousands of requests would bury the one line that matters.
logging.getLogger("httpx").setLevel(logging.WARNING)

RUN = "TONGXING_TEST_RUN"
TEMPLATE = "tongxing_template"


def copies(schema: str, prefix: str = "") -> str:
    """Return what copies every table that has rows into a schema, under its prefixed name."""
    return f"""
do $$
declare name text;
declare filled boolean;
begin
    for name in select tablename from pg_tables
                where schemaname = 'public' and tablename <> 'tortoise_migrations'
    loop
        execute format('select exists (select from public.%I)', name) into filled;
        if filled then
            execute format('create table {schema}.%I as table public.%I', '{prefix}' || name, name);
        end if;
    end loop;
end $$;
"""


# Every table is emptied, whatever references it: triggers and foreign keys rest meanwhile.
# Deleting a few rows beats truncating; a large table would leave its dead rows behind.
RESET = """
create schema keep;
create function keep.reset() returns void language plpgsql as $$
declare kind record;
begin
    perform set_config('session_replication_role', 'replica', true);
    for kind in select c.oid, c.oid::regclass::text as name, k.relname is not null as kept
                from pg_class c left join pg_class k
                  on k.relname = c.relname and k.relnamespace = 'keep'::regnamespace
                where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                  and not c.relispartition and c.relname <> 'tortoise_migrations'
                order by kept
    loop
        if pg_relation_size(kind.oid) > 1 << 20 then
            execute 'truncate ' || kind.name || ' cascade';
        else
            execute 'delete from ' || kind.name;
        end if;
        if kind.kept then
            execute format('insert into %s overriding system value table keep.%s',
                           kind.name, kind.name);
        end if;
    end loop;
end $$;
""" + copies("keep")


def pytest_configure(config: pytest.Config) -> None:
    """Name the run, once, in the process that the workers inherit their environment from."""
    sys.addaudithook(_stay_at_home)
    if not hasattr(config, "workerinput"):
        _sweep()
        # The whole path, for memory may fill up before the last worker asks.
        home = embedded.scratch_dir(f"tongxing-tests-{uuid.uuid4().hex[:12]}")
        os.environ[RUN] = str(home)


def pytest_collection_finish() -> None:
    """Leave the house and the list of tests out of every search for circles, as an API process
    does: walking them again and again took a third of the tests' time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 5)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's server when the last worker has left it."""
    if not hasattr(config, "workerinput") and _home().exists():
        embedded.erase(_home())
        shutil.rmtree(_home())


def _home() -> Path:
    return Path(os.environ[RUN])


def _sweep() -> None:
    for abandoned in embedded.scratch_dir("x").parent.glob("tongxing-tests-*"):
        # A run that still uses its server keeps it.
        with suppress(embedded.EmbeddedError, PermissionError):
            embedded.erase(abandoned)
            shutil.rmtree(abandoned)


def _stay_at_home(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in ("", "localhost"):
        return
    with suppress(ValueError):
        place = ipaddress.ip_address(name)
        if place.is_loopback or place.is_unspecified:
            return
    raise RuntimeError(f"tests stay on this machine, but something asked for {name}")


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.Server]:
    """The run's PostgreSQL, shared by all workers."""
    running = embedded.start(_home(), durable=False)
    yield running
    running.stop()


async def _make_template(server: embedded.Server) -> None:
    admin = await asyncpg.connect(server.dsn("postgres"))
    try:
        if await admin.fetchval("select true from pg_database where datname = $1", TEMPLATE):
            return
        draft = server.dsn("tongxing_draft")
        await admin.execute("drop database if exists tongxing_draft with (force)")
        await embedded.ensure_database(draft)
        await migrate.upgrade(draft)
        connection = await asyncpg.connect(draft)
        await connection.execute(RESET)
        await connection.close()
        await admin.execute(f"alter database tongxing_draft rename to {TEMPLATE}")
        await admin.execute(f"alter database {TEMPLATE} with is_template true")
    finally:
        await admin.close()


@pytest.fixture(scope="session")
async def clone(server: embedded.Server) -> AsyncIterator["Clone"]:
    """Makes further databases like the migrated template, for tests with processes of their own.

    ``await clone("name")`` returns the new database's DSN.
    """
    with (_home() / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        await _make_template(server)
    yield Clone(server)


class Clone:
    """Copies the template; each name once per run and worker."""

    def __init__(self, server: embedded.Server) -> None:
        self.server = server

    async def __call__(self, name: str) -> str:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        admin = await asyncpg.connect(self.server.dsn("postgres"))
        try:
            await admin.execute(
                f'create database "{name}_{worker}" template {TEMPLATE} strategy file_copy'
            )
        finally:
            await admin.close()
        return self.server.dsn(f"{name}_{worker}")


@pytest.fixture(scope="session")
async def dsn(clone: Clone) -> str:
    """The address of this worker's own database."""
    return await clone("test")


@pytest.fixture(scope="session")
def settings(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A test installation on this worker's database."""
    return Settings(
        environment="test", database_url=dsn, data_dir=tmp_path_factory.mktemp("data"), pool_size=8
    )


@pytest.fixture(scope="session")
async def pool(dsn: str, settings: Settings) -> AsyncIterator[None]:
    """Hold the connection pool open on the session's event loop."""
    async with database(dsn, settings, name="tests"):
        yield


@pytest.fixture
async def db(pool: None) -> AsyncIterator[None]:
    """An open database, emptied again after the test."""
    yield
    await get_connection("default").execute_script("select keep.reset()")


from tests.house import anyone, as_, cast, transport  # noqa: E402, F401
