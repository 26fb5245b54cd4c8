"""What went wrong with files when somebody looked for it; each of these once did."""

from datetime import timedelta
from pathlib import Path

import pytest

from backend import clock
from backend.database import fetch
from backend.media import jobs
from backend.media.models import Attachment, Kind, Readiness
from backend.media.storage import Files
from backend.people.operations import ties
from backend.web.actor import Role
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.media.conftest import Place, kept
from tests.media.phones import PHOTO, upload


@pytest.mark.parametrize("role", [Role.COMMITTEE_CHAIR, Role.COMMITTEE_MEMBER])
async def test_a_seat_on_a_districts_committee_fills_no_schools_share(
    as_: SignIn, cast: Cast, role: Role
) -> None:
    """A guardian of another school, who sits on a committee above all of them."""
    await ties.appoint(cast.id("孙海燕"), role, cast.district)
    mother = await as_("孙海燕")
    body = {"filename": "a.mp4", "byteSize": 2**30, "schoolId": str(cast.schools["海湾"].id)}
    assert (await mother.post("/uploads", json=body)).status_code == 404
    answer = await upload(mother, PHOTO, schoolId=body["schoolId"])
    assert answer.status_code == 404
    assert await fetch("SELECT id FROM uploads") == []
    assert await fetch("SELECT id FROM attachments") == []


ODD = [
    b'filename="\xed\xa0\x80.jpg"',
    b'filename="\xff\xfe.jpg"',
    b'filename="a\x00b.jpg"',
    b"filename*=utf-8''%ED%A0%80.jpg",
    b"filename*=utf-8''%00%2F..%2Fa.jpg",
    b"filename*=utf-9''a.jpg",
    b"filename*=a",
    b'filename=""',
    b'filename="' + b"a" * 5000 + b'.jpg"',
]


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_name_in_a_form_is_no_accident(
    teacher: Visitor, school: str, name: bytes
) -> None:
    lines = [
        b"--line",
        b'Content-Disposition: form-data; name="schoolId"',
        b"",
        school.encode(),
        b"--line",
        b'Content-Disposition: form-data; name="file"; ' + name,
        b"Content-Type: image/jpeg",
        b"",
        PHOTO,
        b"--line--",
        b"",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=line"}
    answer = await teacher.post("/attachments", content=b"\r\n".join(lines), headers=headers)
    assert answer.status_code < 500, answer.text


async def test_a_film_whose_preparation_died_at_its_last_step_is_swept_with_what_was_uploaded(
    place: Place, files: Files, folder: Path
) -> None:
    """The row knows the clean copy by then, and the upload lies beside it."""
    await files.put("aa/room.mov", b"what was uploaded")
    await files.put("aa/room/film-1/film.mp4", b"the clean copy")
    await Attachment.create(
        district_id=place.district.id,
        school_id=place.school.id,
        uploader_id=place.fang.id,
        kind=Kind.VIDEO,
        state=Readiness.PREPARING,
        filename="第一讲.mov",
        media_type="video/quicktime",
        byte_size=14,
        sha256="0" * 64,
        original_key="aa/room/film-1/film.mp4",
        prepare_attempts=1,
        created_at=clock.now() - timedelta(hours=25),
        stored_at=clock.now() - timedelta(hours=25),
    )
    assert await jobs.sweep_unattached(files) == 1
    assert kept(folder) == []
