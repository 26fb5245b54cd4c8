"""The engine against a plain model of it: any verbs in any order, the same in the end.

``MODEL_EXAMPLES`` and ``MODEL_STEPS`` make it longer, and no longer the same every time;
a failure prints the steps that lead to it and how to repeat them.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError

from backend import clock
from backend.database import config
from tests.bookings.machine import Engine, Ground
from tests.bookings.sabotage import (
    FORGETFUL,
    JUMPING_THE_QUEUE,
    NO_PATIENCE,
    NO_PROMOTION,
    WRONG_END,
    Sabotage,
    sabotaged,
)
from tests.bookings.verbs import a_school
from tests.conftest import Clone

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "60"))
STEPS = int(os.environ.get("MODEL_STEPS", "25"))


@pytest.fixture
def ground(clone_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    with asyncio.Runner() as runner:
        found = Ground(runner)
        context = TortoiseContext()

        async def enter() -> None:
            # One connection, so that ids rise in the order in which rows were made.
            context.__enter__()
            await context.init(config=config(clone_dsn, pool_size=1))
            found.school = await a_school()

        runner.run(enter())
        monkeypatch.setattr(clock, "now", lambda: found.now)
        yield found
        runner.run(context.close_connections())


@pytest.fixture(scope="module")
async def clone_dsn(clone: Clone) -> str:
    return await clone("model")


def compare(ground: Ground, *, phases: Sequence[Phase] = tuple(Phase)) -> None:
    """Try many stories; raises the difference at the first that differs."""

    class Machine(Engine):
        pass

    Machine.ground = ground
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            phases=phases,
            deadline=None,
            derandomize="MODEL_EXAMPLES" not in os.environ,
            print_blob=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_engine_and_the_model_agree(ground: Ground) -> None:
    compare(ground)


@pytest.mark.parametrize(
    "act", (WRONG_END, NO_PATIENCE, NO_PROMOTION, JUMPING_THE_QUEUE, FORGETFUL),
    ids=lambda act: act.seen.replace(" ", "-"),
)  # fmt: skip
def test_control_an_engine_that_was_tampered_with_differs(
    ground: Ground, clone_dsn: str, act: Sabotage
) -> None:
    async def tamper() -> AsyncExitStack:
        damage = AsyncExitStack()
        connection = await asyncpg.connect(clone_dsn)
        damage.push_async_callback(connection.close)
        await damage.enter_async_context(sabotaged(connection, act))
        return damage

    damage = ground.run(tamper())
    try:
        with pytest.raises((AssertionError, IntegrityError)):
            compare(ground, phases=(Phase.generate,))
    finally:
        ground.run(damage.aclose())
