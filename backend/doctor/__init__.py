"""What may be wrong with an installation, and what to do about it."""

import asyncio

from rich.console import Console
from rich.text import Text

from backend import embedded
from backend.doctor import beside, database, machine, post
from backend.doctor.finding import Finding
from backend.settings import Settings

__all__ = ["Finding", "run"]


def run(settings: Settings, *, replay_dead: bool = False) -> int:
    """Print one line for each finding and return the exit code: 1 when something is wrong.

    ``replay_dead`` first queues again every push that was given up.
    """
    console = Console(highlight=False, soft_wrap=True)
    findings = machine.findings(settings)
    server = None
    try:
        dsn = settings.database_url
        if dsn is None:
            server = embedded.start(settings.data_dir)
            dsn = server.dsn()
            asyncio.run(embedded.ensure_database(dsn))
        findings += asyncio.run(_ask(dsn, settings, console, replay_dead))
    except embedded.EmbeddedError as error:
        findings.append(Finding(False, "数据库 database", str(error), "see the message"))
    finally:
        if server is not None:
            server.stop()
    for finding in findings:
        mark = ("✓ ", "green") if finding.well else ("✗ ", "red")
        line = Text.assemble(mark, (finding.subject, "bold"), "  ", finding.detail)
        if not finding.well:
            line.append(f"\n    → {finding.advice}", "yellow")
        console.print(line)
    return 0 if all(finding.well for finding in findings) else 1


async def _ask(dsn: str, settings: Settings, console: Console, replay_dead: bool) -> list[Finding]:
    findings, is_current = await database.basics(dsn)
    if not is_current:
        return findings
    findings += await database.strains(dsn, settings)
    findings += await beside.findings(dsn, settings)
    replayed, told = await post.findings(dsn, settings, replay_dead)
    if replay_dead:
        console.print(f"{replayed} pushes queued again")
    return findings + told
