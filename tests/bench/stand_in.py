"""What sends the statements where pgbench is not installed: asyncpg, with nothing around it.

It understands what our scripts use of pgbench's language: ``\\set`` with whole numbers, and
statements with ``:names``. It costs more CPU than pgbench, so its limits lie lower. Run as
``python -m tests.bench.stand_in PLAN``; the answer is JSON.
"""

import ast
import asyncio
import operator
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import uvloop

_SET = re.compile(r"^\\set (\w+) (.+)$", re.MULTILINE)
_NAME = re.compile(r"(?<!:):([A-Za-z_]\w*)")
_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda one, other: int(one / other),
    ast.Mod: operator.mod,
}
_TEXT = ("text", "varchar", "bpchar", "unknown")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Run ``script`` by the clients ``first`` to ``first + clients - 1``, each as often as
    ``each`` says, or until ``seconds`` are over."""

    dsn: str
    script: str
    first: int
    clients: int
    seconds: float
    each: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How long each transaction took, in seconds, and all of them together."""

    waits: list[float]
    seconds: float


class Script:
    """A script of pgbench, taken apart."""

    def __init__(self, script: str) -> None:
        self.sets = [
            (name, ast.parse(_NAME.sub(r"\1", value), mode="eval").body)
            for name, value in _SET.findall(script)
        ]
        known = {"client_id", "k", *(name for name, _ in self.sets)}
        texts = [one for one in _SET.sub("", script).split(";") if one.strip()]
        self.statements = [_numbered(text, known) for text in texts]

    def turn(self, values: dict[str, int]) -> None:
        """Set what is set before each transaction."""
        for name, expression in self.sets:
            values[name] = _value(expression, values)


def _numbered(statement: str, known: set[str]) -> tuple[str, list[str]]:
    """Return a statement with ``$1`` … for the names that are known, and these names."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in known:
            return found[0]
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _NAME.sub(number, statement), names


def _value(node: ast.expr, values: dict[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id="random"), args=[low, high]):
            return random.randint(_value(low, values), _value(high, values))
    raise ValueError(ast.dump(node))


async def run(plan: Plan) -> Outcome:
    """Carry the plan out."""
    script = Script(plan.script)
    connections = [await asyncpg.connect(plan.dsn) for _ in range(plan.clients)]
    prepared = [[await _prepare(line, one) for one in script.statements] for line in connections]
    begun = time.perf_counter()
    until = begun + plan.seconds if not plan.each else float("inf")
    waits: list[float] = []

    async def client(number: int) -> None:
        values, done = {"client_id": plan.first + number, "k": 0}, 0
        while time.perf_counter() < until and (not plan.each or done < plan.each):
            at = time.perf_counter()
            script.turn(values)
            for statement, names, kinds in prepared[number]:
                await statement.fetch(
                    *(kind(values[name]) for name, kind in zip(names, kinds, strict=True))
                )
            waits.append(time.perf_counter() - at)
            done += 1

    await asyncio.gather(*(client(number) for number in range(plan.clients)))
    seconds = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return Outcome(waits=waits, seconds=seconds)


async def _prepare(
    connection: "asyncpg.Connection[Any]", numbered: tuple[str, list[str]]
) -> tuple[Any, list[str], list[type]]:
    statement = await connection.prepare(numbered[0])
    kinds = [str if kind.name in _TEXT else int for kind in statement.get_parameters()]
    return statement, numbered[1], kinds


if __name__ == "__main__":
    wanted = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(wanted))))
