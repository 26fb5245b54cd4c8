"""API processes over a database that a test has filled, as an installation would start them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.bookings.crowd import answers
from tests.journeys.town import PATIENCE, ROOT, Town, free_port, until

__all__ = ["ROOT", "Standing", "standing"]


class Standing:
    """The processes that serve, the addresses they answer on, and what they have logged."""

    def __init__(self, town: Town, ports: list[int]) -> None:
        self.town, self.ports = town, ports

    @property
    def bases(self) -> list[str]:
        """Return the address of each, without a final slash."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def serving(self) -> list[psutil.Process]:
        """Return the processes that answer requests: the children of the commands."""
        return [
            child
            for number in range(len(self.ports))
            for child in psutil.Process(self.town.processes[f"api-{number}"].pid).children()
            if "multiprocessing.resource_tracker" not in " ".join(child.cmdline())
        ]

    def log(self) -> str:
        """Return everything the processes have written so far."""
        names = [f"api-{number}" for number in range(len(self.ports))] + ["worker"]
        return "".join(self.town.log(name) for name in names)

    def accidents(self) -> list[str]:
        """Return what was logged as an error or ended in a traceback."""
        return [
            line
            for line in self.log().splitlines()
            if re.search('"level": ?"error"', line) or line.startswith("Traceback")
        ]


@contextmanager
def standing(
    dsn: str,
    folder: Path,
    data: Path,
    *,
    apis: int = 1,
    worker: bool = False,
    serving: str = "",
    environ: Mapping[str, str] | None = None,
) -> Iterator[Standing]:
    """Start ``apis`` serving commands, and a worker if asked for; stop them afterwards.

    Their logs go to ``folder``; ``data`` is where the installation's files lie. ``serving``
    names the factory of an application of a test's own, to be served in ours's place;
    ``environ`` adds to the environment of all of them.
    """
    town = Town(dsn, folder)
    town.environment |= {
        "TONGXING_DATA_DIR": str(data),
        "TONGXING_PUSH_PROVIDER": "console",
        "TONGXING_POOL_SIZE": "8",
        **(environ or {}),
    }
    try:
        ports = [free_port() for _ in range(apis)]
        for number, port in enumerate(ports):
            mine = ("granian", "--interface", "asgi", "--factory", serving)
            command = mine if serving else ("backend.cli", "serve")
            town.start(f"api-{number}", *command, "--port", str(port))
        if worker:
            town.start("worker", "backend.cli", "worker")
        found = Standing(town, ports)

        def all_answer() -> bool:
            for name, process in town.processes.items():
                assert process.poll() is None, f"{name} ended: {town.log(name)[-2_000:]}"
            return all(answers(port) for port in ports)

        until(all_answer, patience=PATIENCE * 2)
        yield found
    finally:
        town.stop()
