"""Issuing: a snapshot, one in force for each course, and nothing that says nothing."""

import asyncio

import pytest
from tortoise.exceptions import TransactionManagementError

from backend.certificates import operations
from backend.certificates.models import Certificate, CertificateKind
from backend.certificates.rules import CODE_LENGTH, Issuer, grouped, masked, spelled, ungrouped
from backend.database import execute, fetch
from backend.identifiers import uuid7
from seed.cast import Cast
from tests.certificates import papers
from tests.house import SignIn


async def test_a_certificate_is_a_snapshot(as_: SignIn, cast: Cast) -> None:
    await papers.course(cast)
    father = await as_("王立强")
    [made] = (await father.get("/me/certificates")).json()["items"]
    assert (made["holder"], made["issuer"], made["kind"]) == ("王立强", "翔安区家长学校", "course")
    assert made["figures"][2] == {"value": "97", "unit": "%", "label": "观看覆盖"}
    await execute("UPDATE persons SET name = '改名' WHERE id = $1", cast.id("王立强"))
    await execute("UPDATE districts SET name = '改区'")
    assert (await father.get("/me/certificates")).json()["items"] == [made]


async def test_one_course_is_certified_once_and_again_after_a_revocation(cast: Cast) -> None:
    course, admin = uuid7(), cast.id("沈知微")
    first = await papers.course(cast, course_id=course)
    again = await papers.course(cast, course_id=course, title="换了名字的课")
    assert (again.id, again.code, again.facts) == (first.id, first.code, first.facts)
    other = await papers.course(cast, "刘敏", course_id=course)
    assert other.id != first.id
    await operations.revoke(first.id, "测验作弊", by=admin)
    renewed = await papers.course(cast, course_id=course)
    assert renewed.id not in (first.id, other.id)
    entries = await fetch(
        "SELECT action FROM audit_entries WHERE subject_kind = 'certificate' ORDER BY id"
    )
    issued, revoked = "certificates.issued", "certificates.revoked"
    assert [entry["action"] for entry in entries] == [issued, issued, revoked, issued]


async def test_two_phones_that_finish_a_course_at_once_get_one_certificate(cast: Cast) -> None:
    course = uuid7()
    made = await asyncio.gather(*[papers.course(cast, course_id=course) for _ in range(6)])
    assert len({certificate.id for certificate in made}) == 1
    assert await Certificate.all().count() == 1


async def test_service_is_certified_as_often_as_it_is_asked_for(cast: Cast) -> None:
    first, second = await papers.service(cast), await papers.service(cast)
    assert sum(a != b for a, b in zip(first.code, second.code, strict=True)) > 8


async def test_nothing_is_issued_outside_its_callers_transaction(cast: Cast) -> None:
    school = cast.schools["海湾"]
    issuer = Issuer(district_id=cast.district.id, school_id=school.id, name=school.name)
    with pytest.raises(TransactionManagementError):
        await operations.issue(
            CertificateKind.SERVICE, cast.id("王立强"), issuer, papers.service_words(),
            first=papers.FIRST, last=papers.LAST,
        )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        "code = 'lower'",
        "kind = 'diploma'",
        "last_day = first_day - 1",
        "holder = ''",
        "facts = facts || '{\"figures\": []}'",
        "facts = facts - 'figures'",
        "facts = facts - 'title'",
        "subject_id = NULL",
        "kind = 'service', subject_id = NULL",
        "revoked_at = now()",
        "revoked_reason = '误开'",
    ],
)
async def test_the_database_keeps_no_certificate_that_says_nothing(cast: Cast, wrong: str) -> None:
    await papers.course(cast)
    with pytest.raises(Exception, match="violates check"):
        await execute(f"UPDATE certificates SET {wrong}")


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (0, ("0", "分钟")),
        (59, ("59", "分钟")),
        (60, ("1", "小时")),
        (65, ("1", "小时")),
        (66, ("1.1", "小时")),
        (119, ("1.9", "小时")),
        (1110, ("18.5", "小时")),
    ],
)
def test_an_amount_is_never_more_than_was_done(minutes: int, shown: tuple[str, str]) -> None:
    assert spelled(minutes) == shown


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K7QF-3M9T-WX2C-H4RD", "K7QF3M9TWX2CH4RD"),
        (" k7qf 3m9t wx2c h4rd ", "K7QF3M9TWX2CH4RD"),
        ("oI23-4567-89AB-CDEF", "0123456789ABCDEF"),
        ("0l23456789abcdef", "0123456789ABCDEF"),
        ("U" * CODE_LENGTH, None),
        ("9" * 15, None),
        ("", None),
    ],
)
def test_a_number_is_understood_as_it_is_heard(typed: str, code: str | None) -> None:
    assert ungrouped(typed) == code
    assert code is None or ungrouped(grouped(code)) == code


@pytest.mark.parametrize(("name", "shown"), [("王立强", "王**"), ("李", "李**"), ("", "**")])
def test_strangers_see_one_character_of_a_name(name: str, shown: str) -> None:
    assert masked(name) == shown
