"""Links, conditional requests and ranges, through the whole application."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import clock
from backend.database import execute
from backend.media import links, operations
from backend.media.models import Attachment, Variant
from backend.media.storage import open_files
from backend.settings import Settings
from tests.house import SignIn, Visitor
from tests.media import corpus
from tests.media.phones import (
    COLLEAGUE,
    PARENT,
    fetch_link,
    photo,
    upload,
)


async def test_a_teachers_photo_comes_back_upright_and_bare_without_signing_in(
    teacher: Visitor, anyone: Visitor, school: str
) -> None:
    sent = corpus.sideways_jpeg_with_gps()
    told = (await upload(teacher, sent, "../外出\u202e.jpg", schoolId=school)).json()
    assert (told["kind"], told["filename"], told["mediaType"]) == (
        "image",
        "外出.jpg",
        "image/jpeg",
    )
    assert (told["width"], told["height"]) == (640, 480)
    original = await fetch_link(anyone, told["url"])
    thumbnail = await fetch_link(anyone, told["thumbnailUrl"])
    assert original.status_code == thumbnail.status_code == 200
    assert len(original.content) == told["byteSize"]
    assert original.content != sent
    assert len(thumbnail.content) < len(original.content)
    for answer in (original, thumbnail):
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers.get_list("content-length") == [str(len(answer.content))]
        assert answer.headers["cache-control"].startswith("private")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-disposition"].startswith("inline;")
        assert corpus.CANARY not in answer.content


async def test_a_pdf_is_only_ever_a_download(
    teacher: Visitor, anyone: Visitor, school: str
) -> None:
    sent = await upload(teacher, corpus.PDF, "春游 通知.pdf", "text/html", schoolId=school)
    told = sent.json()
    assert (told["kind"], told["thumbnailUrl"], told["width"]) == ("pdf", None, None)
    answer = await fetch_link(anyone, told["url"])
    assert answer.content == corpus.PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="original.pdf"; '
        "filename*=UTF-8''%E6%98%A5%E6%B8%B8%20%E9%80%9A%E7%9F%A5.pdf"
    )


async def test_a_phone_that_has_the_file_is_not_sent_it_again(
    teacher: Visitor, anyone: Visitor, school: str
) -> None:
    url = (await photo(teacher, school))["url"]
    first = await fetch_link(anyone, url)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await fetch_link(anyone, url, **{"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert (await fetch_link(anyone, url, **{"If-None-Match": '"other"'})).status_code == 200


async def test_head_tells_what_get_would_bring(
    teacher: Visitor, anyone: Visitor, school: str
) -> None:
    url = f"http://house{(await photo(teacher, school))['url']}"
    whole, head = await anyone.get(url), await anyone.head(url)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "content-disposition"):
        assert head.headers.get_list(name) == whole.headers.get_list(name)


@pytest.mark.parametrize(
    ("wanted", "status", "piece"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-999999999999", 206, slice(5, None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
    ],
)
async def test_one_range_of_bytes_can_be_asked_for(
    teacher: Visitor, anyone: Visitor, school: str, wanted: str, status: int, piece: slice
) -> None:
    told = (await upload(teacher, corpus.PDF * 40, "a.pdf", schoolId=school)).json()
    answer = await fetch_link(anyone, told["url"], Range=wanted)
    assert answer.status_code == status
    assert answer.content == (corpus.PDF * 40)[piece]
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{told['byteSize']}")
    stale = await fetch_link(anyone, told["url"], Range=wanted, **{"If-Range": '"older"'})
    assert (stale.status_code, len(stale.content)) == (200, told["byteSize"])


async def test_every_way_a_link_can_be_wrong_answers_like_a_file_that_never_was(
    teacher: Visitor,
    anyone: Visitor,
    as_: SignIn,
    school: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = await photo(teacher, school)
    other = await photo(teacher, school)
    pdf = (await upload(teacher, corpus.PDF, "a.pdf", schoolId=school)).json()
    file_id, link = UUID(told["id"]), told["url"].partition("?link=")[2]
    stranger = await as_(COLLEAGUE)
    assert teacher.person_id and teacher.session_id and stranger.person_id and stranger.session_id

    def signed(of: UUID, variant: Variant, person: UUID, session: UUID, **more: Any) -> str:
        until = more.get("until", clock.now() + timedelta(minutes=5))
        key = more.get("key", settings.secret_key)
        token = links.sign(of, variant, person, session, until, key=key)
        return f"/v1/attachments/{of}/{variant}?link={token}"

    mine = (teacher.person_id, teacher.session_id)
    wrong = [
        f"/v1/attachments/{file_id}/original",
        f"/v1/attachments/{file_id}/original?link=",
        f"/v1/attachments/{file_id}/original?link={link[:-1]}",
        f"/v1/attachments/{file_id}/original?link={'A' * 5_000}",
        f"/v1/attachments/{file_id}/thumbnail?link={link}",
        f"/v1/attachments/{other['id']}/original?link={link}",
        f"/v1/attachments/{file_id}/huge?link={link}",
        f"/v1/attachments/{uuid4()}/original?link={link}",
        f"/v1/attachments/not-an-id/original?link={link}",
        signed(uuid4(), Variant.ORIGINAL, *mine),
        signed(UUID(pdf["id"]), Variant.THUMBNAIL, *mine),
        signed(file_id, Variant.ORIGINAL, *mine, key="another installation's secret"),
        signed(file_id, Variant.ORIGINAL, *mine, until=clock.now() - timedelta(seconds=2)),
        signed(file_id, Variant.ORIGINAL, teacher.person_id, uuid4()),
        signed(file_id, Variant.ORIGINAL, stranger.person_id, teacher.session_id),
    ]
    assert (await fetch_link(anyone, signed(file_id, Variant.ORIGINAL, *mine))).status_code == 200
    bodies = set()
    for url in wrong:
        answer = await fetch_link(anyone, url)
        assert answer.status_code == 404, url
        body = answer.json()
        assert body["code"] == "not_found"
        bodies.add((body["title"], body["detail"], str(body["facts"]), str(body["fieldErrors"])))
    assert len(bodies) == 1


async def test_a_link_ends_with_its_session_and_with_its_time(
    teacher: Visitor, anyone: Visitor, school: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (await photo(teacher, school))["url"]
    assert (await fetch_link(anyone, url)).status_code == 200
    later = clock.now() + 2 * links.LIFETIME
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert (await fetch_link(anyone, url)).status_code == 404
    assert (await fetch_link(anyone, url)).status_code == 200
    await execute("UPDATE sessions SET revoked_at = now() WHERE id = $1", teacher.session_id)
    assert (await fetch_link(anyone, url)).status_code == 404


async def test_a_link_passed_on_does_not_work_together_with_another_sign_in(
    teacher: Visitor, as_: SignIn, school: str
) -> None:
    url = (await photo(teacher, school))["url"]
    assert (await fetch_link(teacher, url)).status_code == 200
    assert (await fetch_link(await as_(COLLEAGUE), url)).status_code == 404
    assert (await fetch_link(await as_(PARENT), url)).status_code == 404


async def test_a_file_that_was_swept_is_gone_for_its_link_too(
    teacher: Visitor, anyone: Visitor, school: str, settings: Settings
) -> None:
    files = open_files(settings)
    told = await photo(teacher, school)
    row = await Attachment.get(id=told["id"])
    await files.delete(row.original_key)
    assert (await fetch_link(anyone, told["url"])).status_code == 404
    await operations.discard([row], files=files)
    assert (await fetch_link(anyone, told["thumbnailUrl"])).status_code == 404
