"""The plan's arithmetic, against figures small enough to reckon by hand."""

import pytest

from tests.scale.capacity import GUARDIANS, Cost, breaks_first, costs_of, need, table

FIGURES = [
    {"job": "J3", "measured": "feed, 1 process", "value": 1, "note": "p50 1 · µs 5/100/200 · 0%"},
    {"job": "J4", "measured": "mark read, first time", "value": 1, "note": "µs 5/300/400 · 0%"},
    {"job": "J4", "measured": "confirm", "value": 1, "note": "µs 5/500/600 · 0%"},
    {"job": "J1", "measured": "40 shifts, sustained, 1 process", "value": 1,
     "note": "µs 5/700/800 · 0%"},
    {"job": "J6", "measured": "reports, sustained, 1 process", "value": 1,
     "note": "µs 5/50/60 · 0%"},
    {"job": "J4", "measured": "WAL of a mark, whole request", "value": 300.0,
     "note": "and 1,700 B of page images"},
]  # fmt: skip
COSTS = costs_of(FIGURES)


def test_unit_costs_come_from_the_run_and_none_is_made_up() -> None:
    assert COSTS["feed"] == Cost(app=100, database=200)
    assert COSTS["mark"] == Cost(app=300, database=400, wal=2_000)
    for missing in range(5):
        with pytest.raises(KeyError, match="says nothing of"):
            costs_of(FIGURES[:missing] + FIGURES[missing + 1 :])


def test_a_school_by_hand() -> None:
    school = need(1, COSTS, row=2_048, receipt=239)
    feed, mark, confirm = (GUARDIANS * often / 86_400 * 20 for often in (10, 3, 0.3))
    place, beat = 3_000 / 60, GUARDIANS * 0.01 / 15
    assert school.rate == pytest.approx(feed + mark + confirm + place + beat)
    app = feed * 100 + mark * 300 + confirm * 500 + place * 700 + beat * 50
    assert school.app_cores == pytest.approx(app / 1e6 / 0.6)
    assert (school.processes, school.connections) == (2, 40)
    assert school.disk == pytest.approx(45 * 2 * 2_048 + GUARDIANS * 0.3 * 239)
    assert school.wal == pytest.approx(GUARDIANS * 3 * 2_000)


def test_needs_grow_with_the_schools_and_a_city_is_its_districts() -> None:
    one, many = (need(schools, COSTS, row=2_048, receipt=239) for schools in (100, 200))
    assert many.rate == pytest.approx(2 * one.rate)
    assert many.disk == pytest.approx(2 * one.disk)
    plan = table(COSTS, row=2_048, receipt=239).splitlines()
    assert [cell.strip() for cell in plan[2].split("|")[2:6]] == ["1", "1", "30", "300"]


def test_the_plan_says_where_an_installation_ends() -> None:
    schools = int(breaks_first(COSTS, row=2_048, receipt=239).split()[0])
    assert need(schools, COSTS, row=2_048, receipt=239).connections <= 200
    assert need(schools + 1, COSTS, row=2_048, receipt=239).connections > 200
