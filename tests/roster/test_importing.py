"""From file to house: preview, application whole or not at all, repetition, undo."""

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook
from tortoise.exceptions import IntegrityError

from backend import clock
from backend.audit.models import AuditEntry
from backend.database import execute, fetch
from backend.people.models import Guardianship, Person, Standing
from backend.roster import jobs, rules
from backend.roster.models import RosterImport
from backend.roster.operations import imports
from seed.cast import Cast
from tests.house import SignIn
from tests.roster.books import CLASSES, GUARDIANS, PUPILS, STAFF, book, sheets
from tests.roster.office import (
    ADMIN,
    Office,
    apply,
    brought_in,
    everything,
    hand_in,
    pupils_at,
    read,
    undo,
)


async def test_a_workbook_goes_from_upload_to_application(office: Office, as_: SignIn) -> None:
    admin, school = office
    before = await everything()
    found = await read(admin, school, book(sheets()))
    assert (found["state"], found["progress"], found["faults"]) == ("ready", 100, [])
    assert found["counts"]["pupilsNew"] == 3
    assert found["counts"]["guardiansNew"] == 4
    assert found["counts"]["accountsNew"] == 8
    assert found["counts"]["classesNew"] == 2
    assert found["counts"]["postsNew"] == 5
    assert [sample["number"] for sample in found["samples"]["pupilsNew"]] == [
        "0001", "0002", "0003",
    ]  # fmt: skip
    assert await everything() == before, "a preview changes nothing"
    answer = await apply(admin, found["id"])
    assert answer.json()["state"] == "applied"
    assert await pupils_at(school) == {
        "0001": ("王小明", "三年级1班"),
        "0002": ("李思思", "三年级1班"),
        "0003": ("陈可", "三年级2班"),
    }
    teacher = await Person.get(phone="+8619900000211")
    assert await Standing.filter(person_id=teacher.id, role="class_teacher").count() == 1
    stranger = await as_(ADMIN)
    assert (await stranger.get(f"/roster-imports/{found['id']}")).status_code == 404
    actions = {entry.action for entry in await AuditEntry.filter(school_id=school)}
    assert {"roster.uploaded", "roster.applied"} <= actions


async def test_the_same_file_again_changes_nothing(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    before = await everything()
    again = await read(admin, school, book(sheets()))
    assert again["counts"]["changes"] == 0
    assert (await apply(admin, again["id"])).json()["state"] == "applied"
    assert await everything() == before


async def test_a_changed_file_changes_only_what_differs(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    changed = [
        PUPILS[0],
        ["0001", "王晓明", "三年级", "1班"],
        ["0002", "李思思", "三年级", "2班"],
        ["0009", "新来", "三年级", "2班"],
    ]
    told = [
        *([line[0], "", *line[2:]] for line in GUARDIANS[:4]),
        ["0009", "新来", "陈秀英", "祖辈", "19900000204"],
    ]
    found = await read(admin, school, book(sheets(学生=changed, 家长=told)))
    counts = {name: n for name, n in found["counts"].items() if n}
    assert counts == {
        "pupilsNew": 1,
        "pupilsRenamed": 1,
        "pupilsMoved": 1,
        "guardiansNew": 1,
        "changes": 4,
    }
    moved = found["samples"]["pupilsMoved"]
    assert [(m["number"], m["fromClass"], m["toClass"]) for m in moved] == [
        ("0002", "三年级1班", "三年级2班")
    ]
    await apply(admin, found["id"])
    assert await pupils_at(school) == {
        "0001": ("王晓明", "三年级1班"),
        "0002": ("李思思", "三年级2班"),
        "0003": ("陈可", "三年级2班"),
        "0009": ("新来", "三年级2班"),
    }


async def test_only_a_whole_school_file_makes_absent_pupils_leave(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    fewer = sheets(学生=PUPILS[:3], 家长=GUARDIANS[:3])
    merged = await read(admin, school, book(fewer))
    assert merged["counts"]["changes"] == 0
    whole = await read(admin, school, book(fewer), mode="full")
    assert whole["counts"]["pupilsLeft"] == 1
    assert whole["samples"]["pupilsLeft"][0]["number"] == "0003"
    await apply(admin, whole["id"])
    assert set(await pupils_at(school)) == {"0001", "0002"}
    back = await brought_in(admin, school, book(sheets()))
    assert back["counts"]["pupilsReturned"] == 1
    assert set(await pupils_at(school)) == {"0001", "0002", "0003"}


async def test_a_file_of_staff_alone_never_makes_pupils_leave(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    whole = await read(admin, school, book(sheets(学生=[], 家长=[])), mode="full")
    assert whole["counts"]["pupilsLeft"] == 0


async def test_naming_a_new_class_teacher_replaces_the_one_before(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    staff = [STAFF[0], ["何新", "19900000219", "班主任", "三年级", "1班", ""]]
    found = await brought_in(admin, school, book(sheets(学生=[], 家长=[], 教师=staff)))
    assert (found["counts"]["postsNew"], found["counts"]["postsEnded"]) == (1, 1)
    rows = await fetch(
        "SELECT p.name FROM standings_in_force s JOIN persons p ON p.id = s.person_id "
        "WHERE s.school_id = $1 AND s.role = 'class_teacher'",
        school,
    )
    assert [row["name"] for row in rows] == ["何新"]


async def test_faults_stop_the_import_and_come_back_as_a_workbook(office: Office) -> None:
    admin, school = office
    wrong = [
        GUARDIANS[0],
        ["0001", "", "=HYPERLINK", "父亲", "19900000201"],
        ["0001", "", "王建国", "父亲", "123"],
        ["0002", "", "李志强", "", "19900000203"],
    ]
    tables = sheets(家长=wrong)
    tables["学生"] = [*PUPILS, ["0003", "+SUM", "三年级", "2班"]]
    file = book({**tables, "家长": wrong})
    found = await read(admin, school, file)
    assert found["state"] == "faulty"
    assert found["faultCount"] == len(found["faults"])
    assert {"bad_phone", "guardian_without_relation", "duplicate_number", "formula"} <= {
        fault["code"] for fault in found["faults"]
    }
    assert (await apply(admin, found["id"])).json()["code"] == "import_has_faults"
    answer = await admin.get(f"/roster-imports/{found['id']}/errors.xlsx")
    assert answer.status_code == 200
    back = CalamineWorkbook.from_object(io.BytesIO(answer.content))
    guardians = back.get_sheet_by_name("家长").to_python()
    assert guardians[0][-1] == "错误"
    assert "手机号" in str(guardians[2][-1]) and guardians[2][:5] == wrong[2]
    pupils = back.get_sheet_by_name("学生").to_python()
    assert pupils[4][1] == "'+SUM", "nothing that could run goes back"
    assert back.get_sheet_by_name("错误汇总").to_python()[0] == ["工作表", "行", "列", "说明"]


async def test_the_error_workbook_can_be_corrected_and_uploaded_again(office: Office) -> None:
    admin, school = office
    wrong = [*GUARDIANS[:3], ["0002", "李思思", "李志强", "", "19900000203"], GUARDIANS[4]]
    found = await read(admin, school, book(sheets(家长=wrong)))
    answer = await admin.get(f"/roster-imports/{found['id']}/errors.xlsx")
    back = CalamineWorkbook.from_object(io.BytesIO(answer.content))
    corrected = {name: back.get_sheet_by_name(name).to_python() for name in back.sheet_names}
    corrected["家长"][3][3] = "父亲"
    assert (await read(admin, school, book(corrected)))["state"] == "ready"


async def test_a_file_that_cannot_be_read_says_why(office: Office) -> None:
    admin, school = office
    found = await read(admin, school, b"PK\x03\x04 nothing")
    assert (found["state"], found["failure"]["code"]) == ("failed", "not_xlsx")
    assert "另存为" in found["failure"]["message"]
    assert (await apply(admin, found["id"])).json()["code"] == "import_failed"


async def test_an_application_is_all_or_nothing(office: Office) -> None:
    admin, school = office
    found = await read(admin, school, book(sheets()))
    before = await everything()
    await execute(
        "ALTER TABLE standings ADD CONSTRAINT stop CHECK (role <> 'grade_lead') NOT VALID"
    )
    try:
        with pytest.raises(IntegrityError):
            await imports.apply(found["id"], None, clock.now())
        assert await everything() == before
        shown = await admin.get(f"/roster-imports/{found['id']}")
        assert shown.json()["state"] == "ready"
    finally:
        await execute("ALTER TABLE standings DROP CONSTRAINT stop")
    assert (await apply(admin, found["id"])).status_code == 200


async def test_what_is_applied_is_what_was_shown(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    changed = [PUPILS[0], ["0001", "王晓明", "三年级", "1班"]]
    shown = await read(admin, school, book(sheets(学生=changed, 家长=[], 教师=[])))
    await execute("UPDATE students SET name = '王晓明' WHERE number = '0001'")
    refused = await apply(admin, shown["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "import_outdated")
    renewed = (await admin.get(f"/roster-imports/{shown['id']}")).json()
    assert renewed["counts"]["changes"] == 0
    assert (await apply(admin, shown["id"])).status_code == 200


async def test_undo_restores_every_row_exactly(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    before = await everything()
    changed = [PUPILS[0], ["0001", "王晓明", "三年级", "2班"], ["0010", "新来", "四年级", "1班"]]
    told = [
        GUARDIANS[0],
        ["0001", "", "王建国", "其他", "19900000201"],
        ["0010", "", "新家长", "母亲", "19900000299"],
    ]
    classes = [*CLASSES, ["四年级", "1班"]]
    staff = [STAFF[0], ["何新", "19900000219", "班主任", "三年级", "1班", ""]]
    tables = sheets(班级=classes, 学生=changed, 家长=told, 教师=staff)
    applied = await brought_in(admin, school, book(tables), mode="full")
    assert applied["undoUntil"] is not None
    assert await everything() != before
    undone = await undo(admin, applied["id"])
    assert undone.json()["state"] == "undone"
    assert await everything() == before
    assert (await undo(admin, applied["id"])).status_code == 200, "twice is once"
    assert (await apply(admin, applied["id"])).json()["code"] == "import_undone"


BUILT_UPON = [
    "UPDATE students SET name = '改名' WHERE number = '0001'",
    "UPDATE guardianships SET restricted = true "
    "WHERE student_id = (SELECT id FROM students WHERE number = '0001')",
    "UPDATE persons SET activated_at = now() WHERE phone = '+8619900000201'",
    "INSERT INTO consents (id, person_id, student_id, version, accepted_at) "
    "SELECT uuidv7(), person_id, student_id, 1, now() FROM guardianships "
    "WHERE student_id = (SELECT id FROM students WHERE number = '0001') LIMIT 1",
    "INSERT INTO class_invites (id, class_id, digest, created_by, created_at, expires_at) "
    "SELECT uuidv7(), class_id, 'x', uuidv7(), now(), now() FROM enrolments e "
    "JOIN students s ON s.id = e.student_id WHERE s.number = '0001'",
    "INSERT INTO audience_counters (node_id, who) SELECT class_id, 'families' FROM enrolments e "
    "JOIN students s ON s.id = e.student_id WHERE s.number = '0001'",
    "INSERT INTO standings (id, person_id, role, district_id, school_id, valid_from) "
    "SELECT uuidv7(), p.id, 'principal', s.district_id, s.id, now() "
    "FROM persons p, schools s WHERE p.phone = '+8619900000201' LIMIT 1",
    "DELETE FROM guardianships WHERE student_id = (SELECT id FROM students WHERE number = '0003')",
]


@pytest.mark.parametrize("meanwhile", BUILT_UPON)
async def test_undo_is_refused_once_somebody_built_on_it(office: Office, meanwhile: str) -> None:
    admin, school = office
    applied = await brought_in(admin, school, book(sheets()))
    await execute(meanwhile)
    before = await everything()
    refused = await undo(admin, applied["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_built_upon")
    assert refused.json()["facts"]["rows"] >= 1
    assert await everything() == before


async def test_undo_has_a_window(office: Office) -> None:
    admin, school = office
    applied = await brought_in(admin, school, book(sheets()))
    late = clock.now() + timedelta(hours=24, seconds=1)
    with pytest.raises(rules.UndoTooLate):
        await imports.undo(applied["id"], None, late)


async def test_a_restricted_or_ended_guardian_does_not_come_back_by_a_file(office: Office) -> None:
    admin, school = office
    await brought_in(admin, school, book(sheets()))
    father = await Person.get(phone="+8619900000201")
    mother = await Person.get(phone="+8619900000202")
    await Guardianship.filter(person_id=father.id).update(restricted=True)
    await Guardianship.filter(person_id=mother.id).update(valid_until=clock.now())
    before = await everything()
    changed = [list(line) for line in GUARDIANS]
    changed[1][3] = "其他"
    found = await brought_in(admin, school, book(sheets(家长=changed)))
    assert found["counts"]["guardiansKeptApart"] == 2
    assert await everything() == before


async def test_nobody_is_renamed_by_another_school_or_once_they_have_signed_in(
    office: Office, cast: Cast
) -> None:
    admin, school = office
    # 王立强 of another school has signed in; 马静 has not, but belongs to that school.
    await execute("UPDATE persons SET activated_at = NULL WHERE phone = '+8619900000109'")
    told = [
        GUARDIANS[0],
        ["0001", "", "冒名", "父亲", "19900000101"],
        ["0002", "", "别名", "母亲", "19900000109"],
    ]
    found = await brought_in(admin, school, book(sheets(家长=told)))
    assert found["counts"]["namesKept"] == 0, "a file does not tell who has an account"
    names = {p.name for p in await Person.filter(phone__in=["+8619900000101", "+8619900000109"])}
    assert names == {"王立强", "马静"}


async def test_guardians_and_class_teachers_learn_of_new_guardians_of_known_children(
    as_: SignIn, cast: Cast
) -> None:
    admin, school = await as_(ADMIN), cast.schools["海湾"].id
    told = [GUARDIANS[0], ["20230103", "李沐阳", "李爷爷", "祖辈", "19900000233"]]
    await brought_in(admin, school, book(sheets(班级=[], 学生=[], 家长=told, 教师=[])))
    rows = await fetch(
        "SELECT i.person_id, i.title_zh, i.body_zh, l.occasion FROM post_inbox_item i "
        "JOIN post_letter l ON l.id = i.letter_id WHERE l.occasion LIKE 'roster.%'"
    )
    by = {name: person.id for name, person in cast.people.items()}
    assert {(row["person_id"], row["occasion"]) for row in rows} == {
        (by["李建国"], "roster.guardian_added"),
        (by["周婷"], "roster.guardian_added"),
        (by["林晓岚"], "roster.guardians_added"),
    }
    assert all("李" not in row["title_zh"] for row in rows), "pushes name nobody"


async def test_an_upload_repeated_with_its_key_is_one_import(office: Office) -> None:
    admin, school = office
    key = {"Idempotency-Key": "same-key-0001"}
    file = book(sheets())
    first = await hand_in(admin, school, file, **key)
    second = await hand_in(admin, school, file, **key)
    assert first.json() == second.json()
    other = await hand_in(admin, school, book(sheets(教师=[])), **key)
    assert other.json()["code"] == "idempotency_key_reused"
    assert await RosterImport.all().count() == 1


async def test_only_those_who_run_the_school_see_and_do_anything(
    office: Office, as_: SignIn, cast: Cast
) -> None:
    admin, school = office
    found = await read(admin, school, book(sheets()))
    here = f"/roster-imports/{found['id']}"
    for name, upload in (("林晓岚", 404), ("沈知微", 403), ("王立强", 404), ("曹望舒", 404)):
        other = await as_(name)
        assert (await hand_in(other, school, book(sheets()))).status_code == upload, name
        for call in (other.get(here), other.get(f"{here}/errors.xlsx"), apply(other, found["id"])):
            assert (await call).status_code == 404, name
    teacher = await as_("林晓岚")
    assert (await hand_in(teacher, cast.schools["海湾"].id, b"x")).status_code == 403
    assert (await admin.get(f"/roster-imports/{uuid4()}")).status_code == 404


async def test_the_template_is_what_the_reader_understands(as_: SignIn) -> None:
    admin = await as_(ADMIN)
    answer = await admin.get("/roster-template.xlsx")
    assert answer.status_code == 200
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    names = CalamineWorkbook.from_object(io.BytesIO(answer.content)).sheet_names
    assert names == ["填写说明", "班级", "学生", "家长", "教师"]
    assert (await (await as_("王立强")).get("/roster-template.xlsx")).status_code == 404


async def test_imports_are_listed_newest_first(office: Office) -> None:
    admin, school = office
    made = [(await hand_in(admin, school, book(sheets()))).json()["id"] for _ in range(3)]
    page = (await admin.get(f"/schools/{school}/roster-imports?limit=2")).json()
    assert [item["id"] for item in page["items"]] == [made[2], made[1]]
    rest = await admin.get(
        f"/schools/{school}/roster-imports", params={"cursor": page["nextCursor"], "limit": 2}
    )
    assert [item["id"] for item in rest.json()["items"]] == [made[0]]
    assert rest.json()["nextCursor"] is None


async def test_a_reader_that_dies_is_replaced_and_a_poisonous_file_is_given_up(
    office: Office,
) -> None:
    admin, school = office
    answer = await hand_in(admin, school, book(sheets()))
    for _ in range(jobs.MOST_ATTEMPTS):
        assert str(await jobs.claim(clock.now())) == answer.json()["id"]
        assert await jobs.claim(clock.now()) is None, "one reader at a time"
        await execute("UPDATE roster_imports SET leased_until = now() - interval '1 second'")
    assert await jobs.claim(clock.now()) is None
    shown = (await admin.get(f"/roster-imports/{answer.json()['id']}")).json()
    assert (shown["state"], shown["failure"]["code"]) == ("failed", "gave_up")


async def test_old_workbooks_and_changes_are_forgotten(office: Office) -> None:
    admin, school = office
    applied = await brought_in(admin, school, book(sheets()))
    await jobs.forget_old()
    kept = await fetch("SELECT file IS NOT NULL AS file FROM roster_imports")
    assert kept[0]["file"]
    await execute(
        "UPDATE roster_imports SET created_at = now() - interval '8 days', "
        "applied_at = now() - interval '8 days'"
    )
    await jobs.forget_old()
    gone = await fetch("SELECT file, rows, summary FROM roster_imports")
    assert gone[0]["file"] is None and gone[0]["rows"] is None
    assert "李思思" not in str(gone[0]["summary"])
    assert await fetch("SELECT FROM roster_changes") == []
    shown = (await admin.get(f"/roster-imports/{applied['id']}")).json()
    assert shown["counts"]["pupilsNew"] == 3
