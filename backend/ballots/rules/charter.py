"""A rule set: how a body decides (council-1, Q2). It is data, versioned, and frozen in a vote."""

from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.ballots.models import Mode, Unit

SMALLEST_SECRET = 5
"""Below so many entitled a ballot cannot be secret, and below so many cast no split is kept."""


class Base(StrEnum):
    """What a share of votes is a share of."""

    DECIDED = "decided"
    """Those for and against, or those given to any option."""
    CAST = "cast"
    """Every valid ballot, abstentions included."""
    ENTITLED = "entitled"
    """Everybody who could have voted."""


class Tie(StrEnum):
    """What becomes of a tie."""

    NOT_ADOPTED = "not_adopted"
    CHAIR = "chair"


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share to be reached: more than ``of/out_of``, or at least that."""

    of: Annotated[int, Meta(ge=0, le=100)]
    out_of: Annotated[int, Meta(ge=1, le=100)]
    at_least: bool = False

    def is_reached(self, count: int, whole: int) -> bool:
        """Say whether ``count`` of ``whole`` reaches it; of nothing, nothing is reached."""
        if whole <= 0:
            return False
        share, wanted = Fraction(count, whole), Fraction(self.of, self.out_of)
        return share >= wanted if self.at_least else share > wanted

    def needed(self, whole: int) -> int:
        """Return the smallest count of ``whole`` that reaches it."""
        wanted = Fraction(self.of, self.out_of) * whole
        floor = int(wanted)
        if self.at_least:
            return floor if floor == wanted else floor + 1
        return floor + 1


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of matter is decided. Durations are in whole days.

    ``majority`` of ``base`` adopts a motion, or each option that is to be chosen; without it
    the options with most votes are chosen. ``retables`` is how often what found no quorum, or
    tied, may be put again. ``names_shown`` says whether an open vote's published result tells
    who voted how to all who may see the result, or to the body alone.
    """

    quorum: Share
    majority: Share | None
    base: Base
    may_abstain: bool = True
    tie: Tie = Tie.NOT_ADOPTED
    mode: Mode = Mode.OPEN
    unit: Unit = Unit.SEAT
    notice_days: Annotated[int, Meta(ge=0, le=60)] = 3
    may_change: bool = True
    closes_when_all_voted: bool = True
    chair_may_close: bool = False
    names_shown: bool = True
    retables: Annotated[int, Meta(ge=0, le=3)] = 1
    certify_days: Annotated[int, Meta(ge=1, le=30)] = 3
    objection_days: Annotated[int, Meta(ge=0, le=30)] = 3

    @property
    def objection_window(self) -> timedelta:
        return timedelta(days=self.objection_days)


MORE_THAN_HALF = Share(of=1, out_of=2)
TWO_THIRDS = Share(of=2, out_of=3, at_least=True)

ORDINARY = RuleSet(quorum=MORE_THAN_HALF, majority=MORE_THAN_HALF, base=Base.DECIDED)
PERSONNEL = RuleSet(
    quorum=MORE_THAN_HALF, majority=MORE_THAN_HALF, base=Base.CAST, mode=Mode.SECRET
)
CHARTER = RuleSet(quorum=TWO_THIRDS, majority=TWO_THIRDS, base=Base.ENTITLED, notice_days=7)
