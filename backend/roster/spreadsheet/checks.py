"""What may be wrong with a roster, in the words the school office reads.

Cells are judged while they are collected; here are the words, and the checks that need
several rows at once.
"""

from collections import Counter

import msgspec

from backend.roster.spreadsheet.rows import Fault, Place

MAX_GUARDIANS_OF_A_CHILD = 8

MESSAGES: dict[str, str] = {
    "missing": "“{label}”不能为空",
    "missing_column": "缺少“{label}”列；请使用下载的模板，或检查表头是否被改动",
    "repeated_column": "“{label}”列出现了两次，请只保留一列",
    "too_many_rows": "数据超过{most}行，请拆分为多个文件导入",
    "number_too_long": "数字超过15位，表格软件已丢失精度；请把该列设为“文本”格式后重新填写",
    "date_value": "表格软件把此处变成了日期；请把该列设为“文本”格式后重新填写",
    "not_text": "此处的内容不是文字或整数，请改为文本",
    "formula": "此处是公式；请改为直接填写内容（可复制后“选择性粘贴为数值”）",
    "error_value": "此处是公式错误值，请改为直接填写内容",
    "merged": "此处有合并单元格；请取消合并，并在每一行分别填写",
    "bad_number": "学号只能由数字、字母和短横线组成，且不超过30位",
    "duplicate_number": "学号与第{other}行重复",
    "bad_name": "姓名含有数字或符号，或超过40个字",
    "bad_phone": "不是正确的大陆手机号码（11位，以1开头）",
    "unknown_relation": "无法识别的关系；请填写：父亲、母亲、祖辈、其他监护人",
    "guardian_without_relation": "请填写家长与学生的关系",
    "unknown_role": "无法识别的职务；请填写：班主任、任课教师、年级组长、学校管理员、校长",
    "unknown_class": "没有这个班；请先在“班级”表中列出，或核对年级和班级名称",
    "unknown_grade": "没有这个年级；请核对年级名称",
    "class_needed": "{label}必须填写年级和班级",
    "grade_needed": "年级组长必须填写年级",
    "unknown_number": "没有学号对应的学生；请核对学号，或先在“学生”表中列出该生",
    "pupil_name_differs": "学生姓名与该学号的学生不一致，请核对学号",
    "relation_differs": "同一家长与该生的关系前后不一致（第{other}行）",
    "phone_of_two": "同一手机号填写了两个不同的姓名（另见“{elsewhere}”第{other}行）",
    "too_many_guardians": "一名学生最多登记8位家长",
    "class_teacher_unnamed": "填写了班主任手机号，但没有班主任姓名",
    "two_class_teachers": "该班填写了多位班主任，请核对",
    "pupil_without_guardian": "该生没有任何家长，其家庭将收不到通知",
}
MAX_FAULTS = 2_000


class Findings(msgspec.Struct):
    """Faults and warnings as they are found, in order; after many, they are only counted."""

    faults: list[Fault] = msgspec.field(default_factory=list)
    warnings: list[Fault] = msgspec.field(default_factory=list)

    def fault(
        self,
        code: str,
        sheet: str,
        row: int,
        column: str,
        *,
        value: str | None = None,
        **words: object,
    ) -> None:
        """Add a fault; ``words`` fill its message."""
        if len(self.faults) < MAX_FAULTS:
            message = MESSAGES[code].format(**words)
            self.faults.append(Fault(sheet, row, column, code, message, value))

    def warn(self, code: str, sheet: str, row: int, column: str, **words: object) -> None:
        """Add a warning; it does not stand in the way."""
        if len(self.warnings) < MAX_FAULTS:
            message = MESSAGES[code].format(**words)
            self.warnings.append(Fault(sheet, row, column, code, message))


class Source(msgspec.Struct, frozen=True):
    """Where in the workbook something stands; ``row`` as the spreadsheet counts."""

    sheet: str
    row: int
    header: str


class Names:
    """Each phone belongs to one name; a second name for it is a fault."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._known: dict[str, tuple[str, Source]] = {}

    def agree(self, phone: str, name: str, source: Source) -> bool:
        """Remember the name of a phone; say whether it agrees with what was said before."""
        known, first = self._known.setdefault(phone, (name, source))
        if known != name:
            self._findings.fault(
                "phone_of_two",
                source.sheet,
                source.row,
                source.header,
                value=f"{phone[3:6]}****{phone[-4:]}",
                elsewhere=first.sheet,
                other=first.row,
            )
        return known == name

    def of(self, phone: str) -> str | None:
        """Return the name a phone was given, if any."""
        return self._known[phone][0] if phone in self._known else None


def check_pupils_have_guardians(
    findings: Findings, pupils: dict[str, Source], guarded: set[str]
) -> None:
    """Warn of pupils whom nobody stands for."""
    for number, source in pupils.items():
        if number not in guarded:
            findings.warn("pupil_without_guardian", source.sheet, source.row, source.header)


def check_class_teachers(
    findings: Findings, places: list[Place], teachers: list[tuple[int, str, Source]]
) -> None:
    """Warn of classes with several class teachers."""
    counts = Counter({(place, phone) for place, phone, _ in teachers})
    per_class = Counter(place for place, _ in counts)
    warned: set[int] = set()
    for place, _, source in teachers:
        if per_class[place] > 1 and place not in warned:
            warned.add(place)
            findings.warn("two_class_teachers", source.sheet, source.row, source.header)
