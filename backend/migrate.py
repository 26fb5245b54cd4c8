"""Bringing a database's tables to what the code expects.

``python -m backend.migrate`` applies what is pending;
``python -m backend.migrate make NAME`` writes a migration for what changed in the models;
``python -m backend.migrate down NAME`` takes back everything after the migration NAME.

Whoever waits for a table's lock makes everybody who comes later wait as well. A migration
gives up after two seconds, has its transaction undone, and tries again a little later.
"""

import argparse
import asyncio
from itertools import groupby
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.operations import (
    AddConstraint,
    AddField,
    CreateModel,
    Operation,
    RunSQL,
)
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from backend import embedded, migrations, settings
from backend.database import MIGRATION_LOCK, config

log: structlog.stdlib.BoundLogger = structlog.get_logger("migrate")

LOCK_TIMEOUT = "2000"
"""Milliseconds."""
LOCK_TRIES, LOCK_PAUSE = 30, 1.0


async def upgrade(dsn: str, *, to: str | None = None) -> list[str]:
    """Apply every pending migration, each in its own transaction, and return their names.

    With ``to``, those up to and with that one. Any number of processes may call this at
    once: one applies, the others wait for it.
    """
    gate = await asyncpg.connect(dsn, timeout=10)
    try:
        await gate.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
        names = [name for name in await pending(dsn) if to is None or name <= to]
        if names:
            await _apply(dsn, names[-1], "forward")
        return names
    finally:
        await gate.close()


async def downgrade(dsn: str, name: str) -> list[str]:
    """Take back every migration after ``name``, the newest first, and return their names.

    What only the newer tables and columns could hold is lost; take a backup first. Raises
    ``ValueError`` when ``name`` is not applied.
    """
    gate = await asyncpg.connect(dsn, timeout=10)
    try:
        await gate.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
        applied = [one for one in available() if one not in await pending(dsn)]
        if name not in applied:
            raise ValueError(f"{name} is not applied")
        names = [one for one in reversed(applied) if one > name]
        if names:
            await _apply(dsn, name, "backward")
        return names
    finally:
        await gate.close()


async def pending(dsn: str) -> list[str]:
    """Return the names of the migrations that the database of ``dsn`` still lacks, in order."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        rows = await connection.fetch("select name from tortoise_migrations where app = 'school'")
    except asyncpg.UndefinedTableError:
        rows = []
    finally:
        await connection.close()
    applied = {row["name"] for row in rows}
    return [name for name in available() if name not in applied]


def available() -> list[str]:
    """Return the names of the migrations this code carries, in order."""
    return migrations.names()


async def undrawn() -> list[str]:
    """Return what the models say and no migration does yet; empty when both agree."""
    return [operation.describe() for writer in await _changes() for operation in writer.operations]


async def make(name: str) -> list[Path]:
    """Write a migration called ``name`` for what changed in the models, if anything did.

    Tortoise silently drops the constraints of a model it creates; here they follow the
    creation as operations of their own, which it does carry out.
    """
    paths = []
    for writer in await _changes():
        number = int(writer.name.partition("_")[0])
        writer.name = format_migration_name(number, name)
        writer.operations = with_constraints(writer.operations)
        paths.append(Path(writer.write()))
    return paths


async def _apply(dsn: str, target: str, direction: str) -> None:
    wanted = config(dsn, pool_size=2, name="tongxing-migrate")
    # Building an index on a large table may take longer than any request may; waiting for
    # somebody else's lock may not.
    credentials = wanted["connections"]["default"]["credentials"]
    credentials["command_timeout"] = None
    credentials["server_settings"] |= {"statement_timeout": "0", "lock_timeout": LOCK_TIMEOUT}
    for left in reversed(range(LOCK_TRIES)):
        async with TortoiseContext() as context:
            await context.init(config=wanted)
            executor = _Executor(context.db(), wanted["apps"])
            try:
                await executor.migrate(
                    [MigrationTarget("school", target)], progress=_report, direction=direction
                )
                return
            except (asyncpg.LockNotAvailableError, OperationalError) as error:
                if not left or not _is_locked_out(error):
                    raise
        log.warning("somebody holds a table this migration needs; trying again", left=left)
        await asyncio.sleep(LOCK_PAUSE)


def _is_locked_out(error: Exception) -> bool:
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    return isinstance(cause, asyncpg.LockNotAvailableError)


class _Together(Operation):
    """Several operations of one kind as one step.

    Tortoise copies its picture of all tables before every operation, and with a hundred of
    them that is most of what migrating costs; the locks of the step before are held meanwhile.
    Adding tables or columns needs no copy in between, and neither does plain SQL.
    """

    def __init__(self, operations: list[Operation]) -> None:
        self.operations = operations
        self.reversible = all(one.reversible for one in operations)

    def state_forward(self, app_label: str, state: State) -> None:
        for one in self.operations:
            one.state_forward(app_label, state)

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        for one in self.operations:
            await one.database_forward(app_label, old_state, new_state, state_editor)

    async def database_backward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        for one in reversed(self.operations):
            await one.database_backward(app_label, old_state, new_state, state_editor)


class _Executor(MigrationExecutor):
    def _migration_plan(self, *arguments: Any) -> list[PlanStep]:
        plan = super()._migration_plan(*arguments)
        self._taken_back = {step.migration.name for step in plan if step.backward}
        for step in plan:
            # On the way back a table is not the sum of its additions.
            kinds = (RunSQL,) if step.backward else (CreateModel, AddField, RunSQL)
            step.migration.operations = together(step.migration.operations, kinds)
        return plan

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        """Keep a copy of the picture before each migration that is taken back, and of no other."""
        first = min(key for key in applied if key.name in self._taken_back)
        state = await self._project_state(applied, upto=first)
        cache = {}
        for key in self._full_plan():
            if key in applied and key.name in self._taken_back:
                cache[key] = state.clone()
                migration = self.loader.graph.nodes[key]
                assert migration is not None
                await migration.apply(state, dry_run=True)
        return cache


def together(
    operations: list[Operation], kinds: tuple[type[Operation], ...] = (CreateModel, AddField)
) -> list[Operation]:
    """Return the operations with each run of one of ``kinds`` made one step."""
    joined: list[Operation] = []
    for kind, run in groupby(operations, type):
        several = list(run)
        joined += [_Together(several)] if kind in kinds else several
    return joined


def _report(event: str, _label: str, name: str) -> None:
    if event == "apply_done":
        log.info("migration applied", name=name)
    elif event == "rollback_done":
        log.info("migration taken back", name=name)


async def _changes() -> list[MigrationWriter]:
    # Nothing connects: the history is replayed in memory and compared with the models.
    wanted = config("postgresql://nobody@localhost/none")
    async with TortoiseContext() as context:
        await context.init(config=wanted, init_connections=False)
        if context.apps is None:
            raise LookupError("no models are configured")
        return await MigrationAutodetector(context.apps, wanted["apps"]).changes()


def with_constraints(operations: list[Operation]) -> list[Operation]:
    """Move the constraints of each new model behind its creation, as operations."""
    repaired: list[Operation] = []
    for operation in operations:
        repaired.append(operation)
        if isinstance(operation, CreateModel) and operation.options:
            for constraint in operation.options.pop("constraints", ()):
                repaired.append(AddConstraint(operation.name, constraint))
    return repaired


async def _main(arguments: argparse.Namespace) -> None:
    if arguments.verb == "make":
        paths = await make(arguments.name)
        log.info("migrations written" if paths else "nothing changed", files=[*map(str, paths)])
        return
    installation = settings.load()
    dsn, server = installation.database_url, None
    if dsn is None:
        server = embedded.start(installation.data_dir)
        dsn = server.dsn()
        await embedded.ensure_database(dsn)
    try:
        if arguments.verb == "down":
            log.info("taken back", names=await downgrade(dsn, arguments.name))
        else:
            log.info("database is up to date", applied=await upgrade(dsn))
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m backend.migrate", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("upgrade", help="apply what is pending (the default)")
    verbs.add_parser("make", help="write a migration").add_argument("name")
    verbs.add_parser("down", help="take migrations back").add_argument("name")
    asyncio.run(_main(parser.parse_args()))
