"""Who speaks at a session, where one takes part, and what is kept of it afterwards."""

from datetime import datetime

from backend.bookings.models import BookingState
from backend.errors import Refusal
from backend.media.models import Attachment, Kind, Readiness

JOINING = frozenset({BookingState.CONFIRMED, BookingState.CHECKED_IN})
"""Whoever holds a place that is certain may see where an online session is held."""


class SpeakerNotHere(Refusal):
    """Neither on the school's staff nor a guardian there, or nobody at all: all the same."""

    code = "speaker_not_here"
    zh = "主讲人关联的账号不是本校的教职工或家长。"
    en = "The account named for a speaker is neither staff nor a guardian at this school."


class SessionNotOver(Refusal):
    code = "session_not_over"
    zh = "这一场还没有举办完，结束后才能添加录像。"
    en = "This session is not over yet; a recording belongs to one that was held."


class NotARecording(Refusal):
    code = "not_a_recording"
    zh = "录像须是视频文件。"
    en = "A recording must be a video."


class RecordingNotReady(Refusal):
    code = "recording_not_ready"
    zh = "视频还在处理，完成后再添加。"
    en = "The video is still being prepared; add it once that is done."


def check_over(*, ends_at: datetime, called_off: bool, opened: bool, now: datetime) -> None:
    """Raises :class:`SessionNotOver` for a session that did not take place, or has yet to."""
    if not opened or called_off or now < ends_at:
        raise SessionNotOver


def check_recording(attachment: Attachment) -> None:
    """Raises :class:`NotARecording` and :class:`RecordingNotReady`."""
    if attachment.kind != Kind.VIDEO:
        raise NotARecording
    if attachment.state != Readiness.READY:
        raise RecordingNotReady
