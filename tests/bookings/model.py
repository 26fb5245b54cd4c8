"""What the engine of places promises, written down plainly.

Nothing here is fast, safe among many, or clever. Every verb returns the code with which the
engine must answer, ``ok`` or that of a refusal.
"""

from datetime import datetime, timedelta
from uuid import UUID

from backend.clock import local
from tests.bookings.ledger import ENGAGED, HOLDING, LIVE, Entry, Slot


class World:
    """Some slots and the time; families may not be in two places at once."""

    max_party = 3

    def __init__(self, slots: list[Slot], now: datetime) -> None:
        self.slots, self.now = slots, now

    def is_first_tap(self, slot: Slot) -> bool:
        return self.now > slot.cancel_until - timedelta(minutes=15)

    def is_engaged(self, who: UUID, slot: Slot) -> bool:
        return any(
            e.who == who and e.state in ENGAGED
            for other in self.slots
            if other is not slot and other.begins < slot.ends and slot.begins < other.ends
            for e in other.entries
        )

    def largest(self, slot: Slot) -> int:
        return min(slot.capacity, slot.limit.capacity if slot.limit else slot.capacity)

    def room(self, slot: Slot, party: int, *, insider: bool) -> str:
        """Return where a party fits: ``share``, ``open`` or nowhere."""
        free = slot.capacity - slot.taken
        if slot.limit:
            drawn = sum(s.taken for s in self.slots if s.limit is slot.limit)
            free = min(free, slot.limit.capacity - drawn)
        used = sum(e.party for e in slot.entries if e.in_share and e.state in HOLDING)
        left = slot.kept - used if slot.release_at else 0
        if insider and left >= party and free >= party:
            return "share"
        return "open" if min(free, slot.capacity - slot.taken - left) >= party else ""

    def give(self, slot: Slot, entry: Entry, *, asked: bool) -> None:
        """Give an entry its place: as an offer, unless it said that it takes it at once."""
        entry.in_share = self.room(slot, entry.party, insider=entry.insider) == "share"
        if slot.needs_approval and not entry.approved:
            entry.state = "requested"
        elif asked or entry.at_once:
            entry.state = "confirmed"
        else:
            entry.state, entry.expires = "offered", self.offer_end(slot)

    def offer_end(self, slot: Slot) -> datetime:
        far = slot.cancel_until - self.now > timedelta(hours=72)
        until = self.now + timedelta(hours=24 if far else 2)
        clock = local(until)
        if (clock.hour, clock.minute) >= (21, 30):
            until = clock.replace(hour=9, minute=0, second=0) + timedelta(days=1)
        elif clock.hour < 8:
            until = clock.replace(hour=9, minute=0, second=0)
        return min(until, slot.cancel_until)

    def promote(self, slot: Slot) -> None:
        if slot.state != "open" or self.is_first_tap(slot):
            return
        while self._promote_one(slot):
            pass

    def _promote_one(self, slot: Slot) -> bool:
        """Give the next in line a place. Whoever is engaged elsewhere is not in line now."""
        passed: list[Entry] = []
        for entry in [e for e in slot.queue if not self.is_engaged(e.who, slot)]:
            where = self.room(slot, entry.party, insider=entry.insider)
            held_up = any(e.skipped >= slot.skip_limit for e in passed)
            if where == "share" or (where == "open" and not held_up):
                self.give(slot, entry, asked=False)
                if where == "open":
                    for other in passed:
                        other.skipped += 1
                return True
            if not where and entry.party <= self.largest(slot):
                passed.append(entry)
        return False

    def take(
        self, slot: Slot, who: UUID, party: int, *, at_once: bool = False,
        insider: bool = False, by_organiser: bool = False,
    ) -> str:  # fmt: skip
        if slot.of(who):
            return "ok"
        if slot.state == "cancelled":
            return "called_off"
        if slot.state == "closed" or (self.now >= slot.begins and not by_organiser):
            return "ended"
        if not by_organiser and self.is_engaged(who, slot):
            return "collides"
        if not by_organiser and party > min(self.max_party, max(self.largest(slot), 1)):
            return "party_too_large"
        entry = Entry(who, party, "waitlisted", slot.tickets + 1, insider=insider)
        fits = bool(self.room(slot, party, insider=insider))
        if by_organiser and not fits:
            return "full"
        slot.tickets += 1
        if fits and (by_organiser or not slot.queue or self.is_first_tap(slot)):
            entry.approved = by_organiser
            self.give(slot, entry, asked=True)
            entry.approved = False
            slot.entries.append(entry)
        else:
            slot.entries.append(entry)
            # They are here this moment and need not be asked again.
            entry.at_once = True
            self.promote(slot)
        entry.at_once = at_once
        return "ok"

    def accept(self, slot: Slot, who: UUID) -> str:
        entry = slot.of(who)
        if entry is None or entry.state == "no_show":
            return "no_offer"
        if entry.state == "offered":
            if entry.expires is None or entry.expires <= self.now:
                return "no_offer"
            entry.state, entry.expires = "confirmed", None
        elif entry.state == "waitlisted":
            if not self.is_first_tap(slot) or self.now >= slot.begins:
                return "no_offer"
            if not self.room(slot, entry.party, insider=entry.insider):
                return "full"
            if self.is_engaged(who, slot):
                return "collides"
            self.give(slot, entry, asked=True)
        return "ok"

    def cancel(self, slot: Slot, who: UUID) -> str:
        entry = slot.of(who)
        if entry is None or entry.state == "no_show":
            return "none"
        if entry.state == "confirmed" and self.now >= slot.begins:
            return "started"
        late = entry.state == "confirmed" and self.now >= slot.cancel_until
        ends = {"offered": "lapsed"}.get(entry.state, "late_cancelled" if late else "cancelled")
        entry.state, entry.expires = ends, None
        self.promote(slot)
        return "ok"

    def sweep(self, slot: Slot) -> None:
        if slot.state != "open":
            return
        if slot.release_at and slot.release_at <= self.now:
            slot.release_at = None
        for entry in slot.entries:
            if entry.expires and entry.expires <= self.now:
                entry.state, entry.expires = "lapsed", None
        self.promote(slot)
        if self.now >= slot.ends + timedelta(minutes=30):
            slot.state = "closed"
            for entry in slot.entries:
                if entry.state in LIVE:
                    entry.state = "no_show" if entry.state == "confirmed" else "lapsed"
                    entry.expires = None

    def resize(self, slot: Slot, capacity: int) -> str:
        if slot.taken > capacity:
            return "below_taken"
        slot.capacity = capacity
        self.promote(slot)
        return "ok"

    def decide(self, slot: Slot, entry: Entry, *, yes: bool) -> str:
        if yes and entry.state in ("requested", "waitlisted"):
            entry.approved = True
            entry.state = "confirmed" if entry.state == "requested" else entry.state
        elif not yes and entry.state in ("requested", "waitlisted", "offered"):
            entry.state, entry.expires = "rejected", None
            self.promote(slot)
        elif (yes, entry.state) not in ((True, "confirmed"), (False, "rejected")) and not (
            yes and entry.state == "offered" and entry.approved
        ):
            return "wrong_booking_state"
        return "ok"

    def prioritise(self, entry: Entry, priority: int) -> str:
        if entry.state != "waitlisted":
            return "wrong_booking_state"
        entry.priority = priority
        return "ok"

    def hand_over(self, slot: Slot, entry: Entry, taker: UUID) -> str:
        if entry.state != "confirmed" or slot.state != "open" or self.now >= slot.begins:
            return "wrong_state"
        if self.is_engaged(taker, slot):
            return "collides"
        own = slot.of(taker)
        if own and own.state != "waitlisted":
            return "has_one"
        if own:
            own.state = "cancelled"
        entry.state = "cancelled"
        slot.entries.append(
            Entry(taker, entry.party, "confirmed", entry.ticket, insider=entry.insider,
                  in_share=entry.in_share)
        )  # fmt: skip
        self.promote(slot)
        return "ok"

    def call_off(self, slot: Slot) -> None:
        if slot.state == "open":
            slot.state = "cancelled"
            for entry in slot.entries:
                if entry.state in LIVE:
                    entry.state, entry.expires = "school_cancelled", None

    def move(self, slot: Slot, begins: datetime) -> None:
        slot.begins = begins
        for entry in slot.entries:
            if entry.expires:
                entry.expires = min(entry.expires, slot.cancel_until)
