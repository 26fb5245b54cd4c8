"""What a letter says, and the words the post office uses about it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

LIVE_CHANNEL = "tongxing_live"
"""The PostgreSQL channel on which open connections hear that something changed."""


class Priority(StrEnum):
    """How much a letter may disturb: only ``URGENT`` pierces quiet hours."""

    URGENT = "urgent"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return the order of sending, 0 first."""
        return list(Priority).index(self)


class LetterState(StrEnum):
    OPEN = "open"
    EXPANDED = "expanded"
    WITHDRAWN = "withdrawn"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    REFUSED = "refused"
    DEAD = "dead"


class Outcome(StrEnum):
    """What a provider said about one parcel."""

    ACCEPTED = "accepted"
    GONE = "gone"
    """The address is dead: the device is retired."""
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    REJECTED = "rejected"
    """Our payload or configuration is wrong; trying again would not help."""


class Reach(StrEnum):
    """Whether a person can be reached by push at all."""

    OK = "ok"
    NO_DEVICE = "no_device"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to say.

    ``title_*`` leaves the house through push providers and so names no person and no
    content; ``body_*`` is kept in the in-app inbox only. ``link`` is a path inside the
    app. ``subject_id`` is the thing talked about, by which unsent pushes are settled.
    """

    occasion: str
    category: str
    title_zh: str
    title_en: str
    link: str
    subject_id: UUID | None = None
    priority: Priority = Priority.NORMAL
    body_zh: str = ""
    body_en: str = ""
