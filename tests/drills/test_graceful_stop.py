"""SIGTERM in the middle of everything: what was begun is finished or given back, at once.

The processes are those of a production installation, which have twenty seconds to leave;
what is returned sooner than a lease ends was given back and not taken over.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import psutil
import pytest
import websockets

from backend import clock
from backend.database import transaction
from backend.media.models import Attachment, Kind, Readiness
from backend.media.storage import new_key, open_files
from backend.schools.models import School
from backend.settings import Settings
from notifications import Message, tell
from tests.bookings.verbs import a_slot
from tests.conftest import Clone
from tests.drills import seen, size
from tests.drills.killing import Installation, installation
from tests.drills.stopping import PRODUCTION, Line, Rush, Stopped, request, soon, stop
from tests.journeys.town import slow_provider
from tests.media.films import film

API_SECONDS, WORKER_SECONDS = 25.0, 20.0
"""A container is given thirty; the machine may be slow."""
RETURNED = 10.0
FAMILIES = 40


@pytest.fixture(scope="module")
async def standing(
    clone: Clone, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    folder = tmp_path_factory.mktemp("stops")
    async with installation(await clone("stops"), folder, **PRODUCTION) as built:
        yield built


async def test_a_body_half_sent_at_the_signal_is_still_answered(standing: Installation) -> None:
    with standing.context:
        left, answer = await _half_a_body(standing, "backend.cli", waits=2.0)
    seen("graceful_stop", what="half a body", seconds=round(left.seconds, 1))
    assert answer == (200, "confirmed")
    assert left.code == 0 and left.seconds <= API_SECONDS


async def test_control_without_time_to_leave_the_half_sent_body_is_lost(
    standing: Installation,
) -> None:
    with standing.context:
        _, answer = await _half_a_body(standing, "tests.drills.bent", waits=6.0)
    assert answer is None


async def test_a_long_request_and_an_open_live_channel_end_well(standing: Installation) -> None:
    guardian = standing.guardians[1]
    with standing.context:
        slot = await a_slot(standing.school, clock.now() + timedelta(days=12), capacity=3)
    holder = await asyncpg.connect(standing.dsn)
    held = holder.transaction()
    await held.start()
    await holder.execute("SELECT * FROM slot_places WHERE slot_id = $1 FOR UPDATE", slot)
    live = await websockets.connect(f"ws://127.0.0.1:{standing.ports[0]}/v1/live")
    await live.send(json.dumps({"token": guardian.token}))
    assert json.loads(await live.recv())["type"] == "hello"
    line = await Line.open(standing.ports[0])
    await line.send(b"".join(request(guardian, "PUT", f"/slots/{slot}/booking", {"party": 1})))
    await asyncio.sleep(0.5)
    leaving = asyncio.create_task(stop(standing.town.processes["api-0"]))
    await asyncio.sleep(1.5)
    assert not leaving.done(), "it left somebody without an answer"
    await held.rollback()
    await holder.close()
    status, answer = await line.answer()
    line.close()
    left = await leaving
    await live.close()
    standing.serve(0)
    seen("graceful_stop", what="long request, live channel", seconds=round(left.seconds, 1))
    assert (status, answer["state"]) == (200, "confirmed")
    assert left.code == 0 and left.seconds <= API_SECONDS


async def test_api_processes_restarted_in_turn_leave_nobody_without_an_answer(
    standing: Installation,
) -> None:
    await standing.until_answers()
    before = _feeds_served(standing)
    over, rushes = asyncio.Event(), [Rush(standing) for _ in range(8)]
    work = [
        asyncio.create_task(rush.run(guardian, "/feed", over))
        for rush, guardian in zip(rushes, standing.guardians, strict=False)
    ]
    lefts = []
    for number in [0, 1] * size(1, 3):
        await asyncio.sleep(1)
        lefts.append(await stop(standing.town.processes[f"api-{number}"]))
        standing.serve(number)
        await standing.until_answers()
    await asyncio.sleep(1)
    over.set()
    await asyncio.gather(*work)
    total = {name: sum(getattr(one, name) for one in rushes) for name in
             ("answered", "refused", "cut", "closed", "errors")}  # fmt: skip
    # A connection found closed is no harm; a request carried out and not answered would be.
    total["unanswered"] = _feeds_served(standing) - before - total["answered"]
    seen("graceful_stop", what="rolling restart", restarts=len(lefts), **total,
         slowest=round(max(left.seconds for left in lefts), 1))  # fmt: skip
    assert total["answered"] > 100
    # The last lines of a process that is stopped may be missing from its log.
    assert (total["cut"], total["errors"]) == (0, 0)
    assert total["unanswered"] <= 0
    assert {left.code for left in lefts} == {0}
    assert max(left.seconds for left in lefts) <= API_SECONDS


async def test_a_batch_that_its_provider_answers_is_finished(standing: Installation) -> None:
    with standing.context:
        await _one_worker(standing, delay=0.05)
        letter = await _told(standing)
        await soon(standing, _IN_HAND)
        left = await stop(standing.town.processes.pop("worker-0"))
        assert await standing.fetch(_IN_HAND) == []
        [row] = await standing.fetch("SELECT accepted FROM post_letter WHERE once = $1", letter)
    repeated = [len(at) for at in _pushes(standing, letter).values() if len(at) > 1]
    seen("graceful_stop", what="batch in hand", seconds=round(left.seconds, 1),
         accepted=row["accepted"])  # fmt: skip
    assert row["accepted"] == FAMILIES and repeated == []
    assert left.code == 0 and left.seconds <= WORKER_SECONDS


async def test_a_batch_that_hangs_goes_back_and_the_next_worker_sends_it(
    standing: Installation,
) -> None:
    with standing.context:
        await _one_worker(standing, delay=2.0)
        letter = await _told(standing)
        await soon(standing, _IN_HAND)
        signalled = time.monotonic()
        left = await stop(standing.town.processes.pop("worker-0"))
        assert await standing.fetch(_IN_HAND) == [], "somebody still holds it"
        returned = time.monotonic() - signalled
        await slow_provider(standing.town, 0)
        # What was not answered waits for a minute; that minute is not waited for.
        await standing.fetch("UPDATE post_delivery SET due_at = now() WHERE state = 'queued'")
        standing.start_worker(0)
        await soon(standing, _CARRIED, letter, FAMILIES)
    times = _pushes(standing, letter)
    seen("graceful_stop", what="batch that hangs", seconds=round(left.seconds, 1),
         returned=round(returned, 1), twice=sum(len(at) > 1 for at in times.values()))  # fmt: skip
    assert len(times) == FAMILIES and max(map(len, times.values())) <= 2
    assert left.code == 0 and returned <= RETURNED


async def test_control_a_worker_that_is_killed_gives_nothing_back(standing: Installation) -> None:
    with standing.context:
        await _one_worker(standing, delay=2.0)
        await _told(standing)
        await soon(standing, _IN_HAND)
        standing.town.kill("worker-0")
        await slow_provider(standing.town, 0)
        await asyncio.sleep(1)
        assert await standing.fetch(_IN_HAND) != []
        await standing.fetch("UPDATE post_delivery SET leased_until = now()")


async def test_a_film_in_hand_is_put_down_and_taken_up_again(
    standing: Installation, tmp_path: Path
) -> None:
    with standing.context:
        await _one_worker(standing, delay=0)
        row = await _handed_in(standing, film(tmp_path / "a.mov", seconds=2))
        await soon(standing, _HELD, row)
        worker = standing.town.processes.pop("worker-0")
        # The child that works on it comes to no end by itself.
        for child in psutil.Process(worker.pid).children(recursive=True):
            child.suspend()
        signalled = time.monotonic()
        left = await stop(worker)
        held = await standing.fetch(_HELD, row)
        returned = time.monotonic() - signalled
        standing.start_worker(0)
        await soon(standing, "SELECT 1 FROM attachments WHERE id = $1 AND state = 'ready'", row)
    seen("graceful_stop", what="film", seconds=round(left.seconds, 1))
    assert held == [] and returned <= RETURNED
    assert left.code == 0 and left.seconds <= WORKER_SECONDS


_IN_HAND = "SELECT 1 FROM post_delivery WHERE leased_until > now()"
_CARRIED = "SELECT 1 FROM post_letter WHERE once = $1 AND accepted = $2"
_HELD = "SELECT 1 FROM attachments WHERE id = $1 AND prepare_lease > now()"


async def _half_a_body(
    standing: Installation, command: str, *, waits: float
) -> tuple[Stopped, tuple[int, str] | None]:
    """Stop the first API process while a request's body is on its way to it."""
    await stop(standing.town.processes["api-0"])
    standing.serve(0, command)
    await standing.until_answers()
    slot = await a_slot(standing.school, clock.now() + timedelta(days=11), capacity=3)
    head, body = request(standing.guardians[0], "PUT", f"/slots/{slot}/booking", {"party": 1})
    line = await Line.open(standing.ports[0])
    await line.send(head + body[:5])
    await asyncio.sleep(0.5)
    leaving = asyncio.create_task(stop(standing.town.processes["api-0"]))
    await asyncio.sleep(waits)
    answer = None
    try:
        await line.send(body[5:])
        status, said = await line.answer()
        answer = (status, str(said.get("state")))
    except (OSError, EOFError):
        pass
    line.close()
    left = await leaving
    standing.serve(0)
    await standing.until_answers()
    return left, answer


async def _one_worker(standing: Installation, *, delay: float) -> None:
    """Leave one worker, which has nothing to do, before a provider of that speed."""
    for name in [name for name in standing.town.processes if name.startswith("worker-")]:
        await stop(standing.town.processes.pop(name))
    await standing.fetch("UPDATE post_delivery SET leased_until = NULL, due_at = now()")
    await slow_provider(standing.town, 0)
    standing.start_worker(0)
    await soon(standing, "SELECT 1 WHERE NOT EXISTS (SELECT FROM post_delivery)")
    await slow_provider(standing.town, delay)


async def _told(standing: Installation) -> str:
    """Leave a letter for everybody with a phone; returns its name."""
    once = f"drill:{uuid4()}"
    letter = Message(
        occasion="drill.told", category="school", title_zh="您有一条新消息",
        title_en="You have a message", link="/inbox",
    )  # fmt: skip
    async with transaction():
        await tell([one.person for one in standing.guardians[:FAMILIES]], letter, once=once)
    return once


def _feeds_served(standing: Installation) -> int:
    """Count the requests for the feed that the processes say they have served."""
    logs = (standing.town.log(f"api-{number}") for number in range(2))
    return sum(log.count('"/v1/feed"') for log in logs)


def _pushes(standing: Installation, once: str) -> dict[str, list[float]]:
    """Return when each phone was pushed this letter."""
    times: dict[str, list[float]] = {}
    for push in standing.town.pushes():
        if push["message"]["android"]["collapse_key"] == once:
            times.setdefault(push["token"], []).append(push["at"])
    return times


async def _handed_in(standing: Installation, path: Path) -> UUID:
    """Store a film as its upload leaves it."""
    school = await School.get(id=standing.school)
    files = open_files(Settings(data_dir=standing.town.folder / "data"))
    data = await asyncio.to_thread(path.read_bytes)
    key = new_key("0" * 64, "video/quicktime")
    await files.put(key, data)
    now = clock.now()
    row = await Attachment.create(
        district_id=school.district_id, school_id=school.id, kind=Kind.VIDEO,
        uploader_id=standing.organiser.person, state=Readiness.PREPARING, filename="a.mov",
        media_type="video/quicktime", byte_size=len(data), sha256="0" * 64, original_key=key,
        created_at=now, stored_at=now,
    )  # fmt: skip
    return row.id
