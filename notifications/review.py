"""The second look at a delivery just before it is sent.

Between leaving a letter and carrying it the household may have acted, the letter may
have been withdrawn, the phone may have changed hands, or the night may have begun.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from notifications import ledger
from notifications.addresses import Preferences, preferences_of
from notifications.ledger import Claim, Postponement
from notifications.quiet import Window, next_digest, quiet_until

log = structlog.get_logger("post")

StillWanted = Callable[[str, UUID | None, Sequence[UUID]], Awaitable[set[UUID]]]
QuietHours = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, Sequence[Window]]]]

_NO_WISHES = Preferences()


@dataclass(slots=True)
class Verdict:
    """What is to become of a batch of claims."""

    send: list[Claim] = field(default_factory=list)
    drop: list[UUID] = field(default_factory=list)
    refuse: list[UUID] = field(default_factory=list)
    defer: list[Postponement] = field(default_factory=list)
    trouble: list[tuple[Claim, str]] = field(default_factory=list)
    """Claims about which the house could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Asks the house and the person's wishes.

    ``zone`` is the zone of personal quiet hours and digests; ``pierce_cap`` how many
    urgent letters may break a person's quiet hours on one local day.
    """

    still_wanted: StillWanted
    quiet_hours: QuietHours
    zone: str
    pierce_cap: int

    async def review(self, claims: Sequence[Claim], now: datetime) -> Verdict:
        """Sort the claims into those to send now and all the others."""
        verdict = Verdict()
        left = _sort_out_dead(claims, verdict)
        left = await self._ask_house(left, verdict)
        people = sorted({claim.person_id for claim in left})
        if not people:
            return verdict
        wishes = await preferences_of(people)
        school = await self.quiet_hours(people)
        piercing: dict[UUID, list[tuple[Claim, datetime]]] = defaultdict(list)
        for claim in left:
            wish = wishes.get(claim.person_id, _NO_WISHES)
            windows = [*school.get(claim.person_id, ()), *_personal(wish, self.zone)]
            if claim.silent:
                verdict.send.append(claim)
            elif not claim.urgent and claim.category in wish.muted_categories:
                verdict.drop.append(claim.id)
            elif not claim.digest and _belongs_in_digest(claim, wish):
                due = next_digest(now, wish.digest_at, self.zone)
                verdict.defer.append(Postponement(claim.id, due, digest=True))
            elif (until := quiet_until(now, windows)) is None:
                verdict.send.append(claim)
            elif claim.urgent:
                piercing[claim.letter_id].append((claim, until))
            else:
                verdict.defer.append(Postponement(claim.id, until, digest=claim.digest))
        await self._pierce(piercing, verdict, now)
        return verdict

    async def _ask_house(self, claims: Sequence[Claim], verdict: Verdict) -> list[Claim]:
        groups: dict[tuple[str, UUID | None], list[Claim]] = defaultdict(list)
        left = []
        for claim in claims:
            if claim.silent:
                left.append(claim)
            else:
                groups[claim.occasion, claim.subject_id].append(claim)
        for (occasion, subject_id), group in groups.items():
            people = sorted({claim.person_id for claim in group})
            try:
                wanted = await self.still_wanted(occasion, subject_id, people)
            except Exception as error:
                # The edge of the house: one room's broken question must not hold up the
                # letters of all the others. These are tried again, and given up in time.
                log.exception("still_wanted_failed", occasion=occasion)
                verdict.trouble += [(claim, type(error).__name__) for claim in group]
                continue
            for claim in group:
                if claim.person_id in wanted:
                    left.append(claim)
                else:
                    verdict.drop.append(claim.id)
        return left

    async def _pierce(
        self,
        piercing: Mapping[UUID, Sequence[tuple[Claim, datetime]]],
        verdict: Verdict,
        now: datetime,
    ) -> None:
        day = now.astimezone(ZoneInfo(self.zone)).date()
        for letter_id, urgent in piercing.items():
            people = sorted({claim.person_id for claim, _ in urgent})
            granted = await ledger.pierce(letter_id, people, day, self.pierce_cap)
            for claim, until in urgent:
                if claim.person_id in granted:
                    verdict.send.append(claim)
                else:
                    verdict.defer.append(Postponement(claim.id, until, digest=claim.digest))
            log.info(
                "quiet_hours_pierced",
                letter=str(letter_id),
                people=len(granted),
                held_back=len(people) - len(granted),
            )


def _sort_out_dead(claims: Sequence[Claim], verdict: Verdict) -> list[Claim]:
    left = []
    for claim in claims:
        if claim.withdrawn or claim.moved:
            verdict.drop.append(claim.id)
        elif claim.retired:
            verdict.refuse.append(claim.id)
        else:
            left.append(claim)
    return left


def _belongs_in_digest(claim: Claim, wish: Preferences) -> bool:
    return not claim.urgent and (claim.low or claim.category in wish.digest_categories)


def _personal(wish: Preferences, zone: str) -> list[Window]:
    if wish.quiet_from is None or wish.quiet_until is None:
        return []
    return [Window(wish.quiet_from, wish.quiet_until, zone)]
