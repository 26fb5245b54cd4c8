"""Parts in every store: put together once, swept when nobody does, and room for both."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore

from backend import clock
from backend.errors import NotFound
from backend.media import jobs, rules
from backend.media.models import Attachment, Upload, UploadPart
from backend.media.operations import joining, uploads
from backend.media.storage import Files
from tests.media import corpus
from tests.media.conftest import Place, kept
from tests.media.parts import film


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "PART_BYTES", 100_000)


async def begun(place: Place, files: Files, data: bytes, sha256: str | None = None) -> Upload:
    return await uploads.begin(
        place.fang.id, "讲座.mp4", len(data), sha256, files=files, school_id=place.school.id
    )


async def fill(row: Upload, data: bytes, files: Files) -> None:
    for number in range(1, rules.parts_of(len(data), 100_000) + 1):
        part = data[(number - 1) * 100_000 : number * 100_000]
        await uploads.take_part(row, number, part, files=files)


async def test_parts_become_one_file_and_go(place: Place, either: Files) -> None:
    data = film(1_050_000)
    row = await begun(place, either, data, hashlib.sha256(data).hexdigest())
    await fill(row, data, either)
    keys = [part.key for part in await UploadPart.all()]
    made = await uploads.complete(row, files=either)
    assert await either.get(made.original_key) == data
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    assert (await uploads.complete(row, files=either)).id == made.id
    for key in keys:
        with pytest.raises(FileNotFoundError):
            await either.head(key)
    assert await UploadPart.all().count() == 0


async def test_a_document_in_parts_is_kept_as_in_one_step(place: Place, either: Files) -> None:
    data = corpus.PDF * 10_000
    row = await begun(place, either, data)
    await fill(row, data, either)
    made = await uploads.complete(row, files=either)
    assert (made.kind, made.state, made.filename) == ("pdf", "ready", "讲座.pdf")
    assert await either.get(made.original_key) == data


async def test_what_nobody_completes_is_gone_a_day_later_with_its_parts(
    place: Place, either: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = film(250_000)
    left = await begun(place, either, data)
    await fill(left, data, either)
    [key, *_] = [part.key for part in await UploadPart.filter(upload_id=left.id)]
    orphan = f"{left.prefix}/2-written-by-who-died-before-the-row"
    await either.put(orphan, b"x")
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    fresh = await begun(place, either, data)
    await fill(fresh, data, either)
    for act in (
        uploads.complete(left, files=either),
        uploads.take_part(left, 2, bytes(100_000), files=either),
        uploads.give_up(left, files=either),
    ):
        with pytest.raises(NotFound):
            await act
    await asyncio.gather(*(jobs.sweep_unattached(either) for _ in range(2)))
    assert [row.id for row in await Upload.all()] == [fresh.id]
    for gone in (key, orphan):
        with pytest.raises(FileNotFoundError):
            await either.head(gone)
    made = await uploads.complete(fresh, files=either)
    assert await either.get(made.original_key) == data


async def test_who_dies_putting_it_together_leaves_nothing_for_good(
    place: Place, files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = film(450_000)
    row = await begun(place, files, data)
    await fill(row, data, files)

    async def dies(*_: Any, **__: Any) -> None:
        raise SystemError("the process is gone")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_reopen", dies)
        patch.setattr(uploads.attachments, "discard", dies)
        patch.setattr(uploads, "_finish", dies)
        with pytest.raises(SystemError):
            await uploads.complete(row, files=files)
    [half] = await Attachment.all()
    assert half.stored_at is None
    with pytest.raises(rules.UploadJoining):
        await uploads.complete(row, files=files)
    later = clock.now() + joining.JOINING_LEASE
    monkeypatch.setattr(clock, "now", lambda: later)
    made = await uploads.complete(row, files=files)
    assert made.id != half.id
    tomorrow = later + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    await Attachment.filter(id=made.id).update(owner_id=row.id, attached_at=tomorrow)
    await jobs.sweep_unattached(files)
    assert [row.id for row in await Attachment.all()] == [made.id]
    assert [path.name for path in kept(folder)] == [made.original_key.partition("/")[2]]


async def test_whoever_lost_the_lease_gives_way_to_who_took_it(
    place: Place, files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = film(250_000)
    row = await begun(place, files, data)
    await fill(row, data, files)
    finish, made_by_other = uploads._finish, []

    async def slow(mine: Upload, made: Attachment) -> Attachment:
        if not made_by_other:
            made_by_other.append(made)
            await Upload.filter(id=row.id).update(joining_until=None)
            made_by_other.append(await uploads.complete(row, files=files))
        return await finish(mine, made)

    monkeypatch.setattr(uploads, "_finish", slow)
    kept_one = await uploads.complete(row, files=files)
    assert kept_one.id == made_by_other[1].id != made_by_other[0].id
    assert [one.id for one in await Attachment.all()] == [kept_one.id]
    assert len(kept(folder)) == 1


async def test_a_lease_is_renewed_for_as_long_as_it_takes(
    place: Place, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = film(250_000)
    row = await begun(place, files, data)
    monkeypatch.setattr(joining, "RENEWED_EVERY", 0.01)
    async with joining.holding(row.id):
        for _ in range(500):
            until = (await Upload.get(id=row.id)).joining_until
            if until is not None:
                break
            await asyncio.sleep(0.01)
    assert until is not None
    assert until > clock.now()


async def test_a_disk_that_is_nearly_full_takes_no_announcement(place: Place, folder: Path) -> None:
    crowded = Files(LocalStore(prefix=folder), disk=folder, reserve=1 << 60)
    with pytest.raises(rules.StorageFull):
        await begun(place, crowded, film(1_000))
    assert await Upload.all().count() == 0


async def test_a_disk_that_fills_up_meanwhile_leaves_the_upload_to_be_completed_later(
    place: Place, files: Files, folder: Path
) -> None:
    data = film(250_000)
    row = await begun(place, files, data)
    await fill(row, data, files)
    crowded = Files(LocalStore(prefix=folder), disk=folder, reserve=1 << 60)
    with pytest.raises(rules.StorageFull):
        await uploads.complete(row, files=crowded)
    assert await Attachment.all().count() == 0
    assert (await uploads.complete(row, files=files)).byte_size == len(data)


async def test_a_district_has_no_schools_share(place: Place, folder: Path) -> None:
    tiny = Files(LocalStore(prefix=folder), disk=folder, reserve=0, school_quota=10)
    with pytest.raises(rules.SchoolQuotaFull):
        await begun(place, tiny, film(1_000))
    row = await uploads.begin(
        place.fang.id, "a.mp4", 1_000, None, files=tiny, district_id=place.district.id
    )
    assert row.school_id is None
