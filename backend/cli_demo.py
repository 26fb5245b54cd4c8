"""``tongxing demo``: the whole house in the foreground of one terminal."""

import asyncio
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from backend import embedded, migrate
from backend.database import database
from backend.settings import Settings

READY_SECONDS = 60.0
GRACE_SECONDS = 3.5
"""How long the API and the worker may take to leave before they are killed."""

console = Console(highlight=False)


class _Stop(KeyboardInterrupt):
    """Someone wants the demo to end: Ctrl-C, a signal, or a closed terminal."""


def run(settings: Settings, *, port: int, reset: bool) -> int:
    """Run until stopped and return the exit code: 1 when something ended by itself.

    Whatever was started is stopped again, children first, the database last.
    """
    begun = time.perf_counter()
    with _stoppable(), ExitStack() as running:
        try:
            if reset:
                _start_over(settings)
            with _phase(1, "数据库 database"):
                dsn = _database(settings, running)
            with _phase(2, "数据表 tables"):
                asyncio.run(migrate.upgrade(dsn))
            with _phase(3, "示例数据 sample district"):
                asyncio.run(_plant(settings, dsn))
            environ = {**os.environ, "TONGXING_DATABASE_URL": dsn, "TONGXING_PORT": str(port)}
            with _phase(4, "接口 API"):
                children = running.enter_context(_children(environ))
                children["api"] = _child("serve", environ)
                # Both take their time to import; the worker need not wait for the API.
                children["worker"] = _child("worker", environ)
                _wait_until_ready(settings.host, port, children)
            with _phase(5, "后台任务 worker"):
                _check(children)
            console.print(_welcome(settings.host, port, time.perf_counter() - begun))
            while True:
                time.sleep(0.2)
                _check(children)
        except _Stop:
            console.print("\n正在停止… stopping", style="yellow")
            return 0
        except _ChildDied as death:
            console.print(Panel(str(death), border_style="red", title="✗", expand=False))
            return 1


class _ChildDied(Exception):
    """The API or the worker ended by itself; the lines above it say why."""


def _start_over(settings: Settings) -> None:
    if settings.database_url is not None:
        raise embedded.EmbeddedError(
            "--reset only throws the embedded database away; unset TONGXING_DATABASE_URL"
        )
    embedded.erase(settings.data_dir)
    for grown in ("files", "rosters"):
        shutil.rmtree(settings.data_dir / grown, ignore_errors=True)
    console.print("已清空演示数据 · starting over", style="yellow")


def _database(settings: Settings, running: ExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url
    server = embedded.start(settings.data_dir)
    running.callback(server.stop)
    asyncio.run(embedded.ensure_database(server.dsn()))
    return server.dsn()


async def _plant(settings: Settings, dsn: str) -> None:
    from seed import garden

    async with database(dsn, settings, name="tongxing-seed"):
        await garden.plant(settings)


def _child(command: str, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C ours: we stop the children in order.
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli", command],
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def _children(environ: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        yield children
    finally:
        for child in children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _check(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if (code := child.poll()) is not None:
            raise _ChildDied(
                f"{name} 意外退出，演示已停止。\n"
                f"The {name} ended by itself (exit code {code}), so the demo stops."
            )


def _wait_until_ready(host: str, port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _check(children)
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, port, timeout=2)
            try:
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
            finally:
                connection.close()
        time.sleep(0.05)
    raise _ChildDied(f"the API did not become ready within {READY_SECONDS:.0f} s")


def _welcome(host: str, port: int, seconds: float) -> Panel:
    from seed import cast

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("姓名 name", "手机号 phone", "身份 role", "说明 note"):
        table.add_column(title)
    for person in cast.demo_sign_ins():
        table.add_row(person.name, person.phone, f"{person.role_zh} {person.role_en}", person.note)
    address = f"http://{host}:{port}"
    grid = Table.grid(padding=(0, 2))
    grid.add_row("接口 API", f"[link={address}]{address}[/link]")
    grid.add_row("文档 docs", f"[link={address}/docs]{address}/docs[/link]")
    outer = Group(
        grid,
        "",
        table,
        "",
        "验证码会打印在下面的日志里（sms 行）· Sign-in codes appear below, on sms lines.",
        f"教职工也可用密码登录 · Staff may use the password [bold]{cast.STAFF_PASSWORD}[/bold]",
        "按 Ctrl-C 停止，数据会保留 · Ctrl-C stops everything; the data stay.",
    )
    return Panel(
        outer,
        title="同行 Tongxing",
        subtitle=f"{seconds:.1f} s",
        border_style="green",
        expand=False,
    )


@contextmanager
def _phase(number: int, name: str) -> Iterator[None]:
    begun = time.perf_counter()
    console.print(f"[dim]{number}/5[/dim] {name} …")
    yield
    console.print(f"[green]✓[/green]   {name} [dim]{time.perf_counter() - begun:.1f} s[/dim]")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Turn every way of ending a foreground program into one exception, raised once."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise _Stop

    before = {number: signal.signal(number, stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
