"""What is not taken in parts: misfits, strangers, and more than there is room for."""

import asyncio
from typing import Any

import pytest

from backend import clock
from backend.database import execute, fetch
from backend.media import rules
from backend.media.models import Attachment, Kind, Readiness, Upload, UploadPart
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.media import corpus
from tests.media.parts import RAW, begin, complete, content_digest, film, part_of, send
from tests.media.phones import CHAIR, COLLEAGUE, OFFICER, PARENT, PHOTO


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a hundred thousand bytes, so that small files have several."""
    monkeypatch.setattr(rules, "PART_BYTES", 100_000)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"byteSize": 0}, 400, None),
        ({"byteSize": -1}, 400, None),
        ({"byteSize": 1.5}, 400, None),
        ({"byteSize": "5"}, 400, None),
        ({"byteSize": 2**63}, 400, None),
        ({"byteSize": 10**400}, 400, None),
        ({"byteSize": 2**30 + 1}, 413, "file_too_large"),
        ({"sha256": "F" * 64}, 400, None),
        ({"sha256": "f" * 63}, 400, None),
        ({"filename": ""}, 400, None),
        ({"filename": "a" * 121}, 400, None),
        ({"filename": "a\u202eb.mp4"}, 400, None),
        ({"districtId": "0196f3c2-0000-7000-8000-000000000000"}, 400, None),
        ({"schoolId": None}, 400, None),
        ({"schoolId": "0196f3c2-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"partBytes": 1}, 400, None),
    ],
)
async def test_an_announcement_that_does_not_fit_begins_nothing(
    teacher: Visitor, school: str, change: dict[str, Any], status: int, code: str | None
) -> None:
    body = {"filename": "a.mp4", "byteSize": 5, "schoolId": school} | change
    answer = await teacher.post("/uploads", json=body)
    assert answer.status_code == status, answer.text
    if code:
        assert answer.json()["code"] == code
    assert await Upload.all().count() == 0


async def test_no_part_is_taken_that_does_not_belong(teacher: Visitor, school: str) -> None:
    data = film(250_000)
    begun = await begin(teacher, data, school)
    whole, last = part_of(data, begun, 2), part_of(data, begun, 3)
    wrong: list[tuple[int | str, bytes, dict[str, str], int, str]] = [
        (0, whole, {}, 422, "no_such_part"),
        (4, whole, {}, 422, "no_such_part"),
        (999_999_999, whole, {}, 422, "no_such_part"),
        (2, whole[:-1], {}, 422, "part_size_wrong"),
        (2, whole + b"x", {}, 422, "part_size_wrong"),
        (2, b"", {}, 422, "part_size_wrong"),
        (3, whole, {}, 422, "part_size_wrong"),
        (2, last, {}, 422, "part_size_wrong"),
        (2, whole, {"Content-Digest": content_digest(last)}, 422, "part_damaged"),
        (2, whole, {"Content-Digest": "sha-256=:AAAA:"}, 400, "digest_unreadable"),
        (2, whole, {"Content-Digest": "sha-256=:====:"}, 400, "digest_unreadable"),
        (2, whole, {"Content-Type": "application/json"}, 415, "wrong_media_type"),
        (2, whole, {"Content-Type": "multipart/form-data; boundary=x"}, 415, "wrong_media_type"),
        (2, bytes(rules.LARGEST_PART + 1), {}, 413, "too_large"),
        (1, bytes(100_000), {}, 415, "media_type_refused"),
        (1, b"\x00\x00\x00\x18ftypheic" + bytes(99_988), {}, 415, "heic_refused"),
    ]
    for number, part, headers, status, code in wrong:
        answer = await send(teacher, begun, number, part, **headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), number
    for odd in ("-1", "x", "1.5", "9" * 10, "1e1", "%00", "1/2"):
        answer = await send(teacher, begun, odd, whole)
        assert answer.status_code in (400, 404, 413, 415, 422), odd
    assert await UploadPart.all().count() == 0
    other = {"Content-Digest": "md5=:AAAA:, unknown=:x:"}
    assert (await send(teacher, begun, 2, whole, **other)).status_code == 204


async def test_a_part_without_a_length_is_counted_as_it_comes(
    teacher: Visitor, school: str
) -> None:
    begun = await begin(teacher, film(250_000), school)

    async def too_much() -> Any:
        for _ in range(6):
            yield bytes(1_000_000)

    url = f"/uploads/{begun['id']}/parts/2"
    answer = await teacher.put(url, content=too_much(), headers=RAW)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("who", "school_of", "district_of", "status"),
    [
        (COLLEAGUE, "莲塘", None, 201),
        (COLLEAGUE, "海湾", None, 404),
        (OFFICER, None, "翔安", 201),
        (OFFICER, "海湾", None, 201),
        (OFFICER, None, "远山", 404),
        (PARENT, "海湾", None, 404),
        (CHAIR, "海湾", None, 201),
    ],
)
async def test_uploads_are_begun_where_one_works(
    as_: SignIn, cast: Cast, who: str, school_of: str | None, district_of: str | None, status: int
) -> None:
    place: dict[str, str] = {}
    if school_of:
        place["schoolId"] = str(cast.schools[school_of].id)
    if district_of:
        district = cast.district if district_of == "翔安" else cast.other_district
        place["districtId"] = str(district.id)
    body = {"filename": "a.mp4", "byteSize": 5, **place}
    answer = await (await as_(who)).post("/uploads", json=body)
    assert answer.status_code == status, answer.text


async def test_somebody_elses_upload_does_not_exist(
    teacher: Visitor, as_: SignIn, anyone: Visitor, school: str
) -> None:
    data = film(250_000)
    begun = await begin(teacher, data, school)

    async def all_of(phone: Visitor) -> set[int]:
        answers = (
            await phone.get(f"/uploads/{begun['id']}"),
            await send(phone, begun, 2, part_of(data, begun, 2)),
            await complete(phone, begun),
            await phone.delete(f"/uploads/{begun['id']}"),
        )
        return {answer.status_code for answer in answers}

    for name in (COLLEAGUE, PARENT, CHAIR, OFFICER, "许建安"):
        assert await all_of(await as_(name)) == {404}, name
    assert await all_of(anyone) == {401}
    await execute("UPDATE standings SET valid_until = now()")
    assert await all_of(teacher) == {404}


@pytest.mark.parametrize(
    ("head", "most"),
    [
        (PHOTO, rules.MAX_IMAGE_BYTES),
        (corpus.PDF, rules.MAX_PDF_BYTES),
        (b"ID3\x04", rules.MAX_AUDIO_BYTES),
    ],
)
async def test_each_kind_has_its_own_limit_which_the_first_part_meets(
    teacher: Visitor, school: str, head: bytes, most: int
) -> None:
    part = head[:100_000].ljust(100_000, b"\x00")
    for size, status in ((most, 204), (most + 1, 413)):
        body = {"filename": "a", "byteSize": size, "schoolId": school}
        begun = (await teacher.post("/uploads", json=body)).json()
        answer = await send(teacher, begun, 1, part)
        assert answer.status_code == status, answer.text


async def test_a_school_fills_its_share_and_no_more(teacher: Visitor, school: str) -> None:
    share = 50 * 2**30
    body = {"filename": "a.mp4", "byteSize": 2**20, "schoolId": school}
    await _film_of(school, share - 2**21)
    answers = await asyncio.gather(*(teacher.post("/uploads", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]
    full = next(answer for answer in answers if answer.status_code == 409)
    assert (full.json()["code"], full.json()["facts"]) == ("school_quota_full", {"gibibytes": 50})
    photo = await teacher.post(
        "/attachments", files={"file": ("a.jpg", PHOTO)}, data={"schoolId": school}
    )
    assert photo.json()["code"] == "school_quota_full"
    begun = next(answer for answer in answers if answer.status_code == 201).json()
    await teacher.delete(f"/uploads/{begun['id']}")
    assert (await teacher.post("/uploads", json=body)).status_code == 201


async def test_a_day_has_its_limit_in_bytes_that_were_declared(
    teacher: Visitor, school: str
) -> None:
    body = {"filename": "a.mp4", "byteSize": 2**30, "schoolId": school}
    for status in (201, 201, 201, 201, 429):
        answer = await teacher.post("/uploads", json=body)
        assert answer.status_code == status
    assert answer.json()["code"] == "too_many_requests"


async def test_parents_hand_in_pictures_to_their_childrens_school_and_nothing_else(
    as_: SignIn, cast: Cast, school: str
) -> None:
    parent = await as_(PARENT)
    form = {"schoolId": school}

    async def hand_in(data: bytes, form: dict[str, str] = form) -> Any:
        return await parent.post("/attachments", files={"file": ("a", data)}, data=form)

    answer = await hand_in(PHOTO)
    assert (answer.status_code, answer.json()["kind"]) == (201, "image")
    assert (await hand_in(corpus.PDF)).json()["code"] == "pictures_only"
    assert (await hand_in(film(1_000))).json()["code"] == "file_type_refused"
    other = {"schoolId": str(cast.schools["莲塘"].id)}
    assert (await hand_in(PHOTO, other)).status_code == 404
    used = await fetch("SELECT name, used FROM limits WHERE name LIKE '%kib'")
    assert used == [{"name": "picture_kib", "used": 1024}]
    await execute("UPDATE limits SET used = 30 * 1024")
    assert (await hand_in(PHOTO)).status_code == 429


async def _film_of(school: str, size: int) -> None:
    """Let the school own films of ``size`` bytes in all, at most two GiB each."""
    district = (await fetch("SELECT district_id FROM schools WHERE id = $1::uuid", school))[0]
    while size > 0:
        await Attachment.create(
            district_id=district["district_id"],
            school_id=school,
            uploader_id=school,
            kind=Kind.VIDEO,
            state=Readiness.PREPARING,
            filename="a.mp4",
            media_type="video/mp4",
            byte_size=min(size, 2**31),
            sha256="",
            original_key=f"aa/{size}.mp4",
            created_at=clock.now(),
        )
        size -= 2**31
