"""Showing what was found: as a table, as JSON, as a picture."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench import picture
from tests.bench.figures import Check, Figure, Findings
from tests.bench.ground import TOO_NOISY
from tests.bench.machine import Machine

NARROWEST = 200
TRIPS = "statements: "
"""How a figure begins that counts what a request asks of the database."""
_SPLIT = re.compile(
    r"p50 (?P<p50>[\d.,]+) p99 (?P<p99>[\d.,]+) ms · "
    r"µs (?P<client>\d+)/(?P<app>\d+)/(?P<database>\d+) · (?P<strangers>\d+)%"
)
console = Console()
if not console.is_terminal:
    console.width = NARROWEST


class Told(NamedTuple):
    """A figure's note taken apart; empty strings where it does not say."""

    latency: str
    client: str
    app: str
    database: str
    strangers: str
    rest: str


def show(findings: Findings, machine: Machine, noise: float) -> None:
    """Print the figures as a table, and below it the round trips and the verdicts."""
    console.print(f"[bold]同行 Tongxing · make bench[/]\n{machine.line}")
    trips = [figure for figure in findings.figures if figure.measured.startswith(TRIPS)]
    console.print(_measured([one for one in findings.figures if one not in trips]))
    if trips:
        console.print(_round_trips(trips))
    for check in findings.checks:
        style = "green" if check.holds else "bold red"
        console.print(f"{'✓' if check.holds else '✗'} {check.job} {check.claim}", style=style)
    console.print(verdict(findings))
    if noise > TOO_NOISY:
        console.print(
            f"! other programs took up to {noise:.0%} of the CPU: these ratios prove little",
            style="yellow",
        )


def verdict(findings: Findings) -> str:
    """Return in one line how many goals are met and whether the work was right."""
    goals = [figure.met for figure in findings.figures if figure.met is not None]
    wrong = sum(not check.holds for check in findings.checks)
    right = f"{len(findings.checks) - wrong} of {len(findings.checks)} verdicts right"
    return f"{sum(goals)} of {len(goals)} goals met · {right}"


def write(findings: Findings, path: Path, machine: Machine, noise: float) -> None:
    """Write the findings as JSON: ``machine``, ``noise`` (0 to 1), ``figures``, ``checks``."""
    figures = []
    for figure in findings.figures:
        told = told_by(figure)
        figures.append(
            {
                **msgspec.to_builtins(figure),
                "ratio": figure.ratio,
                "met": figure.met,
                "split": {
                    name: float(value)
                    for name, value in _found(figure.note).items()
                    if told.latency
                },
            }
        )
    whole = {
        "machine": msgspec.to_builtins(machine),
        "noise": noise,
        "figures": figures,
        "checks": msgspec.to_builtins(findings.checks),
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole)))


def draw(findings: Findings, path: Path, machine: Machine) -> None:
    """Draw the figures as a PNG, such as a README can show."""
    lines = [
        picture.Line(
            job=figure.job,
            measured=figure.measured,
            value=amount(figure),
            yardstick=_yardstick(figure),
            ratio=figure.ratio,
            goal=figure.goal,
            at_least=figure.sense == "at_least",
            met=figure.met,
        )
        for figure in findings.figures
    ]
    checks = [(check.holds, f"{check.job}  {check.claim}") for check in findings.checks]
    picture.draw(lines, checks, machine.line, verdict(findings)).save(path)


def told_by(figure: Figure) -> Told:
    """Take a figure's note apart."""
    found = _found(figure.note)
    if not found:
        return Told("", "", "", "", "", figure.note)
    rest = " · ".join(part for part in _SPLIT.sub("", figure.note).split(" · ") if part.strip())
    return Told(
        f"{found['p50']} / {found['p99']}",
        found["client"],
        found["app"],
        found["database"],
        f"{found['strangers']}%",
        rest,
    )


def _found(note: str) -> dict[str, str]:
    found = _SPLIT.search(note)
    return {} if found is None else found.groupdict()


def _measured(figures: list[Figure]) -> Table:
    table = Table(show_lines=False)
    left = ("job", "measured", "yardstick", "met", "remarks")
    for column in (
        "job", "measured", "value", "yardstick", "its value", "ratio", "goal", "met",
        "p50 / p99 ms", "client µs", "app µs", "db µs", "others", "remarks",
    ):  # fmt: skip
        table.add_column(column, justify="left" if column in left else "right")
    last = ""
    for figure in figures:
        if last and last != figure.job:
            table.add_section()
        last = figure.job
        told = told_by(figure)
        table.add_row(
            figure.job,
            figure.measured,
            amount(figure),
            figure.yardstick_name,
            "" if figure.yardstick is None else _number(figure.yardstick),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            _goal(figure),
            _met(figure),
            *told,
        )
    return table


def _round_trips(figures: list[Figure]) -> Table:
    table = Table(title="round trips to the database per request", title_justify="left")
    for column in ("job", "request", "statements", "goal", "met"):
        table.add_column(column, justify="right" if column in ("statements", "goal") else "left")
    for figure in figures:
        request = figure.measured.removeprefix(TRIPS)
        table.add_row(
            figure.job, request, _number(figure.value), _goal(figure), _met(figure)
        )  # fmt: skip
    return table


def _goal(figure: Figure) -> str:
    sign = "≥" if figure.sense == "at_least" else "≤"
    return "" if figure.goal is None else f"{sign} {figure.goal:g}"


def _met(figure: Figure) -> str:
    return {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]


def _yardstick(figure: Figure) -> str:
    if figure.yardstick is None:
        return figure.yardstick_name
    return f"{_number(figure.yardstick)} · {figure.yardstick_name}"


def amount(figure: Figure) -> str:
    """Return the value with its unit."""
    return f"{_number(figure.value)} {figure.unit}".strip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:,.2f}"


def failed(checks: list[Check]) -> bool:
    """Say whether something that was timed came out wrong."""
    return any(not check.holds for check in checks)
