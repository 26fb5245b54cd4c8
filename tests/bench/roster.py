"""J7, roster import: a real workbook from the file to rows in the house.

Whole: ``tongxing roster import --apply`` without its terminal: upload, the child's reading
and checking, the preview, the application with its record for undoing. The usual way:
openpyxl, then one awaited statement after the other, nothing checked, shown or undone.
The limit: calamine in a child, for the file is a stranger's, COPY and one statement for
each table, and nothing else.
"""

import asyncio
import io
import resource
import shutil
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import openpyxl

from backend import clock, embedded, migrate
from backend.database import database, execute, fetch
from backend.identifiers import uuid7
from backend.roster import command
from backend.roster.models import ImportState
from backend.roster.operations import imports
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.settings import Settings
from seed.rosters import write_school
from tests.bench.figures import Check, Figure, Findings

PUPILS = 2_000
MOST = 5_000
ROUNDS = 5
GOAL_SECONDS = 3.0
GOAL_TIMES = 3.0
"""So many times the least work."""


def run() -> Findings:
    """Measure on a durable server of its own, and remove it."""
    home = Path(tempfile.mkdtemp(prefix="tongxing-bench-"))
    # The server's user must be able to enter.
    home.chmod(0o755)
    server = embedded.start(home)
    try:
        return asyncio.run(_measure(server.dsn("bench"), home))
    finally:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


async def _measure(dsn: str, home: Path) -> Findings:
    await embedded.ensure_database(dsn)
    await migrate.upgrade(dsn)
    found = Findings()
    async with database(dsn, Settings(environment="test", database_url=dsn), name="bench"):
        district = await tree.create_district("B", "测试区")
        for code in ("S2", "S5"):
            await tree.create_school(district.id, code, f"学校{code}", Stage.PRIMARY)
        connection = await asyncpg.connect(dsn)
        try:
            await _compare(found, connection, home, district.id)
        finally:
            await connection.close()
    return found


async def _compare(
    found: Findings, connection: "asyncpg.Connection[Any]", home: Path, district_id: UUID
) -> None:
    small, large = home / "2000.xlsx", home / "5000.xlsx"
    school = write_school(small, "学校S2", PUPILS, seed=1)
    write_school(large, "学校S5", MOST, seed=1, first_phone=19_900_500_000)
    whole, usual, least = [], [], []
    for _ in range(ROUNDS):
        # Interleaved, so that a slow moment of the machine strikes all three.
        whole.append(await _import(found, small, "S2", school.people))
        usual.append(await _usual_way(connection, small.read_bytes(), district_id))
        least.append(await _limit(connection, small.read_bytes(), district_id))
    applied = await command.import_file(small, "S2", True)
    again = await _timed(command.import_file(small, "S2", True))
    fives: list[float] = []
    for _ in range(3):
        five, whole_large = await _timed(command.import_file(large, "S5", True))
        fives.append(five)
        await imports.undo(UUID(whole_large.import_id), None, clock.now())
    assert applied.counts is not None
    found.checks.append(
        Check(
            job="J7",
            claim="the same file again changes nothing",
            holds=again[1].counts.changes == 0 and again[1].state == ImportState.APPLIED,
        )
    )
    found.checks.append(
        Check(
            job="J7",
            claim=f"a school of {MOST:,} is imported whole",
            holds=whole_large.state == ImportState.APPLIED
            and whole_large.counts.pupils_new == MOST,
        )
    )
    seconds = statistics.median(whole)
    found.figures += [
        Figure(
            job="J7",
            measured=f"{PUPILS:,} pupils, {len(school.guardians):,} ties, file to applied",
            value=seconds,
            unit="s",
            goal=GOAL_SECONDS,
            sense="at_most",
            note=f"worst of {ROUNDS}: {max(whole):.2f} s",
        ),
        Figure(
            job="J7",
            measured="beside openpyxl and row by row",
            value=seconds,
            unit="s",
            yardstick_name="the usual way, unchecked",
            yardstick=statistics.median(usual),
            goal=1.0,
            sense="at_most",
        ),
        Figure(
            job="J7",
            measured="beside the least work",
            value=seconds,
            unit="s",
            yardstick_name="child, COPY, merge; unchecked",
            yardstick=statistics.median(least),
            goal=GOAL_TIMES,
            sense="at_most",
            note="the rest is the child, the checks, the preview and the record for undoing",
        ),
        Figure(job="J7", measured="the same file again", value=again[0], unit="s"),
        Figure(
            job="J7",
            measured=f"{MOST:,} pupils beside {PUPILS:,}",
            value=statistics.median(fives),
            unit="s",
            yardstick_name=f"{PUPILS:,}",
            yardstick=seconds,
            goal=MOST / PUPILS * 1.2,
            sense="at_most",
            note="linear would be 2.5",
        ),
        Figure(
            job="J7",
            measured="largest child",
            value=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
            unit="MB",
            goal=512,
            sense="at_most",
        ),
    ]


async def _import(found: Findings, path: Path, code: str, people: int) -> float:
    """Import a file as the command does, check it, and take it back by its own undo."""
    seconds, outcome = await _timed(command.import_file(path, code, True))
    rows = await fetch(
        "SELECT (SELECT count(*) FROM enrolments WHERE until IS NULL) AS pupils, "
        "(SELECT count(DISTINCT person_id) FROM guardianships) AS people"
    )
    right = rows[0]["pupils"] == PUPILS and rows[0]["people"] == people
    undone = await imports.undo(UUID(outcome.import_id), None, clock.now())
    left = await fetch("SELECT count(*) AS n FROM students")
    if not any(check.claim.startswith("every pupil") for check in found.checks):
        found.checks += [
            Check(job="J7", claim="every pupil and guardian is there", holds=right),
            Check(
                job="J7",
                claim="undo leaves nothing behind",
                holds=undone.state == ImportState.UNDONE and left[0]["n"] == 0,
            ),
        ]
    await execute("DELETE FROM roster_changes")
    return seconds


async def _timed(work: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    outcome = await work
    return time.perf_counter() - begun, outcome


async def _usual_way(
    connection: "asyncpg.Connection[Any]", file: bytes, district_id: UUID
) -> float:
    begun = time.perf_counter()
    book = openpyxl.load_workbook(io.BytesIO(file))
    classes: dict[tuple[str, str], UUID] = {}
    transaction = connection.transaction()
    await transaction.start()
    school_id = await _school(connection, district_id)
    for grade, name, *_ in _rows(book, "班级"):
        classes[grade, name] = await _class(connection, school_id, grade, name)
    pupils: dict[str, UUID] = {}
    for number, name, grade, of_class in _rows(book, "学生"):
        pupils[number] = await _pupil(connection, school_id, number, name, classes[grade, of_class])
    for number, _, name, relation, phone in _rows(book, "家长"):
        person_id = await connection.fetchval(
            "SELECT id FROM persons WHERE phone = $1", f"+86{phone}"
        )
        if person_id is None:
            person_id = uuid7()
            await connection.execute(_PERSON, person_id, name, f"+86{phone}")
        tie = await connection.fetchval(_HAS_TIE, pupils[number], person_id)
        if tie is None:
            kind = {"父亲": "father", "母亲": "mother"}.get(relation, "grandparent")
            await connection.execute(_TIE, uuid7(), pupils[number], person_id, kind)
    seconds = time.perf_counter() - begun
    # The commit is not timed, in the usual way's favour.
    await transaction.rollback()
    return seconds


def _rows(book: openpyxl.Workbook, sheet: str) -> list[list[str]]:
    width = {"班级": 2, "学生": 4, "家长": 5}[sheet]
    rows = book[sheet].iter_rows(min_row=2, values_only=True)
    return [[str(cell) for cell in row[:width]] for row in rows if row[0]]


async def _school(connection: "asyncpg.Connection[Any]", district_id: UUID) -> UUID:
    school_id = uuid7()
    await connection.execute(
        "INSERT INTO schools (id, district_id, code, name, stage) "
        "VALUES ($1, $2, 'X', '学校', 'primary')",
        school_id,
        district_id,
    )
    return school_id


async def _class(
    connection: "asyncpg.Connection[Any]", school_id: UUID, grade: str, name: str
) -> UUID:
    grade_id = await connection.fetchval(
        "SELECT id FROM grades WHERE school_id = $1 AND name = $2", school_id, grade
    )
    if grade_id is None:
        grade_id = uuid7()
        await connection.execute(
            "INSERT INTO grades (id, school_id, name) VALUES ($1, $2, $3)",
            grade_id,
            school_id,
            grade,
        )
    class_id = uuid7()
    await connection.execute(
        "INSERT INTO classes (id, school_id, grade_id, name) VALUES ($1, $2, $3, $4)",
        class_id,
        school_id,
        grade_id,
        name,
    )
    return class_id


async def _pupil(
    connection: "asyncpg.Connection[Any]", school_id: UUID, number: str, name: str, class_id: UUID
) -> UUID:
    student_id: UUID | None = await connection.fetchval(
        "SELECT id FROM students WHERE school_id = $1 AND number = $2", school_id, number
    )
    if student_id is None:
        student_id = uuid7()
        await connection.execute(
            "INSERT INTO students (id, school_id, number, name) VALUES ($1, $2, $3, $4)",
            student_id,
            school_id,
            number,
            name,
        )
    await connection.execute(
        "INSERT INTO enrolments (id, student_id, class_id, since) VALUES ($1, $2, $3, now())",
        uuid7(),
        student_id,
        class_id,
    )
    return student_id


async def _limit(connection: "asyncpg.Connection[Any]", file: bytes, district_id: UUID) -> float:
    begun = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD), stdin=PIPE, stdout=PIPE
    )
    said, _ = await child.communicate(file)
    pupils, ties = msgspec.msgpack.decode(said)
    transaction = connection.transaction()
    await transaction.start()
    school_id = await _school(connection, district_id)
    class_id = await _class(connection, school_id, "一年级", "1班")
    await connection.execute(_STAGES)
    await connection.copy_records_to_table("came", records=pupils)
    await connection.copy_records_to_table("tied", records=ties)
    await connection.execute("ANALYZE came, tied")
    for statement in _MERGES:
        await connection.execute(statement.format(school=school_id, of_class=class_id))
    seconds = time.perf_counter() - begun
    await transaction.rollback()
    return seconds


_CHILD = """
import io, sys
import msgspec
from python_calamine import CalamineWorkbook
book = CalamineWorkbook.from_object(io.BytesIO(sys.stdin.buffer.read()))
pupils, ties = (book.get_sheet_by_name(name).to_python()[1:] for name in ("学生", "家长"))
rows = [[str(r[0]), r[1]] for r in pupils], [[str(r[0]), "+86" + str(r[4])] for r in ties]
sys.stdout.buffer.write(msgspec.msgpack.encode(rows))
"""
_STAGES = """
CREATE TEMP TABLE came (number text, name text) ON COMMIT DROP;
CREATE TEMP TABLE tied (number text, phone text) ON COMMIT DROP
"""
_MERGES = (
    "INSERT INTO students (id, school_id, number, name) SELECT uuidv7(), '{school}', number, name "
    "FROM came c WHERE NOT EXISTS (SELECT FROM students s "
    "WHERE s.school_id = '{school}' AND s.number = c.number)",
    "INSERT INTO enrolments (id, student_id, class_id, since) "
    "SELECT uuidv7(), s.id, '{of_class}', now() FROM came c JOIN students s "
    "ON s.school_id = '{school}' AND s.number = c.number WHERE NOT EXISTS "
    "(SELECT FROM enrolments e WHERE e.student_id = s.id AND e.until IS NULL)",
    "INSERT INTO persons (id, name, phone, created_at) SELECT DISTINCT ON (phone) uuidv7(), "
    "'家长', phone, now() FROM tied ON CONFLICT (phone) DO NOTHING",
    "INSERT INTO guardianships (id, student_id, person_id, relation, source, valid_from) "
    "SELECT uuidv7(), s.id, p.id, 'other', 'roster', now() FROM tied t JOIN students s "
    "ON s.school_id = '{school}' AND s.number = t.number JOIN persons p ON p.phone = t.phone "
    "ON CONFLICT (student_id, person_id) DO NOTHING",
)
_PERSON = "INSERT INTO persons (id, name, phone, created_at) VALUES ($1, $2, $3, now())"
_HAS_TIE = "SELECT id FROM guardianships WHERE student_id = $1 AND person_id = $2"
_TIE = (
    "INSERT INTO guardianships (id, student_id, person_id, relation, source, valid_from) "
    "VALUES ($1, $2, $3, $4, 'roster', now())"
)
