"""The rules of volunteering as tables, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Refusal
from backend.volunteering.models import DayState, DutyKind, Side
from backend.volunteering.models import VolunteerState as State
from backend.volunteering.rules import calls, profiles, shifts, templates
from backend.volunteering.rules.templates import Calendar

NOON = datetime(2026, 10, 12, 4, tzinfo=UTC)
CHINA = "Asia/Shanghai"
NO_CALENDAR = Calendar(special={}, years=[])


@pytest.mark.parametrize(
    ("name", "relation", "shown"),
    [
        ("王立强", "father", "王先生"),
        ("刘敏", "mother", "刘女士"),
        ("赵德胜", "grandparent", "赵家长"),
        ("欧阳修文", "father", "欧阳先生"),
        ("欧阳", "mother", "欧女士"),
        ("马静", None, "马家长"),
    ],
)
def test_peers_are_called_by_their_surname(name: str, relation: str | None, shown: str) -> None:
    assert shifts.called(name, relation) == shown


@pytest.mark.parametrize(
    ("families", "needed", "have", "short"),
    [
        (2, (1, 1), (1, 1), []),
        (0, (1, 1), (1, 1), [("family", 2, 0)]),
        (1, (0, 0), (0, 0), [("family", 2, 1), ("school", 1, 0), ("police", 1, 0)]),
        (3, (2, 0), (1, 2), [("school", 2, 1)]),
    ],
)
def test_a_guard_post_needs_all_three_sides(
    families: int, needed: tuple[int, int], have: tuple[int, int], short: list[tuple[str, int, int]]
) -> None:
    wanted, held = [{Side.SCHOOL: school, Side.POLICE: police} for school, police in (needed, have)]
    found = shifts.gaps("guard", families, 2, wanted, held)
    assert [tuple(gap) for gap in found] == short
    assert shifts.gaps("canteen", 0, 2, {}, {}) == []


@pytest.mark.parametrize(
    ("begins", "minutes", "fits"),
    [
        (60, 120, True),
        (-1, 120, False),
        (60, 14, False),
        (60, 15, True),
        (60, 11 * 60, False),
        (60, 721, False),
    ],
)
def test_a_shift_lies_ahead_within_one_day(begins: int, minutes: int, fits: bool) -> None:
    starts_at = NOON + timedelta(minutes=begins)
    try:
        shifts.check_hours(starts_at, starts_at + timedelta(minutes=minutes), CHINA, NOON)
    except shifts.BadShiftHours:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("facts", "briefing", "teacher", "refusal"),
    [
        ({}, "", None, None),
        ({}, "从北门进", None, None),
        ({"needs_teacher": True}, "", None, shifts.TeacherNeeded),
        ({"needs_teacher": True}, "", "a teacher", None),
        ({"is_discreet": True}, "甲和乙", None, shifts.DiscreetText),
        ({"is_discreet": True}, "", None, None),
    ],
)
def test_what_may_be_said_of_a_shift(
    facts: dict[str, bool], briefing: str, teacher: object, refusal: type[Refusal] | None
) -> None:
    kind = DutyKind(key="any", name="某岗位", **facts)
    if refusal is None:
        shifts.check_words(kind, briefing, teacher)
    else:
        with pytest.raises(refusal):
            shifts.check_words(kind, briefing, teacher)


@pytest.mark.parametrize(
    ("state", "at", "became"),
    [
        (DayState.PLANNED, 10, DayState.PLANNED),
        (DayState.PUBLISHED, -1, DayState.PUBLISHED),
        (DayState.PUBLISHED, 0, DayState.RUNNING),
        (DayState.PUBLISHED, 2, DayState.CLOSED),
        (DayState.RUNNING, 1, DayState.RUNNING),
        (DayState.RUNNING, 2, DayState.CLOSED),
        (DayState.CANCELLED, 2, DayState.CANCELLED),
        (DayState.SUMMARISED, 2, DayState.SUMMARISED),
    ],
)
def test_time_moves_a_day(state: DayState, at: int, became: DayState) -> None:
    hours = (NOON, NOON + timedelta(hours=2))
    assert shifts.day_state(state, hours, NOON + timedelta(hours=at)) is became


@pytest.mark.parametrize("move", [m for m in vars(profiles).values() if type(m) is profiles.Move])
@pytest.mark.parametrize("state", list(State))
def test_a_profile_moves_only_as_it_may(state: State, move: profiles.Move) -> None:
    if state is move.ends:
        assert not profiles.moves(state, move)
    elif state in move.begins:
        assert profiles.moves(state, move)
    else:
        with pytest.raises(profiles.WrongVolunteerState):
            profiles.moves(state, move)


@pytest.mark.parametrize(
    ("clock", "may"),
    [("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False), ("02:00", False)],
)
def test_people_are_asked_at_decent_hours_only(clock: str, may: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    moment = datetime(2026, 10, 12, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert calls.may_ask(moment, CHINA) is may


@pytest.mark.parametrize(
    ("confirmed", "asked", "came", "agreed", "expected"),
    [
        (4, 0, (0, 0), (0, 0), 4),
        (4, 0, (5, 10), (0, 0), 2),
        (4, 10, (5, 10), (3, 10), 5),
        (4, 10, (1, 9), (9, 9), 4),
        (0, 0, (0, 20), (0, 20), 0),
    ],
)
def test_how_many_will_come(
    confirmed: int, asked: int, came: tuple[int, int], agreed: tuple[int, int], expected: int
) -> None:
    assert calls.expected(confirmed, asked, came, agreed) == expected


@pytest.mark.parametrize(("need", "most", "asked"), [(1, 5, 3), (2, 5, 5), (1, 2, 2), (0, 5, 0)])
def test_a_round_asks_three_for_a_place_at_most(need: int, most: int, asked: int) -> None:
    assert calls.batch(need, most) == asked


@given(
    first=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    length=st.integers(0, 400),
    weekdays=st.sets(st.integers(1, 7)),
    closed=st.sets(st.integers(0, 400), max_size=30),
    opened=st.sets(st.integers(0, 400), max_size=30),
)
def test_every_day_a_template_could_mean_is_kept_or_explained(
    first: date, length: int, weekdays: set[int], closed: set[int], opened: set[int]
) -> None:
    last = first + timedelta(days=length)
    special = {first + timedelta(days=n): (True, "调休") for n in opened}
    special |= {first + timedelta(days=n): (False, "放假") for n in closed}
    known = Calendar(special=special, years=[])
    kept, skipped = templates.days_of(first, last, weekdays, known)
    passed_over = {day for day, _, _ in skipped}
    assert len(kept) + len(skipped) == len(set(kept) | passed_over)
    for offset in range(length + 1):
        day = first + timedelta(days=offset)
        is_school_day, _, _ = known.verdict(day)
        meant = not weekdays or day.isoweekday() in weekdays
        assert (day in kept) is (is_school_day and meant)
        expected = day.isoweekday() in (weekdays or {1, 2, 3, 4, 5})
        assert (day in passed_over) is (expected and not is_school_day)


def test_a_calendar_says_why_there_is_no_school() -> None:
    monday = date(2026, 10, 12)
    term = (monday, monday + timedelta(days=4))
    year = (monday - timedelta(days=30), monday + timedelta(days=30), [term])
    known = Calendar(special={monday: (False, "国庆节")}, years=[year])
    assert known.verdict(monday) == (False, "holiday", "国庆节")
    assert known.verdict(monday + timedelta(days=1)) == (True, "", "")
    assert known.verdict(monday + timedelta(days=5)) == (False, "weekend", "")
    assert known.verdict(monday + timedelta(days=7)) == (False, "out_of_term", "")
    assert NO_CALENDAR.verdict(monday) == (True, "", "")


def test_a_moment_is_what_the_schools_clock_shows() -> None:
    moment = templates.moment_on(date(2026, 10, 12), 7 * 60 + 20, CHINA)
    assert moment.astimezone(UTC) == datetime(2026, 10, 11, 23, 20, tzinfo=UTC)
