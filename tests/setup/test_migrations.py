"""The tables come from migrations, once, whoever asks for them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.operations import AddConstraint, CreateModel

from backend import embedded, migrate
from tests.setup.processes import ROOT

UPGRADE = """
import asyncio, sys
from backend import migrate
print(",".join(asyncio.run(migrate.upgrade(sys.argv[1]))))
"""


@pytest.fixture
async def empty(server: embedded.Server) -> AsyncIterator[str]:
    name = f"empty_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await embedded.ensure_database(server.dsn(name))
    yield server.dsn(name)
    admin = await asyncpg.connect(server.dsn("postgres"))
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


async def test_three_processes_at_once_apply_each_migration_once(empty: str) -> None:
    assert await migrate.pending(empty) == migrate.available()
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", UPGRADE, empty),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    said = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    last_lines = sorted(text.rstrip("\n").rpartition("\n")[2] for text in said)
    assert last_lines == ["", "", ",".join(migrate.available())]
    assert await migrate.pending(empty) == []
    connection = await asyncpg.connect(empty)
    rows = await connection.fetch("select name from tortoise_migrations order by id")
    await connection.close()
    assert [row["name"] for row in rows] == migrate.available()


async def test_upgrading_twice_changes_nothing(empty: str) -> None:
    assert await migrate.upgrade(empty) == migrate.available()
    assert await migrate.upgrade(empty) == []


async def test_models_and_migrations_say_the_same() -> None:
    assert await migrate.undrawn() == [], "run `python -m backend.migrate make NAME`"


async def test_a_new_models_constraints_reach_the_migration() -> None:
    create = CreateModel(
        name="Shelf",
        fields=[("id", fields.IntField(primary_key=True)), ("books", fields.IntField())],
        options={
            "table": "shelves",
            "constraints": [CheckConstraint(check="books >= 0", name="no_debts")],
        },
    )
    repaired = migrate.with_constraints([create])
    assert repaired[0] is create and "constraints" not in (create.options or {})
    added = repaired[1]
    assert isinstance(added, AddConstraint)
    assert (added.model_name, added.constraint.name) == ("Shelf", "no_debts")
