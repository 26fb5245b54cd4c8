"""Review panels on the wire: what is shown, who judges it, and what they give."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from backend.committees.models import Constituency, Panel, PanelEntry, Panelist, PanelState
from backend.committees.operations.panels import Asked, EntryContent, PanelContent
from backend.committees.rules.panels import (
    MOST_ENTRIES,
    MOST_PANELISTS,
    Criterion,
    criteria_of,
)
from backend.media.schemas import AttachmentOut
from backend.people import phones
from backend.web.structs import In, Moment, Name, Out, Phone

PanelTitle = Annotated[str, Meta(min_length=2, max_length=80)]
PanelText = Annotated[str, Meta(max_length=4000)]
Points = Annotated[int, Meta(ge=0, le=100)]
CriterionKey = Annotated[str, Meta(pattern=r"^c[0-9]{1,2}$")]


class PanelCriterionIn(In):
    """What entries are judged by, from nought to ``most`` points."""

    label: Name
    most: Annotated[int, Meta(ge=1, le=100)]


class PanelIn(In, kw_only=True):
    """A panel as it is written; its criteria are numbered ``c1``, ``c2``, … in this order."""

    title: PanelTitle
    text: PanelText = ""
    criteria: Annotated[list[PanelCriterionIn], Meta(min_length=1, max_length=12)]
    closes_at: Moment

    def content(self) -> PanelContent:
        return PanelContent(
            title=self.title,
            text=self.text,
            criteria=[
                Criterion(key=f"c{number}", label=one.label, most=one.most)
                for number, one in enumerate(self.criteria, 1)
            ],
            closes_at=self.closes_at,
        )


class PanelEntryIn(In, kw_only=True):
    """What is shown; with ``id`` it rewrites an entry the panel has. The attachments have been
    handed in before.
    """

    id: UUID | None = None
    title: PanelTitle
    presenter: Annotated[str, Meta(max_length=60)] = ""
    text: PanelText = ""
    attachment_ids: Annotated[list[UUID], Meta(max_length=12)] = []

    def content(self) -> EntryContent:
        return EntryContent(
            id=self.id,
            title=self.title,
            presenter=self.presenter,
            text=self.text,
            attachment_ids=self.attachment_ids,
        )


class PanelEntriesIn(In):
    """Everything that is shown, in order; an entry that is not named any more goes."""

    entries: Annotated[list[PanelEntryIn], Meta(max_length=MOST_ENTRIES)]


class PanelistIn(In):
    """Somebody known by ``personId``; or, from outside the house, by ``name`` and ``phone``."""

    constituency: Constituency
    person_id: UUID | None = None
    name: Name | None = None
    phone: Phone | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.name is None) is not (self.phone is None):
            raise ValueError("a name and a phone go together")
        if (self.person_id is None) is not (self.phone is not None):
            raise ValueError("say who: either personId, or name and phone")

    def asked(self) -> Asked:
        """Raises :class:`backend.people.phones.BadPhone`."""
        return Asked(
            constituency=self.constituency,
            person_id=self.person_id,
            name=self.name or "",
            phone=phones.normalise(self.phone) if self.phone else "",
        )


class PanelistsIn(In):
    """Everybody who judges; whoever is not named any more is not asked."""

    panelists: Annotated[list[PanelistIn], Meta(max_length=MOST_PANELISTS)]


class PanelPointsIn(In):
    """Points for one criterion."""

    key: CriterionKey
    points: Points


class PanelScoreIn(In):
    """Points for every criterion of the panel, and a remark if there is one."""

    points: Annotated[list[PanelPointsIn], Meta(min_length=1, max_length=12)]
    comment: Annotated[str, Meta(max_length=300)] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if len({one.key for one in self.points}) != len(self.points):
            raise ValueError("a criterion is scored once")

    def by_criterion(self) -> dict[str, int]:
        return {one.key: one.points for one in self.points}


class PanelCriterionOut(Out):
    key: str
    label: str
    most: int

    @classmethod
    def all_of(cls, panel: Panel) -> "list[PanelCriterionOut]":
        return [
            cls(key=one.key, label=one.label, most=one.most) for one in criteria_of(panel.criteria)
        ]


class PanelOut(Out):
    """A panel in a list. ``judges``: the caller is on it, and has ``scored`` so many entries.

    ``mayRun``: they write, open, close and publish it. A district's panel has no school.
    """

    id: UUID
    district_id: UUID
    school_id: UUID | None
    title: str
    state: PanelState
    closes_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    published_at: datetime | None
    entries: int
    panelists: int
    judges: bool
    scored: int
    may_run: bool

    @classmethod
    def of(cls, row: dict[str, Any], *, runs: bool) -> "PanelOut":
        """Show one row of :mod:`backend.committees.queries.panels`."""
        plain = {name: row[name] for name in cls.__struct_fields__ if name in row}
        return cls(**plain | {"state": PanelState(row["state"]), "may_run": runs})


class PanelPage(Out):
    """The newest first."""

    items: list[PanelOut]
    next_cursor: str | None


class PanelPointsOut(Out):
    key: str
    points: int


class PanelScoreOut(Out):
    """What the caller gave an entry."""

    points: list[PanelPointsOut]
    comment: str


class PanelEntryOut(Out):
    """What is shown. ``myScore`` is the caller's own; nobody is shown another's."""

    id: UUID
    title: str
    presenter: str
    text: str
    attachments: list[AttachmentOut]
    my_score: PanelScoreOut | None

    @classmethod
    def of(
        cls, entry: PanelEntry, attachments: list[AttachmentOut], score: PanelScoreOut | None
    ) -> "PanelEntryOut":
        return cls(
            id=entry.id,
            title=entry.title,
            presenter=entry.presenter,
            text=entry.text,
            attachments=attachments,
            my_score=score,
        )


class PanelistOut(Out):
    """Somebody who judges."""

    person_id: UUID
    name: str
    constituency: Constituency

    @classmethod
    def of(cls, one: Panelist) -> "PanelistOut":
        return cls(
            person_id=one.person_id, name=one.name, constituency=Constituency(one.constituency)
        )


class PanelProgressOut(Out):
    """How far the scoring is: ``scores`` of ``expected``; ``done`` of ``panelists`` have scored
    everything, ``begun`` something.
    """

    panelists: int
    expected: int
    scores: int
    begun: int
    done: int


class PanelDetailOut(PanelOut):
    """A panel with what is shown. ``judgedBy`` and ``progress`` are for those who run it."""

    text: str
    criteria: list[PanelCriterionOut]
    shown: list[PanelEntryOut]
    my_constituency: Constituency | None
    judged_by: list[PanelistOut] | None
    progress: PanelProgressOut | None
