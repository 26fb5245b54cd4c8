"""Handing files in, through the whole application."""

from collections.abc import Callable

import pytest

from backend.media import rules
from backend.media.models import Attachment
from backend.settings import Settings
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.media import corpus
from tests.media.conftest import kept
from tests.media.phones import (
    CHAIR,
    OFFICER,
    PARENT,
    PHOTO,
    TEACHER,
    fetch_link,
    upload,
)


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (lambda: b"", 422, "file_empty"),
        (lambda: corpus.SVG, 415, "file_type_refused"),
        (lambda: "我不是照片".encode(), 415, "file_type_refused"),
        (lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", 415, "heic_refused"),
        (lambda: corpus.animated("GIF"), 415, "file_type_refused"),
        (lambda: corpus.animated("PNG"), 422, "image_animated"),
        (lambda: PHOTO[:2_000], 422, "image_unreadable"),
        (lambda: corpus.png_bomb(), 422, "image_too_many_pixels"),
        (lambda: PHOTO + bytes(10 << 20), 413, "file_too_large"),
        (lambda: corpus.PDF + bytes(20 << 20), 413, "file_too_large"),
        (lambda: corpus.PDF + bytes(23 << 20), 413, "too_large"),
    ],
)
async def test_a_file_we_do_not_take_is_refused_in_words_and_leaves_nothing(
    teacher: Visitor,
    school: str,
    settings: Settings,
    make: Callable[[], bytes],
    status: int,
    code: str,
) -> None:
    folder = settings.data_dir / "files"
    before = len(kept(folder))
    answer = await upload(teacher, make(), schoolId=school)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "{" not in answer.json()["detail"]
    assert len(kept(folder)) == before
    assert await Attachment.all().count() == 0


@pytest.mark.parametrize(
    "name",
    ["a" * 60_000 + ".jpg", "../../../etc/passwd", "a\x00b.jpg", "\u202e.jpg", "", "..", "%00.jpg"],
)
async def test_no_name_breaks_anything(
    teacher: Visitor, anyone: Visitor, school: str, name: str
) -> None:
    answer = await upload(teacher, PHOTO, name, schoolId=school)
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        shown = answer.json()["filename"]
        assert shown.endswith(".jpg")
        assert 0 < len(shown) <= 120
        assert not set(shown) & set('/\\\x00\u202e%"')
        assert (await fetch_link(anyone, answer.json()["url"])).status_code == 200


@pytest.mark.parametrize(
    ("who", "school_of", "district_of", "status"),
    [
        (TEACHER, "海湾", None, 201),
        (TEACHER, "莲塘", None, 404),
        (TEACHER, None, "翔安", 404),
        (OFFICER, None, "翔安", 201),
        (OFFICER, "海湾", None, 201),
        (OFFICER, "远山小学", None, 404),
        (OFFICER, None, "远山", 404),
        (PARENT, "海湾", None, 415),
        (PARENT, "莲塘", None, 404),
        (PARENT, None, "翔安", 404),
        (CHAIR, "海湾", None, 201),
        (CHAIR, "莲塘", None, 404),
        (TEACHER, "海湾", "翔安", 400),
        (TEACHER, None, None, 400),
    ],
)
async def test_files_are_handed_in_where_one_works(
    as_: SignIn, cast: Cast, who: str, school_of: str | None, district_of: str | None, status: int
) -> None:
    form = {}
    if school_of:
        form["schoolId"] = str(cast.schools[school_of].id)
    if district_of:
        district = cast.district if district_of == "翔安" else cast.other_district
        form["districtId"] = str(district.id)
    answer = await upload(await as_(who), corpus.PDF, **form)
    assert answer.status_code == status, answer.text
    assert await Attachment.all().count() == (1 if status == 201 else 0)


async def test_nobody_hands_in_a_file_without_signing_in(anyone: Visitor, school: str) -> None:
    assert (await upload(anyone, corpus.PDF, schoolId=school)).status_code == 401


@pytest.mark.parametrize("form", [{"schoolId": "nowhere"}, {"schoolId": "", "colour": "red"}])
async def test_a_form_that_does_not_fit_is_told_so(teacher: Visitor, form: dict[str, str]) -> None:
    assert (await upload(teacher, corpus.PDF, **form)).status_code == 400


async def test_a_form_without_a_file_is_told_so(teacher: Visitor, school: str) -> None:
    for parts in ({}, {"file": (None, "text in place of a file")}, {"other": ("a.pdf", b"%PDF-")}):
        answer = await teacher.post("/attachments", files={"schoolId": (None, school), **parts})
        assert answer.status_code == 400, (parts, answer.text)


async def test_a_photo_sent_again_after_a_lost_reply_is_kept_once(
    teacher: Visitor, school: str, settings: Settings
) -> None:
    folder = settings.data_dir / "files"
    before = len(kept(folder))
    first = await upload(teacher, PHOTO, key="lost-reply-1", schoolId=school)
    again = await upload(teacher, PHOTO, key="lost-reply-1", schoolId=school)
    assert first.json()["id"] == again.json()["id"]
    assert await Attachment.all().count() == 1
    assert len(kept(folder)) == before + 2


async def test_a_key_used_for_another_file_is_refused_and_leaves_nothing(
    teacher: Visitor, school: str, settings: Settings
) -> None:
    await upload(teacher, PHOTO, key="one-key-two-files", schoolId=school)
    folder = settings.data_dir / "files"
    before = len(kept(folder))
    answer = await upload(teacher, corpus.PDF, key="one-key-two-files", schoolId=school)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(kept(folder)) == before
    assert await Attachment.all().count() == 1


async def test_the_sentence_is_in_the_callers_language(teacher: Visitor, school: str) -> None:
    for language, sentence in (("zh-CN", rules.FileEmpty.zh), ("en", rules.FileEmpty.en)):
        teacher.headers["Accept-Language"] = language
        answer = await upload(teacher, b"", schoolId=school)
        assert answer.json()["detail"] == sentence
