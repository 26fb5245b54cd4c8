"""Limits that several processes share, and whom they are counted against."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from litestar.connection import ASGIConnection

from backend.people.authentication import caller_address
from tests.people.spender import LIMIT

ROOT = Path(__file__).parents[2]


async def _spend_in_two_processes(dsn: str, way: str) -> int:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("spender.py")),
            dsn,
            "100",
            way,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    answers = await asyncio.gather(*(process.communicate() for process in processes))
    return sum(int(out) for out, _ in answers)


async def test_two_processes_let_exactly_the_limit_through(db: None, dsn: str) -> None:
    assert await _spend_in_two_processes(dsn, "careful") == LIMIT.most


async def test_looking_before_writing_lets_too_many_through(db: None, dsn: str) -> None:
    assert await _spend_in_two_processes(dsn, "careless") > LIMIT.most


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("198.51.100.7", None, (), "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", (), "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", ("10.0.0.1",), "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9", ("10.0.0.1",), "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", ("10.0.0.1",), "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", ("10.0.0.0/24",), "203.0.113.9"),
        ("10.0.0.1", "10.0.0.9", ("10.0.0.0/24",), "10.0.0.9"),
        ("10.0.0.1", "'; drop table persons", ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", None, ("10.0.0.1",), "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", None, (), "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", None, (), "198.51.100.7"),
        ("::ffff:10.0.0.1", "203.0.113.9", ("10.0.0.1",), "203.0.113.9"),
    ],
)
def test_a_caller_cannot_choose_the_address_they_are_counted_under(
    peer: str, forwarded: str | None, trusted: tuple[str, ...], address: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    connection = ASGIConnection({"type": "http", "headers": headers, "client": (peer, 1)})
    assert caller_address(connection, trusted) == address
