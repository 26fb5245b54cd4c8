"""Handing in large files part by part: interrupted, resumed, repeated, refused."""

import asyncio
import hashlib
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from backend import clock
from backend.database import execute
from backend.media import rules
from backend.media.models import Attachment, Upload, UploadPart
from backend.media.storage import open_files
from backend.settings import Settings
from tests.house import Visitor
from tests.media import corpus
from tests.media.conftest import kept
from tests.media.parts import begin, complete, content_digest, film, part_of, send, send_all
from tests.media.phones import PHOTO


@pytest.fixture
def arriving(settings: Settings) -> Path:
    """Where parts lie, without what earlier tests left there."""
    folder = settings.data_dir / "files" / "uploads"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a hundred thousand bytes, so that small files have several."""
    monkeypatch.setattr(rules, "PART_BYTES", 100_000)


async def test_what_was_begun_on_the_bus_is_finished_at_home_and_comes_out_byte_for_byte(
    teacher: Visitor, school: str, settings: Settings, arriving: Path
) -> None:
    data = film(1_234_567)
    digest = hashlib.sha256(data).hexdigest()
    begun = await begin(teacher, data, school, sha256=digest)
    assert (begun["state"], begun["parts"], begun["received"]) == ("receiving", 13, [])
    order = random.Random(3).sample(range(1, 14), 13)
    for number in order[:6]:
        part = part_of(data, begun, number)
        answer = await send(
            teacher, begun, number, part, **{"Content-Digest": content_digest(part)}
        )
        assert answer.status_code == 204
    early = await complete(teacher, begun)
    assert (early.status_code, early.json()["code"]) == (409, "parts_missing")
    assert early.json()["facts"] == {"count": 7, "missing": sorted(order[6:])}
    there = (await teacher.get(f"/uploads/{begun['id']}")).json()
    assert there["received"] == sorted(order[:6])
    for number in set(range(1, 14)) - set(there["received"]):
        await send(teacher, begun, number, part_of(data, begun, number))
    answer = await complete(teacher, begun)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["kind"], told["state"], told["filename"]) == ("video", "preparing", "第一讲.mp4")
    assert (told["url"], told["byteSize"], told["preparedPercent"]) == (None, len(data), 0)
    row = await Attachment.get(id=told["id"])
    assert (row.sha256, str(row.school_id)) == (digest, school)
    files = open_files(settings)
    assert await files.get(row.original_key) == data
    again = await complete(teacher, begun)
    assert again.json()["id"] == told["id"]
    assert await Attachment.all().count() == 1
    after = (await teacher.get(f"/uploads/{begun['id']}")).json()
    assert (after["state"], after["attachmentId"]) == ("complete", told["id"])
    assert kept(arriving) == []
    late = await send(teacher, begun, 1, part_of(data, begun, 1))
    assert (late.status_code, late.json()["code"]) == (409, "upload_complete")


async def test_a_part_sent_twice_is_kept_once_and_another_takes_its_place(
    teacher: Visitor, school: str, settings: Settings, arriving: Path
) -> None:
    data, other = film(250_000), film(250_000)
    begun = await begin(teacher, data, school)
    for _ in range(3):
        assert (await send(teacher, begun, 2, part_of(other, begun, 2))).status_code == 204
    assert len(kept(arriving)) == 1
    both = (send(teacher, begun, 2, part_of(one, begun, 2)) for one in (data, other) * 4)
    assert {answer.status_code for answer in await asyncio.gather(*both)} == {204}
    assert len(kept(arriving)) == await UploadPart.all().count() == 1
    await send_all(teacher, begun, data)
    told = (await complete(teacher, begun)).json()
    row = await Attachment.get(id=told["id"])
    assert await open_files(settings).get(row.original_key) == data


async def test_a_file_that_is_not_the_one_declared_can_be_mended(
    teacher: Visitor, school: str, arriving: Path
) -> None:
    data = film(250_000)
    begun = await begin(teacher, data, school, sha256=hashlib.sha256(data).hexdigest())
    await send_all(teacher, begun, data)
    await send(teacher, begun, 2, bytes(100_000))
    answer = await complete(teacher, begun)
    assert (answer.status_code, answer.json()["code"]) == (422, "upload_digest_differs")
    assert await Attachment.all().count() == 0
    assert len(kept(arriving)) == 3
    await send(teacher, begun, 2, part_of(data, begun, 2))
    assert (await complete(teacher, begun)).status_code == 200


async def test_however_often_it_is_completed_at_once_it_is_done_once(
    teacher: Visitor, school: str, settings: Settings
) -> None:
    data = film(950_000)
    begun = await begin(teacher, data, school)
    await send_all(teacher, begun, data)
    answers = await asyncio.gather(*(complete(teacher, begun) for _ in range(6)))
    done = [answer for answer in answers if answer.status_code == 200]
    joining = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(joining) == 6
    assert done
    assert {answer.json()["code"] for answer in joining} <= {"upload_joining"}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in joining)
    assert len({answer.json()["id"] for answer in done}) == 1
    assert await Attachment.all().count() == 1
    row = await Attachment.get()
    assert begun["id"].replace("-", "") in row.original_key
    made = [path for path in kept(settings.data_dir / "files") if path.name in row.original_key]
    assert len(made) == 1


async def test_while_it_is_put_together_nothing_changes(teacher: Visitor, school: str) -> None:
    data = film(250_000)
    begun = await begin(teacher, data, school)
    await send_all(teacher, begun, data)
    soon = clock.now() + timedelta(seconds=30)
    await execute("UPDATE uploads SET joining_until = $1", soon)
    for answer in (
        await send(teacher, begun, 2, bytes(100_000)),
        await complete(teacher, begun),
        await teacher.delete(f"/uploads/{begun['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_joining")
    assert (await teacher.get(f"/uploads/{begun['id']}")).json()["state"] == "joining"
    # Whoever did it died, and was silent for longer than its lease.
    await execute("UPDATE uploads SET joining_until = $1", clock.now())
    assert (await complete(teacher, begun)).status_code == 200


@pytest.mark.parametrize(
    ("make", "kind", "state"),
    [
        (lambda: PHOTO, "image", "ready"),
        (lambda: corpus.PDF * 20_000, "pdf", "ready"),
        (lambda: b"\x00\x00\x00\x14ftypqt  " + bytes(300_000), "video", "preparing"),
        (lambda: b"\x00\x00\x00\x14ftypM4A " + bytes(300_000), "audio", "preparing"),
        (lambda: b"ID3\x04" + bytes(300_000), "audio", "preparing"),
    ],
)
async def test_what_becomes_of_it_is_decided_by_its_first_bytes(
    teacher: Visitor, school: str, make: Callable[[], bytes], kind: str, state: str
) -> None:
    data = make()
    begun = await begin(teacher, data, school, name="随便什么名字.exe")
    await send_all(teacher, begun, data)
    told = (await complete(teacher, begun)).json()
    assert (told["kind"], told["state"]) == (kind, state)
    row = await Attachment.get(id=told["id"])
    assert row.stored_at is not None
    assert row.sha256
    assert (told["thumbnailUrl"] is not None) == (kind == "image")
    assert not told["filename"].endswith("exe")


async def test_a_picture_that_cannot_be_read_is_refused_when_it_is_whole(
    teacher: Visitor, school: str
) -> None:
    data = PHOTO[:2_000]
    begun = await begin(teacher, data, school)
    await send_all(teacher, begun, data)
    answer = await complete(teacher, begun)
    assert (answer.status_code, answer.json()["code"]) == (422, "image_unreadable")
    assert await Attachment.all().count() == 0


async def test_giving_up_leaves_nothing_and_is_final(
    teacher: Visitor, school: str, arriving: Path
) -> None:
    data = film(250_000)
    begun = await begin(teacher, data, school)
    await send(teacher, begun, 1, part_of(data, begun, 1))
    assert (await teacher.delete(f"/uploads/{begun['id']}")).status_code == 204
    assert (await teacher.delete(f"/uploads/{begun['id']}")).status_code == 404
    assert (await send(teacher, begun, 2, part_of(data, begun, 2))).status_code == 404
    assert kept(arriving) == []
    assert await Upload.all().count() == 0


async def test_an_announcement_repeated_after_a_lost_reply_begins_one_upload(
    teacher: Visitor, school: str
) -> None:
    body = {"filename": "a.mp4", "byteSize": 5, "schoolId": school}
    key = {"Idempotency-Key": "lost-reply-1"}
    first, again = [await teacher.post("/uploads", json=body, headers=key) for _ in range(2)]
    assert first.json()["id"] == again.json()["id"]
    other = await teacher.post("/uploads", json=body | {"byteSize": 6}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"
