"""The channel of the demo: every push is one readable line of the log."""

from collections.abc import Mapping, Sequence

import structlog

from notifications.channels.base import Parcel, Result
from notifications.message import Outcome

log = structlog.get_logger("push")


class ConsoleChannel:
    """Accepts everything and logs what a phone would have shown."""

    name = "console"
    max_batch = 500

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        """Return the few fields that fit one line; an address is cut to its first characters."""
        return {
            "device": f"{parcel.token[:8]}…",
            "title": parcel.title or "(silent)",
            "link": parcel.data.get("link", ""),
        }

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, batch: Sequence[Parcel]) -> list[Result]:
        """Log each parcel and accept it."""
        for parcel in batch:
            log.info("push", **self.render(parcel))
        return [Result(outcome=Outcome.ACCEPTED) for _ in batch]

    async def close(self) -> None:
        """Nothing to close."""
