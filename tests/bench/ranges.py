"""J8: ranges of a film by the link the house signed, beside nginx that asks nobody.

The house sends the bytes itself, or an nginx before it does once the house let the phone in
(``tongxing gateway``); that one is judged where nginx is installed.
"""

import asyncio
import http.client
import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from backend import clock
from backend.database import database
from backend.media import links
from backend.media.models import Attachment, Kind, Variant
from tests.bench import district, readers, sendfile, trips
from tests.bench.figures import Check, Figure, Findings, Load, split
from tests.bench.ground import Ground

CONNECTIONS = 16
KIB, MIB = 1024, 1024 * 1024
FILM, LONG = 448 * MIB, 1024 * MIB
LENGTHS = {"1 MiB": MIB, "64 KiB": 64 * KIB}
GOAL = 0.6
GROWTH = 96
"""Mebibytes: what four readers of a few pieces each and the allocator's slack may take."""
READERS = 4
COMPARED = 200
"""Ranges that are held against the file."""


class Film:
    """A file in the house's store, and the address one guardian's phone has of it."""

    def __init__(self, name: str, size: int, path: str) -> None:
        self.name, self.size, self.path = name, size, path


def run(ground: Ground) -> Findings:
    """Measure in interleaved rounds."""
    folder = ground.server.home / "files"
    short, long = asyncio.run(_films(ground, folder))
    program = sendfile.nginx()
    loads: dict[str, list[Load]] = {}
    with ExitStack() as stack:
        served: dict[str, tuple[int, tuple[int, ...]]] = {}
        for n in (1, 2):
            port, pid = stack.enter_context(ground.product(n))
            served[f"product {n}"] = port, (pid,)
        port, pid = stack.enter_context(ground.serving("tests.bench.sendfile"))
        served["floor"] = port, (pid,)
        if program is not None:
            port, pid = stack.enter_context(sendfile.serving(program, folder, 2))
            served["nginx"] = port, (pid,)
            api, house = stack.enter_context(ground.product(1, accel_prefix=sendfile.PREFIX))
            port, pid = stack.enter_context(sendfile.gateway(program, api, folder, 2))
            served["product behind nginx"] = port, (pid, house)
        for _ in range(ground.rounds):
            for what, length in LENGTHS.items():
                for name, (port, pids) in served.items():
                    plan = readers.Plan(
                        port=port,
                        connections=CONNECTIONS,
                        seconds=ground.seconds,
                        path=short.path if name.startswith("product") else f"/{short.name}",
                        size=short.size,
                        length=length,
                    )
                    load, _ = ground.load(plan, pids, by=readers)
                    loads.setdefault(f"{what} {name}", []).append(load)
        port, pids = served["product 1"]
        grown = {
            "whole": _growth(port, pids, long, None),
            "by ranges of 1 MiB": _growth(port, pids, long, MIB),
        }
        same = _compared(port, short, folder)
        if program is not None:
            port, pids = served["product behind nginx"]
            grown["whole, behind nginx"] = _growth(port, pids, long, None)
            same = same and _compared(port, short, folder)
    findings = _findings(ground.settle(loads), grown, same)
    findings.figures.append(asyncio.run(_statements(ground, short)))
    return findings


async def _films(ground: Ground, folder: Path) -> list[Film]:
    """Hand in a film of random bytes and one of nothing, both ready to be watched."""
    person = ground.people[0]
    connection = await asyncpg.connect(ground.dsn)
    session: UUID = await connection.fetchval(
        "SELECT id FROM sessions WHERE person_id = $1 AND revoked_at IS NULL", person.person_id
    )
    await connection.close()
    made = []
    async with database(ground.dsn, ground.settings, name="bench"):
        for name, size in (("bench/film.mp4", FILM), ("bench/long.mp4", LONG)):
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("wb") as file:
                for _ in range(size // MIB if name == "bench/film.mp4" else 0):
                    file.write(os.urandom(MIB))
                file.truncate(size)
            row = await Attachment.create(
                district_id=district.row_id(district.DISTRICT, 1),
                uploader_id=district.row_id(district.PERSON, district.ADMIN + 1),
                kind=Kind.VIDEO,
                filename="第一讲.mp4",
                media_type="video/mp4",
                byte_size=size,
                duration_ms=600_000,
                sha256="0" * 64,
                original_key=name,
                created_at=clock.now(),
                stored_at=clock.now(),
            )
            link = links.url_for(
                row.id, Variant.ORIGINAL, person.person_id, session,
                key=ground.settings.secret_key, now=clock.now(), lifetime=links.LIFETIME_PLAY,
            )  # fmt: skip
            made.append(Film(name, size, link))
    return made


def _compared(port: int, film: Film, folder: Path) -> bool:
    """Say whether ranges of chance are what lies in the file."""
    chance = random.Random(8)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with (folder / film.name).open("rb") as file:
        for _ in range(COMPARED):
            start = chance.randrange(film.size)
            end = min(film.size, start + chance.randrange(1, 3 * MIB))
            connection.request("GET", film.path, headers={"Range": f"bytes={start}-{end - 1}"})
            answer = connection.getresponse().read()
            file.seek(start)
            if answer != file.read(end - start):
                return False
    return True


def _growth(port: int, pids: Sequence[int], film: Film, length: int | None) -> float:
    """Return by how many mebibytes the servers grew at most while some phones read all of a
    film, whole or range by range, each once before.
    """

    def all_of_it() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for start in range(0, film.size, length or film.size):
            end = start + (length or film.size) - 1
            headers = {} if length is None else {"Range": f"bytes={start}-{end}"}
            connection.request("GET", film.path, headers=headers)
            answer = connection.getresponse()
            while answer.read(MIB):
                pass
        connection.close()

    def by_all() -> None:
        threads = [threading.Thread(target=all_of_it) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    by_all()
    with _peak(pids) as seen:
        by_all()
    return seen[-1] / MIB


@contextmanager
def _peak(pids: Sequence[int]) -> Iterator[list[int]]:
    """Watch by how many bytes processes and their children grow; the last figure is the most."""
    roots = [psutil.Process(pid) for pid in pids]

    def resident() -> int:
        family = [one for root in roots for one in (root, *root.children(recursive=True))]
        return sum(one.memory_info().rss for one in family)

    before, seen, over = resident(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.append(max(seen[-1], resident() - before))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


async def _statements(ground: Ground, film: Film) -> Figure:
    """Count what a range costs the database, right after another of the same film."""
    async with trips.listened(ground, ground.people[0].token) as (phone, statements):
        del phone.headers["authorization"]
        for start in (0, 5 * MIB):
            statements.clear()
            answer = await phone.get(
                film.path.removeprefix("/v1"), headers={"Range": f"bytes={start}-{start + 99}"}
            )
            assert answer.status_code == 206, answer.text
        return trips.figure("J8", "a range of a film, warm", await statements.count(), 0)


def _findings(found: dict[str, Load], grown: dict[str, float], same: bool) -> Findings:
    def figure(what: str, name: str, measured: str) -> Figure:
        load = found[f"{what} {name}"]
        limit = found.get(f"{what} nginx")
        rate = load.rate * LENGTHS[what] / 1e6
        is_judged = name == "product behind nginx" and what == "1 MiB"
        return Figure(
            job="J8",
            measured=f"ranges of {what}, {measured}",
            value=load.rate,
            unit="/s",
            yardstick_name="nginx, sendfile, no check" if limit else "(nginx is not installed)",
            yardstick=limit.rate if limit and name != "nginx" else None,
            goal=GOAL if is_judged else None,
            note=f"{rate:,.0f} MB/s · {split(load)}",
        )

    def cost(what: str, name: str) -> Figure:
        limit = found.get(f"{what} nginx")
        return Figure(
            job="J8",
            measured=f"server CPU, a range of {what}, {names[name]}",
            value=found[f"{what} {name}"].app,
            unit="µs",
            yardstick_name="nginx, sendfile, no check" if limit else "",
            yardstick=limit.app if limit else None,
            sense="at_most",
        )

    names = {"product 1": "1 process", "product 2": "2 processes"}
    names["floor"] = "granian and one pread, 1 process"
    costly = ["product 1", "floor"]
    if "1 MiB nginx" in found:
        names["nginx"] = "nginx, 2 processes"
        names["product behind nginx"] = "1 process, nginx sends"
        costly.append("product behind nginx")
    growth = [
        Figure(
            job="J8",
            measured=f"memory grown while {READERS} read 1 GiB each, {how}",
            value=most,
            unit="MiB",
            goal=GROWTH,
            sense="at_most",
        )
        for how, most in grown.items()
    ]
    refused = sum(load.refused for load in found.values())
    return Findings(
        figures=[
            *(figure(what, name, names[name]) for what in LENGTHS for name in names),
            *(cost(what, name) for what in LENGTHS for name in costly),
            *growth,
        ],
        checks=[
            Check(job="J8", claim=f"{COMPARED} ranges byte for byte as in the file", holds=same),
            Check(job="J8", claim=f"every range came whole ({refused} did not)", holds=not refused),
        ],
    )
