"""``python -m tests.ballots.counter DSN DIRECTORY…``: counts votes, and dies while doing so.

Each line on its input is a JSON object ``{vote, point, after, early}``: a child counts the
vote and is killed at the named point, or ``after`` so many seconds from its beginning; with
``early`` it wrongly destroys the key before the count is committed. One line is answered:
``killed`` or ``lived``. The process forks, so that a death costs no new start.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from backend import database
from backend.ballots import keys, sealing
from backend.ballots.operations import closing
from backend.ballots.operations.closing import forget_key
from backend.settings import Settings

AT = {
    "the vote is locked": (closing, "counted", "before"),
    "the boxes are read": (closing, "_key", "before"),
    "the key is put together": (closing, "_key", "after"),
    "the boxes are open": (sealing, "open_all", "after"),
    "the tally is made": (closing, "_tally", "after"),
    "nothing is written yet": (closing, "_write", "before"),
    "the ballots are about to be written": (closing, "_store", "before"),
    "the ballots are written": (closing, "_store", "after"),
    "all but the trail is written": (closing, "_write", "after"),
    "the trail is written, nothing committed": (closing, "record", "after"),
    "the count is committed": (closing, "forget_key", "before"),
    "one share of the key is overwritten": (keys, "_wipe", "within"),
    "one share of the key is gone": (keys, "_settle", "before"),
    "the key is gone, not noted": (keys, "destroy", "after"),
    "all is done": (closing, "forget_key", "after"),
}
"""Where a child may die: module, function, and whether before or after it."""


def die() -> None:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def deadly(whole: Callable[..., Any], when: str) -> Callable[..., Any]:
    """Return a function that dies before or after what it wraps."""
    if asyncio.iscoroutinefunction(whole):

        async def slowly(*given: Any, **named: Any) -> Any:
            if when == "before":
                die()
            answer = await whole(*given, **named)
            die()
            return answer

        return slowly

    def at_once(*given: Any, **named: Any) -> Any:
        if when == "before":
            die()
        if when == "within":
            given[0].write_bytes(os.urandom(32))
            die()
        answer = whole(*given, **named)
        die()
        return answer

    return at_once


def too_early(settings: Settings) -> None:
    """Destroy the key before what it opened is committed."""
    whole = closing._write

    async def write(vote: Any, *given: Any) -> None:
        keys.destroy(settings.ballot_key_directories, vote.id)
        await whole(vote, *given)

    closing._write = write


async def count(task: dict[str, Any], settings: Settings) -> None:
    assert settings.database_url is not None
    async with database.database(settings.database_url, settings, name="counter"):
        if task["early"]:
            too_early(settings)
        if task["point"]:
            module, name, when = AT[task["point"]]
            setattr(module, name, deadly(getattr(module, name), when))
        if task["after"] is not None:
            threading.Timer(task["after"], die).start()
        await closing.count_closed(UUID(task["vote"]), settings)


def main(dsn: str, directories: list[str]) -> None:
    settings = Settings(
        environment="test",
        database_url=dsn,
        pool_size=2,
        ballot_keys=tuple(Path(directory) for directory in directories),
    )
    assert forget_key is closing.forget_key
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                asyncio.run(count(json.loads(line), settings))
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
        lived = os.WIFEXITED(ended) and os.WEXITSTATUS(ended) == 0
        sys.stdout.write("killed\n" if killed else "lived\n" if lived else f"failed {ended}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
