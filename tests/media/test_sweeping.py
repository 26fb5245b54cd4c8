"""What nobody attaches within a day goes, with its files, whatever else happens meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend import clock
from backend.media import jobs, operations
from backend.media.models import Attachment
from backend.media.storage import Files
from tests.media import corpus
from tests.media.conftest import Place, hand_in, kept


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def turn() -> None:
        later = clock.now() + timedelta(hours=25)
        monkeypatch.setattr(clock, "now", lambda: later)

    return turn


async def test_what_nobody_attached_is_gone_a_day_later_and_the_rest_stays(
    place: Place, files: Files, folder: Path, tomorrow: Callable[[], None]
) -> None:
    attached = await hand_in(place, files, corpus.encode(corpus.quarters(), "JPEG"))
    await operations.attach([attached.id], uuid4(), place.fang.id)
    await hand_in(place, files, corpus.encode(corpus.quarters(), "JPEG"))
    await hand_in(place, files)
    assert len(kept(folder)) == 5
    assert await jobs.sweep_unattached(files) == 0
    tomorrow()
    fresh = await hand_in(place, files)
    assert await jobs.sweep_unattached(files) == 2
    assert {row.id for row in await Attachment.all()} == {attached.id, fresh.id}
    assert len(kept(folder)) == 3
    assert await jobs.sweep_unattached(files) == 0


async def test_a_sweep_that_was_cut_short_is_finished_by_the_next(
    place: Place, files: Files, folder: Path, tomorrow: Callable[[], None]
) -> None:
    row = await hand_in(place, files, corpus.encode(corpus.quarters(), "JPEG"))
    cut_short = await operations.receive(
        place.fang.id, "a.pdf", corpus.PDF, files=files, school_id=place.school.id
    )
    assert row.thumbnail_key is not None
    await files.delete(row.original_key)
    await files.delete(cut_short.original_key)
    tomorrow()
    assert await jobs.sweep_unattached(files) == 2
    assert kept(folder) == []


async def test_a_sweep_and_an_attach_that_race_never_leave_a_row_without_its_file(
    place: Place, files: Files, tomorrow: Callable[[], None]
) -> None:
    rows = [await hand_in(place, files) for _ in range(12)]
    tomorrow()

    async def attach(row: Attachment) -> Any:
        return await operations.attach([row.id], uuid4(), place.fang.id)

    await asyncio.gather(
        *(attach(row) for row in rows), jobs.sweep_unattached(files), return_exceptions=True
    )
    for row in await Attachment.filter(attached_at__not_isnull=True):
        assert await files.get(row.original_key) == corpus.PDF
    for row in rows:
        if not await Attachment.exists(id=row.id):
            with pytest.raises(FileNotFoundError):
                await files.head(row.original_key)


async def test_two_sweeps_at_once_remove_each_file_once(
    place: Place, files: Files, folder: Path, tomorrow: Callable[[], None]
) -> None:
    for _ in range(8):
        await hand_in(place, files)
    tomorrow()
    gone = await asyncio.gather(*(jobs.sweep_unattached(files) for _ in range(3)))
    assert sum(gone) == 8
    assert kept(folder) == []
