"""Papers for stories: what a school or a district certifies, without the room that earned it."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from backend.certificates import operations
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.rules import Issuer, Line, Words, grouped, written_out
from backend.database import transaction
from backend.identifiers import uuid7
from backend.media.paper.certificate import Figure
from seed.cast import Cast

FIRST, LAST = date(2026, 9, 1), date(2026, 10, 31)
COURSE = "好习惯从家庭开始"
RULE = "完成规则第 2 版：每节课观看覆盖不少于 90%，测验全部通过。"


def course_words(title: str = COURSE, **more: Any) -> Words:
    """Return what the certificate of a finished course says."""
    said: dict[str, Any] = {
        "title": "结业证书",
        "subtitle": "家长学校 · 家庭教育课程",
        "body": [
            f"于{written_out(FIRST)}至{written_out(LAST)}期间，",
            f"修完《{title}》全部必修课，",
            "观看与测验均达到要求，准予结业。",
        ],
        "figures": [
            Figure("12", "节", "完成课时"),
            Figure("4.6", "小时", "观看时长"),
            Figure("97", "%", "观看覆盖"),
        ],
        "details": ["视频 9 节", "音频 1 节", "文章 2 篇", "测验 3 次"],
        "thanks": "特发此证。",
        "rule": RULE,
        "lines": [Line("课程", title)],
        "basis": {"rule_version": 2, "lessons": 12, "coverage": 0.971},
    }
    return Words(**said | more)


def service_words() -> Words:
    """Return what a certificate of two hours of service says."""
    return Words(
        title="志愿服务证明",
        subtitle="成长合伙人 · 家长驻校日",
        body=["作为家长志愿者，在本校参加家长驻校日志愿服务。"],
        figures=[Figure("2", "小时", "服务时长"), Figure("1", "次", "服务次数")],
        details=["食堂管理 1 次"],
        thanks="谨此证明，并致谢忱。",
        rule="服务时长按每次签到至签退计算，以班次起止时间为限。",
    )


async def course(
    cast: Cast, name: str = "王立强", *, course_id: UUID | None = None, **more: Any
) -> Certificate:
    """Let the district certify a finished course."""
    issuer = Issuer(district_id=cast.district.id, school_id=None, name="翔安区家长学校")
    words = more.pop("words", None) or course_words(**more)
    async with transaction():
        return await operations.issue(
            CertificateKind.COURSE, cast.id(name), issuer, words,
            first=FIRST, last=LAST, subject_id=course_id or uuid7(),
        )  # fmt: skip


async def service(cast: Cast, name: str = "王立强", school: str = "海湾") -> Certificate:
    """Let a school certify two hours of service."""
    at = cast.schools[school]
    issuer = Issuer(district_id=cast.district.id, school_id=at.id, name=at.name)
    async with transaction():
        return await operations.issue(
            CertificateKind.SERVICE, cast.id(name), issuer, service_words(), first=FIRST, last=LAST
        )


def number(certificate: Certificate) -> str:
    """Return the number as it is printed."""
    return grouped(certificate.code)


async def page(anyone: httpx.AsyncClient, code: str) -> httpx.Response:
    """Open the page that the code on the paper leads to."""
    return await anyone.get(f"http://house/verify/{code}")
