"""When a notice may be written, shown to a second pair of eyes, published, changed, nudged.

Nothing here reads the database or the clock: callers bring the facts.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.errors import BadInput, NotAllowed, Refusal
from backend.notices.models import Category, ConfirmMode, Notice, NoticeState
from backend.web.actor import STAFF, Actor, Role, Seat

DEFAULT_LIFE = timedelta(days=60)
LONGEST_LIFE = timedelta(days=400)
RECOUNTED = 2_000
"""People up to which an audience must be exactly the one previewed. A larger one changes
every minute of the day, so its preview, at most half an hour old, is believed."""
NUDGE_INTERVAL = timedelta(hours=24)
PREVIEW_LIFE = timedelta(minutes=30)
MOST_CHARACTERS = 5_000
MOST_ATTACHMENTS = 12
EDITABLE = frozenset({NoticeState.DRAFT, NoticeState.RETURNED})
ROLES_ADDRESSED = frozenset(role.value for role in Role)


class NotYourAudience(NotAllowed):
    code = "not_your_audience"
    zh = "您不能向“{audience}”发布通知。"
    en = "You may not write to {audience}."


class PreviewNeeded(Refusal):
    code = "preview_needed"
    zh = "发布前请先预览接收范围。"
    en = "Preview the audience before publishing."


class AudienceChanged(Refusal):
    """The preview no longer holds: the facts carry the new counts."""

    code = "audience_changed"
    zh = "接收范围已变化，现有{families}个家庭、{people}人，请重新确认。"
    en = "The audience changed: now {families} families and {people} people. Look again."


class NobodyThere(Refusal):
    code = "nobody_there"
    zh = "所选范围内没有任何人。"
    en = "There is nobody in that audience."


class WrongState(Refusal):
    code = "wrong_state"
    zh = "通知当前状态为“{state}”，不能进行此操作。"
    en = "The notice is {state}; that cannot be done now."


class NotAsked(Refusal):
    code = "not_asked"
    zh = "该通知不需要确认。"
    en = "This notice asks for no confirmation."


class AnswerNeeded(BadInput):
    code = "answer_needed"
    zh = "请为每个相关的孩子从给定选项中选择一项。"
    en = "Choose one of the given options for each child concerned."


class NudgedRecently(Refusal):
    status = 429
    code = "nudged_recently"
    zh = "距上次提醒不足24小时，请稍后再试。"
    en = "A reminder went out less than 24 hours ago."


class NotYourShelf(NotAllowed):
    code = "not_your_shelf"
    zh = "您不能使用该类别或紧急标志。"
    en = "That category, or the urgent mark, is not yours to use."


class NoticeChanged(Refusal):
    """The caller acted on a version that no longer stands; look again."""

    code = "notice_changed"
    zh = "通知已更新到第{revision}版，请重新查看。"
    en = "The notice is now at version {revision}; please look again."


class ApprovedText(Refusal):
    code = "approved_text"
    zh = "该通知经审核发布，不能直接更正；请撤回后重新提交审核。"
    en = "This text was approved; withdraw it and submit a new one."


class AuthorLeft(Refusal):
    code = "author_left"
    zh = "发布人已不再负责该范围，不能发布。"
    en = "Its author no longer speaks to that audience."


class TooLong(BadInput):
    code = "notice_too_long"
    zh = "正文共{length}字，最多{most}字。"
    en = "The text has {length} characters; at most {most} are allowed."


class BadDates(BadInput):
    code = "bad_dates"
    zh = "时间不合理：{field}。"
    en = "That date does not work: {field}."


class OwnApproval(NotAllowed):
    code = "own_approval"
    zh = "不能审核自己发布的通知。"
    en = "Nobody approves their own notice."


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An audience with the path of its node: ``who`` at a class, grade, school … or group."""

    kind: str
    node_id: UUID
    who: str
    label: str
    district_id: UUID
    school_id: UUID | None = None
    grade_id: UUID | None = None
    class_id: UUID | None = None
    owner_id: UUID | None = None

    @property
    def key(self) -> str:
        return f"{self.node_id}/{self.who}"


def seat_speaking_to(actor: Actor, place: Place) -> Seat | None:
    """Return the standing that lets the caller write to ``place``, if any (Q38).

    A teacher who also sits on a committee speaks as a teacher where both would do.
    """
    seats = sorted(actor.seats, key=lambda seat: seat.role not in STAFF)
    return next((seat for seat in seats if _may_address(seat, place, actor)), None)


def one_voice(actor: Actor, places: list[Place]) -> Seat:
    """Return the standing a notice to all of ``places`` is written from.

    One notice speaks for one school, and either as its staff or as its committee; who
    holds standings in both writes twice. Raises :class:`NotYourAudience`.
    """
    voices: list[Seat] = []
    for place in places:
        seat = seat_speaking_to(actor, place)
        if seat is None:
            raise NotYourAudience(audience=place.label)
        if voices and (seat.school_id, seat.role in STAFF) != (
            voices[0].school_id,
            voices[0].role in STAFF,
        ):
            raise NotYourAudience(audience=place.label)
        voices.append(seat)
    return voices[0]


def check_shelf(seat: Seat, category: Category, *, urgent: bool) -> None:
    """Nobody borrows another's shelf or alarm. Raises :class:`NotYourShelf`."""
    if seat.role is Role.COMMITTEE_CHAIR and (category is not Category.COMMITTEE or urgent):
        raise NotYourShelf
    if category in (Category.DISTRICT, Category.ALLIANCE) and seat.school_id is not None:
        raise NotYourShelf


def _may_address(seat: Seat, place: Place, actor: Actor) -> bool:
    role = seat.role
    if role is Role.DISTRICT_OFFICER:
        if seat.district_id != place.district_id:
            return False
        if place.who == "families":
            return place.kind == "school"
        return place.kind in ("district", "school") and place.who in {"staff", *STAFF}
    if place.school_id is None or seat.school_id != place.school_id:
        return False
    if role in (Role.SCHOOL_ADMIN, Role.PRINCIPAL):
        return place.who not in (Role.COMMITTEE_CHAIR, Role.COMMITTEE_MEMBER)
    if role is Role.COMMITTEE_CHAIR:
        same_level = (seat.grade_id, seat.class_id) == (place.grade_id, place.class_id)
        return same_level and place.who in (Role.COMMITTEE_MEMBER, "families")
    if place.kind == "group":
        return place.owner_id == actor.person_id and role is Role.CLASS_TEACHER
    if place.who not in ("families", "staff"):
        return False
    if role is Role.GRADE_LEAD:
        return seat.grade_id == place.grade_id and place.kind in ("grade", "class")
    if role in (Role.CLASS_TEACHER, Role.SUBJECT_TEACHER):
        return seat.class_id == place.class_id and place.kind == "class"
    return False


def needs_school_approval(seat: Seat, place: Place, policy: str) -> bool:
    """Say whether a second pair of eyes at the school must agree before it goes out.

    ``policy`` is the school's own rule (none, school_wide, all). The district reaches
    families only through their school's approval, and so does a committee (Q38).
    """
    if seat.role is Role.DISTRICT_OFFICER:
        return place.who == "families"
    if seat.role is Role.COMMITTEE_CHAIR:
        return place.who == "families"
    if seat.role in (Role.SCHOOL_ADMIN, Role.PRINCIPAL):
        return False
    return policy == "all" or (policy == "school_wide" and place.kind in ("grade", "school"))


def check_state(notice: Notice, allowed: frozenset[NoticeState]) -> None:
    if NoticeState(notice.state) not in allowed:
        raise WrongState(state=notice.state)


def check_dates(
    *, now: datetime, publish_at: datetime, expires_at: datetime, confirm_by: datetime | None
) -> None:
    """Refuse an end before the beginning and lives longer than a school year."""
    if expires_at <= publish_at or expires_at > publish_at + LONGEST_LIFE:
        raise BadDates(field="expiresAt")
    if confirm_by is not None and not publish_at < confirm_by <= expires_at:
        raise BadDates(field="confirmBy")
    if publish_at > now + LONGEST_LIFE:
        raise BadDates(field="publishAt")


def check_length(length: int) -> None:
    if length > MOST_CHARACTERS:
        raise TooLong(length=length, most=MOST_CHARACTERS, field="blocks")


def check_nudge(notice: Notice, now: datetime) -> None:
    """At most one reminder per interval, whoever asks for it."""
    check_state(notice, frozenset({NoticeState.PUBLISHED}))
    if notice.nudged_at is not None:
        wait = notice.nudged_at + NUDGE_INTERVAL - now
        if wait > timedelta(0):
            raise NudgedRecently(retry_after=int(wait.total_seconds()) + 1)


def check_seen(notice: Notice, revision: int) -> None:
    """A confirmation counts for the version its sender saw, if that still stands."""
    if revision < notice.confirm_revision or revision > notice.revision:
        raise NoticeChanged(revision=notice.revision)


def check_answers(notice: Notice, answers: dict[UUID, str], children: set[UUID]) -> None:
    """Per-child notices want one of the choices for children the caller speaks for."""
    mode = ConfirmMode(notice.confirm_mode)
    if mode is ConfirmMode.NONE:
        raise NotAsked
    if mode is not ConfirmMode.PER_CHILD:
        if answers:
            raise AnswerNeeded(field="answers")
        return
    if not answers or not set(answers) <= children:
        raise AnswerNeeded(field="answers")
    if any(answer not in notice.choices for answer in answers.values()):
        raise AnswerNeeded(field="answers")


def plain_text(blocks: list[dict[str, Any]]) -> str:
    """Return the words of a notice's blocks, for searching."""
    words: list[str] = []
    for block in blocks:
        words += [str(block[key]) for key in ("text", "caption") if block.get(key)]
        words += [str(item) for item in block.get("items", [])]
    return "\n".join(words)


def characters(texts: list[str]) -> int:
    """Count as Chinese word processors do (Q13): each CJK character or mark is one,
    each run of Latin letters or digits is one, white space is nothing."""
    total = 0
    for text in texts:
        in_word = False
        for character in text:
            if character.isascii() and character.isalnum():
                total += not in_word
                in_word = True
            else:
                in_word = False
                total += not character.isspace()
    return total
