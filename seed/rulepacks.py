"""Numbers that five policy documents name, each with the document it stands in.

A district follows its own pack and may take the others' school rules as advice.
"""

from datetime import date
from uuid import UUID

from backend.schools.models import Period
from backend.schools.operations import rulebook
from backend.schools.operations.rulebook import RuleText

YEAR, SCHOOL_YEAR, TERM = Period.CALENDAR_YEAR, Period.SCHOOL_YEAR, Period.TERM
ALWAYS, BY = Period.ALWAYS, Period.BY_DATE


def _rule(
    code: str, subject: str, scope: str, amount: int, unit: str, period: Period,
    due_on: date | None = None,
) -> RuleText:  # fmt: skip
    return RuleText(
        code=code, subject=subject, scope=scope, amount=amount, unit=unit, period=period,
        due_on=due_on,
    )  # fmt: skip


PACKS = {
    "xiangan": ("翔安区", "翔安区等十五部门家校社协同育人“教联体”工作方案", [
        _rule("N10", "建立“教联体”的学校占比", "district", 50, "%", BY, date(2025, 12, 31)),
        _rule("N10", "建立“教联体”的学校占比", "district", 80, "%", BY, date(2026, 12, 31)),
        _rule("N10", "建立“教联体”的学校占比", "district", 100, "%", BY, date(2027, 12, 31)),
        _rule("N14", "遴选典型案例（累计）", "district", 10, "个", BY, date(2026, 12, 31)),
        _rule("N14", "遴选典型案例（累计）", "district", 25, "个", BY, date(2027, 12, 31)),
        _rule("N15", "召开经验交流活动", "district", 1, "次", YEAR),
        _rule("N36", "普及健康素养条目", "district", 66, "条", ALWAYS),
    ]),
    "baoshan": ("宝山区", "宝山区学校“教联体”组建指引", [
        _rule("N01", "“家长课堂”和实践活动（合计）", "school", 4, "次", YEAR),
        _rule("N02", "对每名学生家访", "pupil", 1, "次", SCHOOL_YEAR),
        _rule("N03", "组织“家长开放日”", "school", 1, "次", TERM),
        _rule("N04", "组织“家长代表座谈会”", "school", 1, "次", TERM),
        _rule("N09", "结对具有科普功能的机构", "school", 1, "所", ALWAYS),
        _rule("N11", "学校“教联体”覆盖", "district", 100, "%", BY, date(2026, 3, 31)),
        _rule("N17", "协同育人成效评估", "school", 1, "次", YEAR),
        _rule("N20", "形成特色项目", "school", 1, "个", BY, date(2026, 12, 31)),
    ]),
    "jiulongpo": ("九龙坡区", "九龙坡区校家社协同育人“教联体”实施方案", [
        _rule("N12", "建立校级“教联体”", "school", 1, "个", BY, date(2025, 12, 31)),
        _rule("N22", "明确分管领导与固定联络员", "unit", 2, "名", ALWAYS),
        _rule("N23", "会议纪要备案", "district", 100, "%", ALWAYS),
        _rule("N24", "持证上岗的家庭教育指导者", "school", 1, "名", ALWAYS),
        _rule("N35", "讲座进万家", "district", 100, "场", ALWAYS),
    ]),
    "beijing": ("北京市", "北京市学校家庭社会协同育人“教联体”工作方案", [
        _rule("N05", "校级家庭教育指导活动", "school", 2, "次", TERM),
        _rule("N13", "各区建立“教联体”", "city", 100, "%", BY, date(2026, 12, 31)),
    ]),
    "national": ("国家", "家校社协同育人“教联体”工作方案与登记要求", [
        _rule("V01", "基本情况介绍字数上限", "alliance", 800, "字", ALWAYS),
        _rule("V02", "目标任务完成期限", "alliance", 2, "年", ALWAYS),
    ]),
}  # fmt: skip


async def plant(district_id: UUID) -> None:
    """Publish the packs; the district is bound by its own and advised by the others."""
    for key, (name, source, rules) in PACKS.items():
        await rulebook.publish_pack(key, name, source, rules)
        if key == "xiangan":
            await rulebook.adopt(district_id, key, binding=True, by=None)
        else:
            await rulebook.adopt(district_id, key, binding=False, by=None, scope="school")
