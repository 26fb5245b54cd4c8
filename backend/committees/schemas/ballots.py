"""Ballots on the wire. What one says is never told to anybody but its own unit."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.committees.schemas.votes import MOST_OPTIONS, OptionKey
from backend.web.structs import In, Out


class SealedBy(StrEnum):
    """Who sealed a ballot: the phone, so that nobody on the way could read it; the house, for
    a phone that cannot, which had it in memory for a moment; nobody, in an open vote.
    """

    PHONE = "phone"
    HOUSE = "house"
    NOBODY = "nobody"


class BallotIn(In):
    """A ballot: either ``choice``, option keys (in order where options are ranked; ``for``,
    ``against`` or ``abstain``), or ``sealed``, what the phone has sealed to the vote's key
    (base64).

    ``receipt`` (32 hexadecimal digits, made at random on the phone) goes with a ``choice``
    that the house is to seal; in a box the phone sealed it is inside. ``attempt`` is made by
    the phone once for each ballot it casts and repeated with every retry. ``unit_id`` is
    needed only by somebody who may vote for several units.
    """

    attempt: UUID
    choice: Annotated[list[OptionKey], Meta(min_length=1, max_length=MOST_OPTIONS)] | None = None
    sealed: (
        Annotated[str, Meta(min_length=64, max_length=4096, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
        | None
    ) = None
    receipt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")] | None = None
    unit_id: UUID | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.choice is None) == (self.sealed is None):
            raise ValueError("either choice or sealed")
        if self.sealed is not None and self.receipt is not None:
            raise ValueError("the receipt of a sealed ballot is inside it")


class BallotTakenOut(Out):
    """The ballot is in the box. The answer has the same shape whatever it says, and whether
    or not it took another one's place.
    """

    vote_id: UUID
    unit_id: UUID
    sealed_by: SealedBy
    says: str


class MyBallotOut(Out):
    """Whether the unit's ballot is in the box. ``choice`` and ``cast_at`` are known in an open
    vote alone.
    """

    unit_id: UUID
    in_the_box: bool
    on_paper: bool
    choice: list[str] | None
    cast_at: datetime | None


class MyBallotsOut(Out):
    """One entry for each unit the caller may vote for."""

    items: list[MyBallotOut]
