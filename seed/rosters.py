"""Rosters of invented schools, as real xlsx files.

Names are drawn from our own lists and phones from one block, 199 0010 0000 upwards:
nobody real is meant. The same arguments give the same people, whatever the machine.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from backend.roster.spreadsheet.columns import Kind
from backend.roster.spreadsheet.template import one_sheet, template

FIRST_PHONE = 19_900_100_000
PRIMARY = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶"
    "程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛"
)
_DOUBLE_SURNAMES = ("欧阳", "上官", "诸葛", "司徒")
_GIVEN_NAMES = (
    "子涵 雨桐 欣怡 梓萱 诗涵 可馨 思源 浩然 宇轩 博文 俊杰 明哲 嘉怡 佳琪 "
    "雅婷 静怡 晓彤 若曦 一诺 语嫣 泽宇 天佑 家豪 志远 文博 承泽 君浩 睿渊 "
    "皓轩 铭轩 楚涵 沐辰 奕辰 奕泽 梓晨 宸逸 锦程 鹏飞 昊天 书瑶 悦然 安琪 "
    "芷晴 婉清 清扬 子衿 知夏 念初 云舒 若谷 怀瑾 修远 景行 思齐 致远 南星 "
    "半夏 青禾 安 宁 悦 辰 睿 轩 涵 琳 瑶 妍 彬 昊 "
    "楠 桐 朗"
)
_PARENTS_GIVEN_NAMES = (
    "建国 建华 志强 志明 国强 国庆 文军 海涛 海燕 丽华 丽娟 秀英 秀兰 桂英 "
    "玉梅 春梅 雪梅 晓燕 晓红 小红 小军 伟民 卫东 永强 永福 金水 水生 荣辉 "
    "荣华 惠珍 淑芬 淑华 美玲 美珍 雅芳 雅琴 明辉 明珠 俊峰 俊英 振兴 振华 "
    "爱华 爱民 宝珠 清海 清泉 伟 芳 敏 静 磊 洋 勇 艳 杰 "
    "涛 超 霞 平 刚"
)
_GIVEN = _GIVEN_NAMES.split()
_PARENTS_GIVEN = _PARENTS_GIVEN_NAMES.split()
_SUBJECTS = ("语文", "数学", "英语", "科学", "体育与健康", "音乐", "美术")


class Composition(msgspec.Struct):
    """The rows of one school, each line in the order of the template's columns."""

    school_name: str
    classes: list[list[str]]
    pupils: list[list[str]]
    guardians: list[list[str]]
    staff: list[list[str]]

    @property
    def people(self) -> int:
        """Guardians counted once, whatever the number of their children."""
        return len({line[4] for line in self.guardians})


def compose(
    school_name: str,
    pupils: int,
    *,
    seed: int,
    first_phone: int = FIRST_PHONE,
    grades: Sequence[str] = PRIMARY,
    class_size: int = 45,
) -> Composition:
    """Invent a school: four of five pupils with two guardians, some of them siblings.

    Phones are taken upwards from ``first_phone``, at most two for each pupil and four
    for each class and eight more.
    """
    dice = random.Random(f"{seed}:{school_name}")
    phones = iter(range(first_phone, first_phone + 100_000_000))
    school = Composition(school_name, [], [], [], [])
    per_grade = [pupils // len(grades) + (i < pupils % len(grades)) for i in range(len(grades))]
    families: list[list[tuple[str, str, str]]] = []
    for rank, (grade, size) in enumerate(zip(grades, per_grade, strict=True), start=1):
        for number in range(1, max(1, -(-size // class_size)) + 1):
            _staff_a_class(school, dice, grade, f"{number}班", phones)
        names = [line[1] for line in school.classes if line[0] == grade]
        for place in range(size):
            pupil_number = f"{2032 - rank}{rank:02d}{place + 1:04d}"
            _enrol(school, dice, pupil_number, grade, names[place % len(names)], families, phones)
        school.staff.append([_adult(dice), str(next(phones)), "年级组长", grade, "", ""])
    school.staff.append([_adult(dice), str(next(phones)), "校长", "", "", ""])
    school.staff.append([_adult(dice), str(next(phones)), "学校管理员", "", "", ""])
    return school


def write(
    school: Composition, path: Path, *, layout: Literal["sheets", "one_sheet"] = "sheets"
) -> None:
    """Write a composed school in the template's layout, or with guardians beside pupils."""
    if layout == "sheets":
        rows: dict[Kind, list[list[str]]] = {
            Kind.CLASSES: school.classes,
            Kind.PUPILS: school.pupils,
            Kind.GUARDIANS: school.guardians,
            Kind.STAFF: school.staff,
        }
        path.write_bytes(template(rows))
        return
    beside: dict[str, list[str]] = {}
    for number, _, name, relation, phone in school.guardians:
        beside.setdefault(number, []).extend([name, relation, phone])
    lines = [[*pupil, *beside.get(pupil[0], [])] for pupil in school.pupils]
    path.write_bytes(one_sheet(f"{school.school_name}学生花名册", lines))


def write_school(
    path: Path,
    school_name: str,
    pupils: int,
    *,
    seed: int,
    first_phone: int = FIRST_PHONE,
    grades: Sequence[str] = PRIMARY,
    class_size: int = 45,
) -> Composition:
    """Compose a school, write it to ``path`` in the template's layout, and return it."""
    school = compose(
        school_name,
        pupils,
        seed=seed,
        first_phone=first_phone,
        grades=grades,
        class_size=class_size,
    )
    write(school, path)
    return school


def _staff_a_class(
    school: Composition, dice: random.Random, grade: str, name: str, phones: Iterator[int]
) -> None:
    teacher, phone = _adult(dice), str(next(phones))
    school.classes.append([grade, name, teacher, phone])
    school.staff.append([teacher, phone, "班主任", grade, name, ""])
    school.staff.append([teacher, phone, "任课教师", grade, name, "语文"])
    for subject in dice.sample(_SUBJECTS[1:], 2):
        line = [_adult(dice), str(next(phones)), "任课教师", grade, name, subject]
        school.staff.append(line)


def _enrol(
    school: Composition,
    dice: random.Random,
    number: str,
    grade: str,
    class_name: str,
    families: list[list[tuple[str, str, str]]],
    phones: Iterator[int],
) -> None:
    if families and dice.random() < 0.08:
        # A younger or older sibling of a pupil already on the list.
        family = dice.choice(families)
        surname = family[0][0][:1]
    else:
        surname = _surname(dice)
        family = [(surname + dice.choice(_PARENTS_GIVEN), "父亲", str(next(phones)))]
        if dice.random() < 0.8:
            family.append((_adult(dice), "母亲", str(next(phones))))
        else:
            family[0] = (family[0][0], dice.choice(("父亲", "母亲", "祖辈")), family[0][2])
        families.append(family)
    name = surname + dice.choice(_GIVEN)
    school.pupils.append([number, name, grade, class_name])
    for guardian, relation, phone in family:
        school.guardians.append([number, name, guardian, relation, phone])


def _adult(dice: random.Random) -> str:
    return _surname(dice) + dice.choice(_PARENTS_GIVEN)


def _surname(dice: random.Random) -> str:
    return dice.choice(_DOUBLE_SURNAMES) if dice.random() < 0.01 else dice.choice(_SURNAMES)
