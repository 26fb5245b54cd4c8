"""What a file is, by its first bytes, and what it is called afterwards."""

import unicodedata
from uuid import uuid4

import pytest

from backend.errors import Refusal
from backend.media import rules
from backend.media.rules import Format
from tests.media import corpus


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (corpus.encode(corpus.quarters(8, 8), "JPEG"), Format.JPEG),
        (corpus.encode(corpus.quarters(8, 8), "PNG"), Format.PNG),
        (corpus.encode(corpus.quarters(8, 8), "WEBP"), Format.WEBP),
        (corpus.encode(corpus.quarters(8, 8), "AVIF"), Format.AVIF),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", Format.AVIF),
        (corpus.PDF, Format.PDF),
        (corpus.jpeg_then_script(), Format.JPEG),
    ],
)
def test_the_first_bytes_decide(data: bytes, form: Format) -> None:
    assert rules.sniff(data) is form


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", rules.FileEmpty),
        (corpus.SVG, rules.FileTypeRefused),
        (b"\xef\xbb\xbf" + corpus.SVG, rules.FileTypeRefused),
        (corpus.animated("GIF"), rules.FileTypeRefused),
        (b"GIF89a" + corpus.PDF, rules.FileTypeRefused),
        (b"\n" + corpus.PDF, rules.FileTypeRefused),
        (b"<!doctype html><script>alert(1)</script>", rules.FileTypeRefused),
        (b"PK\x03\x04" + bytes(30), rules.FileTypeRefused),
        (b"MZ" + bytes(100), rules.FileTypeRefused),
        ("我不是照片".encode(), rules.FileTypeRefused),
        (b"\x00", rules.FileTypeRefused),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", rules.HeicRefused),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41", rules.FileTypeRefused),
        (b"\xff\xff\xff\xffftyp", rules.FileTypeRefused),
    ],
)
def test_everything_else_is_refused(data: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as no:
        rules.sniff(data)
    assert type(no.value) is refusal


@pytest.mark.parametrize(
    ("form", "most"), [(Format.JPEG, 10 << 20), (Format.AVIF, 10 << 20), (Format.PDF, 20 << 20)]
)
def test_each_kind_has_its_largest_size(form: Format, most: int) -> None:
    rules.check_size(form, most)
    with pytest.raises(rules.FileTooLarge) as no:
        rules.check_size(form, most + 1)
    assert str(most >> 20) in no.value.sentence("zh")
    assert str(most >> 20) in no.value.sentence("en")


def test_twenty_four_megapixels_is_the_most() -> None:
    rules.check_pixels(6000, 4000)
    with pytest.raises(rules.ImageTooManyPixels):
        rules.check_pixels(6001, 4000)


@pytest.mark.parametrize(
    ("given", "media_type", "shown"),
    [
        ("春游通知.pdf", "application/pdf", "春游通知.pdf"),
        ("IMG_0001.HEIC.png", "image/webp", "IMG_0001.HEIC.webp"),
        ("照片.jpeg", "image/jpeg", "照片.jpg"),
        ("no extension", "application/pdf", "no extension.pdf"),
        ("第1.2版 说明", "application/pdf", "第1.2版 说明.pdf"),
        ("../../etc/passwd", "application/pdf", "passwd.pdf"),
        ("..\\..\\windows\\system32\\a.exe", "application/pdf", "a.pdf"),
        ("C:\\photos\\我.png", "image/webp", "我.webp"),
        ("evil\x00.php", "application/pdf", "evil.pdf"),
        ("line\r\nSet-Cookie: a=b.pdf", "application/pdf", "lineSet-Cookie_ a=b.pdf"),
        ("photo\u202egpj.exe", "image/jpeg", "photogpj.jpg"),
        ("\u200b\ufeff\u2066.png", "image/webp", "未命名.webp"),
        ("", "image/jpeg", "未命名.jpg"),
        (".htaccess", "application/pdf", "htaccess.pdf"),
        ("....", "application/pdf", "未命名.pdf"),
        ("/", "application/pdf", "未命名.pdf"),
        ('a"b<c>d|e?f*g%h.pdf', "application/pdf", "a_b_c_d_e_f_g_h.pdf"),
        ("e\u0301.pdf", "application/pdf", "é.pdf"),
        ("\ud800.pdf", "application/pdf", "未命名.pdf"),
    ],
)
def test_a_name_is_what_can_be_shown_of_it(given: str, media_type: str, shown: str) -> None:
    assert rules.display_name(given, media_type) == shown


@pytest.mark.parametrize("given", ["长" * 100_000 + ".pdf", "a" * 100_000, "/" * 100_000])
def test_a_huge_name_is_cut_to_fit_its_column(given: str) -> None:
    shown = rules.display_name(given, "application/pdf")
    assert 0 < len(shown) <= 120
    assert shown.endswith(".pdf")
    assert unicodedata.is_normalized("NFC", shown)


def test_only_who_handed_a_file_in_may_put_it_somewhere_and_only_once() -> None:
    mine, yours, notice, other = uuid4(), uuid4(), uuid4(), uuid4()
    assert rules.may_carry(None, mine, notice, mine)
    assert rules.may_carry(notice, yours, notice, mine)
    assert not rules.may_carry(None, yours, notice, mine)
    assert not rules.may_carry(other, mine, notice, mine)


@pytest.mark.parametrize(
    "refusal",
    [kind for kind in vars(rules).values() if isinstance(kind, type) and issubclass(kind, Refusal)],
)
def test_every_refusal_speaks_both_languages(refusal: type[Refusal]) -> None:
    no = refusal(
        megabytes=10, width=1, height=2, gibibytes=50, parts=3, expected=9, count=2, missing=[2]
    )
    assert no.sentence("zh").endswith("。")
    assert no.sentence("en").endswith(".")
