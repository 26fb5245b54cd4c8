"""The cast: a small district with named people and standings.

Demos, tests and failures all speak of the same people. Everyone is invented; their
numbers lie in a block that is used here only.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from backend.people.models import Person, PrivacyNotice, Relation, Student
from backend.people.operations import ties
from backend.schools.models import District, Grade, School, SchoolClass, Stage
from backend.schools.operations import calendar, tree
from backend.web.actor import Role
from seed import rulepacks, xiangan

STAFF_PASSWORD = "Kaifang-2026-Tongxing"
"""Every demo member of staff may also sign in with this password."""


@dataclass(frozen=True)
class DemoSignIn:
    """One line of the table that the demo prints."""

    name: str
    phone: str
    role_zh: str
    role_en: str
    note: str


@dataclass
class Cast:
    """Everyone by name; filled by :func:`plant`."""

    people: dict[str, Person] = field(default_factory=dict)
    children: dict[str, Student] = field(default_factory=dict)
    schools: dict[str, School] = field(default_factory=dict)
    classes: dict[str, SchoolClass] = field(default_factory=dict)
    grades: dict[str, Grade] = field(default_factory=dict)
    district: District = field(default_factory=District)
    other_district: District = field(default_factory=District)

    def id(self, name: str) -> UUID:
        return self.people[name].id


# name, phone, role, node: the node is a class, grade, school or district by its key.
STAFF = [
    ("林晓岚", "19900000001", Role.CLASS_TEACHER, "海湾/三年级/1班"),
    ("陈启明", "19900000002", Role.CLASS_TEACHER, "海湾/三年级/2班"),
    ("黄若溪", "19900000003", Role.CLASS_TEACHER, "海湾/一年级/1班"),
    ("吴思远", "19900000004", Role.SUBJECT_TEACHER, "海湾/三年级/1班"),
    ("郑佩文", "19900000005", Role.GRADE_LEAD, "海湾/三年级"),
    ("许建安", "19900000006", Role.SCHOOL_ADMIN, "海湾"),
    ("周慕云", "19900000007", Role.PRINCIPAL, "海湾"),
    ("何清越", "19900000008", Role.SCHOOL_ADMIN, "莲塘"),
    ("罗以南", "19900000009", Role.CLASS_TEACHER, "莲塘/七年级/1班"),
    ("沈知微", "19900000010", Role.DISTRICT_OFFICER, "翔安"),
    ("曹望舒", "19900000011", Role.DISTRICT_OFFICER, "远山"),
    ("唐一苇", "19900000012", Role.SCHOOL_ADMIN, "远山小学"),
]
# child, number, class
CHILDREN = [
    ("王子墨", "20230101", "海湾/三年级/1班"),
    ("王子萱", "20250102", "海湾/一年级/1班"),
    ("李沐阳", "20230103", "海湾/三年级/1班"),
    ("赵可心", "20230104", "海湾/三年级/2班"),
    ("孙一诺", "20240105", "莲塘/七年级/1班"),
    ("钱多多", "20230106", "远山小学/三年级/1班"),
    ("高星辰", "20230107", "海湾/三年级/1班"),
]
# guardian, phone, relation, child
GUARDIANS = [
    ("王立强", "19900000101", Relation.FATHER, ("王子墨", "王子萱")),
    ("刘敏", "19900000102", Relation.MOTHER, ("王子墨", "王子萱")),
    ("李建国", "19900000103", Relation.FATHER, ("李沐阳",)),
    ("周婷", "19900000104", Relation.MOTHER, ("李沐阳",)),
    ("赵德胜", "19900000105", Relation.GRANDPARENT, ("赵可心",)),
    ("孙海燕", "19900000106", Relation.MOTHER, ("孙一诺",)),
    ("钱进", "19900000107", Relation.FATHER, ("钱多多",)),
    ("高远", "19900000108", Relation.FATHER, ("高星辰",)),
    ("马静", "19900000109", Relation.MOTHER, ("高星辰",)),
]
SCHOOLS = {
    "海湾": ("XA-HW", "海湾实验小学", Stage.PRIMARY, {"一年级": 2, "三年级": 2}),
    "莲塘": ("XA-LT", "莲塘中学", Stage.JUNIOR, {"七年级": 2}),
    "新圩": ("XA-XX", "新圩中心幼儿园", Stage.KINDERGARTEN, {"大班": 1}),
}


async def plant() -> Cast:
    """Grow the district, its people and their ties. Growing it twice changes nothing."""
    cast = Cast()
    await _privacy_notice()
    await _xiangan(cast)
    await _far_away(cast)
    for name, phone, role, key in STAFF:
        await _person(cast, name, phone)
        await ties.appoint(cast.id(name), role, _node(cast, key))
    for name, number, key in CHILDREN:
        class_ = cast.classes[key]
        cast.children[name] = await ties.admit(class_.school_id, class_.id, number, name)
    for name, phone, relation, children in GUARDIANS:
        await _person(cast, name, phone)
        for child in children:
            await ties.bind(cast.id(name), cast.children[child].id, relation)
    for role in (Role.COMMITTEE_CHAIR, Role.COMMITTEE_MEMBER):
        await ties.appoint(cast.id("周婷"), role, cast.classes["海湾/三年级/1班"])
    await ties.appoint(cast.id("王立强"), Role.COMMITTEE_MEMBER, cast.classes["海湾/三年级/1班"])
    return cast


def demo_sign_ins() -> list[DemoSignIn]:
    """Return whom a newcomer may sign in as."""
    return [
        DemoSignIn("王立强", "19900000101", "家长（两个班各有一个孩子）",
                   "parent, children in two classes", "王子墨、王子萱"),
        DemoSignIn("林晓岚", "19900000001", "班主任", "class teacher", "三年级1班"),
        DemoSignIn("许建安", "19900000006", "学校管理员", "school administrator", "海湾实验小学"),
        DemoSignIn("沈知微", "19900000010", "区教育局", "district officer", "翔安区"),
        DemoSignIn("周婷", "19900000104", "家委会主任", "committee chair", "三年级1班"),
    ]  # fmt: skip


async def _xiangan(cast: Cast) -> None:
    cast.district = await tree.create_district("350213", "翔安区")
    town = await tree.create_town(cast.district.id, "新店街道")
    for key, (code, name, stage, grades) in SCHOOLS.items():
        await _school(cast, cast.district, key, code, name, stage, grades, town.id)
    await tree.create_departments(cast.district.id, xiangan.DEPARTMENTS)
    await rulepacks.plant(cast.district.id)
    lead, member = cast.schools["海湾"], cast.schools["莲塘"]
    await tree.create_zone(
        cast.district.id,
        "海湾教联体实验区",
        lead_id=lead.id,
        member_ids=[lead.id, member.id],
        since=date(2026, 9, 1),
    )
    await calendar.set_year(
        cast.district.id,
        "2026—2027学年",
        date(2026, 9, 1),
        date(2027, 8, 31),
        [
            calendar.TermDates(
                name="第一学期", starts_on=date(2026, 9, 1), ends_on=date(2027, 1, 29)
            ),
            calendar.TermDates(
                name="第二学期", starts_on=date(2027, 2, 22), ends_on=date(2027, 7, 9)
            ),
        ],
    )
    await calendar.import_holidays(cast.district.id, 2026)


async def _far_away(cast: Cast) -> None:
    cast.other_district = await tree.create_district("999001", "远山区")
    await _school(
        cast, cast.other_district, "远山小学", "YS-01", "远山小学", Stage.PRIMARY, {"三年级": 1}
    )


async def _school(
    cast: Cast,
    district: District,
    key: str,
    code: str,
    name: str,
    stage: Stage,
    grades: dict[str, int],
    town_id: UUID | None = None,
) -> None:
    school = await tree.create_school(district.id, code, name, stage, town_id=town_id)
    cast.schools[key] = school
    for position, (grade_name, classes) in enumerate(grades.items(), 1):
        grade = await tree.create_grade(school.id, grade_name, position)
        cast.grades[f"{key}/{grade_name}"] = grade
        for number in range(1, classes + 1):
            made = await tree.create_class(grade.id, f"{number}班")
            cast.classes[f"{key}/{grade_name}/{number}班"] = made


async def _person(cast: Cast, name: str, phone: str) -> None:
    cast.people[name] = await ties.open_account(name, f"+86{phone}")


def _node(cast: Cast, key: str) -> ties.Node:
    if key == "翔安":
        return cast.district
    if key == "远山":
        return cast.other_district
    nodes: dict[str, ties.Node] = {**cast.schools, **cast.grades, **cast.classes}
    return nodes[key]


async def _privacy_notice() -> None:
    await PrivacyNotice.get_or_create(
        version=1,
        defaults={
            "title": "儿童个人信息处理告知书",
            "text": PRIVACY_TEXT,
            "in_force_from": datetime(2026, 9, 1, tzinfo=UTC),
        },
    )


PRIVACY_TEXT = """本平台由学校用于家校联系。
为此我们处理孩子的姓名、学号、所在班级，以及您的姓名、手机号和您与孩子的关系。
这些信息只给孩子所在班级的老师和本校管理人员使用，不用于排名，不对外提供，不做广告。
您可以随时撤回同意；撤回后，本平台立即停止向您展示孩子的信息。您也可以要求查阅、更正、导出或删除这些信息。"""
