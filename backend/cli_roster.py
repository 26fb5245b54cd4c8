"""``tongxing roster import``: what a workbook would do, or did."""

import msgspec
from rich.console import Console
from rich.table import Table

from backend.roster.command import Imported
from backend.roster.models import ImportState

SHOWN = 50
"""Faults printed; the error workbook carries them all."""

NAMES = {
    "grades_new": "新增年级 grades",
    "classes_new": "新增班级 classes",
    "pupils_new": "新增学生 pupils",
    "pupils_renamed": "学生改名 renamed",
    "pupils_moved": "学生转班 moved",
    "pupils_returned": "学生返校 returned",
    "pupils_left": "学生离校 left",
    "accounts_new": "新增账号 accounts",
    "accounts_renamed": "账号改名 accounts renamed",
    "guardians_new": "新增监护关系 guardian links",
    "guardians_of_known_children": "其中已在册学生 of known pupils",
    "guardians_changed": "监护关系变更 links changed",
    "guardians_kept_apart": "已解除而保持的关系 links kept apart",
    "names_kept": "保留原姓名 names kept",
    "posts_new": "新增任教 staff posts",
}


def report(imported: Imported, *, apply: bool, seconds: float) -> int:
    """Print what became of the file and return the exit code: 1 when it did not get there."""
    console = Console(highlight=False)
    for kind, style in ((imported.warnings, "yellow"), (imported.faults, "red")):
        if kind:
            table = Table(box=None, pad_edge=False, header_style=f"bold {style}")
            for title in ("工作表 sheet", "行 row", "列 column", "问题 problem", "内容 value"):
                table.add_column(title)
            for fault in kind[:SHOWN]:
                table.add_row(
                    fault.sheet, str(fault.row or ""), fault.column, fault.message, fault.value
                )
            console.print(table)
    if imported.counts is not None:
        for field, count in msgspec.structs.asdict(imported.counts).items():
            if count:
                console.print(f"  {count:>6}  {NAMES.get(field, field)}")
    good, sentence = {
        ImportState.APPLIED: (True, "已导入 applied"),
        ImportState.READY: (
            not apply,
            "检查通过，加 --apply 导入 · checked; add --apply to import",
        ),
        ImportState.FAULTY: (
            False,
            f"有 {imported.fault_count} 处错误，未导入 · {imported.fault_count} faults",
        ),
    }.get(imported.state, (False, imported.failure or imported.state))
    mark = "[green]✓[/green]" if good else "[red]✗[/red]"
    console.print(f"{mark} {imported.school}：{sentence} [dim]{seconds:.1f} s[/dim]")
    return 0 if good else 1
