"""The product's own elections, counted without the one thing that cuts the line to the voter."""

import asyncio
from contextlib import ExitStack

from tests.ballots.adversary import run
from tests.conftest import Clone


async def test_were_ballots_not_sorted_by_their_receipts_the_adversary_would_know(
    clone: Clone,
) -> None:
    like = await clone("sabotaged")
    with ExitStack() as stack:
        held = run.held(elections=3, seed=11, like=like, sabotaged=True)
        trial = await asyncio.to_thread(stack.enter_context, held)
        best = trial.best()
        assert best.z > 2 * trial.bound(), trial.told()
        assert best.ballots > best.voters / 2, "not only what was chosen, but the very ballot"
