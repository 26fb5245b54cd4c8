"""Agenda items on the wire. There is no field for a pupil, on purpose."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.ballots.rules.charter import RuleSet
from backend.committees.models import ItemState, RuleKind
from backend.committees.operations.proposing import ItemContent
from backend.committees.rules.agenda import PUBLISHED, earliest
from backend.committees.schemas.votes import VoteOutcome
from backend.media.schemas import AttachmentOut
from backend.web.structs import Cursor, In, Out, Reason

LongReason = Annotated[str, Meta(min_length=2, max_length=500)]


class AgendaItemIn(In):
    """What is put before the body, under a matter of its catalogue (V11)."""

    matter_id: UUID
    title: Annotated[str, Meta(min_length=2, max_length=120)]
    text: Annotated[str, Meta(max_length=5000)] = ""
    attachment_ids: Annotated[list[UUID], Meta(max_length=10)] = []

    def content(self) -> ItemContent:
        return ItemContent(
            matter_id=self.matter_id,
            title=self.title,
            text=self.text,
            attachment_ids=list(dict.fromkeys(self.attachment_ids)),
        )


class ItemAcceptanceIn(In):
    """The chair's checklist: ``namesNoPupil`` must be ``true``."""

    names_no_pupil: bool


class ItemRefusalIn(In):
    """Why the item is not taken up; whoever proposed it reads this."""

    reason: LongReason


class ItemMergerIn(In):
    """The item that stands for this one too from now on."""

    into_id: UUID


class ItemPlaceIn(In):
    """Where on which agenda. ``position`` counts from 0 among the items below ``parentId``."""

    meeting_id: UUID
    parent_id: UUID | None = None
    position: Annotated[int, Meta(ge=0, le=200)] = 200


class ItemConclusionIn(In):
    """What came of a discussion that needed no decision."""

    conclusion: Annotated[str, Meta(min_length=2, max_length=1000)]


class RecusalIn(In):
    """Why a seat stands aside from an item."""

    reason: Reason


class RecusalOut(Out):
    """A seat that stands aside; ``own``: it said so itself."""

    seat_id: UUID
    name: str
    reason: str
    own: bool
    recorded_at: datetime


class AgendaPointOut(Out):
    """An item as agendas and lists show it.

    Who is not inside the body sees what is decided or noted alone, and then neither
    ``proposerName`` nor ``present`` and ``hasQuorum``, the state found when its discussion
    began. ``chosen`` are the labels a vote has chosen. ``mayVoteFrom`` is the first day on
    which an item decided in writing may be voted on.
    """

    id: UUID
    body_id: UUID
    meeting_id: UUID | None
    parent_id: UUID | None
    position: int
    matter_id: UUID
    matter_title: str
    rule_kind: RuleKind
    rule_set_id: UUID | None
    title: str
    text: str
    attachments: int
    in_writing: bool
    may_vote_from: date | None
    proposer_name: str | None
    mine: bool
    suggestion_id: UUID | None
    state: ItemState
    reason: str
    merged_into_id: UUID | None
    retable_of_id: UUID | None
    retables: int
    vote_id: UUID | None
    outcome: VoteOutcome | None
    chosen: list[str]
    conclusion: str
    recused: int
    present: int | None
    has_quorum: bool | None
    created_at: datetime
    scheduled_at: datetime | None
    discussed_at: datetime | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: dict[str, Any], person_id: UUID, *, inside: bool) -> "AgendaPointOut":
        return cls(**item_members(row, person_id, inside=inside))


class AgendaTopOut(AgendaPointOut):
    """An item of a meeting's agenda, with those below it."""

    children: list[AgendaPointOut]


class AgendaItemOut(AgendaPointOut):
    """One item with its files, and, from inside, who stands aside from it."""

    files: list[AttachmentOut]
    recusals: list[RecusalOut]


class AgendaItemPage(Out):
    """Items, the newest first."""

    items: list[AgendaPointOut]
    next_cursor: Cursor | None
    has_more: bool


def item_members(row: dict[str, Any], person_id: UUID, *, inside: bool) -> dict[str, Any]:
    """Return what somebody sees of an item's row, by member."""
    members = {name: row[name] for name in AgendaPointOut.__struct_fields__ if name in row}
    members |= {
        "state": ItemState(row["state"]),
        "rule_kind": RuleKind(row["rule_kind"]),
        "outcome": VoteOutcome(row["outcome"]) if row["outcome"] else None,
        "chosen": row["chosen"] or [],
        "mine": row["proposer_id"] == person_id,
        "may_vote_from": _may_vote_from(row),
    }
    if not inside:
        members |= {"proposer_name": None, "present": None, "has_quorum": None, "recused": 0}
    return members


def agenda_tree(rows: list[dict[str, Any]], person_id: UUID, *, inside: bool) -> list[AgendaTopOut]:
    """Return a meeting's items as a tree; from outside those alone that are over."""
    shown = [row for row in rows if inside or row["state"] in PUBLISHED]
    ids = {row["id"] for row in shown}
    below: dict[UUID, list[AgendaPointOut]] = {}
    tops = []
    for row in shown:
        # What stands below something that is not shown stands for itself.
        if row["parent_id"] in ids:
            point = AgendaPointOut.of(row, person_id, inside=inside)
            below.setdefault(row["parent_id"], []).append(point)
        else:
            tops.append(row)
    return [
        AgendaTopOut(
            **item_members(row, person_id, inside=inside), children=below.get(row["id"], [])
        )
        for row in tops
    ]


def _may_vote_from(row: dict[str, Any]) -> date | None:
    if not row["in_writing"] or row["rules"] is None:
        return None
    rules = msgspec.json.decode(row["rules"], type=RuleSet)
    return earliest(row["scheduled_at"], rules.notice_days)
