"""Checking: anybody who holds the paper, and no more than the paper's holder would show."""

import pytest

from backend import clock
from backend.database import execute
from seed.cast import Cast
from tests.certificates import papers
from tests.certificates.papers import page
from tests.house import Visitor


async def test_strangers_check_a_course_and_see_no_child_and_no_full_name(
    cast: Cast, anyone: Visitor
) -> None:
    made = await papers.course(cast)
    answer = await anyone.get(f"/certificates/{papers.number(made).lower()}")
    assert answer.json() == {
        "number": papers.number(made),
        "valid": True,
        "kind": "course",
        "title": "结业证书",
        "issuer": "翔安区家长学校",
        "holder": "王**",
        "from": "2026-09-01",
        "until": "2026-10-31",
        "figures": [
            {"value": "12", "unit": "节", "label": "完成课时"},
            {"value": "4.6", "unit": "小时", "label": "观看时长"},
            {"value": "97", "unit": "%", "label": "观看覆盖"},
        ],
        "lines": [{"label": "课程", "value": "好习惯从家庭开始"}],
        "issuedOn": clock.local(clock.now()).date().isoformat(),
        "revokedOn": None,
        "rule": papers.RULE,
    }
    shown = await page(anyone, made.code)
    for text in ("证书有效", "结业证书", "王**", "翔安区家长学校", papers.COURSE, "12 节", "97 %",
                 "2026-09-01 至 2026-10-31", "完成规则第 2 版", papers.number(made)):  # fmt: skip
        assert text in shown.text
    for secret in ("王立强", "王子墨", "王子萱", str(made.person_id), str(made.id), "0.971"):
        assert secret not in shown.text + answer.text


async def test_a_certificate_of_service_says_what_it_always_said(
    cast: Cast, anyone: Visitor
) -> None:
    made = await papers.service(cast)
    shown = await page(anyone, made.code)
    for text in ("志愿服务证明", "王**", "海湾实验小学", "服务期间", "2 小时", "1 次"):
        assert text in shown.text
    checked = (await anyone.get(f"/certificates/{made.code}")).json()
    assert (checked["kind"], checked["lines"]) == ("service", [])


async def test_a_number_read_out_over_the_telephone_is_understood(
    cast: Cast, anyone: Visitor
) -> None:
    made = await papers.course(cast)
    await execute("UPDATE certificates SET code = '0123456789ABCDEF'")
    for heard in ("0123 4567 89ab cdef", "oI23-4567-89AB-CDEF", "0l23456789abcdef"):
        answer = await anyone.get(f"/certificates/{heard}")
        assert answer.json()["holder"] == "王**", heard
    assert (await anyone.get(f"/certificates/{made.code}")).status_code == 404


async def test_the_page_loads_nothing_and_fits_a_phone(cast: Cast, anyone: Visitor) -> None:
    made = await papers.course(cast)
    shown = await page(anyone, made.code)
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "width=device-width" in shown.text
    for word in ("<script", "http://", "https://", "<img", "<link"):
        assert word not in shown.text


async def test_what_a_course_is_called_is_text_and_nothing_else(
    cast: Cast, anyone: Visitor
) -> None:
    made = await papers.course(cast, title="</dd><script>alert(1)</script>{line}")
    shown = await page(anyone, made.code)
    assert "<script" not in shown.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{line}" in shown.text


@pytest.mark.parametrize("code", ["0" * 16, "%3Cscript%3E", "x", "9" * 400, "U" * 16])
async def test_an_unknown_number_is_not_found_and_not_echoed(anyone: Visitor, code: str) -> None:
    shown = await page(anyone, code)
    assert (shown.status_code, "查无此证书" in shown.text) == (404, True)
    assert "script" not in shown.text
    assert (await anyone.get(f"/certificates/{code}")).status_code == 404


async def test_guessing_numbers_is_slowed_down_by_address(anyone: Visitor) -> None:
    for _ in range(60):
        assert (await anyone.get("/certificates/0000000000000000")).status_code == 404
    slowed = await anyone.get("/certificates/0000000000000000")
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many_requests")
    shown = await page(anyone, "0000000000000000")
    assert (shown.status_code, "retry-after" in shown.headers) == (429, True)
