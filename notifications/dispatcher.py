"""The post office at work: pages turned into deliveries, deliveries carried.

Any number of workers may run an :class:`Office` over one database. What is leased by a
worker that dies comes due again when the lease ends, so a push may be repeated but none
is lost; the tag of a repeated push makes the phone show it once.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from notifications import expansion, ledger, origin
from notifications.breaker import PROBE, Breaker
from notifications.channels.base import Channel, Parcel, Result
from notifications.expansion import OpenLetter
from notifications.ledger import Claim, Postponement
from notifications.message import Outcome
from notifications.parcels import bundles_of, parcel_of
from notifications.review import QuietHours, Reviewer, StillWanted

log = structlog.get_logger("post")

PageAudience = Callable[[Sequence[str], UUID | None, int], Awaitable[Sequence[UUID]]]
Trace = Callable[[Iterable[str]], AbstractContextManager[None]]


def _untraced(_: Iterable[str]) -> AbstractContextManager[None]:
    return nullcontext()


_FIRST_WAIT = 60.0
_LONGEST_WAIT = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything a worker needs to carry letters.

    ``channels`` are keyed by the provider of the devices they serve. ``page_audience``
    returns up to ``limit`` distinct person ids of the audiences, ascending, after a
    given one. ``still_wanted`` says which of the people still need to hear of an
    occasion. ``quiet_hours`` gives each person's windows set by their schools.
    ``lease`` must outlast ``send_timeout`` (seconds for one batch). A delivery is given up
    after ``tries``. ``trace`` is entered around what is done for letters, with the traces
    of the requests that left them. ``breakers`` is what this worker has learnt about
    providers that are down; nothing is claimed for those.
    """

    channels: Mapping[str, Channel]
    page_audience: PageAudience
    still_wanted: StillWanted
    quiet_hours: QuietHours
    zone: str = "Asia/Shanghai"
    pierce_cap: int = 3
    page_size: int = 500
    batch_size: int = 500
    tries: int = 8
    lease: timedelta = timedelta(seconds=60)
    send_timeout: float = 45.0
    stop_grace: float = 4.0
    trace: Trace = _untraced
    breakers: dict[str, Breaker] = field(default_factory=dict)

    async def expand(self, now: datetime) -> int:
        """Turn one page of one open announcement; 0 when there is none to turn."""
        letter = await expansion.claim_letter(now, now + self.lease)
        if letter is None:
            return 0
        causes = [letter.trace] if letter.trace else []
        with origin.slip_of(letter.request_id, letter.trace), self.trace(causes):
            await self._turn(letter, now)
        return 1

    async def _turn(self, letter: OpenLetter, now: datetime) -> None:
        try:
            people = await self.page_audience(letter.audiences, letter.cursor, self.page_size)
        except Exception:
            # The edge of the house: an audience that cannot be read must not hold up the
            # other letters. This one waits, and doctor shows it as overdue.
            log.exception("audience_failed", letter=str(letter.id))
            wait = timedelta(seconds=_back_off(letter.attempts))
            await expansion.release_letter(letter, now + wait)
            return
        last = len(people) < self.page_size
        deliveries = await expansion.turn_page(letter, people, last=last, now=now)
        log.debug("page_turned", letter=str(letter.id), people=len(people), pushes=deliveries)

    async def dispatch(self, now: datetime, stop: asyncio.Event | None = None) -> int:
        """Carry the deliveries that are due, at most one batch; 0 when there were none.

        Once ``stop`` is set a provider has ``stop_grace`` seconds left to answer; what it
        has not answered by then goes back into the queue.
        """
        lease = now + self.lease
        claims = await self._claim(now, lease)
        if claims:
            with self.trace({claim.trace for claim in claims if claim.trace}):
                await self._carry(claims, lease, now, stop or asyncio.Event())
        return len(claims)

    async def _claim(self, now: datetime, lease: datetime) -> list[Claim]:
        known = self.breakers.items()
        shut = [name for name, one in known if one.shut_until is not None]
        claims = await ledger.claim(now, lease, self.batch_size, shut=shut)
        claims += await ledger.claim_digests(now, lease, self.batch_size, shut=shut)
        for provider in [name for name, one in known if one.is_probing(now)]:
            claims += await ledger.claim(now, lease, PROBE, only=provider)
        return claims

    async def drain(self, clock: Callable[[], datetime], stop: asyncio.Event) -> int:
        """Work until nothing is due or ``stop`` is set; returns the deliveries carried.

        A page is turned only when the queue is empty, so that it stays short and letters
        take turns in it.
        """
        carried = 0
        while not stop.is_set():
            batch = await self.dispatch(clock(), stop)
            carried += batch
            if not batch and not await self.expand(clock()):
                break
        return carried

    async def _carry(
        self, claims: Sequence[Claim], lease: datetime, now: datetime, stop: asyncio.Event
    ) -> None:
        reviewer = Reviewer(
            still_wanted=self.still_wanted,
            quiet_hours=self.quiet_hours,
            zone=self.zone,
            pierce_cap=self.pierce_cap,
        )
        verdict = await reviewer.review(claims, now)
        if verdict.drop:
            await ledger.drop(verdict.drop, lease)
        if verdict.defer:
            await ledger.defer(verdict.defer, lease)
        if verdict.refuse:
            errors = ["device retired"] * len(verdict.refuse)
            await ledger.refuse(verdict.refuse, errors, lease, now)
        if verdict.trouble:
            answers = [
                ([claim], Result(outcome=Outcome.TRANSIENT, detail=detail))
                for claim, detail in verdict.trouble
            ]
            await self._record(answers, lease, now)
        by_provider: dict[str, list[list[Claim]]] = defaultdict(list)
        for bundle in bundles_of(verdict.send):
            by_provider[bundle[0].provider].append(bundle)
        deadline = asyncio.get_running_loop().time() + self.send_timeout
        async with asyncio.TaskGroup() as group:
            for provider, bundles in by_provider.items():
                group.create_task(self._send(provider, bundles, lease, now, deadline, stop))

    async def _send(
        self,
        provider: str,
        bundles: Sequence[list[Claim]],
        lease: datetime,
        now: datetime,
        deadline: float,
        stop: asyncio.Event,
    ) -> None:
        channel = self.channels.get(provider)
        if channel is None:
            nothing = Result(outcome=Outcome.REJECTED, detail=f"no channel for {provider}")
            await self._record([(bundle, nothing) for bundle in bundles], lease, now)
            return
        for start in range(0, len(bundles), channel.max_batch):
            part = bundles[start : start + channel.max_batch]
            results = await self._try(
                channel, [parcel_of(one, now) for one in part], deadline, stop
            )
            self.breakers.setdefault(provider, Breaker(provider)).note(results, now)
            await self._record(list(zip(part, results, strict=True)), lease, now)

    async def _try(
        self, channel: Channel, parcels: Sequence[Parcel], deadline: float, stop: asyncio.Event
    ) -> list[Result]:
        try:
            async with asyncio.timeout_at(deadline) as limit:
                hurry = asyncio.create_task(_hurry(limit, stop, self.stop_grace))
                try:
                    results = await channel.send(parcels)
                finally:
                    hurry.cancel()
        except Exception as error:
            # The edge of the process: whatever a provider's library throws, the parcels
            # come due again and the worker goes on.
            log.exception("channel_failed", channel=channel.name, parcels=len(parcels))
            return [Result(outcome=Outcome.TRANSIENT, detail=type(error).__name__)] * len(parcels)
        if len(results) != len(parcels):
            log.error("channel_lost_count", channel=channel.name)
            return [Result(outcome=Outcome.TRANSIENT, detail="lost count")] * len(parcels)
        return results

    async def _record(
        self, answers: Sequence[tuple[list[Claim], Result]], lease: datetime, now: datetime
    ) -> None:
        accepted: list[UUID] = []
        gone: list[tuple[UUID, str]] = []
        dead: list[tuple[UUID, str]] = []
        later: list[Postponement] = []
        for bundle, result in answers:
            for claim in bundle:
                match result.outcome:
                    case Outcome.ACCEPTED:
                        accepted.append(claim.id)
                    case Outcome.GONE:
                        gone.append((claim.id, result.detail))
                    case Outcome.REJECTED:
                        dead.append((claim.id, result.detail))
                    case Outcome.THROTTLED | Outcome.TRANSIENT:
                        if claim.attempts >= self.tries:
                            dead.append((claim.id, result.detail))
                            continue
                        wait = max(result.retry_after or 0.0, _back_off(claim.attempts))
                        due = now + timedelta(seconds=wait)
                        later.append(Postponement(claim.id, due, result.detail))
        if accepted:
            await ledger.accept(accepted)
        if gone:
            ids, errors = zip(*gone, strict=True)
            await ledger.refuse(ids, errors, lease, now)
        if dead:
            ids, errors = zip(*dead, strict=True)
            await ledger.bury(ids, errors, lease)
            log.error("pushes_given_up", pushes=len(dead), reasons=sorted(set(errors)))
        if later:
            await ledger.retry(later, lease)
        log.info(
            "pushes", accepted=len(accepted), refused=len(gone), dead=len(dead), later=len(later)
        )
        _say_whose(answers)


def _say_whose(answers: Sequence[tuple[list[Claim], Result]]) -> None:
    """Write what became of the letters that requests left, for whoever follows one."""
    outcomes: dict[tuple[UUID, str], Counter[str]] = defaultdict(Counter)
    for bundle, result in answers:
        for claim in bundle:
            if claim.request_id is not None:
                outcomes[claim.letter_id, claim.request_id][str(result.outcome)] += 1
    for (letter, request_id), counted in outcomes.items():
        log.info("letter_carried", letter=str(letter), request_id=request_id, **counted)


async def _hurry(limit: asyncio.Timeout, stop: asyncio.Event, grace: float) -> None:
    """Bring the end of ``limit`` forward to ``grace`` seconds after ``stop`` is set."""
    await stop.wait()
    soon = asyncio.get_running_loop().time() + grace
    if (end := limit.when()) is not None and soon < end:
        limit.reschedule(soon)


def _back_off(attempts: int) -> float:
    """Return a wait in seconds, doubling from a minute to an hour, with jitter on top."""
    wait: float = min(_FIRST_WAIT * 2 ** min(attempts - 1, 10), _LONGEST_WAIT)
    return wait * (1 + random.random() / 4)
