"""Minutes on the wire: the draft, what is confirmed, objections, filing, counts, wording."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from backend.committees.models import BodyKind, MinutesState
from backend.committees.rules.wording import MinutesSection, SectionTitle, Wording
from backend.committees.schemas.minutes_record import MinutesRecordOut
from backend.web.structs import Count, Cursor, In, Moment, Out

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Said = Annotated[str, Meta(min_length=2, max_length=500)]
Label = Annotated[str, Meta(min_length=1, max_length=30)]


class MinutesRemarksIn(In):
    """What the system cannot know: further business, thanks, announcements."""

    remarks: Annotated[str, Meta(max_length=10_000)]


class MinutesConfirmationIn(In):
    """The digest of what the chair has read."""

    digest: Digest


class MinutesObjectionIn(In):
    text: Said


class MinutesAnswerIn(In):
    """Upheld, the minutes become a draft again and are confirmed anew."""

    upheld: bool
    answer: Said


class MinutesReturnIn(In):
    """Why minutes are sent back."""

    reason: Said


class MinutesObjectionOut(Out):
    """Somebody's objection to minutes; ``upheld`` is empty until it is answered."""

    id: UUID
    name: str
    text: str
    raised_at: Moment
    is_mine: bool
    upheld: bool | None
    answer: str
    answered_at: Moment | None


class MinutesOut(Out):
    """Minutes of a meeting.

    ``digest`` covers what was found, the remarks and the wording: of a draft as it stands
    now, of confirmed minutes for good. ``unsettled`` are items that stand in the way of
    confirming.
    """

    meeting_id: UUID
    body_id: UUID
    state: MinutesState
    record: MinutesRecordOut
    remarks: str
    heading: str
    digest: str
    drafted_at: Moment
    confirmed_at: Moment | None
    confirmed_by: str
    objections_until: Moment | None
    submitted_at: Moment | None
    filed_at: Moment | None
    filing_number: str | None
    returned_reason: str
    objections: list[MinutesObjectionOut]
    unsettled: list[str]
    can_write: bool
    can_confirm: bool
    can_object: bool
    can_submit: bool
    can_file: bool


class DistrictMinutesItem(Out):
    """Minutes as a district's office lists them."""

    meeting_id: UUID
    body_id: UUID
    body_name: str
    kind: BodyKind
    school_id: UUID | None
    school_name: str
    title: str
    held_at: Moment
    state: MinutesState
    submitted_at: Moment
    filed_at: Moment | None
    filing_number: str | None
    returned_reason: str


class DistrictMinutesPage(Out):
    items: list[DistrictMinutesItem]
    next_cursor: Cursor | None


class MinutesCountOut(Out):
    """Meetings of one kind of body at one school, or of the district itself: how many were
    held, and how many have minutes that are confirmed, or filed.
    """

    school_id: UUID | None
    school_name: str
    kind: BodyKind
    held: Count
    confirmed: Count
    filed: Count


class MinutesCountsOut(Out):
    """``held`` and ``filed`` count task forces and joint meetings alone, whose minutes must
    all be filed; ``lines`` every kind of body.
    """

    held: Count
    filed: Count
    lines: list[MinutesCountOut]


class SectionTitleIn(In):
    section: MinutesSection
    title: Label


class WordingIn(In):
    """How minutes are worded. Placeholders such as ``{body}`` are filled in."""

    heading: Annotated[str, Meta(min_length=1, max_length=120)]
    opening: Annotated[str, Meta(max_length=1000)]
    sections: Annotated[list[SectionTitleIn], Meta(min_length=1, max_length=20)]
    closing: Annotated[str, Meta(max_length=1000)]
    signatures: Annotated[list[Label], Meta(max_length=6)]

    def wording(self, prefix: str = "") -> Wording:
        """Return it as it is kept."""
        return Wording(
            heading=self.heading,
            opening=self.opening,
            sections=tuple(
                SectionTitle(section=part.section, title=part.title) for part in self.sections
            ),
            closing=self.closing,
            signatures=tuple(self.signatures),
            filing_prefix=prefix,
        )


class DistrictWordingIn(WordingIn):
    """The same for a district's own bodies; ``filing_prefix`` stands before the year in its
    filing numbers, empty: one made of the district's name. It changes with the year.
    """

    filing_prefix: Annotated[str, Meta(max_length=15, pattern=r"^[^{}〔〕\s]*$")] = ""


class SectionTitleOut(Out):
    section: MinutesSection
    title: str


class PlaceholderOut(Out):
    """What may stand in braces."""

    placeholder: str
    means: str


class WordingOut(Out):
    """A wording in force; ``version`` 0 is the standard one."""

    version: Count
    heading: str
    opening: str
    sections: list[SectionTitleOut]
    closing: str
    signatures: list[str]
    filing_prefix: str
    placeholders: list[PlaceholderOut]


class WordingPreviewOut(Out):
    """A wording as it would read for an invented meeting, line by line."""

    lines: list[str]
