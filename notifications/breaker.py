"""A provider that does not answer is left in peace for a while.

Each worker learns by itself, from its own batches: what it would cost to share the lesson is
more than the one batch each of them loses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from notifications.channels.base import Result
from notifications.message import Outcome

log = structlog.get_logger("post")

PROBE = 20
"""How many parcels find out whether a provider is back."""

_ENOUGH = 20
_MOSTLY = 10
_FIRST_REST = 30.0
_LONGEST_REST = 600.0
_LONGEST_ASKED = 3_600.0
_UNANSWERED = (Outcome.TRANSIENT, Outcome.THROTTLED)


@dataclass(slots=True)
class Breaker:
    """What one worker knows of one provider.

    It opens after twenty parcels in a row of which hardly any got an answer about itself,
    rests for half a minute, twice as long each time up to ten minutes, and as long as the
    provider asks for, up to an hour; then a few parcels are tried.
    """

    provider: str
    shut_until: datetime | None = None
    _in_vain: int = 0
    _openings: int = 0

    def is_shut(self, now: datetime) -> bool:
        """Say whether nothing is to be sent yet."""
        return self.shut_until is not None and now < self.shut_until

    def is_probing(self, now: datetime) -> bool:
        """Say whether the rest is over, and only a few parcels may find out."""
        return self.shut_until is not None and now >= self.shut_until

    def note(self, results: Sequence[Result], now: datetime) -> None:
        """Learn from one batch."""
        in_vain = [result for result in results if result.outcome in _UNANSWERED]
        if len(in_vain) * _MOSTLY <= len(results) * (_MOSTLY - 1):
            if self.shut_until is not None:
                log.info("provider_is_back", provider=self.provider)
            self.shut_until, self._in_vain, self._openings = None, 0, 0
            return
        self._in_vain += len(in_vain)
        if self._in_vain < _ENOUGH and self.shut_until is None:
            return
        asked = max((result.retry_after or 0.0 for result in in_vain), default=0.0)
        rest = min(_FIRST_REST * 2**self._openings, _LONGEST_REST)
        rest = max(rest, min(asked, _LONGEST_ASKED))
        self._openings += 1
        self.shut_until = now + timedelta(seconds=rest)
        log.warning("provider_rests", provider=self.provider, seconds=round(rest))
