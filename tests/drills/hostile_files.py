"""Files made to hurt, drawn from a seed: pictures, workbooks, documents, odd names and archives.

Where a picture may be kept, it carries a place and a comment (``corpus.CANARY``) that must not
be kept with it.
"""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PIL import Image

from tests.media import corpus
from tests.roster import books
from tests.roster import test_hostile_files as workbooks

MARK = "DRILLED"
"""Stands in every name, so that whatever is written under a name of theirs is found."""
HTML = b"<html><script>alert(1)</script></html>"


@dataclass(frozen=True)
class Case:
    """One file as somebody hands it in: ``kind`` is picture, workbook, document or name."""

    kind: str
    what: str
    name: str
    media_type: str
    data: bytes


def corpus_of(chance: random.Random, count: int) -> list[Case]:
    """Return that many files, six in ten of them pictures."""
    made: list[Case] = []
    for kind, share in (("picture", 0.6), ("workbook", 0.25), ("document", 0.1), ("name", 0.05)):
        made += [MAKERS[kind](chance) for _ in range(max(round(count * share), 1))]
    chance.shuffle(made)
    return made


def picture(chance: random.Random) -> Case:
    """A picture: whole, damaged in one of many ways, or a bomb."""
    what, make = chance.choice(PICTURES)
    data = make(chance)
    form = chance.choice(("jpg", "png", "webp", "svg", "html", "php", "jpg.exe"))
    kind = chance.choice(("image/jpeg", "image/png", "image/svg+xml", "text/html", ""))
    return Case("picture", what, f"{MARK}.{form}", kind, data)


def _sound(chance: random.Random) -> bytes:
    return chance.choice(whole_pictures())


@cache
def whole_pictures() -> tuple[bytes, ...]:
    """Return one good picture of each kind, most of them with a place in them."""
    exif = Image.Exif()
    exif[0x010E] = corpus.CANARY.decode()
    small = corpus.quarters(96, 64)
    more = [
        corpus.encode(small, form, exif=exif, **options)
        for form, options in (("WEBP", {"xmp": corpus.CANARY}), ("AVIF", {}), ("PNG", {}))
    ]
    return (
        corpus.sideways_jpeg_with_gps(), corpus.png_with_text(), corpus.jpeg_then_script(),
        corpus.two_views_of_one_picture(), corpus.sixteen_bit_grey(), corpus.palette_with_alpha(),
        corpus.jpeg_with_broken_profile(), corpus.jpeg_in_swapped_colours(), *more,
    )  # fmt: skip


def _cut_off(chance: random.Random) -> bytes:
    data = _sound(chance)
    return data[: chance.randrange(len(data))]


def _flipped(chance: random.Random) -> bytes:
    data = bytearray(_sound(chance))
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _spliced(chance: random.Random) -> bytes:
    one, other = _sound(chance), _sound(chance)
    return one[: chance.randrange(len(one))] + other[chance.randrange(len(other)) :]


def _lying_header(chance: random.Random) -> bytes:
    """A PNG that claims a size, depth and colours of its own."""
    data = corpus.png_with_text()
    edge = lambda: chance.choice((0, 1, 2**31 - 1, 65_535, 20_000, 4_000))  # noqa: E731
    header = struct.pack(
        ">IIBBBBB", edge(), edge(), chance.choice((1, 8, 16, 77)), chance.choice((0, 2, 3, 6, 9)),
        0, 0, chance.choice((0, 1)),
    )  # fmt: skip
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return data[:12] + b"IHDR" + header + crc + data[33:]


def _two_faced(chance: random.Random) -> bytes:
    head = chance.choice(
        (b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP")
    )
    return head + HTML * chance.randint(1, 50)


@cache
def _once(make: Callable[[], bytes]) -> bytes:
    return make()


PICTURES: list[tuple[str, Callable[[random.Random], bytes]]] = [
    *[("whole", _sound)] * 6,
    *[("cut off", _cut_off)] * 5,
    *[("flipped", _flipped)] * 6,
    *[("spliced", _spliced)] * 3,
    *[("a header that lies", _lying_header)] * 3,
    *[("two-faced", _two_faced)] * 2,
    ("a bomb", lambda _: _once(corpus.png_bomb)),
    ("a text bomb", lambda _: _once(corpus.png_text_bomb)),
    ("a giant canvas", lambda _: _once(corpus.webp_with_giant_canvas)),
    ("many scans", lambda _: _once(corpus.progressive_with_many_scans)),
    ("animated", lambda chance: corpus.animated(chance.choice(("GIF", "PNG", "WEBP")))),
    ("SVG", lambda _: corpus.SVG),
    ("noise", lambda chance: chance.randbytes(chance.randint(1, 20_000))),
    ("nothing", lambda _: b""),
]  # fmt: skip


def workbook(chance: random.Random) -> Case:
    """A workbook: one of those known to hurt, or a good one damaged."""
    good = _once(lambda_book)
    dice = chance.random()
    if dice < 0.4:
        what, make, _ = chance.choice(workbooks.HOSTILE)
        data = _once(make)
    elif dice < 0.6:
        what, data = "cut off", good[: chance.randrange(len(good))]
    elif dice < 0.8:
        what, changed = "flipped", bytearray(good)
        for _ in range(chance.randint(1, 30)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        data = bytes(changed)
    else:
        what, data = "an odd sheet", books.package(books.worksheet(_odd_rows(chance)))
    return Case("workbook", what, f"{MARK}.xlsx", "application/octet-stream", data)


def lambda_book() -> bytes:
    return books.book(books.sheets())


def _odd_rows(chance: random.Random) -> str:
    """Rows whose cells lie about their place, kind and length."""
    cells = (
        '<c r="A{n}" t="s"><v>999999</v></c>',
        '<c r="B{n}" t="inlineStr"><is><t>=cmd|x!A1</t></is></c>',
        '<c r="{n}A"><v>1</v></c>',
        '<c r="C{n}" t="e"><v>#REF!</v></c>',
        '<c r="D{n}"><f>A{n}</f></c>',
        '<c r="E{n}" t="d"><v>9999-99-99</v></c>',
        '<c r="F{n}"><v>1e400</v></c>',
        "<c/>",
    )
    rows = (
        f'<row r="{chance.choice((n, 0, -1, 2**32))}">'
        + "".join(chance.choice(cells).replace("{n}", str(n)) for _ in range(8))
        + "</row>"
        for n in range(2, chance.randint(3, 300))
    )
    return books.HEADER + "".join(rows)


def document(chance: random.Random) -> Case:
    """A document that does something, is something else besides, or is none."""
    active = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )
    what, data = chance.choice(
        (
            ("active", active),
            ("a page", b"%PDF-1.4\n" + HTML + b"\n%%EOF"),
            ("an archive behind it", corpus.PDF + _once(_archive)),
            ("late", HTML + corpus.PDF),
            ("references in a ring", corpus.PDF.replace(b"<<", b"<</Parent 1 0 R" * 2_000 + b"<<")),
            ("a program", b"MZ" + bytes(64) + corpus.PDF),
            ("cut off", corpus.PDF[: chance.randrange(len(corpus.PDF))]),
            ("much of nothing", b"%PDF-1.7\n" + bytes(chance.randint(1, 3_000_000))),
        )
    )
    return Case("document", what, f"{MARK}.pdf", "application/pdf", data)


def name(chance: random.Random) -> Case:
    """A good picture under a name that leads elsewhere; or an archive full of such names."""
    odd = chance.choice(NAMES)
    if chance.random() < 0.7:
        data = corpus.encode(corpus.quarters(64, 64), "JPEG", comment=corpus.CANARY)
        return Case("name", repr(odd), odd, "image/jpeg", data)
    archive = _once(chance.choice((_archive, _tarball)))
    return Case("name", "an archive", f"{MARK}.xlsx", "application/zip", archive)


NAMES = tuple(
    pattern.replace("@", MARK)
    for pattern in (
        "../../../../tmp/@.jpg", "/tmp/@.jpg", "..\\..\\@.jpg", "C:\\@.jpg", "@/../../@.jpg",
        "%2e%2e%2f@.jpg", "@\r\nX-Evil: 1.jpg", "@\t.jpg", "@.html", "@.jpg.html", ".@",
        "@" + "字" * 400 + ".jpg", "@\u202egpj.exe", '@"; filename="evil.html', "@;.jpg", "~/@",
        "CON.@", "@|id", "$(@)", "../@/", "@%00.jpg", "@..", "-rf @", "@ .jpg ",
    )
)  # fmt: skip


def _archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in (
            f"../../{MARK}.txt",
            f"/tmp/{MARK}.txt",
            "xl/workbook.xml",
            "[Content_Types].xml",
        ):
            archive.writestr(path, "<a/>")
        link = zipfile.ZipInfo(f"{MARK}-link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


def _tarball() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"../../{MARK}.txt")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return made.getvalue()


MAKERS: dict[str, Callable[[random.Random], Case]] = {
    "picture": picture, "workbook": workbook, "document": document, "name": name,
}  # fmt: skip
