"""Files made to hurt: each is refused by name, and this process lives on."""

import io
import subprocess
import sys
import zipfile

import pytest

from backend.sandbox import SandboxRefused
from tests.roster.books import HEADER, book, in_child, line, package, sheets, worksheet

FAR_COLUMN = '<row r="2"><c r="ZZ2"><v>1</v></c></row>'
FAR_CELL = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
ENTITIES = (
    '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">'
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)


def million_rows() -> bytes:
    return package(
        worksheet(HEADER + "".join(f'<row r="{n}"><c><v>1</v></c></row>' for n in range(2, 10**6)))
    )


def bomb() -> bytes:
    return package(worksheet(HEADER), xl__media__a_dot_xml=b"<a>" + b" " * (60 << 20) + b"</a>")


def steep() -> bytes:
    """Within the total, but one part unpacks to hundreds of times its size."""
    return package(worksheet(HEADER), xl__media__a_dot_bin=b"\0" * (30 << 20))


def lying() -> bytes:
    """A directory that declares far less than a part really holds."""
    honest = package(worksheet(HEADER + line(2, "1", "a" * (8 << 20), "一", "1班")))
    size = (8 << 20).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        real = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    assert size != real.to_bytes(4, "little")
    return honest.replace(real.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


def overlapping() -> bytes:
    """Many directory entries that all point at the same compressed bytes."""
    parts = {f"xl__media__{n}_dot_xml": b"<a/>" for n in range(250)}
    return package(worksheet(HEADER), **parts)


def external() -> bytes:
    doctype = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return package(doctype + worksheet(HEADER + line(2, "&x;", "a", "一", "1班")))


HOSTILE = [
    ("two cells far apart", lambda: package(worksheet(HEADER + FAR_CELL)), "sheet_too_large"),
    ("a far column", lambda: package(worksheet(HEADER + FAR_COLUMN)), "sheet_too_large"),
    ("a million rows", million_rows, "sheet_too_large"),
    ("a zip bomb", bomb, "unpacks_too_large"),
    ("a steep part", steep, "unpacks_too_large"),
    ("a lying directory", lying, "not_xlsx"),
    ("too many parts", overlapping, "too_many_parts"),
    ("entities in a sheet", lambda: package(ENTITIES + worksheet(HEADER)), "document_type"),
    ("entities in the texts",
     lambda: package(worksheet(HEADER), xl__sharedStrings_dot_xml=ENTITIES + "<sst>&j;</sst>"),
     "document_type"),
    ("an outside entity", external, "document_type"),
    ("an address that is none",
     lambda: package(worksheet('<row><c r="A99999999"><v>1</v></c></row>')), "unreadable"),
    ("broken XML", lambda: package(worksheet("<row><c>")), "unreadable"),
    ("an old format or a password", lambda: b"\xd0\xcf\x11\xe0" + b"\0" * 4096, "old_or_locked"),
    ("no zip", lambda: "学号,姓名\n1,王".encode(), "not_xlsx"),
    ("half a zip", lambda: book(sheets())[:-200], "not_xlsx"),
    ("a zip of something else", lambda: _zip({"word/document.xml": "<a/>"}), "not_xlsx"),
    ("no known sheet", lambda: book({"成绩": [["科目", "分数"], ["语文", 90]]}), "nothing_known"),
]  # fmt: skip


def _zip(members: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
async def test_a_hostile_file_is_refused_by_name(make: object, code: str) -> None:
    assert callable(make)
    with pytest.raises(SandboxRefused) as refused:
        await in_child(make())
    assert refused.value.code == code


async def test_a_sheet_that_only_declares_a_million_rows_is_read_for_what_it_holds() -> None:
    declared = worksheet(HEADER + line(2, "1", "王一", "一年级", "1班"), dimension="A1:XFD1048576")
    assert await in_child(package(declared))


def test_without_the_checks_two_far_cells_abort_the_reader() -> None:
    """The negative control: this is what the checks stand in front of."""
    script = (
        "import io, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))\n"
        "from python_calamine import CalamineWorkbook\n"
        "book = CalamineWorkbook.from_object(io.BytesIO(sys.stdin.buffer.read()))\n"
        "book.get_sheet_by_index(0).to_python()\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script],
        input=package(worksheet(HEADER + FAR_CELL)),
        capture_output=True,
        check=False,
    )
    assert died.returncode != 0
    assert b"memory allocation" in died.stderr or b"MemoryError" in died.stderr
