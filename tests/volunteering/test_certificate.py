"""Certificates of service: a snapshot, a picture, a page anybody can check, and taking it back."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image

from backend import clock
from backend.database import execute
from backend.settings import Settings
from seed.cast import Cast
from tests.house import SignIn, Visitor
from tests.volunteering.duty import served_minutes

SEPTEMBER = datetime(2026, 9, 14, 0, 0, tzinfo=UTC)


async def issued(as_: SignIn, cast: Cast, minutes: int = 110, **more: Any) -> dict[str, Any]:
    """Let a father serve and ask for a certificate; returns it."""
    await served_minutes(as_, cast, "王立强", minutes, SEPTEMBER)
    answer = await (await as_("王立强")).post("/me/service-certificates", json=period(cast, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def period(cast: Cast, first: str = "2026-09-01", last: str = "2026-10-31") -> dict[str, str]:
    return {"schoolId": str(cast.schools["海湾"].id), "from": first, "until": last}


def code_of(certificate: dict[str, Any]) -> str:
    return str(certificate["number"]).replace("-", "")


async def page(anyone: httpx.AsyncClient, code: str) -> httpx.Response:
    return await anyone.get(f"http://house/verify/{code}")


async def test_a_certificate_is_a_snapshot_of_what_was_done(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 45, SEPTEMBER + timedelta(days=1), "canteen")
    await served_minutes(as_, cast, "王立强", 999, SEPTEMBER + timedelta(days=60))
    made = await issued(as_, cast, 110)
    assert (made["holder"], made["schoolName"]) == ("王立强", "海湾实验小学")
    assert (made["minutes"], made["shifts"]) == (155, 2)
    assert [(d["name"], d["shifts"], d["minutes"]) for d in made["duties"]] == [
        ("食堂管理", 1, 45),
        ("校园安全巡查", 1, 110),
    ]
    await execute("UPDATE bookings SET minutes = 1")
    await execute("UPDATE persons SET name = '改名' WHERE id = $1", cast.id("王立强"))
    [kept] = (await (await as_("王立强")).get("/me/service-certificates")).json()["items"]
    assert kept == made


async def test_the_same_key_issues_one_certificate(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, SEPTEMBER)
    father, key = await as_("王立强"), {"Idempotency-Key": "one-certificate"}
    answers = [
        await father.post("/me/service-certificates", json=period(cast), headers=key)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await father.get("/me/service-certificates")).json()["items"]) == 1


async def test_nothing_done_is_nothing_certified(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, SEPTEMBER)
    await served_minutes(as_, cast, "李建国", 0, SEPTEMBER)
    tomorrow = (clock.local(clock.now()).date() + timedelta(days=1)).isoformat()
    elsewhere = period(cast) | {"schoolId": str(cast.schools["莲塘"].id)}
    for name, body, code in (
        ("李建国", period(cast), "nothing_to_certify"),
        ("王立强", period(cast, "2026-10-01"), "nothing_to_certify"),
        ("王立强", elsewhere, "nothing_to_certify"),
        ("王立强", period(cast, "2026-09-02", "2026-09-01"), "bad_service_period"),
        ("王立强", period(cast, last=tomorrow), "bad_service_period"),
    ):
        answer = await (await as_(name)).post("/me/service-certificates", json=body)
        assert answer.json()["code"] == code, (name, body)


async def test_the_picture_leads_to_its_own_page(
    as_: SignIn, cast: Cast, anyone: Visitor, settings: Settings
) -> None:
    made = await issued(as_, cast)
    father, url = await as_("王立强"), f"/me/service-certificates/{made['id']}/image"
    answer = await father.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (1240, 1754)
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == made["url"] == f"{settings.site}/verify/{code_of(made)}"
    shown = await page(anyone, code.text.rsplit("/", 1)[1])
    assert (shown.status_code, "证明有效" in shown.text) == (200, True)
    assert (await father.get(url)).content == answer.content
    kept = await father.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")


async def test_the_document_is_one_page_of_a4(as_: SignIn, cast: Cast) -> None:
    made = await issued(as_, cast)
    answer = await (await as_("王立强")).get(f"/me/service-certificates/{made['id']}/document")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.count(b"/Type /Page\n") == 1
    assert b"/Count 1\n" in answer.content


async def test_only_its_owner_draws_a_certificate(as_: SignIn, cast: Cast) -> None:
    made = await issued(as_, cast)
    for name in ("李建国", "刘敏", "许建安", "沈知微"):
        for form in ("image", "document"):
            answer = await (await as_(name)).get(f"/me/service-certificates/{made['id']}/{form}")
            assert answer.status_code == 404, name


async def test_strangers_check_it_and_see_no_child_and_no_full_name(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    made = await issued(as_, cast)
    spoken = made["number"].lower()
    answer = await anyone.get(f"/certificates/{spoken}")
    assert answer.json() == {
        "number": made["number"],
        "valid": True,
        "schoolName": "海湾实验小学",
        "holder": "王**",
        "from": "2026-09-01",
        "until": "2026-10-31",
        "minutes": 110,
        "shifts": 1,
        "issuedOn": clock.local(clock.now()).date().isoformat(),
        "revokedOn": None,
        "rule": "服务时长按每次签到至签退计算，以班次起止时间为限。",
    }
    shown = await page(anyone, code_of(made))
    for text in ("王**", "海湾实验小学", "1.8 小时", made["number"]):
        assert text in shown.text
    for secret in ("王立强", "王子墨", "王子萱", str(cast.id("王立强")), made["id"]):
        assert secret not in shown.text + answer.text


async def test_a_number_read_out_over_the_telephone_is_understood(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    made = await issued(as_, cast)
    await execute("UPDATE service_certificates SET code = '0123456789ABCDEF'")
    for heard in ("0123 4567 89ab cdef", "oI23-4567-89AB-CDEF", "0l23456789abcdef"):
        answer = await anyone.get(f"/certificates/{heard}")
        assert answer.json()["holder"] == "王**", heard
    assert (await anyone.get(f"/certificates/{code_of(made)}")).status_code == 404


async def test_the_page_loads_nothing_and_fits_a_phone(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    made = await issued(as_, cast)
    shown = await page(anyone, code_of(made))
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert "width=device-width" in shown.text
    for word in ("<script", "http://", "https://", "<img", "<link"):
        assert word not in shown.text


async def test_an_unknown_number_is_not_found_and_not_echoed(anyone: Visitor) -> None:
    for code in ("0000000000000000", "%3Cscript%3E", "x", "9" * 400, "U" * 16):
        shown = await page(anyone, code)
        assert (shown.status_code, "查无此证明" in shown.text) == (404, True)
        assert "script" not in shown.text
        assert (await anyone.get(f"/certificates/{code}")).status_code == 404


async def test_a_revoked_certificate_says_so_everywhere(
    as_: SignIn, cast: Cast, anyone: Visitor
) -> None:
    made = await issued(as_, cast)
    admin, father = await as_("许建安"), await as_("王立强")
    url = f"/service-certificates/{made['id']}/revocation"
    for name, status in (("王立强", 403), ("李建国", 404), ("林晓岚", 404), ("何清越", 404)):
        denied = await (await as_(name)).put(url, json={"reason": "不再有效"})
        assert denied.status_code == status, name
    first, again = [
        await admin.put(url, json={"reason": reason}) for reason in ("补录工时有误", "再撤一次")
    ]
    assert first.json() == again.json()
    assert first.json()["revokedReason"] == "补录工时有误"
    shown = await page(anyone, code_of(made))
    assert (shown.status_code, "该证明已撤销" in shown.text) == (200, True)
    assert "补录工时有误" not in shown.text
    checked = (await anyone.get(f"/certificates/{code_of(made)}")).json()
    assert (checked["valid"], checked["revokedOn"]) == (
        False,
        clock.local(clock.now()).date().isoformat(),
    )
    drawn = await father.get(f"/me/service-certificates/{made['id']}/image")
    assert (drawn.status_code, drawn.json()["code"]) == (409, "certificate_revoked")
    [mine] = (await father.get("/me/service-certificates")).json()["items"]
    assert mine["revokedReason"] == "补录工时有误"


async def test_the_school_lists_what_it_certified(as_: SignIn, cast: Cast) -> None:
    made = await issued(as_, cast)
    second = await (await as_("王立强")).post("/me/service-certificates", json=period(cast))
    url = f"/schools/{cast.schools['海湾'].id}/service-certificates"
    admin = await as_("许建安")
    one = (await admin.get(url, params={"limit": 1})).json()
    two = (await admin.get(url, params={"limit": 1, "cursor": one["nextCursor"]})).json()
    assert [p["items"][0]["id"] for p in (one, two)] == [second.json()["id"], made["id"]]
    assert two["nextCursor"] is None
    kept_out = {"周慕云": 403, "林晓岚": 403, "沈知微": 403, "王立强": 404, "何清越": 404}
    for name, status in kept_out.items():
        assert (await (await as_(name)).get(url)).status_code == status, name


async def test_guessing_numbers_is_slowed_down_by_address(anyone: Visitor) -> None:
    for _ in range(60):
        assert (await anyone.get("/certificates/0000000000000000")).status_code == 404
    slowed = await anyone.get("/certificates/0000000000000000")
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many_requests")
    shown = await page(anyone, "0000000000000000")
    assert (shown.status_code, "retry-after" in shown.headers) == (429, True)


async def test_nobody_fills_the_house_with_certificates(as_: SignIn, cast: Cast) -> None:
    await issued(as_, cast)
    father = await as_("王立强")
    answers = [await father.post("/me/service-certificates", json=period(cast)) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [201] * 19 + [429]


async def test_two_certificates_of_the_same_hours_have_unlike_numbers(
    as_: SignIn, cast: Cast
) -> None:
    first = await issued(as_, cast)
    second = await (await as_("王立强")).post("/me/service-certificates", json=period(cast))
    codes = [code_of(first), code_of(second.json())]
    assert sum(a != b for a, b in zip(*codes, strict=True)) > 8


async def test_the_database_certifies_nothing_that_is_empty(as_: SignIn, cast: Cast) -> None:
    await issued(as_, cast)
    for wrong in ("minutes = 0", "code = 'lower'", "revoked_at = now()"):
        with pytest.raises(Exception, match="violates check"):
            await execute(f"UPDATE service_certificates SET {wrong}")
