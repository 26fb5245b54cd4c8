"""Passwords are hashed here and nowhere else (argon2id, 19 MiB, 2 passes, 1 lane).

Hashing takes some 20 ms of a core. Two threads of their own do it, and when fifty
callers wait the next is told to come back, so a flood of sign-ins cannot take the
cores from everybody else.
"""

import asyncio
import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from backend.errors import Busy

T = TypeVar("T")

THREADS = 2
QUEUE = 50
_hasher = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
NOBODY = _hasher.hash("nobody has this password")
"""Checked for callers without a password, so that they wait as long as the others."""


def _give_way() -> None:
    """Let this thread take the cores only when nobody else of ours needs them."""
    # On Linux the priority is the thread's; elsewhere it would be the whole process's.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class Counter:
    """The place where passwords are made and checked, one per process."""

    def __init__(self, *, threads: int = THREADS, queue: int = QUEUE) -> None:
        self._pool = ThreadPoolExecutor(
            threads, thread_name_prefix="password", initializer=_give_way
        )
        self._places = threads + queue

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue. Raises :class:`Busy` when there is none."""
        if self._places <= 0:
            raise Busy(retry_after=2)
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    async def check(self, password: str, stored: str | None) -> bool:
        """Say whether ``password`` is the one behind ``stored``, always at the same cost."""
        right = await self._run(_verify, password, stored or NOBODY)
        return right and stored is not None

    async def make(self, password: str) -> str:
        """Return the hash to store for ``password``."""
        return await self._run(_hash, password)

    async def _run(self, work: Callable[..., T], *values: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *values)


counter = Counter()


def normalise(password: str) -> str:
    """Return ``password`` in the form that is hashed (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


def is_outdated(stored: str) -> bool:
    """Say whether ``stored`` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _hash(password: str) -> str:
    return _hasher.hash(normalise(password))


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(stored, normalise(password))
    except (VerificationError, InvalidHashError):
        return False
