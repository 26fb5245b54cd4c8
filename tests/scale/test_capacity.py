"""The plan's arithmetic, against figures small enough to reckon by hand."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.scale.capacity import ENDS, GUARDIANS, ends, need, report, table
from tests.scale.unit_costs import OTHERS, REQUESTS, WAL, Cost, costs_of


def _named(measured: str) -> str:
    """Return a name that the pattern fits."""
    return measured.replace(r"[\d,]+", "2,000").replace(".*", "so and so")


FIGURES: list[dict[str, Any]] = [
    {"job": job, "measured": _named(measured), "value": 1.0, "note": f"µs 5/{n}00/{n + 1}00 · 0%"}
    for n, (_, job, measured) in enumerate(REQUESTS.values(), 1)
]
FIGURES += [
    {"job": job, "measured": measured, "value": 300.0, "note": "and 1,700 B of page images"}
    for job, measured in WAL.values()
]
FIGURES += [
    {"job": job, "measured": _named(measured), "value": value}
    for (_, job, measured), value in zip(
        OTHERS.values(), (2_048, 239, 213, 9_000, 30, 12, 0.9), strict=True
    )
]
COSTS = costs_of(FIGURES)


def test_unit_costs_come_from_the_run_and_none_is_made_up() -> None:
    assert COSTS.requests["feed"] == Cost(app=100, database=200)
    assert COSTS.requests["mark"] == Cost(app=200, database=300, wal=2_000)
    assert (COSTS.notice, COSTS.read_state, COSTS.channel) == (2_048, 213, 12 * 1024)
    for missing in range(len(FIGURES)):
        with pytest.raises(LookupError, match="says nothing of J"):
            costs_of(FIGURES[:missing] + FIGURES[missing + 1 :])


def test_a_figure_without_its_split_is_not_taken_for_a_cost() -> None:
    bare = [{**figure, "note": ""} if figure["job"] == "J3" else figure for figure in FIGURES]
    with pytest.raises(LookupError, match="says nothing of J3"):
        costs_of(bare)


def test_a_school_by_hand() -> None:
    school = need(1, COSTS)
    often = {"feed": 10, "mark": 3, "confirm": 0.3, "renew": 2, "ballot": 0.01, "beat": 4,
             "film": 6_000_000 / 2**20}  # fmt: skip
    rates = {name: GUARDIANS * times / 86_400 * 20 for name, times in often.items()}
    rates["place"] = 3_000 / 60
    assert school.rate == pytest.approx(sum(rates.values()))
    app = sum(rate * COSTS.requests[name].app for name, rate in rates.items())
    heard = GUARDIANS * 3 / 86_400 * 20 * 0.1 * 30
    assert school.app_cores == pytest.approx((app + heard) / 1e6 / 0.6)
    database = sum(rate * COSTS.requests[name].database for name, rate in rates.items())
    assert school.database_cores == pytest.approx(database / 1e6 / 0.6)
    assert (school.processes, school.workers, school.connections, school.hosts) == (2, 2, 40, 1)
    written = 45 * 2 * 2_048 + GUARDIANS * (0.3 * 239 + 213 / 730)
    assert school.disk == pytest.approx(written)
    assert school.wal == pytest.approx(GUARDIANS * 2_000 * (3 + 0.3 + 0.01 + 4))
    assert school.films == GUARDIANS * 60 * 100_000
    assert school.bits == pytest.approx(GUARDIANS / 86_400 * 20 * 60 * 800_000)
    kept = written * 730 * 0.5 + ((written * 730 + school.wal) * 35 + 10e9) * 0.12
    assert school.servers == pytest.approx(2 * 100 + kept / 1e9)
    assert school.messages == pytest.approx(3_620 * 0.045)


def test_needs_grow_with_the_schools_and_a_city_is_its_districts() -> None:
    one, many = need(100, COSTS), need(200, COSTS)
    assert many.rate == pytest.approx(2 * one.rate)
    assert many.disk == pytest.approx(2 * one.disk)
    plan = table(COSTS).splitlines()
    assert [cell.strip() for cell in plan[2].split("|")[2:6]] == ["1", "1", "30", "300"]


def test_the_plan_says_what_comes_to_its_end_first_and_what_is_switched_on_then() -> None:
    found = ends(COSTS)
    assert [schools for schools, *_ in found] == sorted(schools for schools, *_ in found)
    assert len(found) == len(ENDS)
    is_over = {what: over for what, over, _ in ENDS}
    for schools, what, then in found:
        assert not is_over[what](need(schools, COSTS)) and is_over[what](need(schools + 1, COSTS))
        assert then
    # Dearer requests end a process earlier, and nothing else.
    dear = replace(COSTS, hear=3_000.0)
    differ = [
        what for what in is_over if dict(_by_name(ends(dear)))[what] != dict(_by_name(found))[what]
    ]
    assert "一个接口进程 One API process" in differ
    assert "一台主机的线路 One host's line, 1 Gbit/s" not in differ


def _by_name(found: list[tuple[int, str, str]]) -> list[tuple[str, int]]:
    return [(what, schools) for schools, what, _ in found]


def test_the_report_is_markdown_and_names_the_job_behind_each_cost() -> None:
    tables = report(FIGURES).split("\n\n")
    assert len(tables) == 3
    for one in tables:
        rows = one.splitlines()
        assert len({row.count("|") for row in rows}) == 1 and re.fullmatch(r"[|:-]+", rows[1])
    assert len(tables[2].splitlines()) == 2 + len(REQUESTS) + len(OTHERS)
    assert "| J6 reports, sustained, 1 process |" in tables[2]
