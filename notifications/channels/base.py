"""What every way out of the house must be able to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from notifications.message import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One push for one device.

    ``token`` is the device's address at its provider. ``tag`` is the same for every
    repetition of one letter, so that a phone shows it once. A ``silent`` parcel shows
    nothing and has no title: the app acts on ``data``. ``lifetime`` is in seconds: how
    long the provider may keep it for a phone that is switched off.
    """

    delivery_id: UUID
    token: str
    tag: str
    title: str
    data: Mapping[str, str]
    silent: bool = False
    urgent: bool = False
    lifetime: int = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one parcel; ``retry_after`` is in seconds."""

    outcome: Outcome
    retry_after: float | None = None
    detail: str = ""


class Channel(Protocol):
    """A provider of pushes.

    ``send`` takes at most ``max_batch`` parcels and returns one result for each, in the
    same order; trouble with one parcel is its result, never an exception.
    """

    @property
    def name(self) -> str: ...

    @property
    def max_batch(self) -> int: ...

    def render(self, parcel: Parcel) -> Mapping[str, object]:
        """Return exactly what leaves the house for ``parcel``; pure."""
        ...

    async def open(self) -> None: ...

    async def send(self, batch: Sequence[Parcel]) -> list[Result]: ...

    async def close(self) -> None:
        """Give back what ``open`` took; closing twice is closing once."""
        ...
