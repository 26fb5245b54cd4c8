"""Printing what was found."""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure, Findings
from tests.bench.ground import TOO_NOISY

NARROWEST = 190
console = Console()
if not console.is_terminal:
    console.width = NARROWEST


def show(findings: Findings) -> None:
    """Print the figures as a table and the verdicts below it."""
    table = Table(title="同行 Tongxing · bench", title_justify="left", show_lines=False)
    for column in (
        "job",
        "measured",
        "value",
        "yardstick",
        "",
        "ratio",
        "goal",
        "met",
        "p50 p99 · µs client/app/db · strangers",
    ):
        table.add_column(
            column, justify="right" if column in ("value", "ratio", "goal", "") else "left"
        )
    last = ""
    for figure in findings.figures:
        if last and last != figure.job:
            table.add_section()
        last = figure.job
        table.add_row(*_cells(figure))
    console.print(table)
    for check in findings.checks:
        style = "green" if check.holds else "bold red"
        console.print(f"{'✓' if check.holds else '✗'} {check.job} {check.claim}", style=style)


def warn_of_noise(worst: float) -> None:
    """Say so when strangers kept the machine busy."""
    if worst > TOO_NOISY:
        console.print(
            f"! other programs took up to {worst:.0%} of the CPU: these ratios prove little",
            style="yellow",
        )


def write(findings: Findings, path: Path) -> None:
    """Write the findings as JSON."""
    figures = [
        {**msgspec.to_builtins(figure), "ratio": figure.ratio, "met": figure.met}
        for figure in findings.figures
    ]
    checks = msgspec.to_builtins(findings.checks)
    path.write_bytes(
        msgspec.json.format(msgspec.json.encode({"figures": figures, "checks": checks}))
    )


def _cells(figure: Figure) -> list[str]:
    sign = "≥" if figure.sense == "at_least" else "≤"
    met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
    return [
        figure.job,
        figure.measured,
        f"{_number(figure.value)} {figure.unit}".strip(),
        figure.yardstick_name,
        "" if figure.yardstick is None else _number(figure.yardstick),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.goal is None else f"{sign} {figure.goal:g}",
        met,
        figure.note,
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:,.2f}"
