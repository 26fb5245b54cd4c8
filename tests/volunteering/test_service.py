"""Hours of service: whose they are, who may add them up, and that nobody is ranked."""

from datetime import UTC, datetime, timedelta

from backend import clock
from backend.database import execute, fetch
from seed.cast import Cast
from tests.house import SignIn
from tests.volunteering.duty import served_minutes
from tests.volunteering.stories import a_shift

AUTUMN = datetime(2026, 9, 14, 0, 0, tzinfo=UTC)
WINTER_BREAK = datetime(2026, 8, 3, 0, 0, tzinfo=UTC)


async def test_hours_are_added_up_by_year_and_term(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, AUTUMN)
    await served_minutes(as_, cast, "王立强", 45, AUTUMN + timedelta(days=1), "canteen")
    await served_minutes(as_, cast, "王立强", 60, WINTER_BREAK)
    mine = (await (await as_("王立强")).get("/me/service")).json()
    assert (mine["shifts"], mine["minutes"]) == (3, 215)
    assert [(t["year"], t["term"], t["shifts"], t["minutes"]) for t in mine["terms"]] == [
        ("2026—2027学年", "第一学期", 2, 155),
        (None, None, 1, 60),
    ]
    assert [shift["duty"] for shift in mine["latest"]] == ["canteen", "patrol", "patrol"]
    assert mine["latest"][0]["dutyName"] == "食堂管理"
    nobody = (await (await as_("李建国")).get("/me/service")).json()
    assert nobody == {"shifts": 0, "minutes": 0, "terms": [], "latest": []}


async def test_missed_shifts_are_counted_apart_and_give_no_hours(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, AUTUMN)
    await served_minutes(as_, cast, "王立强", 0, AUTUMN + timedelta(days=1))
    await execute("UPDATE bookings SET state = 'no_show' WHERE minutes = 0")
    [term] = (await (await as_("王立强")).get("/me/service")).json()["terms"]
    assert (term["shifts"], term["minutes"], term["missed"]) == (1, 110, 1)


async def test_a_day_belongs_to_the_schools_own_calendar(as_: SignIn, cast: Cast) -> None:
    """At six in the evening before the first of September, UTC, China's term has begun."""
    await served_minutes(as_, cast, "王立强", 60, datetime(2026, 8, 31, 18, 0, tzinfo=UTC))
    [term] = (await (await as_("王立强")).get("/me/service")).json()["terms"]
    assert term["term"] == "第一学期"


async def test_the_schools_totals_name_nobody_and_keep_the_order_of_the_kinds(
    as_: SignIn, cast: Cast
) -> None:
    await served_minutes(as_, cast, "王立强", 300, AUTUMN, "patrol")
    await served_minutes(as_, cast, "李建国", 10, AUTUMN, "canteen")
    await served_minutes(as_, cast, "高远", 100, AUTUMN - timedelta(days=60), "canteen")
    url = f"/schools/{cast.schools['海湾'].id}/service"
    for name in ("许建安", "周慕云", "沈知微"):
        answer = await (await as_(name)).get(url, params={"first": "2026-09-01"})
        shown = answer.json()
        # The canteen comes first, as in every list, though the patrol has more hours.
        assert [(d["duty"], d["turns"], d["minutes"]) for d in shown["duties"]] == [
            ("canteen", 1, 10),
            ("patrol", 1, 300),
        ], name
        assert (shown["shifts"], shown["minutes"]) == (2, 310)
        assert "王立强" not in answer.text
    assert (await (await as_("林晓岚")).get(url)).status_code == 403
    for name in ("王立强", "孙海燕", "何清越", "曹望舒"):
        assert (await (await as_(name)).get(url)).status_code == 404, name


async def test_a_period_that_cannot_be_is_refused(as_: SignIn, cast: Cast) -> None:
    url, admin = f"/schools/{cast.schools['海湾'].id}/service", await as_("许建安")
    tomorrow = (clock.local(clock.now()).date() + timedelta(days=1)).isoformat()
    for query in ({"first": "2026-09-02", "last": "2026-09-01"}, {"last": tomorrow}):
        answer = await admin.get(url, params=query)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_service_period")


async def test_one_persons_record_is_the_administrators_only(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, AUTUMN)
    url = f"/schools/{cast.schools['海湾'].id}/service/{cast.id('王立强')}"
    record = await (await as_("许建安")).get(url)
    assert (record.json()["name"], record.json()["service"]["minutes"]) == ("王立强", 110)
    for name, status in (
        ("周慕云", 403),
        ("林晓岚", 403),
        ("沈知微", 403),
        ("李建国", 404),
        ("何清越", 404),
    ):
        assert (await (await as_(name)).get(url)).status_code == status, name
    stranger = f"/schools/{cast.schools['海湾'].id}/service/{cast.id('李建国')}"
    assert (await (await as_("许建安")).get(stranger)).status_code == 404


async def test_a_record_shows_what_was_done_at_this_school_only(as_: SignIn, cast: Cast) -> None:
    await served_minutes(as_, cast, "王立强", 110, AUTUMN)
    url = f"/schools/{cast.schools['莲塘'].id}/service/{cast.id('王立强')}"
    assert (await (await as_("何清越")).get(url)).status_code == 404


async def test_a_session_of_teacher_and_parent_counts_only_when_both_were_there(
    as_: SignIn, cast: Cast
) -> None:
    admin, teacher = await as_("许建安"), await as_("吴思远")
    shift = await a_shift(admin, cast, "after_school", teacherId=str(cast.id("吴思远")))
    shift_id = shift["slot"]["id"]
    url = f"/shifts/{shift_id}/teacher"
    early = await teacher.put(url, json={"came": True})
    assert (early.status_code, early.json()["code"]) == (409, "not_begun")
    await served_minutes(as_, cast, "王立强", 60, AUTUMN)
    await execute("UPDATE shifts SET teacher_id = $1 WHERE duty = 'patrol'", cast.id("吴思远"))
    [done] = await fetch("SELECT slot_id FROM bookings WHERE state = 'completed'")
    url = f"/shifts/{done['slot_id']}/teacher"
    report = f"/schools/{cast.schools['海湾'].id}/service?first=2026-09-01"
    assert (await admin.get(report)).json()["dualSessions"] == {"held": 1, "counted": 0}
    assert (await (await as_("林晓岚")).put(url, json={"came": True})).status_code == 403
    assert (await (await as_("王立强")).put(url, json={"came": True})).status_code == 404
    for _ in range(2):
        assert (await teacher.put(url, json={"came": True})).status_code == 204
    assert (await admin.get(report)).json()["dualSessions"] == {"held": 1, "counted": 1}
    await admin.put(url, json={"came": False})
    assert (await admin.get(report)).json()["dualSessions"] == {"held": 1, "counted": 0}


async def test_without_a_teacher_there_is_nothing_to_note(as_: SignIn, cast: Cast) -> None:
    admin = await as_("许建安")
    shift = await a_shift(admin, cast, "patrol")
    refused = await admin.put(f"/shifts/{shift['slot']['id']}/teacher", json={"came": True})
    assert refused.json()["code"] == "no_teacher_of_record"
