"""Suggestions on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.committees.models import SuggestionState
from backend.committees.operations.proposing import ItemContent
from backend.committees.rules.suggestions import A_PARENT
from backend.web.structs import Cursor, In, Out, Title

LongReason = Annotated[str, Meta(min_length=2, max_length=500)]


class SuggestionIn(In):
    """What a parent asks of the committee. It must not name a pupil."""

    title: Title
    text: Annotated[str, Meta(min_length=2, max_length=2000)]


class SuggestionAcceptanceIn(In):
    """The agenda item it becomes: under which matter, and in which words.

    ``namesNoPupil`` must be ``true``: the chair has seen that it names none.
    """

    matter_id: UUID
    title: Annotated[str, Meta(min_length=2, max_length=120)]
    names_no_pupil: bool
    text: Annotated[str, Meta(max_length=5000)] = ""

    def content(self) -> ItemContent:
        return ItemContent(matter_id=self.matter_id, title=self.title, text=self.text)


class SuggestionMergerIn(In):
    """The open suggestion of the same body that stands for this one from now on."""

    into_id: UUID


class SuggestionRefusalIn(In):
    """Why it is not taken up; everybody who signed it reads this."""

    reason: LongReason


class SuggestionOut(Out):
    """A suggestion. The author's name is known to the committee; everybody else reads 一位家长.

    ``coSigns`` counts its author. At ``threshold`` of them it is owed an answer by ``dueAt``.
    ``mine``: the caller put it; ``signed``: they stand behind it; ``maySign``: they may.
    """

    id: UUID
    body_id: UUID
    body_name: str
    first_body_id: UUID
    author_name: str
    mine: bool
    title: str
    text: str
    state: SuggestionState
    co_signs: int
    threshold: int
    signed: bool
    may_sign: bool
    due_at: datetime | None
    reason: str
    merged_into_id: UUID | None
    item_id: UUID | None
    escalated_at: datetime | None
    answered_at: datetime | None
    created_at: datetime

    @classmethod
    def of(
        cls, row: dict[str, Any], person_id: UUID, *, knows: bool, at_place: bool
    ) -> "SuggestionOut":
        """Show a row to somebody; ``at_place``: a child of theirs belongs to its place."""
        mine = row["author_id"] == person_id
        taken = {name: row[name] for name in cls.__struct_fields__ if name in row}
        return cls(
            **taken
            | {
                "state": SuggestionState(row["state"]),
                "author_name": row["author_name"] if mine or knows else A_PARENT,
                "mine": mine,
                "may_sign": at_place and not row["signed"] and row["state"] == SuggestionState.OPEN,
            }
        )


class SuggestionPage(Out):
    """Suggestions, the newest first."""

    items: list[SuggestionOut]
    next_cursor: Cursor | None
    has_more: bool
