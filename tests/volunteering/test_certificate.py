"""Asking for a certificate of one's hours: a snapshot of what was done, and not without any."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend import clock
from backend.database import execute
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


async def test_a_certificate_is_a_snapshot_of_what_was_done(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 45, SEPTEMBER + timedelta(days=1), "canteen")
    await served_minutes(as_, cast, "王立强", 999, SEPTEMBER + timedelta(days=60))
    made = await issued(as_, cast, 110)
    assert (made["kind"], made["title"]) == ("service", "志愿服务证明")
    assert (made["holder"], made["issuer"]) == ("王立强", "海湾实验小学")
    assert (made["schoolId"], made["subjectId"]) == (str(cast.schools["海湾"].id), None)
    assert made["figures"] == [
        {"value": "2.5", "unit": "小时", "label": "服务时长"},
        {"value": "2", "unit": "次", "label": "服务次数"},
    ]
    assert made["details"] == ["食堂管理 1 次", "校园安全巡查 1 次"]
    await execute("UPDATE bookings SET minutes = 1")
    await execute("UPDATE persons SET name = '改名' WHERE id = $1", cast.id("王立强"))
    [kept] = (await (await as_("王立强")).get("/me/certificates")).json()["items"]
    assert kept == made


async def test_the_same_key_issues_one_certificate(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, SEPTEMBER)
    father, key = await as_("王立强"), {"Idempotency-Key": "one-certificate"}
    answers = [
        await father.post("/me/service-certificates", json=period(cast), headers=key)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await father.get("/me/certificates")).json()["items"]) == 1


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


async def test_strangers_check_hours_of_service(as_: SignIn, cast: Cast, anyone: Visitor) -> None:
    made = await issued(as_, cast)
    answer = await anyone.get(f"/certificates/{made['number'].lower()}")
    assert answer.json() == {
        "number": made["number"],
        "valid": True,
        "kind": "service",
        "title": "志愿服务证明",
        "issuer": "海湾实验小学",
        "holder": "王**",
        "from": "2026-09-01",
        "until": "2026-10-31",
        "figures": [
            {"value": "1.8", "unit": "小时", "label": "服务时长"},
            {"value": "1", "unit": "次", "label": "服务次数"},
        ],
        "lines": [],
        "issuedOn": clock.local(clock.now()).date().isoformat(),
        "revokedOn": None,
        "rule": "服务时长按每次签到至签退计算，以班次起止时间为限。",
    }


async def test_nobody_fills_the_house_with_certificates(as_: SignIn, cast: Cast) -> None:
    await issued(as_, cast)
    father = await as_("王立强")
    answers = [await father.post("/me/service-certificates", json=period(cast)) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [201] * 19 + [429]
