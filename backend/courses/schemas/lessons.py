"""Lessons on the wire. Answers of quizzes are shown to those who write them, to nobody else."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from backend.courses.models import LessonKind, PublicationState, Question, QuizQuestionKind
from backend.courses.operations.revisions import LessonContent
from backend.courses.rules.authoring import question_misfit
from backend.media.schemas import AttachmentOut
from backend.web.structs import Count, In, Line, Out, Title

Paragraph = Annotated[str, Meta(min_length=1, max_length=800)]
SecureLink = Annotated[
    str,
    Meta(max_length=500, pattern=r"^https://[A-Za-z0-9.\-]+(:[0-9]{1,5})?([/?#][!-~]*)?$"),
]
OptionName = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9_\-]+$")]
LongText = Annotated[str, Meta(min_length=1, max_length=500)]
Percent = Annotated[int, Meta(ge=1, le=100)]
Attempts = Annotated[int, Meta(ge=1, le=50)]


class LessonOptionIn(In):
    """One option; ``key`` names it within its question."""

    key: OptionName
    text: Line


class LessonQuestionIn(In):
    """A question with its answer: the keys of the right options, for ``order`` all of them in
    the right order.
    """

    kind: QuizQuestionKind
    text: LongText
    options: Annotated[list[LessonOptionIn], Meta(min_length=2, max_length=10)]
    answer: Annotated[list[OptionName], Meta(min_length=1, max_length=10)]
    explanation: Annotated[str, Meta(max_length=500)] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        misfit = question_misfit(self.kind, self._options(), self.answer)
        if misfit:
            raise ValueError(misfit)

    def content(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "text": self.text,
            "options": self._options(),
            "answer": self.answer,
            "explanation": self.explanation,
        }

    def _options(self) -> list[dict[str, Any]]:
        return [{"key": option.key, "text": option.text} for option in self.options]


class LessonContentIn(In):
    """What a lesson holds.

    ``attachmentId``: the video or audio, for ``live`` the recording; its length is read from
    the file. ``slotId``: the session of a ``live`` lesson. ``externalUrl``: where an
    ``external`` one is. ``questions`` may go with every kind. ``watchAgain``: those who have
    completed the lesson must do so again. ``note``: what is new, for learners.
    """

    kind: LessonKind
    title: Title
    paragraphs: Annotated[list[Paragraph], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )
    attachment_id: UUID | None = None
    slot_id: UUID | None = None
    external_url: SecureLink | None = None
    pass_percent: Percent = 60
    most_attempts: Attempts | None = None
    watch_again: bool = False
    note: Annotated[str, Meta(max_length=200)] = ""
    questions: Annotated[list[LessonQuestionIn], Meta(max_length=50)] = msgspec.field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.kind is LessonKind.LIVE) != (self.slot_id is not None):
            raise ValueError("slotId belongs to a live lesson, which has one")
        if (self.kind is LessonKind.EXTERNAL) != (self.external_url is not None):
            raise ValueError("externalUrl belongs to an external lesson, which has one")

    def content(self) -> LessonContent:
        return LessonContent(
            kind=self.kind,
            title=self.title,
            paragraphs=self.paragraphs,
            attachment_id=self.attachment_id,
            slot_id=self.slot_id,
            external_url=self.external_url or "",
            pass_percent=self.pass_percent,
            most_attempts=self.most_attempts,
            watch_again=self.watch_again,
            note=self.note,
            questions=[question.content() for question in self.questions],
        )


class LessonIn(LessonContentIn, kw_only=True):
    """A new lesson; ``required``: the course is not finished without it."""

    required: bool = True


class LessonDraftIn(LessonContentIn, kw_only=True):
    """The lesson's draft anew; ``version`` is the draft's, 0 where there is none yet."""

    version: Count


class LessonRequirementIn(In):
    required: bool


class LessonOptionOut(Out):
    key: str
    text: str


class LessonQuestionOut(Out):
    """A question with its answer, for those who write it."""

    id: UUID
    kind: QuizQuestionKind
    text: str
    options: list[LessonOptionOut]
    answer: list[str]
    explanation: str

    @classmethod
    def of(cls, row: Question) -> "LessonQuestionOut":
        return cls(
            id=row.id,
            kind=QuizQuestionKind(row.kind),
            text=row.text,
            options=[LessonOptionOut(**option) for option in row.options],
            answer=list(row.answer),
            explanation=row.explanation,
        )


class LessonContentOut(Out):
    """What a learner gets: the published revision.

    ``durationMs`` is the medium's, or the least reading time; ``null`` for what is not
    watched. ``questions`` is how many there are; they are asked at the lesson's quiz.
    """

    revision: int
    kind: LessonKind
    title: str
    paragraphs: list[str]
    medium: AttachmentOut | None
    slot_id: UUID | None
    external_url: str | None
    duration_ms: int | None
    questions: int
    pass_percent: int
    most_attempts: int | None
    note: str
    published_at: datetime


class LessonDraftOut(Out):
    """What is being written beside it, for those who write. ``returnReason`` is what the
    last reviewer asked for.
    """

    revision: int
    state: PublicationState
    version: int
    kind: LessonKind
    title: str
    paragraphs: list[str]
    medium: AttachmentOut | None
    slot_id: UUID | None
    external_url: str | None
    duration_ms: int | None
    pass_percent: int
    most_attempts: int | None
    watch_again: bool
    note: str
    author_id: UUID
    submitted_at: datetime | None
    return_reason: str
    questions: list[LessonQuestionOut]


class LessonOut(Out):
    """A lesson. ``content`` is ``null`` until it is published; ``draft`` and ``answers`` (of
    what is published) are ``null`` for everybody but those who write it.
    """

    id: UUID
    course_id: UUID
    position: int
    required: bool
    state: PublicationState
    retired_reason: str
    content: LessonContentOut | None
    answers: list[LessonQuestionOut] | None
    draft: LessonDraftOut | None


class LessonDraftLineOut(Out):
    state: PublicationState
    version: int
    kind: LessonKind
    title: str
    duration_ms: int | None


class LessonLineOut(Out):
    """One lesson of a course's list. ``kind`` and ``title`` are the draft's until something
    is published; ``draft`` is ``null`` for learners.
    """

    id: UUID
    position: int
    required: bool
    state: PublicationState
    kind: LessonKind
    title: str
    duration_ms: int | None
    slot_id: UUID | None
    questions: int
    published_at: datetime | None
    draft: LessonDraftLineOut | None


class LessonsOut(Out):
    """In order; retired ones, for those who write, at the end."""

    items: list[LessonLineOut]
