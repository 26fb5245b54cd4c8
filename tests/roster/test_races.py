"""Imports that meet: one application, no deadlock, and what the checks of undo are for."""

import asyncio

import pytest

from backend import clock
from backend.audit.models import AuditEntry
from backend.database import execute
from backend.people.models import Person, Student
from backend.roster import rules
from backend.roster.models import ImportState, RosterImport
from backend.roster.operations import imports, reading
from backend.roster.queries import undoing
from seed.cast import Cast
from seed.rosters import compose, write
from tests.roster.books import GUARDIANS, PUPILS, book, sheets
from tests.roster.office import Office, apply, brought_in, everything, read


async def test_two_confirmations_at_once_write_once(office: Office) -> None:
    found = await read(office.admin, office.school, book(sheets()))
    answers = await asyncio.gather(*(apply(office.admin, found["id"]) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert await Student.filter(school_id=office.school).count() == 3
    assert await AuditEntry.filter(action="roster.applied").count() == 1


async def test_two_imports_of_one_school_at_once_leave_every_pupil_once(office: Office) -> None:
    made = [await imports.upload(office.school, None, f"{n}.xlsx", book(sheets())) for n in (1, 2)]
    await RosterImport.all().update(state=ImportState.READING)
    both = await asyncio.gather(*(reading.read(roster.id) for roster in made))
    assert {roster.state for roster in both} == {ImportState.READY}
    outcomes = await asyncio.gather(
        *(imports.apply(roster.id, None, clock.now()) for roster in made), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, rules.Outdated)]
    assert len(refused) == 1, "the second no longer does what its preview said"
    assert await Student.filter(school_id=office.school).count() == 3


async def test_two_schools_that_bring_the_same_families_at_once_do_not_block_each_other(
    office: Office, cast: Cast, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rosters")
    files = []
    for name in ("甲", "乙"):
        # The same phones in both schools, and in the opposite order.
        school = compose(name, 150, seed=3)
        school.guardians.sort(key=lambda line: line[4], reverse=name == "乙")
        write(school, folder / f"{name}.xlsx")
        files.append((folder / f"{name}.xlsx").read_bytes())
    other = cast.schools["莲塘"]
    made = []
    for school_id, file in zip((office.school, other.id), files, strict=True):
        roster = await imports.upload(school_id, None, "x.xlsx", file)
        await RosterImport.filter(id=roster.id).update(state=ImportState.READING)
        made.append(await reading.read(roster.id))
    outcomes = await asyncio.gather(
        *(imports.apply(roster.id, None, clock.now()) for roster in made), return_exceptions=True
    )
    for roster, outcome in zip(made, outcomes, strict=True):
        if isinstance(outcome, rules.Outdated):
            await imports.apply(roster.id, None, clock.now())
        else:
            assert not isinstance(outcome, BaseException), outcome
    for school_id in (office.school, other.id):
        brought = Student.filter(school_id=school_id).exclude(number="20240105")
        assert await brought.count() == 150
    phones = await Person.all().values_list("phone", flat=True)
    assert len(phones) == len(set(phones))


async def test_without_its_check_undo_would_wipe_out_what_came_after(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the refusal to undo."""
    await brought_in(office.admin, office.school, book(sheets()))
    changed = [PUPILS[0], ["0001", "王晓明", "三年级", "1班"]]
    tables = sheets(班级=[], 学生=changed, 家长=GUARDIANS[:1], 教师=[])
    applied = await brought_in(office.admin, office.school, book(tables))
    await execute("UPDATE students SET name = '王正名' WHERE number = '0001'")
    before = await everything()

    async def nothing(_: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr(undoing, "changed_since", nothing)
    await imports.undo(applied["id"], None, clock.now())
    assert await everything() != before
    assert (await Student.get(number="0001")).name == "王小明", "the correction is lost"
