"""The ``tongxing`` command: everything an operator does, in one place."""

import asyncio
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import asyncpg
import typer
import uvloop
from rich.console import Console

from backend import cli_demo, cli_founding, cli_roster, cli_votes, doctor, embedded, logs, migrate
from backend.cli_backup import register as register_backup
from backend.cli_districts import placed, register_districts
from backend.database import database
from backend.errors import Refusal
from backend.roster import command
from backend.settings import Settings, SettingsError, load

BACKLOG = 4096
"""Connections that may wait to be accepted."""
CONNECTIONS = 16_384
"""Connections a process holds open at once, idle ones and live channels too. Whoever has
to wait for one gets no answer at all, not even that the house is busy, and nor does a
health check: so there are many more than could be served at once, at 3 kB each."""
SPARE_FILES = 1_024
HEADER_SECONDS = HEARTBEAT_SECONDS = 10
DRAIN_SECONDS = {"demo": 3, "test": 3, "production": 20}

Done = TypeVar("Done")

app = typer.Typer(
    name="tongxing",
    help="同行 Tongxing：家校互动云平台 · the home-school interaction platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
roster_app = typer.Typer(help="花名册 · class rosters.", no_args_is_help=True)
openapi_app = typer.Typer(help="接口文档 · the API's contract.", no_args_is_help=True)
app.add_typer(roster_app, name="roster")
app.add_typer(openapi_app, name="openapi")
register_districts(app)

errors = Console(stderr=True, highlight=False, soft_wrap=True)

Port = Annotated[int | None, typer.Option(help="Port to listen on (TONGXING_PORT).")]


def _fail(message: str) -> NoReturn:
    errors.print(f"✗ {message}", style="red", markup=False)
    raise typer.Exit(1)


def _settings() -> Settings:
    try:
        return placed(load())
    except SettingsError as error:
        _fail(str(error))


@contextmanager
def _installation(process: str) -> Iterator[tuple[Settings, str]]:
    """Yield the settings and a DSN that answers, starting the embedded server if need be."""
    settings = _settings()
    logs.configure(settings.log_format, process=process)
    dsn, server = settings.database_url, None
    try:
        if dsn is None:
            server = embedded.start(settings.data_dir, revive=True)
            dsn = server.dsn()
            asyncio.run(embedded.ensure_database(dsn))
        asyncio.run(_knock(dsn))
        yield settings, dsn
    except embedded.EmbeddedError as error:
        _fail(str(error))
    finally:
        if server is not None:
            server.stop()


async def _knock(dsn: str) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        _fail(f"the database does not let us in ({error}); check TONGXING_DATABASE_URL")
    await connection.close()


def _require_migrated(dsn: str) -> None:
    if missing := asyncio.run(migrate.pending(dsn)):
        _fail(f"the database lacks {', '.join(missing)}; run `tongxing migrate` first")


def _require_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            _fail(
                f"cannot listen on {host}:{port} ({error.strerror}): stop what runs there, "
                f"or choose another port, for example TONGXING_PORT={port + 1}"
            )


async def _with_pool(dsn: str, settings: Settings, work: Coroutine[Any, Any, Done]) -> Done:
    async with database(dsn, settings, name="tongxing-cli"):
        return await work


@app.command()
def demo(
    reset: Annotated[bool, typer.Option("--reset", help="Start over with fresh data.")] = False,
    port: Port = None,
) -> None:
    """一键演示 · Database, sample district, API and worker in the foreground."""
    settings = _settings()
    if settings.is_production:
        _fail("this is a production installation; the demo would fill it with sample people")
    port = settings.port if port is None else port
    _require_port(settings.host, port)
    logs.configure(settings.log_format, process="demo")
    try:
        raise typer.Exit(cli_demo.run(settings, port=port, reset=reset))
    except embedded.EmbeddedError as error:
        _fail(str(error))


@app.command()
def serve(
    port: Port = None,
    processes: Annotated[int | None, typer.Option(min=1, help="API processes.")] = None,
) -> None:
    """接口服务 · Serve the API."""
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    with _installation("api") as (settings, dsn):
        port = settings.port if port is None else port
        _require_migrated(dsn)
        _require_port(settings.host, port)
        files = _raise_file_limit()
        connections = min(CONNECTIONS, max(files - SPARE_FILES, files // 2))
        # The serving processes are children and read their settings from here.
        os.environ["TONGXING_DATABASE_URL"] = dsn
        server = Server(
            "backend.app:create_app",
            factory=True,
            address=settings.host,
            port=port,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            workers=processes or settings.api_processes,
            backlog=BACKLOG,
            backpressure=connections,
            # Left to find out what is spoken, it waits for ever for who never says a word.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
            respawn_failed_workers=True,
            workers_kill_timeout=DRAIN_SECONDS[settings.environment],
            log_level=LogLevels.warning,
            log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},
        )
        server.serve()
        if not server.interrupt_signal:
            _fail("the API processes keep dying; the lines above say why")


@app.command()
def worker(
    heartbeat: Annotated[
        Path | None, typer.Option(help="A file to touch every few seconds, for health checks.")
    ] = None,
) -> None:
    """后台任务 · Send pushes, release notices, run the timetable."""
    from backend import worker as rounds

    async def run(settings: Settings, dsn: str) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

        def beat(file: Path) -> None:
            file.touch()
            loop.call_later(HEARTBEAT_SECONDS, beat, file)

        if heartbeat is not None:
            beat(heartbeat)
        await rounds.run(settings, dsn, stop)

    with _installation("worker") as (settings, dsn):
        _require_migrated(dsn)
        uvloop.run(run(settings, dsn))


@app.command("migrate")
def migrate_command() -> None:
    """更新数据库 · Bring the database's tables up to date."""
    with _installation("migrate") as (_, dsn):
        applied = asyncio.run(migrate.upgrade(dsn))
        typer.echo("\n".join(f"✓ {name}" for name in applied) or "✓ nothing to do")


@app.command()
def seed() -> None:
    """示例数据 · Plant the sample district, unless it is there already."""
    from seed import garden

    with _installation("seed") as (settings, dsn):
        if settings.is_production:
            _fail("this is a production installation; sample people do not belong in it")
        _require_migrated(dsn)
        asyncio.run(_with_pool(dsn, settings, garden.plant(settings)))


@app.command("doctor")
def doctor_command(
    replay_dead: Annotated[
        bool, typer.Option("--replay-dead", help="Queue the pushes that were given up again.")
    ] = False,
) -> None:
    """体检 · Check the installation and say what to do."""
    settings = _settings()
    logs.configure(settings.log_format, process="doctor")
    raise typer.Exit(doctor.run(settings, replay_dead=replay_dead))


@roster_app.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    school: Annotated[str, typer.Option(help="The school's code (学校代码).")],
    apply: Annotated[bool, typer.Option("--apply", help="Apply when there are no errors.")] = False,
) -> None:
    """导入花名册 · Check a roster workbook, and apply it with --apply."""
    with _installation("roster") as (settings, dsn):
        _require_migrated(dsn)
        begun = time.perf_counter()
        work = command.import_file(file, school, apply)
        try:
            imported = asyncio.run(_with_pool(dsn, settings, work))
        except Refusal as refusal:
            _fail(f"{refusal.sentence('zh')} {refusal.sentence('en')}")
        seconds = time.perf_counter() - begun
        raise typer.Exit(cli_roster.report(imported, apply=apply, seconds=seconds))


def _found(work: Coroutine[Any, Any, str]) -> None:
    """Run one founding act; a refusal is its sentence."""
    with _installation("found") as (settings, dsn):
        _require_migrated(dsn)
        try:
            typer.echo(asyncio.run(_with_pool(dsn, settings, work)))
        except Refusal as refusal:
            _fail(f"{refusal.sentence('zh')} {refusal.sentence('en')}")


app.add_typer(cli_founding.commands(_found), name="found")
app.command("verify-vote")(cli_votes.verify_vote)
register_backup(app, _installation, _settings, _fail)


@openapi_app.command("export")
def openapi_export(
    path: Annotated[Path, typer.Argument()] = Path("openapi/openapi.yaml"),
) -> None:
    """导出接口文档 · Write the OpenAPI document."""
    from backend.app import build
    from backend.web import openapi

    with tempfile.TemporaryDirectory() as scratch:
        # The document needs the application, but neither its database nor its files.
        openapi.export(build(Settings(data_dir=Path(scratch)), "postgresql://"), path)
    typer.echo(f"✓ {path}")


def _raise_file_limit() -> int:
    """Return how many files a process may open, after asking for what it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    wanted = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


if __name__ == "__main__":
    sys.exit(app())
