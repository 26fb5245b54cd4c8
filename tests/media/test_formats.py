"""Films and recordings are known by their first bytes, whatever they are called."""

import pytest

from backend.errors import Refusal
from backend.media import rules
from backend.media.rules import Format
from tests.media import corpus

EBML = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08"
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
"""MPEG 1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes."""
AAC_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
"""ADTS, a frame of 16 bytes."""


def box(major: bytes, *others: bytes) -> bytes:
    brands = b"".join(others)
    return (16 + len(brands)).to_bytes(4, "big") + b"ftyp" + major + bytes(4) + brands + bytes(64)


@pytest.mark.parametrize(
    ("head", "form", "kind"),
    [
        (box(b"isom", b"isom", b"iso2", b"avc1", b"mp41"), Format.MP4, "video"),
        (box(b"mp42", b"mp42", b"isom"), Format.MP4, "video"),
        (box(b"XAVC", b"mp42"), Format.MP4, "video"),
        (box(b"qt  ", b"qt  "), Format.MOV, "video"),
        (box(b"M4A ", b"M4A ", b"mp42", b"isom"), Format.M4A, "audio"),
        (box(b"mif1", b"mif1", b"avif"), Format.AVIF, "image"),
        (EBML + b"B\x82\x84webm" + bytes(64), Format.WEBM, "video"),
        (EBML + b"B\x82\x88matroska" + bytes(64), Format.MKV, "video"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00", Format.MP3, "audio"),
        (MP3_FRAME * 2, Format.MP3, "audio"),
        (AAC_FRAME * 2, Format.AAC, "audio"),
        (b"OggS\x00\x02" + bytes(22) + b"\x13OpusHead", Format.OGG, "audio"),
        (b"OggS\x00\x02" + bytes(22) + b"\x1e\x01vorbis", Format.OGG, "audio"),
        (corpus.PDF, Format.PDF, "pdf"),
        (corpus.encode(corpus.quarters(8, 8), "JPEG"), Format.JPEG, "image"),
    ],
)
def test_the_first_bytes_decide(head: bytes, form: Format, kind: str) -> None:
    assert rules.sniff_any(head) is form
    assert rules.kind_of(form) == kind


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        (b"", rules.FileEmpty),
        (b"\x00", rules.MediaTypeRefused),
        (box(b"heic", b"mif1", b"heic"), rules.HeicRefused),
        (box(b"crx ", b"isoz"), rules.MediaTypeRefused),
        (b"\x00\x00\x00\x08ftyp", rules.MediaTypeRefused),
        (b"\xff\xff\xff\xffftyp", rules.MediaTypeRefused),
        (EBML + b"B\x82\x84evil", rules.MediaTypeRefused),
        (EBML, rules.MediaTypeRefused),
        (EBML + b"B\x82", rules.MediaTypeRefused),
        (EBML + b"B\x82\xff", rules.MediaTypeRefused),
        (MP3_FRAME, rules.MediaTypeRefused),
        (MP3_FRAME + b"<html>", rules.MediaTypeRefused),
        (b"\xff\xfb\xf0\x00" * 400, rules.MediaTypeRefused),
        (b"\xff\xfb\x9c\x00" * 400, rules.MediaTypeRefused),
        (AAC_FRAME, rules.MediaTypeRefused),
        (b"\xff\xf1\x50\x80\x00\x1f\xfc" * 40, rules.MediaTypeRefused),
        (b"OggS\x00\x02" + bytes(22) + b"\x2a\x80theora", rules.MediaTypeRefused),
        (b"RIFF\x00\x00\x00\x00AVI LIST", rules.MediaTypeRefused),
        (b"FLV\x01\x05", rules.MediaTypeRefused),
        (b"#EXTM3U\nfile:///etc/passwd", rules.MediaTypeRefused),
        (b"ffconcat version 1.0\nfile /etc/passwd", rules.MediaTypeRefused),
        (corpus.SVG, rules.MediaTypeRefused),
        (b"<!doctype html><script>alert(1)</script>", rules.MediaTypeRefused),
        (b"MZ" + bytes(100), rules.MediaTypeRefused),
    ],
)
def test_everything_else_is_refused(head: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as no:
        rules.sniff_any(head)
    assert type(no.value) is refusal


@pytest.mark.parametrize(
    ("form", "most"),
    [
        (Format.MKV, 1 << 30),
        (Format.MOV, 1 << 30),
        (Format.MP3, 200 << 20),
        (Format.OGG, 200 << 20),
    ],
)
def test_each_kind_has_its_largest_size(form: Format, most: int) -> None:
    rules.check_size(form, most)
    with pytest.raises(rules.FileTooLarge):
        rules.check_size(form, most + 1)


@pytest.mark.parametrize(
    ("byte_size", "part_size", "lengths"),
    [(1, 10, [1]), (9, 10, [9]), (10, 10, [10]), (11, 10, [10, 1]), (30, 10, [10, 10, 10])],
)
def test_every_part_but_the_last_is_full(
    byte_size: int, part_size: int, lengths: list[int]
) -> None:
    assert rules.parts_of(byte_size, part_size) == len(lengths)
    for number, length in enumerate(lengths, 1):
        rules.check_part(number, length, byte_size, part_size)
        for wrong in {0, length - 1, length + 1, part_size + 1} - {length}:
            with pytest.raises(rules.PartSizeWrong):
                rules.check_part(number, wrong, byte_size, part_size)
    for number in (0, -1, len(lengths) + 1):
        with pytest.raises(rules.NoSuchPart):
            rules.check_part(number, part_size, byte_size, part_size)


@pytest.mark.parametrize("header", [None, "", "md5=:AAAA:", "sha-512=:AAAA:", "sha-256=AAAA"])
def test_a_digest_of_another_kind_is_not_checked(header: str | None) -> None:
    assert rules.declared_digest(header) is None


def test_a_digest_is_found_among_others() -> None:
    zeros = "A" * 43 + "="
    for header in (f"sha-256=:{zeros}:", f"md5=:AAAA:, sha-256=:{zeros}:, x=:A:"):
        assert rules.declared_digest(header) == bytes(32)
