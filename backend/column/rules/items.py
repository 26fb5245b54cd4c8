"""What an item must be, who may not review it, and what a parent agrees to.

Nothing here reads the database or the clock: callers bring the facts.
"""

from uuid import UUID

from backend.column.models import (
    ColumnItem,
    ColumnItemState,
    ColumnKind,
    NamedAs,
    Series,
    SeriesKind,
)
from backend.errors import BadInput, NotAllowed, Refusal
from backend.people.names import surname

MOST_CHARACTERS = 6_000
DECLARATION = 1
DECLARATION_ZH = (
    "我同意学校审核并在“家庭教育指导”专栏刊登本文，供本校家长阅读。"
    "文中不出现任何学生的姓名、班级，也没有能让人认出某个孩子的内容。"
    "我可以随时撤回同意，撤回后本文立即停止展示。"
)
DECLARATION_EN = (
    "I agree that the school reviews this text and publishes it in its column for the school's "
    "parents. It names no pupil and no class, and nothing in it lets a child be recognised. "
    "I may withdraw my consent at any time; the text then disappears at once."
)
REWRITTEN = frozenset({ColumnItemState.DRAFT, ColumnItemState.WITHDRAWN})
STOPPABLE = frozenset({ColumnItemState.IN_REVIEW, ColumnItemState.QUEUED, ColumnItemState.RELEASED})


class WrongItemState(Refusal):
    code = "wrong_item_state"
    zh = "该内容当前状态为“{state}”，不能进行此操作。"
    en = "This item is {state}; that cannot be done now."


class KindDoesNotFit(BadInput):
    """An item of the column has a kind; one of a series of tips has one of its topics."""

    code = "kind_does_not_fit"
    zh = "专栏内容须选择三类之一；小贴士须选择本系列的一个主题。"
    en = "The column takes one of its three kinds, a series of tips one of its topics."


class ItemTooLong(BadInput):
    code = "item_too_long"
    zh = "正文共{length}字，最多{most}字。"
    en = "The text has {length} characters; at most {most} are allowed."


class LectureNeedsVideo(Refusal):
    code = "lecture_needs_video"
    zh = "专家讲座视频须附视频，或链接到一节课程。"
    en = "A lecture needs a video, or a link to a lesson."


class OwnReview(NotAllowed):
    code = "own_review"
    zh = "不能审核自己撰写或修改过的内容。"
    en = "Nobody reviews what they wrote or changed."


class ReasonNeeded(BadInput):
    code = "reason_needed"
    zh = "退回时请说明原因。"
    en = "Say why it is returned."


class ItemChanged(Refusal):
    """The caller acted on a text that no longer stands; look again."""

    code = "item_changed"
    zh = "内容已更新到第{revision}版，请重新查看。"
    en = "The item is now at version {revision}; please look again."


class DeclarationNeeded(BadInput):
    """Consent is to the text now in force, and given by ticking it, not by default."""

    code = "declaration_needed"
    zh = "请阅读并同意最新版投稿声明（第{version}版）。"
    en = "Please read and accept the declaration now in force (version {version})."


class PrivacyNoticeFirst(Refusal):
    code = "privacy_notice_first"
    zh = "请先同意孩子的隐私告知书。"
    en = "Accept the privacy notice for your child first."


class NoColumnHere(Refusal):
    code = "no_column_here"
    zh = "学校尚未开设“家庭教育指导”专栏。"
    en = "The school has no column yet."


class NotForAdoption(Refusal):
    """Only what the district has released can appear in a school's own series."""

    code = "not_for_adoption"
    zh = "只能转载本区已发布的内容，且类别须与本系列相符。"
    en = "Only what the district has released, of a kind this series takes, can be adopted."


def check_state(item: ColumnItem, allowed: frozenset[ColumnItemState]) -> None:
    """Raises :class:`WrongItemState`."""
    if ColumnItemState(item.state) not in allowed:
        raise WrongItemState(state=item.state)


def check_kind(series: Series, kind: str | None, topic: str | None) -> None:
    """Raises :class:`KindDoesNotFit`."""
    if not takes(series, kind, topic):
        raise KindDoesNotFit(field="kind" if series.kind == SeriesKind.COLUMN else "topic")


def takes(series: Series, kind: str | None, topic: str | None) -> bool:
    """Say whether an item of this kind or topic belongs in the series."""
    if series.kind == SeriesKind.COLUMN:
        return kind is not None and topic is None
    return kind is None and topic in series.topics


def check_length(paragraphs: list[str]) -> None:
    """Raises :class:`ItemTooLong`."""
    length = sum(len(paragraph) for paragraph in paragraphs)
    if length > MOST_CHARACTERS:
        raise ItemTooLong(length=length, most=MOST_CHARACTERS, field="paragraphs")


def check_complete(item: ColumnItem, *, has_video: bool) -> None:
    """Raises :class:`LectureNeedsVideo`."""
    linked = item.lesson_id is not None or item.course_id is not None
    if item.kind == ColumnKind.LECTURE and not (has_video or linked):
        raise LectureNeedsVideo


def check_review(item: ColumnItem, reviewer: UUID, *, approved: bool, reason: str) -> None:
    """Raises :class:`OwnReview` and :class:`ReasonNeeded`."""
    if reviewer in item.writers:
        raise OwnReview
    if not approved and not reason:
        raise ReasonNeeded(field="reason")


def check_declaration(version: int, *, names_no_pupil: bool, consents: bool) -> None:
    """Raises :class:`DeclarationNeeded`."""
    if version != DECLARATION or not names_no_pupil or not consents:
        raise DeclarationNeeded(field="declaration", version=DECLARATION)


def byline(name: str, named_as: NamedAs) -> str:
    """Return how readers see a parent who contributes."""
    return {
        NamedAs.FULL: name,
        NamedAs.SURNAME: f"{surname(name)}家长",
        NamedAs.ANONYMOUS: "一位家长",
    }[named_as]
