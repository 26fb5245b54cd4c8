"""What was cast on paper, on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.ballots.models import PaperState
from backend.committees.schemas.votes import MOST_OPTIONS, OptionKey
from backend.web.structs import In, Out

Number = Annotated[int, Meta(ge=1, le=10_000)]


class PaperChoiceIn(In):
    """So many paper ballots that say the same."""

    choice: Annotated[list[OptionKey], Meta(min_length=1, max_length=MOST_OPTIONS)]
    count: Number


class PaperBallotsIn(In):
    """Which units voted on paper, and what their ballots say, all together."""

    unit_ids: Annotated[list[UUID], Meta(min_length=1, max_length=5000)]
    choices: Annotated[list[PaperChoiceIn], Meta(max_length=400)]
    invalid: Annotated[int, Meta(ge=0, le=10_000)] = 0


class PaperConfirmationIn(In):
    """What the second person has counted, without having seen what the first entered."""

    choices: Annotated[list[PaperChoiceIn], Meta(max_length=400)]
    invalid: Annotated[int, Meta(ge=0, le=10_000)] = 0


class PaperChoiceOut(Out):
    choice: list[str]
    count: int


class PaperUnitOut(Out):
    """A unit of the electorate; ``on_paper`` once it is entered as having voted on paper."""

    unit_id: UUID
    label: str
    on_paper: bool


class PaperBallotsOut(Out):
    """What is entered; ``state`` is ``null`` while nothing is. ``choices`` and ``invalid`` are
    for the two who counted them, so that nobody else learns a number before the vote is
    counted. ``units`` are for whoever enters them, and say nothing of who has voted by phone.
    """

    state: PaperState | None
    choices: list[PaperChoiceOut] | None
    invalid: int | None
    units: list[PaperUnitOut]
    entered_by: str | None
    entered_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
