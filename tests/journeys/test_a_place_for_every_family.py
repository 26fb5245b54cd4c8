"""A term at one school, from the first shift to the last hazard: every family finds its place.

Two API processes, two workers and the push provider are real processes; everybody signs in
by text message. Hours that nobody can wait for go by through ``Village.begins_in``, and jobs
whose minute is far off are run by ``errands``; the database is touched nowhere else.
"""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Clone
from tests.journeys import duty_days, open_days
from tests.journeys.town import ready, town, until
from tests.journeys.village import FAMILIES, Village, next_monday

NAMES = (*FAMILIES, "王子墨", "王子萱", "海湾")
CONTENT = ("护学岗", "巡查", "东门", "扶手", "公开课", "台风")


@pytest.fixture(scope="module")
async def village(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Village]:
    dsn = await clone("places")
    with town(dsn, tmp_path_factory.mktemp("places")) as built:
        built.start_provider()
        built.start("api", "backend.cli", "serve", "--processes", "2")
        built.start("worker-1", "backend.cli", "worker")
        built.run("tests.journeys.founding", next_monday().isoformat())
        until(lambda: ready(built))
        built.start("worker-2", "backend.cli", "worker")
        peopled = Village(built, dsn)
        await peopled.settle()
        until(lambda: "worker_started" in built.log("worker-2"))
        yield peopled
        await built.hang_up()


async def test_a_place_for_every_family(village: Village) -> None:
    guard = await duty_days.a_term_of_shifts_is_made_and_families_line_up(village)
    await duty_days.a_place_given_back_finds_the_next_family(village, guard)
    patrol, hazard = await duty_days.a_day_on_duty(village)
    await duty_days.the_day_becomes_hours_and_a_certificate(village, patrol)
    await open_days.a_family_of_two_children_visits_the_open_day(village, guard)
    await duty_days.the_hazard_is_brought_to_nought(village, hazard)
    await village.told_exactly_once()
    assert [word for word in NAMES + CONTENT if word in village.said_outside()] == []
