"""What went wrong with files when somebody looked for it; each of these once did."""

import pytest

from backend.database import fetch
from backend.people.operations import ties
from backend.web.actor import Role
from seed.cast import Cast
from tests.house import SignIn, Visitor
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
