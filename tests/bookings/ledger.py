"""What the model of the engine writes down: slots, and every booking ever made on them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

ENGAGED = {"requested", "confirmed", "offered"}
HOLDING = ENGAGED | {"no_show"}
LIVE = ENGAGED | {"waitlisted"}


@dataclass
class Entry:
    """One family's booking."""

    who: UUID
    party: int
    state: str
    ticket: int
    at_once: bool = False
    skipped: int = 0
    priority: int = 0
    approved: bool = False
    insider: bool = False
    in_share: bool = False
    expires: datetime | None = None


@dataclass
class Limit:
    """Places that several slots draw on together."""

    capacity: int
    id: UUID = field(default_factory=uuid4)


@dataclass
class Slot:
    """A slot with everybody who ever asked for it, in the order in which they did."""

    begins: datetime
    capacity: int
    skip_limit: int = 0
    needs_approval: bool = False
    kept: int = 0
    """Places kept for insiders until ``release_at``."""
    release_at: datetime | None = None
    limit: Limit | None = None
    id: UUID = field(default_factory=uuid4)
    state: str = "open"
    tickets: int = 0
    entries: list[Entry] = field(default_factory=list)

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(hours=2)

    @property
    def cancel_until(self) -> datetime:
        return self.begins - timedelta(days=1)

    @property
    def taken(self) -> int:
        return sum(e.party for e in self.entries if e.state in HOLDING)

    @property
    def queue(self) -> list[Entry]:
        waiting = [e for e in self.entries if e.state == "waitlisted"]
        return sorted(waiting, key=lambda e: (-e.priority, e.ticket))

    def of(self, who: UUID) -> Entry | None:
        found = (e for e in self.entries if e.who == who and e.state in LIVE | HOLDING)
        return next(found, None)
