"""The draw: the public record for everybody, the source and the value from the organiser."""

import asyncio

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody

from backend.bookings import lots, rules
from backend.bookings.models import Slot
from backend.bookings.operations import draws
from backend.bookings.permissions import SlotSight, slot_to_run
from backend.bookings.queries.draws import source_of
from backend.bookings.schemas.draws import (
    ChanceOut,
    DrawIn,
    DrawOut,
    DrawSourceIn,
    RehearsalOut,
    Trials,
)
from backend.errors import Busy, NotFound
from backend.web.actor import Actor
from backend.web.policy import Policy
from backend.web.problems import refusals


async def draw_out(slot: Slot) -> DrawOut:
    """Return the public record of a slot's draw."""
    draw = await draws.record_of(slot)
    return DrawOut.of(slot, draw, source_of(draw, slot))


class PublicDraw(Controller):
    path = "/slots/{slot_id:uuid}/draw"

    @get(
        opt={"policy": Policy.SIGNED_IN},
        operation_id="getDraw",
        summary="抽签公示 The public record of a draw",
        responses=refusals(NotFound),
    )
    async def get_draw(self, sight: NamedDependency[SlotSight]) -> DrawOut:
        """The promise from the first moment, the entries from closing, all of it once drawn.

        ``openapi/draw/verify_draw.py`` computes it again. A slot without a draw is 404.
        """
        return await draw_out(sight.slot)


class HoldingDraws(Controller):
    """What the organiser does; none of it can steer the result."""

    path = "/slots/{slot_id:uuid}/draw"
    dependencies = {"run": Provide(slot_to_run)}

    @put(
        opt={"policy": Policy.STAFF},
        operation_id="holdDraw",
        summary="填入公开数并抽签 Enter the public value and draw",
        responses=refusals(
            NotFound,
            lots.DrawNotClosed,
            lots.OtherSource,
            lots.ValueNotYet,
            lots.ValueUnfit,
            lots.AlreadyDrawn,
            rules.WrongSlotState,
            lots.SecretSealed,
            Busy,
        ),
    )
    async def hold_draw(
        self,
        data: JSONBody[DrawIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
    ) -> DrawOut:
        """Once; the same value again answers the same result, another one is refused."""
        await draws.hold(run.id, data.public_source, data.public_value, by=actor.person_id)
        return await draw_out(run)

    @put(
        "/source",
        opt={"policy": Policy.STAFF},
        operation_id="announceDrawSource",
        summary="公布公开数的来源 Say where the public value will come from",
        responses=refusals(NotFound, lots.SourceFixed, lots.SourceTooEarly, rules.WrongSlotState),
    )
    async def announce_draw_source(
        self,
        data: JSONBody[DrawSourceIn],
        actor: NamedDependency[Actor],
        run: NamedDependency[Slot],
    ) -> DrawOut:
        """Before closing, and of a value that will exist only after it.

        Where nothing is announced, a round of drand's quicknet ten minutes after closing counts.
        """
        await draws.announce(
            run.id, data.public_source, data.expected_at, data.value_length, by=actor.person_id
        )
        return await draw_out(run)

    @get(
        "/rehearsal",
        opt={"policy": Policy.STAFF},
        operation_id="rehearseDraw",
        summary="试抽（不产生结果） Rehearse the draw, drawing nothing",
        responses=refusals(NotFound),
    )
    async def rehearse_draw(
        self, run: NamedDependency[Slot], trials: FromQuery[Trials] = 500
    ) -> RehearsalOut:
        """Among the present entries, with throw-away seeds; long lists are tried less often."""
        entries, places = await draws.entries_now(run)
        lots_in_drum = sum(entry["weight"] for entry in entries)
        trials = max(1, min(trials, MOST_LOTS // max(lots_in_drum, 1)))
        found = await asyncio.to_thread(lots.rehearse, entries, places, trials)
        return RehearsalOut(
            entries=len(entries),
            places=places,
            trials=trials,
            chances=[
                ChanceOut(weight=weight, entries=count, chance=round(chance, 4))
                for weight, (count, chance) in found.items()
            ],
        )


MOST_LOTS = 400_000
"""How many lots a rehearsal draws, about a third of a second's work."""
