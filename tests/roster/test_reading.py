"""What school offices type, and what is understood or reported of it."""

import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest
import xlsxwriter

from backend.people.models import Relation
from backend.roster.spreadsheet import cells, parsing
from backend.roster.spreadsheet.rows import House, Place, Post, Pupil, Tie
from seed.rosters import compose, write
from tests.roster.books import (
    CLASSES,
    GUARDIANS,
    HEADER,
    PUPILS,
    STAFF,
    book,
    faults_of,
    line,
    package,
    sheets,
    understood,
    worksheet,
)


def test_relations_are_those_of_people() -> None:
    assert set(cells.RELATIONS.values()) == {str(relation) for relation in Relation}


def test_the_child_loads_nothing_it_does_not_need() -> None:
    script = f"import sys, {parsing.__name__}; print('tortoise' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert said.stdout.strip() == b"False"


def test_a_small_school_is_read_whole() -> None:
    reading = understood(sheets())
    assert reading.faults == [] and reading.warnings == []
    roster = reading.roster
    assert roster.places == [Place("三年级", "1班", 3), Place("三年级", "2班", 3)]
    assert roster.pupils[0] == Pupil("0001", "王小明", 0)
    assert Tie("0002", "李志强", "father", "+8619900000203") in roster.ties
    assert Tie("0003", "陈秀英", "grandparent", "+8619900000204") in roster.ties
    assert Post("张芳", "+8619900000211", "class_teacher", "", 0) in roster.posts
    assert [post.place for post in roster.posts if post.name == "吴敏"] == [0, 1]
    assert Post("赵磊", "+8619900000213", "grade_lead", "", None, "三年级") in roster.posts


def test_what_a_number_cell_did_to_phones_and_numbers_is_repaired() -> None:
    typed = [
        PUPILS[0],
        [20230001, "王小明", "三年级", 1],
    ]
    told = [GUARDIANS[0], [20230001.0, "王小明", "王建国", "父亲", 19900000201.0]]
    roster = understood(sheets(学生=typed, 家长=told)).roster
    assert roster.pupils == [Pupil("20230001", "王小明", 0)]
    assert roster.ties == [Tie("20230001", "王建国", "father", "+8619900000201")]


def test_full_width_digits_hidden_characters_and_stray_blanks_are_repaired() -> None:
    typed = [PUPILS[0], ["０００１ ", "\u3000王 小\u200b明 ", "３年级", "（１）班"]]
    told = [GUARDIANS[0], [" 0001", "", "王建国\u00a0", " 爸爸 ", "１９９ ００００－０２０１"]]
    roster = understood(sheets(学生=typed, 家长=told)).roster
    assert roster.pupils == [Pupil("0001", "王小明", 0)]
    assert roster.ties == [Tie("0001", "王建国", "father", "+8619900000201")]


def test_leading_zeros_of_a_text_number_stay() -> None:
    assert [pupil.number for pupil in understood(sheets()).roster.pupils] == [
        "0001",
        "0002",
        "0003",
    ]


@pytest.mark.parametrize(
    ("grade", "class_"),
    [
        ("三年级", "1班"),
        ("3", "1"),
        ("3年级", "(1)班"),
        ("三", "一班"),
        ("三年级", "三年级1班"),
        ("三年级", "三（1）班"),
        ("三年级", "301"),
        ("", "三年级1班"),
        ("", "三(1)班"),
    ],
)
def test_every_usual_spelling_of_a_class_is_the_same_class(grade: str, class_: str) -> None:
    typed = [PUPILS[0], ["0001", "王小明", grade, class_]]
    reading = understood(sheets(学生=typed, 家长=[], 教师=[]))
    assert reading.faults == []
    assert reading.roster.pupils == [Pupil("0001", "王小明", 0)]


@pytest.mark.parametrize(
    ("grade", "class_", "name"),
    [("一年级", "12班", "12班"), ("大班", "大一班", "1班"), ("初一", "3", "3班"),
     ("小班", "向日葵班", "向日葵班"), ("2023级", "5班", "5班")],
)  # fmt: skip
def test_classes_keep_their_own_names(grade: str, class_: str, name: str) -> None:
    places = understood(sheets(班级=[CLASSES[0], [grade, class_]], 学生=[], 家长=[], 教师=[]))
    assert places.roster.places[0].name == name


def test_the_house_spelling_of_a_class_is_kept() -> None:
    house = House([("三年级", "一班")], [])
    typed = [PUPILS[0], ["0001", "王小明", "3", "1"]]
    roster = understood(sheets(班级=[], 学生=typed, 家长=[], 教师=[]), house).roster
    assert roster.places == [Place("三年级", "一班", 3)]


def test_columns_in_another_order_with_a_title_above_and_other_names_are_found() -> None:
    typed = [
        ["海湾小学2026学年学生花名册"],
        [],
        ["序号", "班 级", "学生姓名（必填）", "性别", "学籍号*", "所在年级"],
        [1, "1班", "王小明", "男", "0001", "三年级"],
        [2, "", "", "", "", ""],
    ]
    roster = understood(sheets(学生=typed, 家长=[], 教师=[])).roster
    assert roster.pupils == [Pupil("0001", "王小明", 0)]


def test_guardians_may_stand_beside_the_pupil() -> None:
    header = [
        "学号",
        "姓名",
        "年级",
        "班级",
        "家长1姓名",
        "家长1关系",
        "家长1手机",
        "母亲姓名",
        "母亲电话",
    ]
    typed = [
        header,
        ["1", "王小明", "三年级", "1班", "王建国", "父亲", "19900000201", "刘玉梅", "19900000202"],
    ]
    roster = understood(sheets(学生=typed, 家长=[], 教师=[])).roster
    assert [(tie.name, tie.relation) for tie in roster.ties] == [
        ("王建国", "father"),
        ("刘玉梅", "mother"),
    ]


def test_a_single_sheet_of_any_name_is_recognised_by_its_header() -> None:
    house = House([("三年级", "1班"), ("三年级", "2班")], [])
    assert len(understood({"Sheet1": PUPILS}, house).roster.pupils) == 3


def test_the_generated_layouts_are_both_understood_and_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path
    school = compose("海湾实验小学", 120, seed=7)
    write(school, folder / "a.xlsx")
    write(school, folder / "b.xlsx", layout="one_sheet")
    whole = understood((folder / "a.xlsx").read_bytes())
    house = House([(place.grade, place.name) for place in whole.roster.places], [])
    beside = understood((folder / "b.xlsx").read_bytes(), house)
    assert whole.faults == [] and beside.faults == []
    assert beside.roster.pupils == whole.roster.pupils
    assert set(beside.roster.ties) == set(whole.roster.ties)
    assert len(whole.roster.pupils) == 120


def test_an_invented_school_is_the_same_on_every_machine() -> None:
    first, second = compose("海湾实验小学", 90, seed=7), compose("海湾实验小学", 90, seed=7)
    assert first == second
    assert compose("海湾实验小学", 90, seed=8).pupils != first.pupils
    phones = [line[4] for line in first.guardians] + [line[1] for line in first.staff]
    assert all(phone.startswith("1990010") for phone in phones)
    assert len({line[0] for line in first.pupils}) == 90


def with_guardian(*cells: object) -> dict[str, object]:
    return dict(sheets(家长=[GUARDIANS[0], list(cells)], 教师=[]))


def with_pupil(*cells: object) -> dict[str, object]:
    return dict(sheets(学生=[PUPILS[0], list(cells)], 家长=[], 教师=[]))


def with_staff(*cells: object) -> dict[str, object]:
    return dict(sheets(教师=[STAFF[0], list(cells)], 家长=[]))


FAULTS = [
    ("a phone of ten digits", with_guardian("0001", "", "王建国", "父亲", "1990000020"),
     ("家长", 2, "手机号", "bad_phone")),
    ("a landline", with_guardian("0001", "", "王建国", "父亲", "0592-7880000"),
     ("家长", 2, "手机号", "bad_phone")),
    ("no relation", with_guardian("0001", "", "王建国", "", "19900000201"),
     ("家长", 2, "关系", "guardian_without_relation")),
    ("a relation nobody knows", with_guardian("0001", "", "王建国", "邻居", "19900000201"),
     ("家长", 2, "关系", "unknown_relation")),
    ("a guardian of nobody", with_guardian("0099", "", "王建国", "父亲", "19900000201"),
     ("家长", 2, "学号", "unknown_number")),
    ("a guardian of somebody else's child",
     with_guardian("0001", "李思思", "王建国", "父亲", "19900000201"),
     ("家长", 2, "学生姓名", "pupil_name_differs")),
    ("no phone", with_guardian("0001", "", "王建国", "父亲", ""), ("家长", 2, "手机号", "missing")),
    ("no such class", with_pupil("0001", "王小明", "三年级", "9班"),
     ("学生", 2, "班级", "unknown_class")),
    ("no class", with_pupil("0001", "王小明", "三年级", ""), ("学生", 2, "班级", "missing")),
    ("no name", with_pupil("0001", "", "三年级", "1班"), ("学生", 2, "姓名", "missing")),
    ("digits in a name", with_pupil("0001", "王小明2", "三年级", "1班"),
     ("学生", 2, "姓名", "bad_name")),
    ("a formula for a name", with_pupil("0001", '="王"&"小明"', "三年级", "1班"),
     ("学生", 2, "姓名", "formula")),
    ("more digits than a spreadsheet keeps",
     with_pupil(350213201501011234, "王小明", "三年级", "1班"),
     ("学生", 2, "学号", "number_too_long")),
    ("a fraction for a number", with_pupil(1.5, "王小明", "三年级", "1班"),
     ("学生", 2, "学号", "not_text")),
    ("a class that became a truth value", with_pupil("0001", "王小明", "三年级", True),
     ("学生", 2, "班级", "not_text")),
    ("a class teacher without a class", with_staff("张芳", "19900000211", "班主任", "", "", ""),
     ("教师", 2, "班级", "class_needed")),
    ("a grade lead without a grade", with_staff("赵磊", "19900000213", "年级组长", "", "", ""),
     ("教师", 2, "年级", "grade_needed")),
    ("a role nobody knows", with_staff("赵磊", "19900000213", "门卫", "", "", ""),
     ("教师", 2, "职务", "unknown_role")),
    ("a grade nobody knows", with_staff("赵磊", "19900000213", "年级组长", "八年级", "", ""),
     ("教师", 2, "年级", "unknown_grade")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "fault"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_each_kind_of_fault_is_reported_at_its_cell(
    tables: dict[str, list[list[object]]], fault: tuple[str, int, str, str]
) -> None:
    assert faults_of(tables) == [fault]


def test_a_number_that_became_a_date_is_reported() -> None:
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file)
    sheet = made.add_worksheet("学生")
    sheet.write_row(0, 0, PUPILS[0])
    sheet.write_row(1, 0, ["0001", "王小明", "三年级"])
    sheet.write_datetime(1, 3, date(2026, 3, 1), made.add_format({"num_format": "m-d"}))
    made.close()
    assert [fault.code for fault in understood(file.getvalue()).faults] == ["date_value"]


def test_a_number_used_twice_names_the_other_row() -> None:
    typed = [*PUPILS, ["0001", "张一", "三年级", "2班"]]
    (fault,) = understood(sheets(学生=typed, 家长=[], 教师=[])).faults
    assert (fault.row, fault.code) == (5, "duplicate_number")
    assert "第2行" in fault.message


def test_one_phone_for_two_people_is_a_fault_and_shows_no_phone() -> None:
    told = [*GUARDIANS, ["0003", "", "王建军", "父亲", "19900000201"]]
    (fault,) = understood(sheets(家长=told)).faults
    assert fault.code == "phone_of_two"
    assert fault.value == "199****0201"


def test_the_same_guardian_of_siblings_or_named_twice_is_one_person() -> None:
    told = [*GUARDIANS, ["0002", "", "王建国", "父亲", "19900000201"], GUARDIANS[1]]
    reading = understood(sheets(家长=told))
    assert reading.faults == []
    assert len([tie for tie in reading.roster.ties if tie.name == "王建国"]) == 2


def test_a_guardian_with_two_relations_to_one_child_is_a_fault() -> None:
    told = [*GUARDIANS, ["0001", "", "王建国", "母亲", "19900000201"]]
    assert [fault[3] for fault in faults_of(sheets(家长=told))] == ["relation_differs"]


def test_merged_cells_are_reported_but_not_those_of_the_title() -> None:
    rows = (
        line(1, "花名册") + line(2, "学号", "姓名", "年级", "班级")
        + line(3, "0001", "王小明", "三年级", "1班") + line(4, "0002", "李思思")
    )  # fmt: skip
    merges = '<mergeCells><mergeCell ref="A1:D1"/><mergeCell ref="D3:D4"/></mergeCells>'
    faults = understood(package(worksheet(rows, merges)), House([("三年级", "1班")], [])).faults
    assert [(fault.row, fault.code) for fault in faults] == [(3, "merged"), (4, "merged")]


def test_an_error_value_is_reported() -> None:
    rows = HEADER + line(2, "0001", "王小明", "三年级", "1班").replace(
        'r="D2" t="inlineStr"><is><t>1班</t></is>', 'r="D2" t="e"><v>#REF!</v>'
    )
    faults = understood(package(worksheet(rows)), House([("三年级", "1班")], [])).faults
    assert [(fault.column, fault.code) for fault in faults] == [("班级", "error_value")]


def test_more_than_five_thousand_pupils_are_too_many() -> None:
    typed = [PUPILS[0], *([f"{n:05d}", "王小明", "三年级", "1班"] for n in range(5_001))]
    assert ("学生", 0, "", "too_many_rows") in faults_of(sheets(学生=typed, 家长=[], 教师=[]))


def test_a_missing_column_is_named() -> None:
    told = [line[:4] for line in GUARDIANS]
    assert faults_of(sheets(家长=told)) == [("家长", 1, "手机号", "missing_column")]


def test_personal_values_are_masked_in_faults() -> None:
    told = [GUARDIANS[0], ["0001", "", "王建国1", "父亲", "1990000020"]]
    found = understood(sheets(家长=told, 教师=[])).faults
    assert {fault.column: fault.value for fault in found} == {
        "家长姓名": "王*",
        "手机号": "199****20",
    }
    assert "1990000020" not in msgspec.json.encode(found).decode()


def test_a_pupil_without_guardians_is_a_warning_only() -> None:
    reading = understood(sheets(家长=GUARDIANS[:4]))
    assert reading.faults == []
    assert [(warning.row, warning.code) for warning in reading.warnings] == [
        (4, "pupil_without_guardian")
    ]


def test_all_faults_of_a_row_are_reported_at_once() -> None:
    found = faults_of(with_pupil("学号", "王2", "三年级", "9班"))
    assert [fault[3] for fault in found] == ["bad_number", "bad_name", "unknown_class"]


def test_an_empty_workbook_of_known_sheets_is_no_fault() -> None:
    reading = understood(book({"学生": PUPILS[:1], "家长": GUARDIANS[:1]}))
    assert reading.faults == []
    assert reading.roster.pupils == []
