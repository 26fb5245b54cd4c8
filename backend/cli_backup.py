"""``tongxing backup`` and ``tongxing restore``."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import asyncpg
import typer
from rich.console import Console

from backend import clock, embedded
from backend.backups import (
    checking,
    following,
    programs,
    restoring,
    retaining,
    sealing,
    slots,
    taking,
)
from backend.backups.restoring import Gap, NotEmpty, Unreached
from backend.backups.vault import Absent, Damaged, Vault
from backend.settings import Settings

Installation = Callable[[str], AbstractContextManager[tuple[Settings, str]]]
"""Gives the settings and the address of a database that answers, to the process named."""

Tools = Annotated[
    Path | None,
    typer.Option(help="A folder of PostgreSQL 18's programs, where TLS is needed."),
]
Name = Annotated[str | None, typer.Argument(help="A backup's name; the newest when left out.")]

console = Console(highlight=False, soft_wrap=True)


def register(
    app: typer.Typer,
    installation: Installation,
    settings: Callable[[], Settings],
    fail: Callable[[str], NoReturn],
) -> None:
    """Add both commands to ``app``; ``fail`` ends the process with a message."""
    group = typer.Typer(help="备份 · Back up, follow, list, verify.")
    app.add_typer(group, name="backup")

    @contextmanager
    def refusing() -> Iterator[None]:
        try:
            yield
        except (
            Absent, Damaged, Gap, NotEmpty, OSError, Unreached, asyncpg.PostgresError,
            embedded.EmbeddedError, following.Diverged, programs.ProgramFailed,
            sealing.KeyUnfit, taking.NotPossible,
        ) as error:  # fmt: skip
            fail(f"{type(error).__name__}: {error}")

    @group.callback(invoke_without_command=True)
    def backup(context: typer.Context, tools: Tools = None) -> None:
        """备份 · Take a backup now; --help names what else there is."""
        if context.invoked_subcommand is not None:
            return
        with refusing(), installation("backup") as (own, dsn):
            vault = _vault(own)
            taken = taking.take(vault, dsn, _files(own), tools=tools)
            retaining.prune(vault, timedelta(days=own.backup_days), clock.now())
            console.print(f"✓ {taken.id}  {taken.size / 2**20:.1f} MiB  {vault.root}", markup=False)
            _say_what_is_left_out(own)

    @group.command()
    def follow(
        every: Annotated[float, typer.Option(min=1, max=60, help="Seconds of a round.")] = (
            following.ROUND_SECONDS
        ),
        base_hours: Annotated[float, typer.Option(min=0.1, help="Hours between backups.")] = 24,
        heartbeat: Annotated[
            Path | None, typer.Option(help="A file to touch after every round that went well.")
        ] = None,
        tools: Tools = None,
    ) -> None:
        """跟随 · Keep the journal and new files coming; runs until stopped."""
        over = False

        def stop(*_: object) -> None:
            nonlocal over
            over = True

        def is_over(seconds: float) -> bool:
            until = time.monotonic() + seconds
            while not over and time.monotonic() < until:
                time.sleep(0.1)
            return over

        with refusing(), installation("backup") as (own, dsn):
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, stop)
            spool = own.data_dir.absolute() / "backup-spool"
            follower = following.Follower(_vault(own), dsn, _files(own), spool, tools=tools)
            following.run(
                follower,
                every=every,
                keep=timedelta(days=own.backup_days),
                base_every=timedelta(hours=base_hours),
                is_over=is_over,
                beat=lambda: heartbeat.touch() if heartbeat else None,
            )

    @group.command()
    def release() -> None:
        """不再跟随 · Give up the slot that keeps the journal for a follower."""
        with refusing(), installation("backup") as (_, dsn):
            gone = asyncio.run(slots.release(dsn))
            console.print("✓ released" if gone else "✓ nothing was held")

    @group.command("list")
    def list_() -> None:
        """列表 · What can be restored."""
        with refusing():
            vault = _vault(settings())
            for folder in taking.listed(vault):
                console.print(_line(vault, folder), markup=False)
            reached = following.reached(vault)
            until = "no follower ever ran" if reached is None else f"up to {reached.at:%F %T} UTC"
            console.print(f"journal: {until}")

    @group.command()
    def verify(name: Name = None, tools: Tools = None) -> None:
        """核对 · Hold a backup, its files and its journal against their digests."""
        with refusing():
            vault = _vault(settings())
            found = [one for one in taking.listed(vault) if name in (None, one.id)]
            if not found:
                fail("there is no such backup")
            last = found[-1]
            wrong = [last.trouble] if last.backup is None else []
            if last.backup is not None:
                wrong += restoring.verify(vault, last.backup, tools=tools)
            for sentence in wrong:
                console.print(f"✗ {sentence}", style="red", markup=False)
            if wrong:
                raise typer.Exit(1)
            console.print(f"✓ {last.id} is what was taken; nothing is missing behind it")

    @group.command()
    def key(file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
        """密钥 · Make a key to encrypt backups with; keep a copy apart from them."""
        with refusing():
            sealing.new_key(file)
        console.print(f"✓ {file}: set TONGXING_BACKUP_KEY, and keep a copy elsewhere", markup=False)

    @app.command()
    def restore(
        into: Annotated[Path, typer.Option(help="An empty folder: the new data directory.")],
        name: Name = None,
        to: Annotated[
            str | None, typer.Option(help="A moment with its time zone: 2026-09-01T08:00:00+08:00")
        ] = None,
        keep_sessions: Annotated[
            bool, typer.Option("--keep-sessions", help="Do not have everybody sign in again.")
        ] = False,
        despite_gap: Annotated[
            bool, typer.Option("--despite-gap", help="Stop where the journal has a gap.")
        ] = False,
        tools: Tools = None,
    ) -> None:
        """恢复 · Restore a backup, and the journal up to a moment, into an empty folder."""
        with refusing():
            own, moment = settings(), _moment(to, fail)
            vault = _vault(own)
            wanted = restoring.plan(vault, name, moment, despite_gap=despite_gap)
            restored = restoring.restore(vault, wanted, into, tools=tools)
            try:
                looked = checking.examine(restored, vault, own, keep_sessions=keep_sessions)
                report = asyncio.run(looked)
            finally:
                restored.stop()
            restoring.check_pages(restored.home, tools=tools)
        for one in report.findings:
            mark, style = ("✓", "green") if one.well else ("✗", "red")
            console.print(f"{mark} {one.subject}  {one.detail}", style=style, markup=False)
        console.print(
            f"{wanted.backup.id} → {restored.home}  {restored.seconds:.1f} s\n"
            "Secrets and keys are not part of a backup: bring SECRET_KEY along.",
            markup=False,
        )
        raise typer.Exit(0 if report.is_well else 1)


def _line(vault: Vault, folder: taking.Folder) -> str:
    one = folder.backup
    if one is None:
        return f"✗ {folder.id}  {folder.trouble}"
    after = restoring.chain_of(vault, one)
    files = "files in a bucket" if one.files is None else f"{len(one.files)} files"
    gaps = f", {restoring.said(after, one)}" if after.gaps else ""
    return (
        f"{'✗' if after.gaps else '✓'} {one.id}  ended {one.ended_at:%Y-%m-%d %H:%M:%S} UTC  "
        f"{one.size / 2**20:.1f} MiB  {files}  {len(after.names)} segments behind it{gaps}"
    )


def _vault(settings: Settings) -> Vault:
    key = None if settings.backup_key is None else sealing.read_key(settings.backup_key)
    return Vault(settings.vault.absolute(), key)


def _files(settings: Settings) -> Path | None:
    """Return the folder of the files, ``None`` where they lie in a bucket."""
    return None if settings.storage_bucket else settings.data_dir.absolute() / "files"


def _say_what_is_left_out(settings: Settings) -> None:
    console.print("  不含 left out: 秘密投票私钥 ballot keys; SECRET_KEY 等密钥 secrets")
    if settings.storage_bucket:
        console.print("  不含 left out: the bucket; switch on its versioning")
    if settings.backup_key is None:
        console.print("  未加密 in the clear: set TONGXING_BACKUP_KEY", style="yellow")


def _moment(text: str | None, fail: Callable[[str], NoReturn]) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text} is no moment; for example 2026-09-01T08:00:00+08:00")
    if moment.tzinfo is None:
        fail(f"{text} lacks its time zone; for example 2026-09-01T08:00:00+08:00")
    return moment
