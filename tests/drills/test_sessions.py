"""Whatever phones, thieves and forgers do, a token is worth what it should be, at once.

Two API processes over one database are asked over HTTP by a machine of rules; see
:mod:`tests.drills.devices` for what may happen and what must hold.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext

from backend.database import config
from backend.people.tokens import keys_for
from backend.schools.models import Stage
from backend.schools.operations import tree
from backend.settings import DEMO_SECRET
from tests.conftest import Clone
from tests.drills import dice, seen, size
from tests.drills.devices import Devices, Ground
from tests.drills.standing import Standing, standing

STORIES = size(20, 1_000)
STEPS = size(15, 30)
FEW = 25
"""Stories that a control may take to go wrong."""


@pytest.fixture(scope="module")
async def sessions_dsn(clone: Clone) -> str:
    return await clone("sessions")


@pytest.fixture(scope="module")
def both(sessions_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    folder: Path = tmp_path_factory.mktemp("sessions")
    with standing(sessions_dsn, folder, folder / "data", apis=2) as found:
        yield found


@pytest.fixture(scope="module")
def ground(both: Standing, sessions_dsn: str) -> Iterator[Ground]:
    with asyncio.Runner() as runner, ExitStack() as stack:
        phones = [
            stack.enter_context(httpx.Client(base_url=base, timeout=60)) for base in both.bases
        ]
        found = Ground(runner, phones, keys_for(DEMO_SECRET))
        context = TortoiseContext()

        async def enter() -> None:
            context.__enter__()
            await context.init(config=config(sessions_dsn, pool_size=2, name="sessions"))
            district = await tree.create_district("S", "会话区")
            school = await tree.create_school(district.id, "S-1", "会话小学", Stage.PRIMARY)
            grade = await tree.create_grade(school.id, "一年级", 1)
            found.school_class = await tree.create_class(grade.id, "1班")

        runner.run(enter())
        yield found
        runner.run(context.close_connections())


def live(ground: Ground, chance: random.Random, stories: int, *, shrinks: bool = True) -> None:
    """Let that many stories happen; raises at the first thing that is not as it must be."""

    class Machine(Devices):
        pass

    Machine.ground = ground
    # The machine draws from a seed of ours, so that a run can be replayed.
    Machine._hypothesis_internal_use_seed = chance.getrandbits(64)  # type: ignore[attr-defined]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=stories,
            stateful_step_count=STEPS,
            phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
            deadline=None,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_token_is_worth_what_it_should_be_on_the_next_request(
    ground: Ground, both: Standing
) -> None:
    chance, begun = dice("sessions"), time.monotonic()
    live(ground, chance, STORIES)
    assert both.accidents() == []
    took = time.monotonic() - begun
    seen(
        "sessions", stories=ground.stories, steps=STEPS, requests=ground.asked,
        seconds=round(took, 1),
    )  # fmt: skip
    assert ground.stories >= STORIES


async def execute_script(sql: str) -> None:
    await get_connection("default").execute_script(sql)


CONTROLS = {
    "a session that does not end": ("sessions", "NEW.revoked_at := NULL"),
    "a generation that stands still": ("sessions", "NEW.generation := OLD.generation"),
    "an office that does not end": ("standings", "NEW.valid_until := NULL"),
}
"""What is forgotten as soon as it is written down."""
FORGET = """
CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {act}; RETURN NEW; END';
CREATE TRIGGER forget BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION forget()
"""


@pytest.mark.parametrize("control", CONTROLS)
def test_control_what_is_forgotten_is_noticed(ground: Ground, control: str) -> None:
    table, act = CONTROLS[control]
    ground.run(execute_script(FORGET.format(table=table, act=act)))
    try:
        with pytest.raises((AssertionError, ExceptionGroup)):
            live(ground, dice(f"sessions, {control}"), FEW, shrinks=False)
    finally:
        ground.run(execute_script("DROP FUNCTION forget() CASCADE"))


@pytest.mark.parametrize(
    ("table", "trigger"), [("standings", "note_caller_update"), ("persons", "note_caller")]
)
def test_control_a_change_no_process_is_told_of_is_noticed(
    ground: Ground, table: str, trigger: str
) -> None:
    """Processes remember their callers, and only what triggers note makes them look again."""
    ground.run(execute_script(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
    try:
        with pytest.raises((AssertionError, ExceptionGroup)):
            live(ground, dice(f"sessions, {table} unnoted"), FEW, shrinks=False)
    finally:
        ground.run(execute_script(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}"))
