"""One step of a life: from which states it may be taken, and where it leads."""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from backend.errors import Refusal


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """``sources`` are the states it may be taken from; any other is refused as ``refusal``."""

    sources: Collection[StrEnum]
    target: StrEnum
    refusal: type[Refusal]

    def is_news(self, state: str) -> bool:
        """Say whether something is to be done: taken already, a step is not taken again.

        Raises ``refusal`` from a state it may not be taken from.
        """
        if state == self.target:
            return False
        self.check(state)
        return True

    def check(self, state: str) -> None:
        """Raise ``refusal``, unless the step may be taken from ``state`` now."""
        if state not in self.sources:
            raise self.refusal(state=str(state))
