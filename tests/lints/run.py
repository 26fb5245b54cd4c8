"""Lints of our own: what import contracts cannot say. ``python tests/lints/run.py`` exits 1.

- **transaction**: our ``transaction()`` is opened by verbs (operations, jobs, the
  idempotency key, the post office) and Tortoise's own only inside ``backend/database.py``,
  because it loses its connection when it is cancelled.
- **rows**: no handler fetches a row by id; rows come from ``permissions.py``.
- **length**: past 300 lines a file becomes a package, split by noun.

A line may ask to be let off, visibly and with a reason, on itself or just above:
``# lint: allow rows because …``. An escape that lets nothing off is reported as well.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("backend", "notifications", "seed")
LONGEST_FILE = 300
RULES = ("transaction", "rows", "length")

# Migrations are written by the mapper and are as long as the schema.
_GENERATED = "backend/migrations/"
_MAY_OPEN = re.compile(
    r"backend/\w+/(operations|jobs)(\.py|/.+)|backend/web/idempotency\.py|notifications/.+"
)
_KEEPS_TORTOISES = "backend/database.py"
_CONTROLLERS = re.compile(r"backend/\w+/controllers(\.py|/.+)")
_ESCAPE = re.compile(r"#\s*lint: allow (\w+)(?: because (\S.{5,}))?")
_BY_ID = {"id", "pk", "id__in", "pk__in"}
_FETCHES_ONE = {"get_or_none", "in_bulk"}


class Finding(NamedTuple):
    """One line that breaks a rule; ``path`` is relative to the repository."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def check(path: str, source: str) -> list[Finding]:
    """Return what is wrong with one file, given its path in the repository and its text."""
    found = [
        Finding(path, line, rule, message)
        for rule, line, message in sorted(
            {*_transactions(path, source), *_rows(path, source), *_length(path, source)}
        )
    ]
    return sorted(_let_off(path, source, found), key=lambda finding: (finding.line, finding.rule))


def check_repository(root: Path = ROOT) -> list[Finding]:
    """Return what is wrong in our packages."""
    return [
        finding
        for package in PACKAGES
        for file in sorted((root / package).rglob("*.py"))
        for finding in check(file.relative_to(root).as_posix(), file.read_text("utf-8"))
    ]


def _transactions(path: str, source: str) -> Iterator[tuple[str, int, str]]:
    if path == _KEEPS_TORTOISES or path.startswith(_GENERATED):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "tortoise.transactions":
            yield "transaction", node.lineno, "tortoise.transactions is for backend/database.py"
        if isinstance(node, ast.Attribute) and node.attr in ("in_transaction", "_in_transaction"):
            yield "transaction", node.lineno, "open transactions with backend.database.transaction"
        if _MAY_OPEN.fullmatch(path):
            continue
        # Importing it under another name does not hide it.
        if isinstance(node, ast.ImportFrom) and node.module == "backend.database":
            if any(alias.name == "transaction" for alias in node.names):
                yield "transaction", node.lineno, "only operations and jobs open transactions"
        elif (
            isinstance(node, ast.Attribute)
            and node.attr == "transaction"
            and ast.unparse(node.value).endswith("database")
        ):
            yield "transaction", node.lineno, "only operations and jobs open transactions"


def _rows(path: str, source: str) -> Iterator[tuple[str, int, str]]:
    if not _CONTROLLERS.fullmatch(path):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver, verb = node.func.value, node.func.attr
            by_id = any(keyword.arg in _BY_ID for keyword in node.keywords)
            if (
                verb in _FETCHES_ONE
                or (verb == "get" and (by_id or _is_model(receiver)))
                or (verb in ("filter", "exclude") and by_id)
            ):
                yield "rows", node.lineno, f"rows come from permissions.py, not from .{verb}("


def _is_model(receiver: ast.expr) -> bool:
    """Say whether ``.get(`` is asked of a model or a query on one, and not of a mapping."""
    if isinstance(receiver, ast.Name):
        return receiver.id[:1].isupper()
    if isinstance(receiver, ast.Attribute):
        return receiver.attr == "objects"
    return isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute)


def _length(path: str, source: str) -> Iterator[tuple[str, int, str]]:
    lines = source.count("\n")
    if lines > LONGEST_FILE and not path.startswith(_GENERATED):
        yield "length", 1, f"{lines} lines; past {LONGEST_FILE} a file is split by noun"


def _let_off(path: str, source: str, found: list[Finding]) -> Iterator[Finding]:
    escapes: dict[tuple[int, str], bool] = {}
    for number, line in enumerate(source.splitlines(), 1):
        if escape := _ESCAPE.search(line):
            rule, reason = escape.groups()
            if rule in RULES and reason:
                escapes[number, rule] = False
            else:
                yield Finding(path, number, "escape", "name a rule and say why: allow … because …")
    for finding in found:
        # An escape for a file's length may stand anywhere in its first lines.
        near = range(1, 6) if finding.rule == "length" else (finding.line - 1, finding.line)
        covering = [(line, finding.rule) for line in near if (line, finding.rule) in escapes]
        if covering:
            escapes.update(dict.fromkeys(covering, True))
        else:
            yield finding
    for (number, rule), used in escapes.items():
        if not used:
            yield Finding(path, number, "escape", f"nothing here breaks the rule {rule}")


def main() -> int:
    """Write each finding to standard error; returns the exit code."""
    findings = check_repository()
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    sys.stderr.write(f"our own lints: {len(findings)} finding{'s'[: len(findings) != 1]}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
