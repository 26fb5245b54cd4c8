"""Reading a workbook; runs only in the sandbox's child."""

import msgspec

from backend.roster.spreadsheet.collecting import Collector
from backend.roster.spreadsheet.rows import Fault, Reading, Roster, Workbook
from backend.roster.spreadsheet.tables import open_tables
from backend.sandbox import Progress

TARGET = f"{__name__}:read"
MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
WALL_SECONDS = 30.0


def read(payload: bytes, progress: Progress) -> bytes:
    """Turn an encoded :class:`Workbook` into an encoded :class:`Reading`.

    Reports ``{"percent": …}``. Raises :class:`backend.sandbox.SandboxRefused`.
    """
    workbook = msgspec.msgpack.decode(payload, type=Workbook)
    return msgspec.msgpack.encode(understand(workbook, progress))


def understand(workbook: Workbook, progress: Progress) -> Reading:
    """Read and check a workbook; what has faults has no roster."""
    tables = open_tables(workbook.file)
    progress({"percent": 50})
    collector = Collector(workbook.house)
    for done, table in enumerate(collector.in_order(tables), start=1):
        collector.collect(table)
        progress({"percent": 50 + 40 * done // len(tables)})
    roster = collector.finish()
    findings = collector.findings
    if findings.faults:
        return Reading(Roster([], [], [], [], False, False), _sorted(findings.faults), [])
    return Reading(roster, [], _sorted(findings.warnings))


def _sorted(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.sheet, fault.row))
