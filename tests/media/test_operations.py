"""Handing in, carrying, letting go and sweeping; a refusal leaves nothing behind."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from obstore.store import LocalStore

from backend import clock
from backend.database import fetch, fetch_one, transaction
from backend.errors import NotFound, Refusal, TooMany
from backend.media import images, operations, rules
from backend.media.models import Attachment, Kind, Variant
from backend.media.storage import Files
from backend.web.limits import spend
from tests.media import corpus
from tests.media.conftest import Place, hand_in, kept


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_photo_is_kept_as_our_own_rendering_in_two_sizes(
    place: Place, files: Files, folder: Path
) -> None:
    row = await operations.store_upload(
        place.fang.id,
        "../../家/IMG_1.HEIC.jpeg",
        corpus.sideways_jpeg_with_gps(),
        files=files,
        school_id=place.school.id,
    )
    row = await Attachment.get(id=row.id)
    assert (row.kind, row.filename) == (Kind.IMAGE, "IMG_1.HEIC.jpg")
    assert (row.media_type, row.width, row.height) == ("image/jpeg", 640, 480)
    assert (row.district_id, row.school_id) == (place.district.id, place.school.id)
    assert row.stored_at is not None
    assert row.attached_at is None
    original = await files.get(row.original_key)
    assert len(original) == row.byte_size
    assert original != corpus.sideways_jpeg_with_gps()
    thumbnail_key = row.key_of(Variant.THUMBNAIL)
    assert thumbnail_key is not None
    assert corpus.CANARY not in original + await files.get(thumbnail_key)
    assert len(kept(folder)) == 2
    assert "IMG" not in "".join(map(str, kept(folder)))


async def test_a_pdf_is_kept_as_it_came(place: Place, files: Files, folder: Path) -> None:
    row = await hand_in(place, files)
    assert (row.kind, row.media_type, row.thumbnail_key) == (Kind.PDF, "application/pdf", None)
    assert await files.get(row.original_key) == corpus.PDF
    assert len(kept(folder)) == 1


async def test_the_same_file_twice_is_two_attachments_that_share_nothing(
    place: Place, files: Files, folder: Path
) -> None:
    one, two = await hand_in(place, files), await hand_in(place, files)
    assert one.sha256 == two.sha256
    assert one.original_key != two.original_key
    await operations.discard([one], files=files)
    assert await files.get(two.original_key) == corpus.PDF


async def test_a_file_may_belong_to_the_district_alone(place: Place, files: Files) -> None:
    row = await operations.store_upload(
        place.fang.id, "a.pdf", corpus.PDF, files=files, district_id=place.district.id
    )
    assert (row.school_id, row.district_id) == (None, place.district.id)


@pytest.mark.parametrize("where", [{}, {"school_id": uuid4()}])
async def test_a_file_belongs_somewhere(
    place: Place, files: Files, folder: Path, where: dict[str, UUID]
) -> None:
    with pytest.raises(NotFound):
        await operations.store_upload(place.fang.id, "a.pdf", corpus.PDF, files=files, **where)
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: b"", rules.FileEmpty),
        (lambda: corpus.SVG, rules.FileTypeRefused),
        (lambda: b"not a picture at all", rules.FileTypeRefused),
        (lambda: corpus.animated("GIF"), rules.FileTypeRefused),
        (lambda: corpus.animated("WEBP"), rules.ImageAnimated),
        (lambda: corpus.png_bomb(), rules.ImageTooManyPixels),
        (lambda: corpus.png_text_bomb(), rules.ImageUnreadable),
        (lambda: corpus.encode(corpus.photo(400, 300), "JPEG")[:9_000], rules.ImageUnreadable),
        (lambda: b"\xff\xd8\xff" + bytes(10 << 20), rules.FileTooLarge),
        (lambda: b"%PDF-1.7" + bytes(20 << 20), rules.FileTooLarge),
    ],
)
async def test_a_refused_file_leaves_nothing_behind(
    place: Place, files: Files, folder: Path, make: Callable[[], bytes], refusal: type[Refusal]
) -> None:
    open_before = descriptors()
    with pytest.raises(refusal):
        await hand_in(place, files, make())
    assert kept(folder) == []
    assert await Attachment.all().count() == 0
    assert descriptors() <= open_before
    assert await hand_in(place, files)


class Failing(Files):
    """A store that takes one object and has no room for the second."""

    puts = 0

    async def put(self, key: str, data: bytes) -> None:
        self.puts += 1
        if self.puts > 1:
            raise rules.StorageFull
        await super().put(key, data)


async def test_a_disk_that_fills_up_half_way_leaves_no_half_attachment(
    place: Place, folder: Path
) -> None:
    files = Failing(LocalStore(prefix=folder))
    with pytest.raises(rules.StorageFull):
        await hand_in(place, files, corpus.encode(corpus.quarters(), "JPEG"))
    assert files.puts == 2
    assert kept(folder) == []
    assert await Attachment.all().count() == 0


async def test_an_upload_that_is_cancelled_leaves_nothing_behind(
    place: Place, files: Files, folder: Path
) -> None:
    sent = corpus.encode(corpus.photo(3000, 2000), "PNG", compress_level=1)[: 10 << 20]
    for moment in (0.01, 0.1, 0.3):
        uploading = asyncio.create_task(hand_in(place, files, sent))
        await asyncio.sleep(moment)
        uploading.cancel()
        with pytest.raises((asyncio.CancelledError, Refusal)):
            await uploading
    assert images._in_hand == 0
    assert kept(folder) == []


async def test_a_day_holds_two_hundred_megabytes_for_each_person(
    place: Place, files: Files
) -> None:
    async with transaction():
        used = 199 * 1024
        await spend(operations.DAILY_UPLOADS, str(place.fang.id), clock.now(), cost=used)
    await hand_in(place, files)
    for _ in range(2):
        with pytest.raises(TooMany) as no:
            await hand_in(place, files)
        assert 0 < (no.value.retry_after or 0) <= 86_400
    assert await operations.store_upload(
        place.gao.id, "a.pdf", corpus.PDF, files=files, school_id=place.school.id
    )


async def test_a_hostile_file_uses_up_its_senders_day_as_well(place: Place, files: Files) -> None:
    with pytest.raises(rules.ImageUnreadable):
        await hand_in(place, files, b"\xff\xd8\xff nothing more")
    row = await fetch_one("SELECT used FROM limits WHERE key = $1", str(place.fang.id))
    assert row == {"used": operations.LEAST_CHARGE}


async def test_a_notice_carries_what_its_writer_handed_in(place: Place, files: Files) -> None:
    notice = uuid4()
    one, two = await hand_in(place, files), await hand_in(place, files)
    rows = await operations.attach([two.id, one.id], notice, place.fang.id)
    assert [row.id for row in rows] == [two.id, one.id]
    carried = await Attachment.objects.all().carried_by(notice)
    assert {row.id for row in carried} == {one.id, two.id}
    assert all(row.attached_at is not None for row in carried)


async def test_attaching_twice_is_attaching_once_and_a_colleague_may_keep_it(
    place: Place, files: Files
) -> None:
    notice, row = uuid4(), await hand_in(place, files)
    first = await operations.attach([row.id], notice, place.fang.id)
    again = await operations.attach([row.id, row.id], notice, place.gao.id)
    assert first[0].attached_at == again[0].attached_at
    assert await operations.attach([], notice, place.gao.id) == []


async def test_nobody_attaches_what_another_handed_in_or_another_notice_carries(
    place: Place, files: Files
) -> None:
    mine, carried = await hand_in(place, files), await hand_in(place, files)
    await operations.attach([carried.id], uuid4(), place.fang.id)
    for ids, by in (
        ([mine.id], place.gao.id),
        ([mine.id, uuid4()], place.fang.id),
        ([mine.id, carried.id], place.fang.id),
    ):
        with pytest.raises(rules.AttachmentMissing):
            await operations.attach(ids, uuid4(), by)
        assert (await Attachment.get(id=mine.id)).owner_id is None


async def test_of_two_notices_that_race_for_a_file_one_carries_it(
    place: Place, files: Files
) -> None:
    row = await hand_in(place, files)
    ends = await asyncio.gather(
        *(operations.attach([row.id], uuid4(), place.fang.id) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(end, list) for end in ends) == 1
    assert sum(isinstance(end, rules.AttachmentMissing) for end in ends) == 5


async def test_an_upload_that_never_finished_cannot_be_attached(place: Place, files: Files) -> None:
    row = await operations.receive(
        place.fang.id, "a.pdf", corpus.PDF, files=files, school_id=place.school.id
    )
    with pytest.raises(rules.AttachmentMissing):
        await operations.attach([row.id], uuid4(), place.fang.id)
    await operations.admit(row)
    assert await operations.attach([row.id], uuid4(), place.fang.id)


async def test_what_a_notice_lets_go_can_be_attached_again_or_is_swept(
    place: Place, files: Files
) -> None:
    notice = uuid4()
    one, two = await hand_in(place, files), await hand_in(place, files)
    await operations.attach([one.id, two.id], notice, place.fang.id)
    assert await operations.release(notice, keep=[one.id]) == 1
    assert [row.id for row in await Attachment.objects.all().carried_by(notice)] == [one.id]
    assert await operations.attach([two.id], uuid4(), place.fang.id)
    assert await operations.release(notice) == 1


async def test_a_moment_is_kept_for_each_step(place: Place, files: Files) -> None:
    row = await hand_in(place, files)
    times = await fetch("SELECT created_at, stored_at FROM attachments WHERE id = $1", row.id)
    created, stored = times[0]["created_at"], times[0]["stored_at"]
    assert isinstance(created, datetime)
    assert created <= stored
