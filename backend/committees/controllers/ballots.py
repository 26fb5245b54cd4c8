"""Ballots: casting one, and whether one's own is in the box."""

import base64
import binascii
from uuid import UUID

from litestar import Controller, Request, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from backend.ballots.models import Mode
from backend.ballots.operations.casting import CastBallot, CastResult
from backend.ballots.rules import states
from backend.committees.operations import ballots
from backend.committees.permissions.votes import (
    Caster,
    VoteSight,
    vote_in_sight,
    vote_of_mine,
    vote_to_cast,
)
from backend.committees.schemas.ballots import (
    BallotIn,
    BallotTakenOut,
    MyBallotOut,
    MyBallotsOut,
    SealedBy,
)
from backend.settings import Settings
from backend.web.actor import Actor
from backend.web.lane import Errand, Lane, Reply
from backend.web.policy import Policy
from backend.web.problems import language, refusals


class Ballots(Controller):
    """The caller's ballot in a vote."""

    path = "/votes/{vote_id:uuid}/ballot"
    opt = {"policy": Policy.SIGNED_IN}

    @put(
        dependencies={"caster": Provide(vote_to_cast)},
        operation_id="castBallot",
        summary="投票 Cast the unit's ballot, or change it",
        responses=refusals(
            states.NotOpen, states.NotEntitled, states.WhichUnit, states.VotedOnPaper,
            states.AlreadyVoted, states.BadChoice, states.BadBox,
        ),
    )  # fmt: skip
    async def cast_ballot(
        self,
        data: JSONBody[BallotIn],
        request: Request[Actor, None, State],
        actor: NamedDependency[Actor],
        caster: NamedDependency[Caster],
        settings: NamedDependency[Settings],
    ) -> BallotTakenOut:
        """A unit has one ballot, whoever of its voters casts it, on however many phones. Sent
        again with the same `attempt` it changes nothing; another `attempt` changes the ballot
        where the rules allow, and is `already_voted` where they do not. Nothing but the box
        itself is kept of it.
        """
        return await _cast(actor, caster, data, language(request.headers), settings)

    @get(
        dependencies={"sight": Provide(vote_in_sight), "mine": Provide(vote_of_mine)},
        operation_id="getMyBallot",
        summary="我的选票 Whether the ballot is in the box",
        responses=refusals(states.NotEntitled),
    )
    async def get_mine(self, mine: NamedDependency[VoteSight]) -> MyBallotsOut:
        """In an open vote also what it says; in a secret one the phone alone knows."""
        return MyBallotsOut(
            items=[
                MyBallotOut(
                    unit_id=unit.id,
                    in_the_box=unit.has_voted,
                    on_paper=unit.on_paper,
                    choice=unit.choice,
                    cast_at=unit.cast_at,
                )
                for unit in mine.units
            ]
        )


def ballot_lane(settings: Settings) -> Lane:
    """Return the short way to :meth:`Ballots.cast_ballot`, for the ballots that are taken.

    Whatever is refused goes the long way, which says why.
    """

    async def run(errand: Errand) -> Reply | None:
        (vote_id,), data = errand.ids, errand.data
        try:
            ballot = _ballot(data, data.unit_id)
        except states.BadBox:
            return None
        taken = await ballots.cast_if_entitled(
            vote_id, errand.actor.person_id, ballot, settings=settings
        )
        if taken is None:
            return None
        return Reply(_told(vote_id, taken, data, language(errand.said())))

    return Lane("PUT", "/v1/votes/{vote_id:uuid}/ballot", run, BallotIn)


async def _cast(
    actor: Actor, caster: Caster, data: BallotIn, tongue: str, settings: Settings
) -> BallotTakenOut:
    if data.unit_id is not None and data.unit_id not in caster.unit_ids:
        raise states.NotEntitled
    # Whoever is left with one of their units means that one.
    only = caster.unit_ids[0] if len(caster.unit_ids) == 1 else None
    ballot = _ballot(data, data.unit_id or only)
    taken = await ballots.cast(caster.vote_id, actor.person_id, ballot, settings=settings)
    return _told(caster.vote_id, taken, data, tongue)


def _ballot(data: BallotIn, unit_id: UUID | None) -> CastBallot:
    return CastBallot(
        choice=None if data.choice is None else tuple(data.choice),
        sealed=None if data.sealed is None else _octets(data.sealed),
        receipt=data.receipt,
        attempt=data.attempt,
        unit_id=unit_id,
    )


def _told(vote_id: UUID, taken: CastResult, data: BallotIn, tongue: str) -> BallotTakenOut:
    sealed_by = _sealed_by(taken.mode, data)
    zh, en = _SAYS[sealed_by]
    return BallotTakenOut(
        vote_id=vote_id,
        unit_id=taken.unit_id,
        sealed_by=sealed_by,
        says=en if tongue == "en" else zh,
    )


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise states.BadBox(field="sealed") from None


def _sealed_by(mode: Mode, data: BallotIn) -> SealedBy:
    if mode is Mode.OPEN:
        return SealedBy.NOBODY
    return SealedBy.PHONE if data.sealed is not None else SealedBy.HOUSE


_SAYS = {
    SealedBy.PHONE: (
        "选票已封存入箱。加密在您的手机上完成，服务器未见到内容。",
        "Your ballot is in the box, sealed on your phone; the server has not seen it.",
    ),
    SealedBy.HOUSE: (
        "选票已封存入箱。您的应用版本不能自行加密，由服务器在内存中代为封存，保护较弱。",
        "Your ballot is in the box. Your app could not seal it, so the server did in its "
        "memory, which is weaker.",
    ),
    SealedBy.NOBODY: (
        "选票已入箱。这是记名投票。",
        "Your ballot is in the box. This is an open vote.",
    ),
}

DUTY = (Ballots,)
