"""The district's calendar, the nation's holidays, and whether a day is a school day."""

from datetime import date

import pytest

from backend.schools import rules
from backend.schools.holidays_cn import special_days
from backend.schools.models import CalendarDay, Term
from backend.schools.operations import calendar
from seed.cast import Cast
from tests.house import SignIn

DAYS = [
    (date(2026, 11, 23), True, "an ordinary Monday in term"),
    (date(2026, 11, 22), False, "an ordinary Sunday"),
    (date(2026, 10, 1), False, "the National Day"),
    (date(2026, 10, 10), True, "a Saturday that makes up for the holiday"),
    (date(2026, 9, 20), True, "a Sunday that makes up for the holiday"),
    (date(2027, 2, 8), False, "a Monday between the terms"),
    (date(2027, 3, 1), True, "a Monday of the second term"),
]


@pytest.mark.parametrize(("day", "expected"), [d[:2] for d in DAYS], ids=[d[2] for d in DAYS])
async def test_a_day_is_what_the_calendar_says(cast: Cast, day: date, expected: bool) -> None:
    assert await calendar.is_school_day(cast.district.id, day) is expected


async def test_where_nothing_is_stored_weekdays_decide(cast: Cast) -> None:
    elsewhere = cast.other_district.id
    assert await calendar.is_school_day(elsewhere, date(2041, 5, 6))
    assert not await calendar.is_school_day(elsewhere, date(2041, 5, 5))


@pytest.mark.parametrize("year", [1, 1949, 2027, 2041, 2150, 9999])
async def test_no_year_is_an_error(cast: Cast, year: int) -> None:
    known = await calendar.import_holidays(cast.other_district.id, year)
    assert known == len(special_days(year))
    assert await CalendarDay.filter(district_id=cast.other_district.id).count() == known


def test_a_year_without_published_make_up_days_has_its_statutory_holidays() -> None:
    days = special_days(2041)
    assert date(2041, 10, 1) in [special.day for special in days if not special.is_working_day]
    assert not [special for special in days if special.is_working_day]


async def test_the_districts_word_stands_over_a_later_import(cast: Cast) -> None:
    here = cast.district.id
    await calendar.set_day(here, date(2026, 10, 10), is_school_day=False, label="校庆调休")
    before = await CalendarDay.filter(district_id=here).count()
    await calendar.import_holidays(here, 2026)
    assert await CalendarDay.filter(district_id=here).count() == before
    assert not await calendar.is_school_day(here, date(2026, 10, 10))


async def test_a_year_is_stored_with_its_terms_and_may_be_corrected(cast: Cast) -> None:
    only = [calendar.TermDates(name="全年", starts_on=date(2026, 9, 1), ends_on=date(2027, 7, 1))]
    await calendar.set_year(
        cast.district.id, "2026—2027学年", date(2026, 9, 1), date(2027, 8, 31), only
    )
    terms = await Term.filter(year__district_id=cast.district.id)
    assert [term.name for term in terms] == ["全年"]
    assert await calendar.is_school_day(cast.district.id, date(2027, 2, 8))


BAD_YEARS = [
    [("一", date(2026, 8, 1), date(2027, 1, 1))],
    [("一", date(2026, 9, 1), date(2026, 9, 1))],
    [("一", date(2026, 9, 1), date(2027, 1, 20)), ("二", date(2027, 1, 10), date(2027, 7, 1))],
    [("一", date(2026, 9, 1), date(2027, 9, 20))],
]


@pytest.mark.parametrize("terms", BAD_YEARS)
async def test_terms_out_of_order_are_refused(
    cast: Cast, terms: list[tuple[str, date, date]]
) -> None:
    given = [calendar.TermDates(name=n, starts_on=a, ends_on=b) for n, a, b in terms]
    with pytest.raises(rules.DatesOutOfOrder):
        await calendar.set_year(
            cast.district.id, "新学年", date(2026, 9, 1), date(2027, 8, 31), given
        )


async def test_the_calendar_is_shown_for_a_period(as_: SignIn, cast: Cast) -> None:
    parent, here = await as_("王立强"), f"/districts/{cast.district.id}/calendar"
    asked = {"first": "2026-10-01", "last": "2026-10-31"}
    shown = (await parent.get(here, params=asked)).json()
    assert [term["name"] for term in shown["years"][0]["terms"]] == ["第一学期", "第二学期"]
    days = {day["day"]: day["isSchoolDay"] for day in shown["days"]}
    assert days["2026-10-01"] is False and days["2026-10-10"] is True
    assert all("2026-10-01" <= day <= "2026-10-31" for day in days)
    assert (await parent.get(here)).status_code == 200
    for wrong in (
        {"first": "2026-10-31", "last": "2026-10-01"},
        {"first": "2020-01-01", "last": "2026-01-01"},
    ):
        assert (await parent.get(here, params=wrong)).json()["code"] == "bad_period"
    for extreme in ({"first": "9999-12-31"}, {"last": "0001-01-01"}):
        assert (await parent.get(here, params=extreme)).status_code == 400
