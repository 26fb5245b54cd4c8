"""What an author sends, and the blocks a notice is made of."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.notices import rules
from backend.notices.models import Category, ConfirmMode
from backend.notices.operations.drafts import Content
from backend.web.structs import In, Line, Moment, Out, Reason, Title

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Choice = Annotated[str, Meta(min_length=1, max_length=20)]
Address = Annotated[str, Meta(min_length=9, max_length=500, pattern=r"^https://[^\s<>\"]+$")]
Who = Annotated[str, Meta(min_length=3, max_length=30, pattern=r"^[a-z_]+$")]


class Paragraph(In, tag_field="type", tag="paragraph"):
    """Running text, at most 2,000 characters."""

    text: Text


class Heading(In, tag_field="type", tag="heading"):
    """A short headline inside the notice."""

    text: Title


class Items(In, tag_field="type", tag="list"):
    """A list of points."""

    items: Annotated[list[Line], Meta(min_length=1, max_length=30)]
    ordered: bool = False


class Link(In, tag_field="type", tag="link"):
    """A web address; only https is taken, and nothing ever fetches it for the reader."""

    text: Title
    url: Address


class Picture(In, tag_field="type", tag="image"):
    """An uploaded picture."""

    attachment_id: UUID
    caption: Annotated[str, Meta(max_length=60)] = ""


class File(In, tag_field="type", tag="file"):
    """An uploaded document to download."""

    attachment_id: UUID


Block = Paragraph | Heading | Items | Link | Picture | File
Blocks = Annotated[list[Block], Meta(min_length=1, max_length=60)]


class AudienceIn(In):
    """An audience: ``families``, ``staff``, ``members`` or a role, at a node by its id."""

    node_id: UUID
    who: Who = "families"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.who not in {"families", "staff", "members"} | rules.ROLES_ADDRESSED:
            raise ValueError("who is not an audience")


class NoticeIn(In):
    """A notice as its author writes it; ``expiresAt`` defaults to sixty days from now."""

    audiences: Annotated[list[AudienceIn], Meta(min_length=1, max_length=50)]
    category: Category
    title: Title
    blocks: Blocks
    urgent: bool = False
    pinned: bool = False
    low_priority: bool = False
    confirm_mode: ConfirmMode = ConfirmMode.NONE
    choices: Annotated[list[Choice], Meta(max_length=10)] = []
    confirm_by: Moment | None = None
    expires_at: Moment | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        asks = self.confirm_mode is ConfirmMode.PER_CHILD
        if asks != (len(set(self.choices)) >= 2) or len(set(self.choices)) != len(self.choices):
            raise ValueError("choices belong to per_child notices: two to ten different ones")

    def content(self) -> Content:
        """Return what the author decided, in the verbs' own terms."""
        return Content(
            audiences=[(audience.node_id, audience.who) for audience in self.audiences],
            category=self.category,
            title=self.title,
            blocks=plain(self.blocks),
            attachment_ids=attached(self.blocks),
            urgent=self.urgent,
            pinned=self.pinned,
            low_priority=self.low_priority,
            confirm_mode=self.confirm_mode,
            choices=self.choices,
            confirm_by=self.confirm_by,
            expires_at=self.expires_at,
        )


class PublicationIn(In):
    """``previewToken`` proves the author saw the audience; ``publishAt`` schedules."""

    preview_token: Annotated[str, Meta(min_length=20, max_length=400)]
    publish_at: Moment | None = None


class CorrectionIn(In):
    """A corrected text for version ``revision``; ``material`` re-opens confirmations."""

    revision: Annotated[int, Meta(ge=1, le=10_000)]
    title: Title
    blocks: Blocks
    material: bool
    explanation: Reason


class NoticeApprovalIn(In):
    """The version the approver has read."""

    revision: Annotated[int, Meta(ge=1, le=10_000)]


class ReasonIn(In):
    """Why; families or the author will read it."""

    reason: Reason


class DecisionIn(In):
    """A school's answer to a district's notice for its families."""

    approved: bool
    reason: Annotated[str, Meta(max_length=200)] = ""


class PlaceCount(Out):
    """How many one audience reaches, and how many notices it got in seven days."""

    label: str
    families: int
    people: int
    sent_this_week: int


class PreviewOut(Out):
    """Distinct families and people a notice would reach; the token lets it be published."""

    families: int
    people: int
    without_account: int
    places: list[PlaceCount]
    preview_token: str
    expires_at: datetime


def plain(blocks: list[Block]) -> list[dict[str, Any]]:
    """Return the blocks as they are stored. Raises :class:`rules.TooLong`."""
    texts = [
        text
        for block in blocks
        for text in (
            [block.text]
            if isinstance(block, Paragraph | Heading | Link)
            else block.items
            if isinstance(block, Items)
            else []
        )
    ]
    rules.check_length(rules.characters(texts))
    stored: list[dict[str, Any]] = msgspec.to_builtins(blocks)
    return stored


def attached(blocks: list[Block]) -> list[UUID]:
    """Return the attachments the blocks show, in order, each once."""
    ids = [b.attachment_id for b in blocks if isinstance(b, Picture | File)]
    return list(dict.fromkeys(ids))[: rules.MOST_ATTACHMENTS]
